//! The consumer of routes that workers serve: it waits for what a worker says of its job.

use std::sync::Arc;

use longwire_protocol::{Failure, JobId, Seconds};
use tokio::sync::Notify;

use super::{
    PlaceId, Workers,
    line::{Heard, Printed, Said, line},
    table::Look,
};
use crate::{Consumer, Serving, Stopped, Task, consumer::Over, job::Work};

/// How long whoever keeps a worker's process has to kill it and to see that nothing of it is left.
const FORCE_TIME: Seconds = Seconds::from_micros(11_000_000);

/// Serves its jobs with whoever sits down for them.
pub(crate) struct Served {
    workers: Arc<Workers>,
    lease: Seconds,
}

impl Served {
    pub(crate) const fn new(workers: Arc<Workers>, lease: Seconds) -> Self {
        Self { workers, lease }
    }
}

impl Consumer for Served {
    fn serve(&self, task: Task) -> Serving {
        let (workers, lease) = (Arc::clone(&self.workers), self.lease);
        Box::pin(async move { serve(&workers, lease, task).await })
    }

    fn force_time(&self) -> Option<Seconds> {
        Some(FORCE_TIME)
    }
}

async fn serve(workers: &Workers, time: Seconds, mut task: Task) -> Work {
    let place = task.place();
    let Some((place, wake)) = place.and_then(|place| Some((place, workers.wake(place)?))) else {
        return Work::Lost(Failure::new("internal", "the job has no place at a worker"));
    };
    loop {
        if !seated(workers, place, &wake, &mut task).await {
            return Work::Stopped(Stopped::unbegun(task.attempt()));
        }
        let (said, heard) = line();
        let terms = (task.grace(), time);
        if workers.hand_over(place, task.job(), terms, said).is_none() {
            continue;
        }
        let held = Held {
            workers,
            place,
            job: task.job().id(),
            wake: &wake,
            said: heard,
            told: false,
            forced: false,
        };
        if let Some(work) = held.until_ended(&mut task).await {
            return work;
        }
    }
}

/// Waits until somebody is at that place. False where the job is to end before, though somebody is.
async fn seated(workers: &Workers, place: PlaceId, wake: &Notify, task: &mut Task) -> bool {
    let seated = async {
        while !matches!(workers.look(place), Look::Seated) {
            wake.notified().await;
        }
    };
    tokio::select! {
        biased;
        _ = task.told_to_end() => false,
        () = seated => true,
    }
}

/// A job that a worker has.
struct Held<'a> {
    workers: &'a Workers,
    place: PlaceId,
    job: JobId,
    wake: &'a Notify,
    said: Heard,
    /// The job was told to end.
    told: bool,
    /// Whoever keeps the worker was told to kill it.
    forced: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.workers.end_lease(self.job, self.place);
    }
}

/// What a job that a worker has waits for.
enum Step {
    Said(Option<Said>),
    Look,
    Told,
    Force,
}

impl Held<'_> {
    /// What the work came to. None where it was never sent to the worker, and is to be handed over anew.
    async fn until_ended(mut self, task: &mut Task) -> Option<Work> {
        let (mut until, mut step) = (None, Step::Look);
        loop {
            match step {
                Step::Look => match self.workers.look(self.place) {
                    Look::Held(at) => until = at,
                    Look::Seated | Look::Waiting => return None,
                    Look::Forced(stopped) => {
                        return Some(self.rest(task, Work::Stopped(stopped)).await);
                    }
                    Look::GivenUp(why, left) => {
                        let work = match self.told {
                            true => Work::Stopped(left),
                            false => Work::Lost(why),
                        };
                        return Some(self.rest(task, work).await);
                    }
                },
                Step::Told => self.told = true,
                Step::Force if self.workers.force(self.place) => self.forced = true,
                Step::Force => {
                    return Some(self.rest(task, Work::Stopped(Stopped::UNSEEN)).await);
                }
                Step::Said(Some(Said::End(work))) => return Some(work),
                // The lease has the other end, and is only here given up.
                Step::Said(None) => return None,
                Step::Said(Some(said)) => {
                    if pass_on(task, said).await.is_err() {
                        return Some(Work::Stopped(Stopped::UNSEEN));
                    }
                }
            }
            step = self.step(task, until).await;
        }
    }

    /// The job is given up, and nothing more can be said of it. What was said before still counts: an end before all else.
    async fn rest(&mut self, task: &Task, given_up: Work) -> Work {
        self.said.close();
        while let Some(said) = self.said.now() {
            if let Said::End(work) = said {
                return work;
            }
            if pass_on(task, said).await.is_err() {
                break;
            }
        }
        given_up
    }

    async fn step(&mut self, task: &mut Task, until: Option<longwire_protocol::Timestamp>) -> Step {
        let (told, forced) = (self.told, self.forced);
        let clock = &self.workers.clock;
        let runs_out = async move {
            match until {
                Some(at) => clock.until(at).await,
                None => std::future::pending().await,
            }
        };
        // One future, as both need the task to themselves.
        let orders = async move {
            if !told {
                task.told_to_end().await;
                return Step::Told;
            }
            if !forced {
                task.told_to_force().await;
                return Step::Force;
            }
            std::future::pending().await
        };
        tokio::select! {
            biased;
            // Before what is said: whoever never stops speaking is ended all the same.
            step = orders => step,
            () = self.wake.notified() => Step::Look,
            () = runs_out => Step::Look,
            said = self.said.next() => Step::Said(said),
        }
    }
}

async fn pass_on(task: &Task, said: Said) -> Result<(), Over> {
    let Said::Append {
        output,
        progress,
        written,
    } = said
    else {
        return Ok(());
    };
    match output {
        Some((stream, Printed::Text(text))) => task.output(stream, text).await?,
        Some((stream, Printed::Bytes(bytes))) => task.print(stream, &bytes).await?,
        None => {}
    }
    if let Some(progress) = progress {
        task.progress(progress).await?;
    }
    match written {
        Some(written) => task.mark(written).await,
        None => Ok(()),
    }
}
