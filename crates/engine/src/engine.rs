//! The verbs.

use std::{future::ready, pin::Pin, sync::Arc};

use futures_util::future::Either;
use longwire_protocol::{
    Code, Connid, Done, EndedView, Event, Gap, JobId, JobView, OnConflict, OnDisconnect, Refusal,
    Seconds, Seq, Spec, Start, Started, Status, StatusPage, StatusQuery, Target, Timestamp, Wish,
};
use smallvec::smallvec;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Clock, Closed, Counts, Events, FeedPage, Follow, Found, Job, Mailbox, Name, NotCreated,
    Observer, Page, Principal, Query, Random, Route, Router, Store, Unavailable, Watcher,
    clock::JobIds,
    dispatcher::Dispatcher,
    refusals::{
        already_ended, bad_input, connid_in_use, gone, over_the_longest, shutting_down, too_many,
        unavailable,
    },
    to_the_end::ToTheEnd,
    watchers::Watchers,
    writer::{Unchanged, Writer},
};

/// What an engine is built from.
pub struct Parts {
    /// Keeps the logs.
    pub store: Arc<dyn Store>,
    /// Knows who serves what.
    pub router: Router,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes names.
    pub random: Arc<dyn Random>,
    /// Counts.
    pub observer: Arc<dyn Observer>,
}

/// The verbs over the logs of jobs. Cheap to clone; all clones are one engine.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) writer: Writer,
    pub(crate) router: Arc<Router>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    random: Arc<dyn Random>,
    ids: JobIds,
    watchers: Arc<Watchers>,
    pub(crate) tasks: TaskTracker,
    /// No new jobs are taken.
    pub(crate) draining: CancellationToken,
    /// Work that still runs is told to end.
    pub(crate) stop: CancellationToken,
    /// The dispatcher itself ends.
    pub(crate) halt: CancellationToken,
}

/// A job that a start opened: made, or joined.
#[derive(Debug)]
pub struct Opened {
    /// What to tell the starter; its `id` is for the transport to fill in. The events to send come after its `seq`.
    pub reply: Started,
    /// What was asked for when the job was started.
    pub spec: Arc<Spec>,
    /// The starter, as the first who watches a job that dies with its last watcher. To be held until it watches, or has gone.
    pub presence: Option<Watcher>,
    /// Its end, where that came in the same write: all that there is to be watched.
    pub end: Option<Event>,
}

/// A kill that was accepted.
#[derive(Clone, Debug)]
pub struct Killed {
    /// The job, as it stands.
    pub job: Job,
    /// The number of the event that holds the wish.
    pub seq: Seq,
}

/// A job that may be watched, and from where.
#[derive(Clone, Debug)]
pub struct Watched {
    /// What was asked for when it was started.
    pub spec: Arc<Spec>,
    /// The number of its last event so far.
    pub seq: Seq,
    /// The number to read on from.
    pub after: Seq,
    /// How it ended, where nothing is left to be read.
    pub ended: Option<EndedView>,
}

impl Engine {
    /// Builds an engine. It serves nothing yet: see [`Engine::start_up`].
    pub(crate) fn assembled(parts: Parts) -> Self {
        let writer = Writer {
            store: parts.store,
            clock: parts.clock,
            observer: parts.observer,
        };
        let (tasks, stop, halt) = (
            TaskTracker::new(),
            CancellationToken::new(),
            CancellationToken::new(),
        );
        let router = Arc::new(parts.router);
        let dispatcher = Dispatcher::new(
            writer.clone(),
            Arc::clone(&router),
            tasks.clone(),
            stop.clone(),
        );
        Self(Arc::new(Inner {
            writer,
            router,
            dispatcher: Arc::new(dispatcher),
            random: parts.random,
            ids: JobIds::new(),
            watchers: Arc::default(),
            tasks,
            draining: CancellationToken::new(),
            stop,
            halt,
        }))
    }

    /// The time, as this engine has it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.writer.now()
    }

    /// The routes.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.0.router
    }

    /// Starts a job, or joins the one that runs under its connid where the start asks for that. It is checked, and
    /// has its id and its time, when this is called; once it was polled it goes on to its end, also where it is dropped.
    ///
    /// # Errors
    /// `shutting_down`, `unknown_route`, `invalid_field` (a time over the route's), `connid_in_use`, `too_many`.
    pub fn start(
        &self,
        who: &Principal,
        start: &Start,
    ) -> impl Future<Output = Result<Opened, Refusal>> + Unpin + Send + use<> {
        let (route, spec, now) = match self.accepts(who, start) {
            Ok(accepted) => accepted,
            Err(refusal) => return Either::Left(ready(Err(refusal))),
        };
        let (engine, who, on_conflict) = (self.clone(), who.clone(), start.on_conflict);
        let job = async move {
            engine
                .start_job(&who, &route, &spec, on_conflict, now)
                .await
        };
        Either::Right(self.to_the_end(Box::pin(job)))
    }

    /// What is to be started, on which route, and the time it is now.
    fn accepts(
        &self,
        who: &Principal,
        start: &Start,
    ) -> Result<(Arc<Route>, Arc<Spec>, Timestamp), Refusal> {
        self.takes_jobs()?;
        let route = self.0.router.find_open(&start.route)?;
        let (spec, now) = self.spec(who, start, &route)?;
        Ok((route, Arc::new(spec), now))
    }

    /// Does a work to its end, also where whoever asked for it leaves meanwhile.
    pub(crate) fn to_the_end<F>(&self, work: Pin<Box<F>>) -> ToTheEnd<F>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        ToTheEnd::new(work, self.0.tasks.clone())
    }

    async fn start_job(
        &self,
        who: &Principal,
        route: &Arc<Route>,
        spec: &Arc<Spec>,
        on_conflict: OnConflict,
        mut now: Timestamp,
    ) -> Result<Opened, Refusal> {
        loop {
            match self.open(route, spec, now).await {
                Ok(opened) => return Ok(opened),
                Err(NotCreated::Full) => {
                    return Err(too_many("the server has as many jobs as it takes at once"));
                }
                Err(NotCreated::QueueFull) => {
                    return Err(too_many(&format!(
                        "the queue of route {:?} is full",
                        route.name
                    )));
                }
                Err(NotCreated::Unavailable(why)) => return Err(unavailable(&why)),
                Err(NotCreated::InUse(job)) => match on_conflict {
                    OnConflict::Reject => return Err(connid_in_use(&job)),
                    OnConflict::Attach => return self.attach(&job, spec),
                    // Rare, and large: what is always carried about is to be small.
                    OnConflict::Replace => Box::pin(self.replace(who, job)).await?,
                },
            }
            // That took its time.
            self.takes_jobs()?;
            now = self.now();
        }
    }

    fn takes_jobs(&self) -> Result<(), Refusal> {
        if self.0.draining.is_cancelled() {
            return Err(shutting_down());
        }
        Ok(())
    }

    fn spec(
        &self,
        who: &Principal,
        start: &Start,
        route: &Route,
    ) -> Result<(Spec, Timestamp), Refusal> {
        let settings = &route.settings;
        let time = start.time.unwrap_or(settings.time);
        if time > settings.max_time {
            let (name, most) = (&route.name, settings.max_time);
            return Err(Refusal::invalid(
                "time",
                format!("\"time\" must be at most {most} seconds on route {name:?}; got {time}"),
            ));
        }
        let checked = route.consumer.check(start.input.as_ref());
        checked.map_err(|bad| bad_input(&route.name, &bad))?;
        // The check may have taken its time, which is not the job's.
        let now = self.now();
        let job = self.new_id(now);
        let spec = Spec {
            job,
            connid: match &start.connid {
                Some(connid) => connid.clone(),
                None => made_connid(job)?,
            },
            route: Arc::clone(&route.name),
            time,
            idle_time: start.idle_time.or(settings.idle_time),
            queue_time: start.queue_time.or(settings.queue_time),
            input: start.input.clone(),
            tags: Arc::clone(&start.tags),
            on_disconnect: start.on_disconnect,
            by: Arc::clone(who.name()),
        };
        Ok((spec, now))
    }

    /// A name that is greater than all before it.
    pub(crate) fn new_id(&self, now: Timestamp) -> JobId {
        self.0.ids.next(now, &*self.0.random)
    }

    /// Begins the job's log and, where there is a place for it, its work.
    async fn open(
        &self,
        route: &Arc<Route>,
        spec: &Arc<Spec>,
        now: Timestamp,
    ) -> Result<Opened, NotCreated> {
        let dispatcher = &self.0.dispatcher;
        let slot = dispatcher.place(route).await;
        let (mut job, first) = Job::accept(Arc::clone(spec), slot.is_none(), now);
        let status = first.status;
        let mut events: Events = smallvec![first];
        // A job that only its clock serves, and whose clock has run out: there is nothing to wait for.
        if let Some(clock) = job
            .due(now)
            .filter(|_| slot.is_some() && route.consumer.is_clock())
        {
            events.extend(Dispatcher::time_up(route, &mut job, clock, now));
        }
        let end = match &*events {
            [_, end] if end.status.has_ended() => Some(end.clone()),
            _ => None,
        };
        self.0.writer.create(&job, events).await?;
        let position = match slot {
            Some(slot) if !job.status().has_ended() => {
                dispatcher.begin(job, route, slot).await;
                None
            }
            Some(_) => None,
            None => self.0.writer.store.position(&job).await,
        };
        self.lose_if_stopped(spec.job).await;
        let presence = if end.is_none() {
            self.present(spec)
        } else {
            None
        };
        Ok(Opened {
            reply: Started {
                position,
                ..started(spec, status)
            },
            spec: Arc::clone(spec),
            presence,
            end,
        })
    }

    fn attach(&self, job: &Job, spec: &Spec) -> Result<Opened, Refusal> {
        let running = job.spec();
        if running.route != spec.route || running.input != spec.input {
            let message = format!(
                "{} runs with another route or input (route {:?}); attach joins only what is the same",
                job.connid(),
                running.route
            );
            return Err(Refusal::new(Code::ConnidInUse, message)
                .about("connid")
                .of(job.connid().clone()));
        }
        let reply = Started {
            left: job.deadline().since(self.now()),
            attached: true,
            ..started(running, job.first_status())
        };
        Ok(Opened {
            reply,
            spec: Arc::clone(running),
            presence: self.present(running),
            end: None,
        })
    }

    async fn replace(&self, who: &Principal, job: Job) -> Result<(), Refusal> {
        let id = job.id();
        let wish = who.wish(Some("replaced by a new start"));
        match self.wish(job, wish).await {
            Ok(killed) => tokio::select! {
                _ = self.follow(id, killed.seq).ended() => {}
                // Where its end is left to the next server nobody here would ever see it.
                () = self.0.stop.cancelled() => return Err(shutting_down()),
            },
            // Ended meanwhile is as good.
            Err(Unchanged::Refused(_)) => {}
            Err(Unchanged::Unavailable(why)) => return Err(unavailable(&why)),
        }
        Ok(())
    }

    pub(crate) async fn wish(&self, job: Job, wish: Wish) -> Result<Killed, Unchanged<Closed>> {
        let writer = self.0.writer.clone();
        let route = self.0.router.find(&job.spec().route).ok();
        let kill = async move {
            let kill =
                |job: &mut Job, now| Dispatcher::kill(route.as_deref(), job, wish.clone(), now);
            writer.change(job, kill).await
        };
        let job = self.to_the_end(Box::pin(kill)).await?;
        let seq = job.ending().map_or(job.seq(), |ending| ending.seq);
        Ok(Killed { job, seq })
    }

    /// Kills a job: it is told to end, and forced only after its route's grace. Killing twice is harmless.
    ///
    /// # Errors
    /// `unknown_connid`, `expired`, `already_ended`.
    pub async fn kill(
        &self,
        who: &Principal,
        target: impl Into<Target>,
        reason: Option<&str>,
    ) -> Result<Killed, Refusal> {
        let job = self.named(&target.into().into()).await?;
        match self.wish(job.clone(), who.wish(reason)).await {
            Ok(killed) => Ok(killed),
            Err(Unchanged::Refused(_)) => Err(already_ended(
                &self.0.writer.reload(&job).await.unwrap_or(job),
            )),
            Err(Unchanged::Unavailable(why)) => Err(unavailable(&why)),
        }
    }

    /// Kills a job and waits until it has ended.
    ///
    /// # Errors
    /// As [`Engine::kill`].
    pub async fn kill_and_wait(
        &self,
        who: &Principal,
        target: impl Into<Target>,
        reason: Option<&str>,
    ) -> Result<Killed, Refusal> {
        let killed = self.kill(who, target, reason).await?;
        let ended = self.follow(killed.job.id(), killed.seq).ended().await;
        let job = ended.unwrap_or(killed.job);
        Ok(Killed {
            seq: job.seq(),
            job,
        })
    }

    /// Moves a job's deadline to so long from now.
    ///
    /// # Errors
    /// `unknown_connid`, `expired`, `already_ended`, `invalid_field` (longer in all than the route allows).
    pub async fn extend(
        &self,
        _who: &Principal,
        target: impl Into<Target>,
        time: Seconds,
    ) -> Result<Done, Refusal> {
        let job = self.named(&target.into().into()).await?;
        let route = self.0.router.find(&job.spec().route)?;
        let most = route.settings.max_time;
        let extended = self.0.writer.change(job, |job, now| {
            let had = now.since(job.accepted_at());
            if had.as_micros().saturating_add(time.as_micros()) > most.as_micros() {
                return Err(over_the_longest(&route.name, most, had, time));
            }
            match job.extend(time, now) {
                Ok(event) => Ok(smallvec![event]),
                Err(Closed::Ended) => Err(already_ended(job)),
                Err(Closed::Ending) => Err(Refusal::new(
                    Code::AlreadyEnded,
                    format!("{} is ending and can no longer be extended", job.connid()),
                )
                .of(job.connid().clone())),
            }
        });
        let job = extended.await.map_err(|unchanged| match unchanged {
            Unchanged::Refused(refusal) => refusal,
            Unchanged::Unavailable(why) => unavailable(&why),
        })?;
        Ok(Done {
            connid: Some(job.connid().clone()),
            seq: Some(job.seq()),
            time: Some(time),
            left: Some(job.deadline().since(job.last_at())),
            ..Done::new("extend")
        })
    }

    /// What runs: a page of it, or one job.
    ///
    /// # Errors
    /// `unknown_connid`, `expired`, where one is asked for.
    pub async fn status(
        &self,
        _who: &Principal,
        query: StatusQuery,
    ) -> Result<StatusPage, Refusal> {
        let mut page = StatusPage {
            id: None,
            route: "status".into(),
            status: Status::Ok,
            total: Some(1),
            jobs: Vec::new(),
            next: None,
        };
        if let Some(target) = Target::of(query.connid, query.job) {
            let job = self.named(&target.into()).await?;
            page.jobs.push(self.view(&job).await);
            return Ok(page);
        }
        let filter = query.filter.unwrap_or_default();
        let listing = self.0.writer.store.list(&Query {
            after: query.after,
            limit: usize::from(query.limit.unwrap_or(100)),
            route: filter.route,
            tag: filter.tag,
        });
        let listing = listing.await;
        let now = self.now();
        page.total = listing.total;
        page.next = listing.next;
        page.jobs = listing
            .jobs
            .iter()
            .map(|(job, position)| job.view(now, *position))
            .collect();
        Ok(page)
    }

    async fn view(&self, job: &Job) -> JobView {
        let position = match job.status() {
            Status::Queued => self.0.writer.store.position(job).await,
            Status::Running
            | Status::Ending
            | Status::Ok
            | Status::Failed
            | Status::Killed
            | Status::Timeout
            | Status::Lost => None,
        };
        job.view(self.now(), position)
    }

    /// The job of that name, whether it has ended or not.
    ///
    /// # Errors
    /// `unknown_connid`, `expired`.
    pub async fn job(&self, connid: &Connid) -> Result<Job, Refusal> {
        self.named(&Name::Connid(connid.clone())).await
    }

    async fn named(&self, name: &Name) -> Result<Job, Refusal> {
        match self.0.writer.store.find(name).await {
            Found::Job(job) => Ok(job),
            Found::Expired => Err(gone(name, Code::Expired)),
            Found::Unknown => Err(gone(name, Code::UnknownConnid)),
        }
    }

    /// Finds a job to watch, from after a number on.
    ///
    /// # Errors
    /// `unknown_connid`, `expired`, `invalid_field` (a number the log has not come to).
    pub async fn watch(
        &self,
        _who: &Principal,
        target: &Target,
        after: Seq,
    ) -> Result<Watched, Refusal> {
        let job = self.named(&target.clone().into()).await?;
        if after > job.seq() {
            let seq = job.seq();
            let refusal = Refusal::invalid(
                "after",
                format!(
                    "\"after\" must be at most {seq}, the number of the last event; got {after}. Is it of another job?"
                ),
            );
            return Err(refusal.of(job.connid().clone()));
        }
        Ok(Watched {
            spec: Arc::clone(job.spec()),
            seq: job.seq(),
            after,
            ended: job.ended_view().filter(|_| after == job.seq()),
        })
    }

    /// Counts the caller as one who watches a job, until what is returned is dropped. None for a job that does not mind.
    #[must_use]
    pub fn present(&self, spec: &Spec) -> Option<Watcher> {
        let dies = spec.on_disconnect == OnDisconnect::Kill;
        let grace = || {
            self.0
                .router
                .find(&spec.route)
                .map(|route| route.settings.disconnect_grace)
        };
        dies.then(|| {
            self.0
                .watchers
                .enter(spec.job, grace().unwrap_or_default(), self.clone())
        })
    }

    /// A job's last watcher left: kills it after its grace, unless one came back.
    pub(crate) fn left_alone(&self, job: JobId, left: u64, grace: Seconds) {
        let engine = self.clone();
        let stop = self.0.halt.clone();
        let end = async move {
            let at = engine.now().after(grace);
            engine.0.writer.clock.until(at).await;
            if !engine.0.watchers.forget(job, left) {
                return;
            }
            if let Found::Job(job) = engine.0.writer.store.find(&Name::Job(job)).await {
                let wish = Principal::server().wish(Some("its last watcher left"));
                // Ended meanwhile: nothing to do.
                drop(engine.wish(job, wish).await);
            }
        };
        self.0.tasks.spawn(stop.run_until_cancelled_owned(end));
    }

    /// A position in a job's log, as an async reader.
    #[must_use]
    pub fn follow(&self, job: JobId, after: Seq) -> Follow {
        let paces = Arc::clone(&self.0.dispatcher.paces);
        Follow::new(Arc::clone(&self.0.writer.store), job, after).paced(paces)
    }

    /// Reads a job's log after a number; where there is nothing yet, the mailbox is told when there is. See [`Store::read`].
    pub fn read(
        &self,
        job: JobId,
        after: Seq,
        bytes: usize,
        reader: &Arc<Mailbox>,
    ) -> crate::Answer<Option<Page>> {
        self.0.dispatcher.paces.note(job, reader, after);
        self.0.writer.store.read(job, after, bytes, Some(reader))
    }

    /// Reads the feed after a number; where there is nothing yet, the mailbox is told when there is. See [`Store::feed`].
    pub fn feed(
        &self,
        _who: &Principal,
        after: Seq,
        most: usize,
        reader: &Arc<Mailbox>,
    ) -> crate::Answer<FeedPage> {
        self.0.writer.store.feed(after, most, Some(reader))
    }

    /// The number of the last change in the feed.
    pub async fn feed_head(&self) -> Seq {
        self.0.writer.store.feed_head().await
    }

    /// How much is kept.
    pub async fn counts(&self) -> Counts {
        self.0.writer.store.counts().await
    }

    /// Why new jobs cannot be written down now, if they cannot.
    #[must_use]
    pub fn trouble(&self) -> Option<Unavailable> {
        self.0.writer.store.trouble()
    }

    /// Ends when nothing can be written down any more, ever: then the server must go. See [`Store::broken`].
    pub async fn broken(&self) -> Unavailable {
        self.0.writer.store.broken().await
    }
}

/// The gap of a page, as far as a reader that has seen everything up to `after` misses it.
impl Page {
    /// What a reader from after that number misses.
    #[must_use]
    pub fn gap_after(&self, after: Seq) -> Option<Gap> {
        self.gap.filter(|gap| gap.to > after)
    }
}

/// The reply to the start of a job that has all its time; its log begins with 1.
fn started(spec: &Spec, status: Status) -> Started {
    Started {
        id: None,
        connid: spec.connid.clone(),
        job: spec.job,
        seq: 1,
        status,
        route: Arc::clone(&spec.route),
        time: spec.time,
        left: spec.time,
        position: None,
        attached: false,
    }
}

fn made_connid(job: JobId) -> Result<Connid, Refusal> {
    Connid::new(&job.to_string()).map_err(|rule| Refusal::new(Code::Internal, rule))
}
