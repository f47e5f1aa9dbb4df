//! What a log adds up to, and every rule about what may follow what.
//!
//! [`Job::apply`] is the one judge: it takes the next event or says why it cannot be next. The functions beside it propose
//! that event from what is asked (a kill) or what is the case (a clock ran out, the work returned); whatever they propose,
//! `apply` takes.

mod snapshot;

use std::sync::{Arc, LazyLock};

use longwire_protocol::{
    Attempt, Change, Clock, Connid, End, EndedView, Event, Failure, JobId, JobView, KillNote,
    Outcome, Payload, Progress, Receipt, Seconds, Seq, Spec, Status, Timestamp, Wish, later,
};

pub use snapshot::Snapshot;

use crate::Events;

/// A job as its log tells it so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    spec: Arc<Spec>,
    seq: Seq,
    status: Status,
    attempt: Attempt,
    /// Whether it was queued at first.
    waited: bool,
    accepted_at: Timestamp,
    /// When it last began to wait for a place.
    queued_at: Timestamp,
    started_at: Option<Timestamp>,
    last_at: Timestamp,
    deadline: Timestamp,
    progress: Option<Arc<Progress>>,
    ending: Option<Arc<Ending>>,
    end: Option<Arc<End>>,
}

/// Why a job is to end, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// The reason.
    pub cause: Cause,
    /// When it was written down.
    pub at: Timestamp,
    /// The number of the event that said so.
    pub seq: Seq,
}

impl Ending {
    /// The end that this comes to.
    fn end(&self, stopped: Stopped, at: Timestamp) -> End {
        match &self.cause {
            Cause::Killed(wish) => End {
                kill: Some(Receipt {
                    wish: Wish::clone(wish),
                    forced: stopped.forced,
                    survivors: stopped.survivors,
                    signals: stopped.signals,
                    ms: at.since(self.at).as_micros() / 1_000,
                }),
                ..End::plain(Outcome::Killed)
            },
            Cause::TimeUp(clock) => End {
                clock: Some(*clock),
                ..End::plain(Outcome::Timeout)
            },
        }
    }
}

/// Why a job is to end before its work returned.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// A kill was accepted.
    Killed(Arc<Wish>),
    /// A clock ran out.
    TimeUp(Clock),
}

/// An event that cannot be next in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Its number is not the next one.
    Seq,
    /// It was before the one before it.
    Time,
    /// Nothing follows an end.
    AfterEnd,
    /// What it says cannot happen to a job that stands as this one does.
    Change,
    /// It says the job stands elsewhere after it than it does.
    Status,
    /// It belongs to an attempt that is not the current one.
    Attempt,
}

/// Why a kill or an extend cannot be.
#[derive(Clone, Debug, PartialEq)]
pub enum Closed {
    /// The job has ended.
    Ended,
    /// It is on its way out, so its deadline no longer matters.
    Ending,
}

/// How the work of a job came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// It was done, and came to this.
    Done(Option<Payload>),
    /// Whoever did it elsewhere says that it is over, and that nothing came of it but perhaps this failure: it was done or failed,
    /// or, where the job was to end, did as it was told. What is left of it nobody here could see.
    Over(Option<Failure>),
    /// It failed.
    Failed(Failure),
    /// It failed by itself, and so many of its processes are still alive: that was looked at.
    Broke(Failure, u32),
    /// It was stopped, as it was to end, or never began.
    Stopped(Stopped),
    /// Whoever was at it is gone, and how far it came cannot be known. Where its route asks for another attempt, there is one.
    Lost(Failure),
}

/// What it took to stop a work, and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Whether it had to be forced.
    pub forced: bool,
    /// How many of its processes are still alive; none where that could not be seen.
    pub survivors: Option<u32>,
    /// The signals that it was sent, such as `TERM`, each kind once, in that order.
    pub signals: Vec<Box<str>>,
}

impl Stopped {
    /// It ended by itself when it was asked to, or never began, and nothing is left.
    pub const WILLINGLY: Self = Self {
        forced: false,
        survivors: Some(0),
        signals: Vec::new(),
    };
    /// It was forced, and nothing is left.
    pub const FORCED: Self = Self {
        forced: true,
        survivors: Some(0),
        signals: Vec::new(),
    };
    /// It is gone together with whoever served it: what is left cannot be seen.
    pub const UNSEEN: Self = Self {
        forced: true,
        survivors: None,
        signals: Vec::new(),
    };
    /// It was not forced, and nobody looked what is left.
    pub const SAID: Self = Self {
        forced: false,
        survivors: None,
        signals: Vec::new(),
    };

    /// It was not forced, and so many are left.
    fn left(survivors: u32) -> Self {
        Self {
            survivors: Some(survivors),
            ..Self::SAID
        }
    }

    /// What there is to say of an attempt that had not begun: what an earlier one left nobody has seen.
    #[must_use]
    pub const fn unbegun(attempt: Attempt) -> Self {
        if attempt == 1 {
            Self::WILLINGLY
        } else {
            Self::SAID
        }
    }
}

impl Job {
    /// The job of a new log and its first event. It is `queued`, or `running` at once.
    #[must_use]
    pub fn accept(spec: Arc<Spec>, queued: bool, at: Timestamp) -> (Self, Event) {
        let status = if queued {
            Status::Queued
        } else {
            Status::Running
        };
        let event = Event {
            seq: 1,
            at,
            attempt: 1,
            status,
            change: Change::Accepted(Arc::clone(&spec)),
        };
        let job = Self {
            deadline: at.after(spec.time),
            spec,
            seq: 1,
            status,
            attempt: 1,
            waited: queued,
            accepted_at: at,
            queued_at: at,
            started_at: (!queued).then_some(at),
            last_at: at,
            progress: None,
            ending: None,
            end: None,
        };
        (job, event)
    }

    /// What a whole log adds up to.
    ///
    /// # Errors
    /// The first event that cannot be where it is.
    pub fn fold(log: &[Event]) -> Result<Self, Misfit> {
        let Some((first, rest)) = log.split_first() else {
            return Err(Misfit::Seq);
        };
        let Change::Accepted(spec) = &first.change else {
            return Err(Misfit::Change);
        };
        if first.seq != 1 {
            return Err(Misfit::Seq);
        }
        let queued = first.status == Status::Queued;
        let (mut job, event) = Self::accept(Arc::clone(spec), queued, first.at);
        if event != *first {
            return Err(Misfit::Status);
        }
        rest.iter().try_for_each(|event| job.apply(event))?;
        Ok(job)
    }

    /// Takes the next event of the log. On a misfit nothing is taken.
    ///
    /// # Errors
    /// Where this event cannot be the next one.
    pub fn apply(&mut self, event: &Event) -> Result<(), Misfit> {
        if event.seq != self.seq + 1 {
            return Err(Misfit::Seq);
        }
        if self.status.has_ended() {
            return Err(Misfit::AfterEnd);
        }
        if event.at < self.last_at {
            return Err(Misfit::Time);
        }
        let status = self.status_after(&event.change).ok_or(Misfit::Change)?;
        if status != event.status {
            return Err(Misfit::Status);
        }
        if event.attempt != self.attempt_after(&event.change) {
            return Err(Misfit::Attempt);
        }
        self.take(event);
        Ok(())
    }

    /// Where the job would stand after that; nowhere if it cannot happen.
    fn status_after(&self, change: &Change) -> Option<Status> {
        let at_work = matches!(self.status, Status::Running | Status::Ending);
        match change {
            Change::Accepted(_) => None,
            Change::Taken => (self.status == Status::Queued).then_some(Status::Running),
            Change::Progress(_) | Change::Output(_) => at_work.then_some(self.status),
            // Also on its way out for being out of time: from then on it was killed.
            Change::Wished(_) => self.wish().is_none().then_some(Status::Ending),
            Change::TimeUp(clock) => self.may_time_out(*clock).then_some(Status::Ending),
            Change::Extended(_) => (self.status != Status::Ending).then_some(self.status),
            Change::Again => (self.status == Status::Running).then_some(Status::Queued),
            Change::Ended(end) => self.may_end(end).then_some(end.outcome.status()),
        }
    }

    const fn attempt_after(&self, change: &Change) -> Attempt {
        match change {
            Change::Again => self.attempt.saturating_add(1),
            Change::Accepted(_)
            | Change::Taken
            | Change::Progress(_)
            | Change::Output(_)
            | Change::Wished(_)
            | Change::TimeUp(_)
            | Change::Extended(_)
            | Change::Ended(_) => self.attempt,
        }
    }

    fn may_time_out(&self, clock: Clock) -> bool {
        match self.status {
            Status::Queued => match clock {
                Clock::Time => true,
                Clock::QueueTime => self.spec.queue_time.is_some(),
                Clock::IdleTime => false,
            },
            Status::Running => match clock {
                Clock::Time => true,
                Clock::IdleTime => self.spec.idle_time.is_some(),
                Clock::QueueTime => false,
            },
            Status::Ending
            | Status::Ok
            | Status::Failed
            | Status::Killed
            | Status::Timeout
            | Status::Lost => false,
        }
    }

    /// The rule of the races: what was wished or ran out decides, unless the work was done.
    fn may_end(&self, end: &End) -> bool {
        let ran = self.status != Status::Queued;
        let wished = self.wish().is_some();
        match end.outcome {
            Outcome::Ok => self.started_at.is_some(),
            Outcome::Killed => wished && end.kill.is_some(),
            Outcome::Timeout => !wished && self.clock().is_some() && end.clock == self.clock(),
            Outcome::Failed => ran && self.ending.is_none() && end.error.is_some(),
            Outcome::Lost => self.ending.is_none() && end.error.is_some(),
        }
    }

    fn take(&mut self, event: &Event) {
        self.seq = event.seq;
        self.status = event.status;
        self.attempt = event.attempt;
        self.last_at = event.at;
        match &event.change {
            Change::Accepted(_) | Change::Output(_) => {}
            Change::Taken => self.started_at = Some(event.at),
            Change::Progress(progress) => self.progress = Some(Arc::clone(progress)),
            Change::Wished(wish) => self.set_ending(Cause::Killed(Arc::clone(wish)), event),
            Change::TimeUp(clock) => self.set_ending(Cause::TimeUp(*clock), event),
            Change::Extended(deadline) => self.deadline = *deadline,
            Change::Again => {
                self.queued_at = event.at;
                self.started_at = None;
                self.progress = None;
            }
            Change::Ended(end) => self.end = Some(Arc::clone(end)),
        }
    }

    fn set_ending(&mut self, cause: Cause, event: &Event) {
        self.ending = Some(Arc::new(Ending {
            cause,
            at: event.at,
            seq: event.seq,
        }));
    }

    /// The next event of that change, already taken. None if it cannot be next.
    fn follow_with(&mut self, at: Timestamp, change: Change) -> Option<Event> {
        let event = Event {
            seq: self.seq + 1,
            // A wall clock that was set back must not make a log run backwards.
            at: at.max(self.last_at),
            attempt: self.attempt_after(&change),
            status: self.status_after(&change)?,
            change,
        };
        self.apply(&event).is_ok().then_some(event)
    }

    /// It leaves the queue. None if it is not in one.
    pub fn begin(&mut self, at: Timestamp) -> Option<Event> {
        self.follow_with(at, Change::Taken)
    }

    /// What its work reports: progress or output. None once it has ended.
    pub fn report(&mut self, at: Timestamp, change: Change) -> Option<Event> {
        self.follow_with(at, change)
    }

    /// A kill is accepted. Where nobody is at work on the job yet, that ends it. None if a kill was accepted before: killing
    /// twice is harmless and says nothing new.
    ///
    /// # Errors
    /// The job has ended.
    pub fn kill(&mut self, wish: Wish, at: Timestamp) -> Result<Events, Closed> {
        if self.status.has_ended() {
            return Err(Closed::Ended);
        }
        let waits = self.status == Status::Queued;
        let mut events: Events = self
            .follow_with(at, Change::Wished(Arc::new(wish)))
            .into_iter()
            .collect();
        if waits {
            events.extend(self.end(Work::Stopped(Stopped::unbegun(self.attempt)), at));
        }
        Ok(events)
    }

    /// The deadline moves to so long from now. How long is too long is not decided here.
    ///
    /// # Errors
    /// The job has ended, or is about to.
    pub fn extend(&mut self, time: Seconds, at: Timestamp) -> Result<Event, Closed> {
        let closed = if self.status.has_ended() {
            Closed::Ended
        } else {
            Closed::Ending
        };
        let deadline = at.max(self.last_at).after(time);
        self.follow_with(at, Change::Extended(deadline))
            .ok_or(closed)
    }

    /// When one of the job's clocks runs out next, if one is running.
    #[must_use]
    pub fn alarm(&self) -> Option<(Timestamp, Clock)> {
        let deadline = Some((self.deadline, Clock::Time));
        let other = match self.status {
            Status::Queued => self
                .spec
                .queue_time
                .map(|t| (self.queued_at.after(t), Clock::QueueTime)),
            Status::Running => self
                .spec
                .idle_time
                .map(|t| (self.last_at.after(t), Clock::IdleTime)),
            Status::Ending
            | Status::Ok
            | Status::Failed
            | Status::Killed
            | Status::Timeout
            | Status::Lost => {
                return None;
            }
        };
        deadline.into_iter().chain(other).min_by_key(|(at, _)| *at)
    }

    /// The clock that has run out by now, if one has.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<Clock> {
        self.alarm()
            .filter(|(at, _)| *at <= now)
            .map(|(_, clock)| clock)
    }

    /// A clock ran out. Where nobody is at work on the job yet, that ends it. Empty if that clock is not running.
    pub fn time_up(&mut self, clock: Clock, at: Timestamp) -> Events {
        let waits = self.status == Status::Queued;
        let mut events: Events = self
            .follow_with(at, Change::TimeUp(clock))
            .into_iter()
            .collect();
        if waits && !events.is_empty() {
            events.extend(self.end(Work::Stopped(Stopped::unbegun(self.attempt)), at));
        }
        events
    }

    /// The work came back. Done is done; otherwise a kill that was accepted or a clock that ran out says what it was. None once
    /// the job has ended, and for work that stopped unasked.
    pub fn end(&mut self, work: Work, at: Timestamp) -> Option<Event> {
        let end = match (work, self.ending.as_deref()) {
            (Work::Done(None), _) | (Work::Over(None), None) => {
                return self.follow_with(at, Change::Ended(just_done()));
            }
            (Work::Done(result), _) => End {
                result,
                ..End::plain(Outcome::Ok)
            },
            (Work::Over(error), Some(ending)) => End {
                error,
                ..ending.end(Stopped::SAID, at)
            },
            (Work::Stopped(stopped), Some(ending)) => ending.end(stopped, at),
            (Work::Failed(failure), Some(ending)) => End {
                error: Some(failure),
                ..ending.end(Stopped::SAID, at)
            },
            (Work::Broke(failure, survivors), Some(ending)) => End {
                error: Some(failure),
                ..ending.end(Stopped::left(survivors), at)
            },
            (Work::Failed(failure) | Work::Broke(failure, _) | Work::Over(Some(failure)), None) => {
                End {
                    error: Some(failure),
                    ..End::plain(Outcome::Failed)
                }
            }
            (Work::Stopped(_), None) => return None,
            (Work::Lost(failure), _) => return self.lose(failure, at),
        };
        self.follow_with(at, Change::Ended(Arc::new(end)))
    }

    /// Whoever served the job is gone. A kill or a clock that came before says what it was; else it is lost. None once it has
    /// ended.
    pub fn lose(&mut self, failure: Failure, at: Timestamp) -> Option<Event> {
        let end = match self.ending.as_deref() {
            Some(ending) => ending.end(Stopped::UNSEEN, at),
            None => End {
                error: Some(failure),
                ..End::plain(Outcome::Lost)
            },
        };
        self.follow_with(at, Change::Ended(Arc::new(end)))
    }

    /// Whoever served the job is gone, and it is to be served once more: it waits for a place again, its deadline where it was.
    /// None where it does not run, or is on its way out.
    pub fn again(&mut self, at: Timestamp) -> Option<Event> {
        self.follow_with(at, Change::Again)
    }

    /// The first event of its log, as it was.
    #[must_use]
    pub fn first_event(&self) -> Event {
        Event {
            seq: 1,
            at: self.accepted_at,
            attempt: 1,
            status: self.first_status(),
            change: Change::Accepted(Arc::clone(&self.spec)),
        }
    }

    /// The last event of its log, once it has ended.
    #[must_use]
    pub fn last_event(&self) -> Option<Event> {
        let end = self.end.as_ref()?;
        Some(Event {
            seq: self.seq,
            at: self.last_at,
            attempt: self.attempt,
            status: self.status,
            change: Change::Ended(Arc::clone(end)),
        })
    }

    /// What was asked for.
    #[must_use]
    pub const fn spec(&self) -> &Arc<Spec> {
        &self.spec
    }

    /// The server's name for it.
    #[must_use]
    pub fn id(&self) -> JobId {
        self.spec.job
    }

    /// The client's name for it.
    #[must_use]
    pub fn connid(&self) -> &Connid {
        &self.spec.connid
    }

    /// The number of its last event.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        self.seq
    }

    /// Where it stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Which attempt to serve it this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// Where it stood after its first event.
    #[must_use]
    pub fn first_status(&self) -> Status {
        if self.waited {
            Status::Queued
        } else {
            Status::Running
        }
    }

    /// When it was accepted.
    #[must_use]
    pub const fn accepted_at(&self) -> Timestamp {
        self.accepted_at
    }

    /// When its last event was.
    #[must_use]
    pub const fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// When its time runs out.
    #[must_use]
    pub const fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// Why it is to end, once that is so.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_deref()
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn ended(&self) -> Option<&Arc<End>> {
        self.end.as_ref()
    }

    fn wish(&self) -> Option<&Arc<Wish>> {
        match &self.ending.as_deref()?.cause {
            Cause::Killed(wish) => Some(wish),
            Cause::TimeUp(_) => None,
        }
    }

    fn clock(&self) -> Option<Clock> {
        match &self.ending.as_deref()?.cause {
            Cause::Killed(_) => None,
            Cause::TimeUp(clock) => Some(*clock),
        }
    }

    /// How it stands now, for people and programs.
    #[must_use]
    pub fn view(&self, now: Timestamp, position: Option<u64>) -> JobView {
        let spec = &self.spec;
        let end = self.end.as_deref();
        let until = if end.is_some() { self.last_at } else { now };
        let receipt = end.and_then(|end| end.kill.clone()).map(KillNote::Receipt);
        JobView {
            connid: spec.connid.clone(),
            job: spec.job,
            route: Arc::clone(&spec.route),
            status: self.status,
            time: self.deadline.since(self.accepted_at),
            left: end.is_none().then(|| self.deadline.since(now)),
            elapsed: until.since(self.accepted_at),
            accepted_at: self.accepted_at,
            started_at: self.started_at,
            ended_at: end.map(|_| self.last_at),
            seq: self.seq,
            attempt: later(self.attempt),
            position,
            idle_time: spec.idle_time,
            queue_time: spec.queue_time,
            progress: self.progress.clone(),
            tags: spec.tags.to_vec(),
            by: Arc::clone(&spec.by),
            kill: receipt.or_else(|| self.wish().map(|wish| KillNote::Wish(Arc::clone(wish)))),
            clock: end.map_or(self.clock(), |end| end.clock),
            result: end.and_then(|end| end.result.clone()),
            error: end.and_then(|end| end.error.clone()),
        }
    }

    /// How it ended, in short; none where it has not.
    #[must_use]
    pub fn ended_view(&self) -> Option<EndedView> {
        self.end.as_ref().map(|end| EndedView {
            status: self.status,
            seq: self.seq,
            error: end.error.clone(),
            clock: end.clock,
            kill: end.kill.clone(),
        })
    }
}

/// The end of work that was done and has nothing to give, which is how most ends: the same one for all of them.
fn just_done() -> Arc<End> {
    static JUST_DONE: LazyLock<Arc<End>> = LazyLock::new(|| Arc::new(End::plain(Outcome::Ok)));
    Arc::clone(&JUST_DONE)
}
