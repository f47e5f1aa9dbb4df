//! Brings jobs to those who serve them: what is due, what is queued, what is to end.

use std::{convert::Infallible, sync::Arc};

use longwire_protocol::{Clock, Failure, JobId, Status, Timestamp};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use smallvec::smallvec;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Events, Job, Mailbox, Name, Route, Router,
    job::{Stopped, Work},
    router::Slot,
    runner::Run,
    store::Found,
    writer::Writer,
};

/// How many due jobs are acted on before others get a turn.
const DUE_AT_ONCE: usize = 512;

pub(crate) struct Dispatcher {
    writer: Writer,
    router: Arc<Router>,
    mailbox: Arc<Mailbox>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// The places of jobs that only their clock serves, on routes that have a bound.
    held: Mutex<FxHashMap<JobId, Slot>>,
}

impl Dispatcher {
    pub(crate) fn new(
        writer: Writer,
        router: Arc<Router>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        Self {
            writer,
            mailbox: Arc::clone(router.freed()),
            router,
            tasks,
            stop,
            held: Mutex::default(),
        }
    }

    /// Serves until its future is dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let next = self.act_on_due().await;
            self.fill_places().await;
            let alarm = async {
                match next {
                    Some(at) => self.writer.clock.until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                word = self.mailbox.take() => {
                    for job in word.jobs {
                        self.look_at(job).await;
                    }
                }
                () = alarm => {}
            }
        }
    }

    /// A free place for a new job, unless others wait.
    pub(crate) async fn place(&self, route: &Route) -> Option<Slot> {
        if route.has_queue() {
            let first = self
                .writer
                .store
                .first_queued(&route.name, &self.mailbox)
                .await;
            if first.is_some() {
                return None;
            }
        }
        route.slot()
    }

    /// Begins to serve a job that runs.
    pub(crate) async fn begin(&self, job: Job, route: &Arc<Route>, slot: Slot) {
        if !route.consumer.is_clock() {
            let run = Run::new(
                self.writer.clone(),
                job,
                Arc::clone(route),
                slot,
                self.stop.clone(),
            );
            self.tasks.spawn(run.until_ended());
            return;
        }
        if route.has_queue() {
            self.held.lock().insert(job.id(), slot);
        }
        self.follow(&job).await;
    }

    /// What a clock that ran out makes of a job: the end of its work, where the clock was all that served it.
    pub(crate) fn time_up(route: &Route, job: &mut Job, clock: Clock, now: Timestamp) -> Events {
        let served_by_clock = route.consumer.is_clock() && job.status() == Status::Running;
        if served_by_clock && clock == Clock::Time {
            return job.end(Work::Done(None), now).into_iter().collect();
        }
        let mut events: Events = job.time_up(clock, now).into();
        if served_by_clock {
            events.extend(job.end(Work::Stopped(Stopped::WILLINGLY), now));
        }
        events
    }

    /// Asks to be told when the log of a job that its clock serves grows.
    async fn follow(&self, job: &Job) {
        let page = self
            .writer
            .store
            .read(job.id(), job.seq(), 0, Some(&self.mailbox))
            .await;
        if page.is_none_or(|page| !page.events.is_empty()) {
            self.mailbox.tell(|word| word.jobs.push(job.id()));
        }
    }

    /// The log of a job that its clock serves has grown: by a wish to kill it, an extend, or its end.
    async fn look_at(&self, id: JobId) {
        let Found::Job(job) = self.writer.store.find(&Name::Job(id)).await else {
            self.held.lock().remove(&id);
            return;
        };
        let job = if job.status() == Status::Ending {
            let stopped = self.writer.change(job, |job, now| {
                let end = job.end(Work::Stopped(Stopped::WILLINGLY), now);
                Ok::<Events, Infallible>(end.into_iter().collect())
            });
            let Ok(job) = stopped.await;
            job
        } else {
            job
        };
        if job.status().has_ended() {
            self.held.lock().remove(&id);
        } else {
            self.follow(&job).await;
        }
    }

    /// Acts on every job that is due. Says when the next will be.
    async fn act_on_due(&self) -> Option<Timestamp> {
        loop {
            let now = self.writer.now();
            let due = self.writer.store.due(now, DUE_AT_ONCE, &self.mailbox).await;
            if due.jobs.is_empty() {
                return due.next;
            }
            for job in due.jobs {
                self.act_on(job).await;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn act_on(&self, job: Job) {
        let Ok(route) = self.router.find(&job.spec().route) else {
            return self.lose_unserved(job).await;
        };
        let id = job.id();
        let changed = self.writer.change(job, |job, now| {
            let events = job
                .due(now)
                .map(|clock| Self::time_up(route, job, clock, now));
            Ok::<Events, Infallible>(events.unwrap_or_default())
        });
        let Ok(job) = changed.await;
        if job.status().has_ended() && route.has_queue() {
            self.held.lock().remove(&id);
        }
    }

    /// Nobody here could end it, and it would be due for ever.
    async fn lose_unserved(&self, job: Job) {
        tracing::error!(job = %job.id(), route = %job.spec().route, "a job is due on a route that is not configured");
        let lost = self.writer.change(job, |job, now| {
            let end = job.lose(unserved_failure(), now);
            Ok::<Events, Infallible>(end.into_iter().collect())
        });
        let Ok(_) = lost.await;
    }

    /// Gives free places to those who wait.
    async fn fill_places(&self) {
        for route in self.router.iter().filter(|route| route.has_queue()) {
            while let Some(job) = self
                .writer
                .store
                .first_queued(&route.name, &self.mailbox)
                .await
            {
                let Some(slot) = route.slot() else { break };
                self.take(job, route, slot).await;
            }
        }
    }

    async fn take(&self, job: Job, route: &Arc<Route>, slot: Slot) {
        let taken = self.writer.change(job, |job, now| {
            let taken: Option<Events> = job.begin(now).map(|event| smallvec![event]);
            taken.ok_or(NotQueued)
        });
        if let Ok(job) = taken.await
            && job.status() == Status::Running
        {
            self.begin(job, route, slot).await;
        }
    }
}

/// It was killed, or taken by another, before it could be taken.
struct NotQueued;

fn unserved_failure() -> Failure {
    Failure {
        code: "unserved".into(),
        message: "no route of that name is configured any more".into(),
    }
}
