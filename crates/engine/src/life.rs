//! How an engine starts, from what an earlier one left, and how it stops.

use longwire_protocol::{Event, JobId, OnDisconnect, Seconds, Status};

use crate::{
    Engine, Found, Job, Mailbox, Name, Parts, Query, dispatcher::at_once, runner::shutdown_failure,
};

impl Engine {
    /// Builds an engine, takes up the jobs that its store holds, and starts its dispatcher on the current tokio runtime. When
    /// this returns, every job that an earlier engine left is either served again or has ended and says why.
    pub async fn start_up(parts: Parts) -> Self {
        let engine = Self::assembled(parts);
        let inner = &engine.0;
        inner.dispatcher.recover().await;
        engine.await_watchers().await;
        let run = std::sync::Arc::clone(&inner.dispatcher).run();
        let halt = inner.halt.clone();
        inner.tasks.spawn(halt.run_until_cancelled_owned(run));
        engine
    }

    /// Jobs that die with their last watcher have none now; whoever comes back within their grace keeps them alive.
    async fn await_watchers(&self) {
        let mut query = Query::all();
        loop {
            let listing = self.0.writer.store.list(&query).await;
            let jobs = listing.jobs.iter().map(|(job, _)| job.spec());
            for spec in jobs.filter(|spec| spec.on_disconnect == OnDisconnect::Kill) {
                drop(self.present(spec));
            }
            query.after = listing.next;
            if query.after.is_none() {
                return;
            }
        }
    }

    /// Whether new jobs are still taken.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.is_cancelled()
    }

    /// Ends when the engine no longer takes new jobs.
    pub async fn drained_from(&self) {
        self.0.draining.cancelled().await;
    }

    /// Stops: takes no new jobs, gives those that run so long to end, then tells their work to end, and writes down what did
    /// not as `lost`. What a later engine can go on with stays as it is, and is not waited for. Returns when everything else
    /// has ended.
    pub async fn drain(&self, grace: Seconds) {
        self.0.draining.cancel();
        let until = self.0.writer.clock.until(self.now().after(grace));
        tokio::select! {
            () = until => {}
            () = self.idle() => {}
        }
        self.0.stop.cancel();
        self.0.halt.cancel();
        self.lose_the_rest().await;
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Ends when no job is left that would be lost.
    async fn idle(&self) {
        let mailbox = Mailbox::new();
        let store = &self.0.writer.store;
        loop {
            let head = store.feed_head().await;
            let counts = store.counts().await;
            let waits = counts.routes.iter().any(|(route, queued, running)| {
                let stays = |status| self.is_taken_up_later(route, status);
                (*queued > 0 && !stays(Status::Queued)) || (*running > 0 && !stays(Status::Running))
            });
            if !waits {
                return;
            }
            if store.feed(head, 1, Some(&mailbox)).await.events.is_empty() {
                drop(mailbox.take().await);
            }
        }
    }

    /// Whether a job of that route that stands so can be gone on with after a restart as if nothing had been.
    fn is_taken_up_later(&self, route: &str, status: Status) -> bool {
        let is_clock = || {
            let route = self.0.router.find(route);
            route.is_ok_and(|route| route.consumer.is_clock())
        };
        self.0.writer.store.outlives(route) && (status == Status::Queued || is_clock())
    }

    /// Writes down as lost what waits or is served by its clock alone. What has work writes its own end.
    async fn lose_the_rest(&self) {
        let mut query = Query::all();
        loop {
            let listing = self.0.writer.store.list(&query).await;
            let jobs = listing.jobs.into_iter().map(|(job, _)| job);
            at_once(jobs.map(|job| self.lose(job))).await;
            query.after = listing.next;
            if query.after.is_none() {
                return;
            }
        }
    }

    /// A job that was accepted while the engine stopped: whoever stopped it looked for jobs to lose either after this one was
    /// there, or before this looks.
    pub(crate) async fn lose_if_stopped(&self, job: JobId) {
        if self.0.stop.is_cancelled() {
            // Every start carries room for this.
            Box::pin(self.lose_named(job)).await;
        }
    }

    async fn lose_named(&self, job: JobId) {
        if let Found::Job(job) = self.0.writer.store.find(&Name::Job(job)).await {
            self.lose(job).await;
        }
    }

    async fn lose(&self, job: Job) {
        let route = self.0.router.find(&job.spec().route);
        let has_work = route.is_ok_and(|route| !route.consumer.is_clock());
        let lose = |job: &mut Job, now| -> Option<Event> {
            let works = has_work && job.status() != Status::Queued;
            let stays = self.is_taken_up_later(&job.spec().route, job.status());
            if works || stays {
                None
            } else {
                job.lose(shutdown_failure(), now)
            }
        };
        self.0.writer.settle(job, lose).await;
    }
}
