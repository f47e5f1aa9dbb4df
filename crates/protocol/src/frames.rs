//! What a server says.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{
    Attempt, Change, Clock, Connid, Encoding, End, Event, Failure, Found, FrameId, JobId, Lease,
    ModulesPage, Payload, Progress, Receipt, Refusal, SEARCH, Seconds, Seq, Spec, Status, Stream,
    StreamName, Tags, Timestamp, Wish,
};

/// The direct reply to a start. The job's events follow, from `seq` + 1 on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// The request's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId>,
    /// What the client calls the job.
    pub connid: Connid,
    /// What the server calls it.
    pub job: JobId,
    /// The number of the event that this reply stands for.
    pub seq: Seq,
    /// `queued` or `running`.
    pub status: Status,
    /// Who serves it.
    pub route: Arc<str>,
    /// Seconds it was given.
    pub time: Seconds,
    /// Seconds until its deadline.
    pub left: Seconds,
    /// Its place in the queue, from 1, where it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Whether it ran already and this start joined it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub attached: bool,
}

/// What is said of a kill in an event: first the wish, in the end the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum KillNote {
    /// The job is dead.
    Receipt(Receipt),
    /// The kill was accepted.
    Wish(Arc<Wish>),
}

/// An event of a job's log. The frame whose `status` is an outcome is the last, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventFrame {
    /// To a worker: the job that it holds under this lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// What the client calls the job.
    pub connid: Connid,
    /// What the server calls it: in the first event, and in all where it was watched by this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The event's number.
    pub seq: Seq,
    /// When it happened: on a socket that asked for `times`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Where the job stood after it.
    pub status: Status,
    /// The attempt to serve it that this belongs to, from the second on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// Who serves the job, in its first event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Arc<str>>,
    /// Seconds it was given, when it was accepted or extended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Seconds>,
    /// Seconds until its deadline at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Seconds>,
    /// How far it has come.
    #[serde(
        default,
        deserialize_with = "known_of_progress",
        skip_serializing_if = "Option::is_none"
    )]
    pub progress: Option<Arc<Progress>>,
    /// What it printed, in the encoding beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<str>>,
    /// How that is written down: it is said where it is base64.
    #[serde(default, skip_serializing_if = "Encoding::is_text")]
    pub encoding: Encoding,
    /// Where it printed that to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Stream>")]
    pub stream: Option<StreamName>,
    /// The wish to kill it, or the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill: Option<KillNote>,
    /// The clock that ran out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// What it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Payload>,
    /// What it failed of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

impl EventFrame {
    /// The frame of an event. `job` is said where `by_job` asks for it.
    // It is large: made where it is wanted, it is not handed back as a copy.
    #[inline]
    #[must_use]
    pub fn new(spec: &Spec, event: &Event, by_job: bool) -> Self {
        let mut frame = Self {
            lease: None,
            connid: spec.connid.clone(),
            job: by_job.then_some(spec.job),
            seq: event.seq,
            at: None,
            status: event.status,
            attempt: later(event.attempt),
            route: None,
            time: None,
            left: None,
            progress: None,
            output: None,
            encoding: Encoding::Text,
            stream: None,
            kill: None,
            clock: None,
            result: None,
            error: None,
        };
        frame.fill(event);
        frame
    }

    /// What it printed, as it was printed; none where it is no output, or not in its own encoding.
    #[must_use]
    pub fn printed(&self) -> Option<Cow<'_, [u8]>> {
        self.encoding.decode(self.output.as_deref()?)
    }

    fn fill(&mut self, event: &Event) {
        match &event.change {
            Change::Accepted(spec) => {
                self.job = Some(spec.job);
                self.route = Some(Arc::clone(&spec.route));
                self.time = Some(spec.time);
                self.left = Some(spec.time);
            }
            Change::Taken | Change::Again => {}
            Change::Progress(progress) => self.progress = Some(Arc::clone(progress)),
            Change::Output(output) => {
                self.output = Some(Arc::clone(&output.text));
                self.encoding = output.encoding;
                self.stream = Some(output.stream.into());
            }
            Change::Wished(wish) => self.kill = Some(KillNote::Wish(Arc::clone(wish))),
            Change::TimeUp(clock) => self.clock = Some(*clock),
            Change::Extended(deadline) => {
                let left = deadline.since(event.at);
                self.time = Some(left);
                self.left = Some(left);
            }
            Change::Ended(end) => self.fill_end(end),
        }
    }

    fn fill_end(&mut self, end: &End) {
        self.clock = end.clock;
        self.result.clone_from(&end.result);
        self.error.clone_from(&end.error);
        self.kill = end.kill.clone().map(KillNote::Receipt);
    }
}

/// A job that is handed over to a worker. What happens to it from then on comes as events with the same `lease`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HandOver {
    /// What whatever is said of the job must name, and the right to say it.
    pub lease: Lease,
    /// What the server calls the job.
    pub job: JobId,
    /// What its starter calls it.
    pub connid: Connid,
    /// The route it was started on.
    pub route: Arc<str>,
    /// The number of the last event of its log so far.
    pub seq: Seq,
    /// Always `running`.
    pub status: Status,
    /// Seconds it was given.
    pub time: Seconds,
    /// Seconds until its deadline.
    pub left: Seconds,
    /// What it was given; null where that is nothing.
    pub input: Option<Payload>,
    /// Seconds it has to end once it is told to.
    pub grace: Seconds,
    /// Seconds without a sign of the worker after which the job is given up.
    pub lease_time: Seconds,
    /// The attempt to serve it, from 1.
    pub attempt: Attempt,
}

/// The direct reply to a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Claimed {
    /// The request's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId>,
    /// Always `claim`.
    pub route: Cow<'static, str>,
    /// Always `ok`.
    pub status: Status,
    /// How many jobs at once, as was asked for.
    pub slots: u32,
    /// The leases of those asked for that are gone: their jobs are no longer this worker's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Lease>,
}

/// An attempt, where there was one before it: the first goes without saying.
#[must_use]
pub fn later(attempt: Attempt) -> Option<Attempt> {
    (attempt > 1).then_some(attempt)
}

/// How a job ended, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndedView {
    /// The outcome.
    pub status: Status,
    /// The number of its last event.
    pub seq: Seq,
    /// What it failed of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// The clock that ran out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// The kill receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill: Option<Receipt>,
}

/// The direct reply to a verb that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// The request's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId>,
    /// The verb.
    pub route: Cow<'static, str>,
    /// The job it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connid: Option<Connid>,
    /// The same by the server's name: in the reply to a watch, and where the request named it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// Always `ok`.
    pub status: Status,
    /// The number of the event that it became: a kill's wish, or the end where it was waited for; for a watch, the last so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// The last change of the feed so far, in the reply to a watch of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<Seq>,
    /// How many kills were accepted, in the reply to one with `where`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub killed: Option<u64>,
    /// Seconds the job was given, in the reply to an extend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Seconds>,
    /// Seconds until its deadline, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Seconds>,
    /// How the job ended: in the reply to a kill that waited, and to a watch after which nothing comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<EndedView>>,
}

impl Done {
    /// The bare reply to that verb.
    #[must_use]
    pub fn new(verb: &'static str) -> Self {
        Self {
            id: None,
            route: Cow::Borrowed(verb),
            connid: None,
            job: None,
            status: Status::Ok,
            seq: None,
            feed: None,
            killed: None,
            time: None,
            left: None,
            ended: None,
        }
    }
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobView {
    /// What the client calls it.
    pub connid: Connid,
    /// What the server calls it.
    pub job: JobId,
    /// Who serves it.
    pub route: Arc<str>,
    /// Where it stands.
    pub status: Status,
    /// Seconds it was given.
    pub time: Seconds,
    /// Seconds until its deadline, unless it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Seconds>,
    /// Seconds since it was accepted, or from then to its end.
    pub elapsed: Seconds,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it left the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The number of its last event.
    pub seq: Seq,
    /// The attempt to serve it, from the second on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// Its place in the queue, from 1, where it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Seconds it may go without an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_time: Option<Seconds>,
    /// Seconds it may wait in the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_time: Option<Seconds>,
    /// How far it has come.
    #[serde(
        default,
        deserialize_with = "known_of_progress",
        skip_serializing_if = "Option::is_none"
    )]
    pub progress: Option<Arc<Progress>>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Box<str>>,
    /// Who started it.
    pub by: Arc<str>,
    /// The wish to kill it, or the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill: Option<KillNote>,
    /// The clock that ran out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// What it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Payload>,
    /// What it failed of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// The reply to a status: a page of what runs, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatusPage {
    /// The request's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId>,
    /// Always `status`.
    pub route: Cow<'static, str>,
    /// Always `ok`.
    pub status: Status,
    /// How many there are in all that fit, where that is known without looking at each.
    pub total: Option<u64>,
    /// Those of this page. It may hold fewer than asked for, even none, and yet not be the last.
    pub jobs: Vec<JobView>,
    /// What to give as `after` for the page that follows; null on the last.
    pub next: Option<JobId>,
}

/// A route on which jobs may be started: its terms, and how much there is of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RouteView {
    /// Its name.
    pub route: Arc<str>,
    /// What it is for, in its operator's words.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub description: Arc<str>,
    /// Seconds that a job is given where its start does not say.
    pub time: Seconds,
    /// Seconds that it may be given at most.
    pub max_time: Seconds,
    /// Seconds that a job may go without an event where its start does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_time: Option<Seconds>,
    /// Seconds that a job may wait in the queue where its start does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_time: Option<Seconds>,
    /// Seconds between asking a job to end and ending it by force.
    pub kill_grace: Seconds,
    /// How many jobs run at once; left out where there is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
    /// Whether its jobs outlive the server's process.
    pub durable: bool,
    /// How many jobs wait.
    pub queued: u64,
    /// How many jobs run, or are ending.
    pub running: u64,
    /// How many workers offer to serve it, where workers do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u64>,
    /// What an input must be, as JSON Schema, where the route says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Payload>,
}

/// The reply to a question for the routes: all of them, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoutesPage {
    /// The request's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId>,
    /// Always `routes`.
    pub route: Cow<'static, str>,
    /// Always `ok`.
    pub status: Status,
    /// The routes.
    pub routes: Vec<RouteView>,
}

/// A change of some job's state, to whoever watches them all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedFrame {
    /// The number of the change in this server's feed, from 1. Changes of jobs one may not see leave holes.
    pub feed: Seq,
    /// When it was.
    pub at: Timestamp,
    /// What the client calls the job.
    pub connid: Connid,
    /// What the server calls it.
    pub job: JobId,
    /// Who serves it.
    pub route: Arc<str>,
    /// The number of the event in the job's own log.
    pub seq: Seq,
    /// Where the job stood after it.
    pub status: Status,
    /// Seconds until its deadline then, unless it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Seconds>,
    /// Who started it: in its first change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Arc<str>>,
    /// Words to find it by, likewise.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(with = "Vec<Box<str>>")]
    pub tags: Tags,
}

/// Numbers that are no longer kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// The first of them.
    pub from: Seq,
    /// The last of them.
    pub to: Seq,
}

/// Says that what a watcher would have been sent is no longer kept. What is sent next comes after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapFrame {
    /// The job; none where the gap is in the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connid: Option<Connid>,
    /// The same by the server's name, where it was watched by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// What is missing.
    pub gap: Gap,
}

/// What a server says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// It is stopping: no new jobs; those that run have so long to end, then they are `lost`.
    ShuttingDown {
        /// Seconds until then.
        left: Seconds,
    },
}

/// A refusal as it is sent. It never closes the socket.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RefusalFrame {
    /// The frame's own, as far as it could be made out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId>,
    /// The frame's own, as far as it could be made out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Box<str>>,
    /// Always `error`.
    pub status: ErrorWord,
    /// Why.
    #[serde(flatten)]
    pub refusal: Refusal,
    /// Always empty. It is there where a search was refused, as every answer to one has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<[Payload; 0]>,
}

/// Reads the frame twice, as serde's `flatten` cannot hold a [`Payload`] within.
impl<'de> Deserialize<'de> for RefusalFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Frame {
            id: Option<FrameId>,
            route: Option<Box<str>>,
            status: ErrorWord,
            data: Option<[Payload; 0]>,
        }
        let whole = Payload::deserialize(deserializer)?;
        let frame: Frame = whole.read().map_err(de::Error::custom)?;
        let refusal = whole.read().map_err(de::Error::custom)?;
        Ok(Self {
            id: frame.id,
            route: frame.route,
            status: frame.status,
            refusal,
            data: frame.data,
        })
    }
}

/// The word `error`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ErrorWord {
    /// A refusal's status.
    #[default]
    Error,
}

impl RefusalFrame {
    /// The frame of a refusal; a route's name of any length is cut to 64 characters.
    #[must_use]
    pub fn new(id: Option<FrameId>, route: Option<&str>, refusal: Refusal) -> Self {
        let cut = |route: &str| route.chars().take(64).collect::<String>().into();
        Self {
            id,
            route: route.map(cut),
            status: ErrorWord::Error,
            refusal,
            data: (route == Some(SEARCH)).then_some([]),
        }
    }

    pub(crate) fn boxed(id: Option<FrameId>, route: Option<&str>, refusal: Refusal) -> Box<Self> {
        Box::new(Self::new(id, route, refusal))
    }
}

/// Any frame of a server, as a client reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerFrame {
    /// The direct reply to a start.
    Started(Started),
    /// The direct reply to a verb.
    Done(Done),
    /// The direct reply to a status.
    Status(StatusPage),
    /// The direct reply to a question for the routes.
    Routes(RoutesPage),
    /// The direct reply to a search.
    Found(Found),
    /// The direct reply to a question for the catalogues.
    Modules(ModulesPage),
    /// The direct reply to a claim.
    Claimed(Claimed),
    /// A job for a worker.
    HandOver(Box<HandOver>),
    /// A frame was refused.
    Refused(Box<RefusalFrame>),
    /// Something happened to a job that is watched.
    Event(Box<EventFrame>),
    /// Something happened to some job.
    Feed(FeedFrame),
    /// Something is no longer kept.
    Gap(GapFrame),
    /// The server says something of itself.
    Notice(Notice),
}

/// The keys that tell a server's frames apart.
#[derive(Deserialize)]
struct Marks<'a> {
    #[serde(default)]
    id: Option<de::IgnoredAny>,
    #[serde(default, borrow)]
    route: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(default)]
    seq: Option<de::IgnoredAny>,
    #[serde(default)]
    connid: Option<de::IgnoredAny>,
    #[serde(default)]
    feed: Option<de::IgnoredAny>,
    #[serde(default)]
    gap: Option<de::IgnoredAny>,
    #[serde(default)]
    notice: Option<de::IgnoredAny>,
    #[serde(default)]
    left: Option<de::IgnoredAny>,
    #[serde(default)]
    lease_time: Option<de::IgnoredAny>,
}

impl ServerFrame {
    /// Reads a server's frame. The first event of a job that is sent to a watcher looks like the reply to a start without an
    /// `id`, and is read as an event.
    ///
    /// # Errors
    /// Where it is none of the frames of `longwire.v1`.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let marks: Marks<'_> = serde_json::from_str(text)?;
        let verb = marks
            .route
            .as_deref()
            .is_some_and(|r| crate::VERBS.contains(&r));
        if marks.notice.is_some() {
            serde_json::from_str(text).map(Self::Notice)
        } else if marks.status.as_deref() == Some("error") {
            serde_json::from_str(text).map(Self::Refused)
        } else if marks.gap.is_some() {
            serde_json::from_str(text).map(Self::Gap)
        } else if marks.route.as_deref() == Some("status") {
            serde_json::from_str(text).map(Self::Status)
        } else if marks.route.as_deref() == Some("routes") {
            serde_json::from_str(text).map(Self::Routes)
        } else if marks.route.as_deref() == Some(SEARCH) {
            serde_json::from_str(text).map(Self::Found)
        } else if marks.route.as_deref() == Some("modules") {
            serde_json::from_str(text).map(Self::Modules)
        } else if marks.route.as_deref() == Some("claim") {
            serde_json::from_str(text).map(Self::Claimed)
        } else if marks.lease_time.is_some() {
            serde_json::from_str(text).map(Self::HandOver)
        } else if verb {
            serde_json::from_str(text).map(Self::Done)
        } else if marks.feed.is_some() {
            serde_json::from_str(text).map(Self::Feed)
        } else if marks.id.is_some() && marks.left.is_some() {
            serde_json::from_str(text).map(Self::Started)
        } else if marks.connid.is_some() && marks.seq.is_some() {
            serde_json::from_str(text).map(Self::Event)
        } else {
            Err(de::Error::custom("not a frame of longwire.v1"))
        }
    }
}

/// Whoever reads is lenient: what is not known of a progress is ignored, though whoever says it is refused.
fn known_of_progress<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Arc<Progress>>, D::Error> {
    #[derive(Deserialize)]
    struct Known {
        done: Option<f64>,
        total: Option<f64>,
        note: Option<Box<str>>,
    }
    let known = Option::<Known>::deserialize(deserializer)?;
    Ok(known.map(|Known { done, total, note }| Arc::new(Progress { done, total, note })))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !*value
}
