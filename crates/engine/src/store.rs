//! Where logs are kept: the questions and answers, not how.

use std::{collections::BTreeMap, sync::Arc};

use longwire_protocol::{Connid, Event, Gap, JobId, Seconds, Seq, Status, Tags, Target, Timestamp};
use smallvec::SmallVec;

use crate::{Answer, Job, Mailbox};

/// Events to be added to a log in one step.
pub type Events = SmallVec<[Event; 2]>;

/// Keeps the logs of jobs and what they add up to.
///
/// A store decides two things and nothing else: whether a log has grown since it was last read, and whether a name is free.
/// It never makes an event.
///
/// **Reading and waiting are one question.** Where a question takes a [`Mailbox`] and there is nothing to answer yet, the
/// mailbox is told once when there is; a mailbox may be told too early or twice, never too late. Whoever is told asks again.
pub trait Store: Send + Sync + 'static {
    /// Adds a new job with its first events, if its connid names no job that has not ended, and there is room.
    fn create(&self, job: Job, events: Events) -> Answer<Result<(), NotCreated>>;

    /// Adds events to a log whose last number is `after`, and keeps `job` as what it adds up to.
    fn append(&self, after: Seq, job: Job, events: Events) -> Answer<Result<(), NotAppended>>;

    /// The job of that name.
    fn find(&self, name: &Name) -> Answer<Found>;

    /// The events after a number, up to about so many bytes. Where there are none yet, the mailbox is told when there are.
    fn read(
        &self,
        job: JobId,
        after: Seq,
        bytes: usize,
        reader: Option<&Arc<Mailbox>>,
    ) -> Answer<Option<Page>>;

    /// Jobs that have not ended, oldest first.
    fn list(&self, query: &Query) -> Answer<Listing>;

    /// Jobs whose alarm has come, at most so many. The mailbox is told when an alarm is set that is earlier than the one said
    /// to be next.
    fn due(&self, now: Timestamp, most: usize, reader: &Arc<Mailbox>) -> Answer<Due>;

    /// The jobs that have waited longest on a route, at most so many, in their order. Where none waits, the mailbox is told when one
    /// does.
    fn queued(&self, route: &Arc<str>, most: usize, reader: &Arc<Mailbox>) -> Answer<Vec<Job>>;

    /// The place in its route's queue of a job, from 1.
    fn position(&self, job: &Job) -> Answer<Option<u64>>;

    /// Changes of state of all jobs after a number of the feed, at most so many.
    fn feed(&self, after: Seq, most: usize, reader: Option<&Arc<Mailbox>>) -> Answer<FeedPage>;

    /// The number of the feed's last change.
    fn feed_head(&self) -> Answer<Seq>;

    /// How much is kept.
    fn counts(&self) -> Answer<Counts>;

    /// Keeps the jobs of routes so from now on. What is over a bound that has become lower is let go of.
    fn keep(&self, routes: BTreeMap<Arc<str>, RouteRetention>);

    /// Whether what is written of this route's jobs is there after the process has ended, however it did.
    fn outlives(&self, _route: &str) -> bool {
        false
    }

    /// Why new jobs cannot be written down now, if they cannot.
    fn trouble(&self) -> Option<Unavailable> {
        None
    }

    /// Ends when nothing can be written any more, ever, and says why: then the server must go, and come back from what was
    /// written.
    fn broken(&self) -> Answer<Unavailable> {
        Answer::later(std::future::pending())
    }

    /// Writes what is still to be written, and is done. Nothing is to be asked of it after that.
    fn close(&self) -> Answer<()> {
        Answer::now(())
    }
}

/// What a store keeps at most.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Jobs that have not ended.
    pub jobs: usize,
    /// Jobs of one route in its queue.
    pub queued_jobs_per_route: usize,
    /// Bytes of a job's log; the oldest output and progress goes first.
    pub log_bytes_per_job: usize,
    /// Events of a job's log, likewise.
    pub log_events_per_job: usize,
    /// Jobs that have ended.
    pub ended_jobs: usize,
    /// How long they are kept.
    pub ended_time: Seconds,
    /// Bytes of their logs together.
    pub ended_bytes: usize,
    /// Names of jobs that were kept once, so that `expired` can be told from `unknown`.
    pub expired_names: usize,
    /// Changes in the feed.
    pub feed_events: usize,
    /// What of this is otherwise for the jobs of one route.
    pub routes: BTreeMap<Arc<str>, RouteRetention>,
}

/// What a store keeps of the jobs of one route, where that is not what it keeps of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteRetention {
    /// At most so many, within what is kept of all.
    pub ended_jobs: Option<usize>,
    /// For so long, instead of the time for all.
    pub ended_time: Option<Seconds>,
    /// Bytes of their logs together, within what is kept of all.
    pub ended_bytes: Option<usize>,
    /// Whether new jobs of it are kept in memory alone, also where others are written to a disk.
    pub fleeting: bool,
}

/// How to name a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// The job of that connid that runs, or else the last that did.
    Connid(Connid),
    /// Exactly that job.
    Job(JobId),
}

impl From<Target> for Name {
    fn from(target: Target) -> Self {
        match target {
            Target::Connid(connid) => Self::Connid(connid),
            Target::Job(job) => Self::Job(job),
        }
    }
}

/// What is known of a name.
#[derive(Clone, Debug)]
pub enum Found {
    /// This job.
    Job(Job),
    /// There was one; it ended and is no longer kept.
    Expired,
    /// Nothing.
    Unknown,
}

/// Why events were not added to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAppended {
    /// The log has grown: read on, and decide again.
    Grown,
    /// They cannot be written down.
    Unavailable(Unavailable),
}

/// Why something cannot be written down, in words for operators and clients, and whether it may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable(pub Arc<str>);

/// Why a job was not created.
#[derive(Clone, Debug)]
pub enum NotCreated {
    /// The connid names this job, which has not ended.
    InUse(Job),
    /// There are as many jobs as may be.
    Full,
    /// As many as may be wait for this route.
    QueueFull,
    /// It cannot be written down.
    Unavailable(Unavailable),
}

/// A piece of a log.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Numbers that are no longer kept and come before these events.
    pub gap: Option<Gap>,
    /// The events, in order.
    pub events: Events,
}

/// Which jobs to list.
#[derive(Clone, Debug)]
pub struct Query {
    /// Only after this one.
    pub after: Option<JobId>,
    /// At most so many.
    pub limit: usize,
    /// Only of this route.
    pub route: Option<Box<str>>,
    /// Only with this tag.
    pub tag: Option<Box<str>>,
}

impl Query {
    /// All jobs that have not ended, page by page.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            after: None,
            limit: 1000,
            route: None,
            tag: None,
        }
    }
}

/// A page of jobs.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The jobs, and their places where they are queued.
    pub jobs: Vec<(Job, Option<u64>)>,
    /// How many fit in all, where that is known without looking at each.
    pub total: Option<u64>,
    /// Where the next page begins.
    pub next: Option<JobId>,
}

/// Jobs whose alarm has come.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// When the next alarm after those is; none where none is set.
    pub next: Option<Timestamp>,
}

/// A change of state of some job.
#[derive(Clone, Debug)]
pub struct FeedEvent {
    /// Its number in the feed.
    pub number: Seq,
    /// When it was.
    pub at: Timestamp,
    /// The client's name for the job. Not the whole of what was asked for: an input may be large, and the feed is long.
    pub connid: Connid,
    /// The server's name for it.
    pub job: JobId,
    /// Who serves it.
    pub route: Arc<str>,
    /// The number of the event in the job's own log.
    pub seq: Seq,
    /// Where the job stood after it.
    pub status: Status,
    /// The job's deadline then.
    pub deadline: Timestamp,
    /// Who started it: in its first change.
    pub by: Option<Arc<str>>,
    /// Words to find it by, likewise.
    pub tags: Tags,
}

/// A piece of the feed.
#[derive(Clone, Debug, Default)]
pub struct FeedPage {
    /// Numbers that are no longer kept and come before these.
    pub gap: Option<Gap>,
    /// The changes, in order.
    pub events: Vec<FeedEvent>,
}

/// How much a store keeps.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// For each route, how many jobs are queued and how many run or are ending.
    pub routes: Vec<(Arc<str>, u64, u64)>,
    /// Jobs that have ended and are kept.
    pub ended: u64,
    /// Bytes of all logs, about.
    pub bytes: u64,
}
