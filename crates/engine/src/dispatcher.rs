//! Brings jobs to those who serve them: what is due, what is queued, what is to end.

use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use longwire_protocol::{Clock, Failure, JobId, Status, Timestamp, Wish};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Events, Job, Mailbox, Name, Route, Router,
    job::{Closed, Stopped, Work},
    pace::Paces,
    router::Slot,
    runner::Run,
    store::{Found, Query},
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
    pub(crate) paces: Arc<Paces>,
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
            paces: Arc::default(),
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
                    at_once(word.jobs.into_iter().map(|job| self.look_at(job))).await;
                }
                () = alarm => {}
            }
        }
    }

    /// A free place for a new job, unless others wait.
    pub(crate) async fn place(&self, route: &Route) -> Option<Slot> {
        if route.has_queue() {
            let store = &self.writer.store;
            let first = store.queued(&route.name, 1, &self.mailbox).await;
            if !first.is_empty() {
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
                Arc::clone(&self.paces),
            );
            self.tasks.spawn(run.until_ended());
            return;
        }
        // Its alarm is the store's to know, and a kill ends it. Only its place has to be given back then.
        if route.has_queue() {
            self.held.lock().insert(job.id(), slot);
            // Every start carries room for this.
            Box::pin(self.follow(&job)).await;
        }
    }

    /// What a clock that ran out makes of a job: the end of its work, where the clock was all that served it.
    pub(crate) fn time_up(route: &Route, job: &mut Job, clock: Clock, now: Timestamp) -> Events {
        let served_by_clock = route.consumer.is_clock() && job.status() == Status::Running;
        if served_by_clock && clock == Clock::Time {
            return job.end(Work::Done(None), now).into_iter().collect();
        }
        let mut events = job.time_up(clock, now);
        if served_by_clock {
            events.extend(job.end(Work::Stopped(Stopped::WILLINGLY), now));
        }
        events
    }

    /// What a kill makes of a job. Where the clock was all that served it, nobody has to be told: that ends it.
    pub(crate) fn kill(
        route: Option<&Route>,
        job: &mut Job,
        wish: Wish,
        now: Timestamp,
    ) -> Result<Events, Closed> {
        let mut events = job.kill(wish, now)?;
        if !events.is_empty() && route.is_some_and(|route| route.consumer.is_clock()) {
            events.extend(job.end(Work::Stopped(Stopped::WILLINGLY), now));
        }
        Ok(events)
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
            let stopped = Work::Stopped(Stopped::WILLINGLY);
            let end = |job: &mut Job, now| job.end(stopped.clone(), now);
            self.writer.settle(job, end).await
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
            at_once(due.jobs.into_iter().map(|job| self.act_on(job))).await;
            tokio::task::yield_now().await;
        }
    }

    async fn act_on(&self, job: Job) {
        let Ok(route) = self.router.find(&job.spec().route) else {
            return self.lose_unserved(job).await;
        };
        let id = job.id();
        let settled = self.writer.settle(job, |job, now| {
            let clock = job.due(now);
            clock.map_or_else(Events::new, |clock| Self::time_up(&route, job, clock, now))
        });
        let job = settled.await;
        if job.status().has_ended() && route.has_queue() {
            self.held.lock().remove(&id);
        }
    }

    /// Nobody here could end it, and it would be due for ever.
    async fn lose_unserved(&self, job: Job) {
        tracing::error!(job = %job.id(), route = %job.spec().route, "a job is due on a route that is not configured");
        let lose = |job: &mut Job, now| job.lose(unserved_failure(), now);
        self.writer.settle(job, lose).await;
    }

    /// Gives free places to those who wait.
    async fn fill_places(&self) {
        let routes = self.router.routes();
        for route in routes.iter().filter(|route| route.has_queue()) {
            while self.fill_some(route).await {}
        }
    }

    /// Gives as many free places of a route as can be given at once. False where there was none to give, or nobody to take one.
    async fn fill_some(&self, route: &Arc<Route>) -> bool {
        let store = &self.writer.store;
        // Asks also where there is no place: so is this told of the next who waits.
        let most = route.free_places().clamp(1, AT_ONCE);
        let waiting = store.queued(&route.name, most, &self.mailbox).await;
        let places = waiting
            .into_iter()
            .map_while(|job| Some((job, route.slot()?)));
        let placed: Vec<(Job, Slot)> = places.collect();
        let any = !placed.is_empty();
        at_once(
            placed
                .into_iter()
                .map(|(job, slot)| self.take(job, route, slot)),
        )
        .await;
        any
    }

    async fn take(&self, job: Job, route: &Arc<Route>, slot: Slot) {
        let mut taken = false;
        let begin = |job: &mut Job, now| {
            let begun = job.begin(now);
            // Not where it was killed, or taken by another, before it could be taken here.
            taken = begun.is_some();
            begun
        };
        let job = self.writer.settle(job, begin).await;
        if taken {
            self.begin(job, route, slot).await;
        }
    }

    /// Takes up what an earlier run of the server left: before anything new is accepted, every job that had not ended is
    /// either served again or has come to an end that says why not.
    pub(crate) async fn recover(&self) {
        let mut query = Query::all();
        loop {
            let listing = self.writer.store.list(&query).await;
            let jobs = listing.jobs.into_iter().map(|(job, _)| job);
            at_once(jobs.map(|job| self.take_up(job))).await;
            query.after = listing.next;
            if query.after.is_none() {
                return;
            }
        }
    }

    async fn take_up(&self, job: Job) {
        let Ok(route) = self.router.find(&job.spec().route) else {
            return self.lose_unserved(job).await;
        };
        if job.status() == Status::Queued {
            // Its turn comes as it would have; a route that has lost its bound since has no turns.
            if !route.has_queue() {
                self.take(job, &route, Slot::beyond()).await;
            }
        } else if route.consumer.is_clock() {
            let (id, slot) = (job.id(), route.slot().unwrap_or_else(Slot::beyond));
            self.begin(job, &route, slot).await;
            // It may have been killed, and not yet be dead.
            self.look_at(id).await;
        } else {
            self.serve_again_or_lose(job, &route).await;
        }
    }

    /// Whatever served the job has died with the server.
    async fn serve_again_or_lose(&self, job: Job, route: &Arc<Route>) {
        let give_up = |job: &mut Job, now| route.settings.give_up(job, died_failure(), now);
        let job = self.writer.settle(job, give_up);
        let job = job.await;
        if job.status() == Status::Queued && !route.has_queue() {
            self.take(job, route, Slot::beyond()).await;
        }
    }
}

/// How many jobs are worked on beside one another where each may wait for the disk: those that wait share its next flush.
const AT_ONCE: usize = 1024;

/// Does all of it, in no order.
pub(crate) async fn at_once(work: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut waiting = FuturesUnordered::new();
    for one in work {
        // What is done at its first poll, as over a store in memory, costs no more than that.
        let mut one = Box::pin(one);
        if let Some(()) = one.as_mut().now_or_never() {
            continue;
        }
        waiting.push(one);
        if waiting.len() == AT_ONCE {
            waiting.next().await;
        }
    }
    while waiting.next().await.is_some() {}
}

fn died_failure() -> Failure {
    Failure::new(
        "server_died",
        "the server ended while the job ran, and how far it came cannot be known",
    )
}

fn unserved_failure() -> Failure {
    Failure::new("unserved", "no route of that name is configured any more")
}
