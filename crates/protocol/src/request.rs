//! What a client asks.

mod check;
mod members;
mod plain;
mod read;

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::{
    Append, Claim, Code, Connid, EndJob, FrameId, JobId, ModulesQuery, Payload, Refusal, Search,
    Seconds, Seq,
    optional::{an_object, is_default, null_is_default},
};

/// The routes that are not a consumer's.
pub const VERBS: [&str; 11] = [
    "kill", "status", "watch", "unwatch", "extend", "routes", SEARCH, "modules", "claim", "append",
    "end",
];

/// The verb that searches libraries.
pub const SEARCH: &str = "query/module";

/// A client's frame, without its `id`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "route", rename_all = "lowercase")]
pub enum Request {
    /// Kill a job.
    Kill(Kill),
    /// What runs, or how one job stands.
    Status(StatusQuery),
    /// Send the events of a job, or the changes of all.
    Watch(Watch),
    /// Send them no longer.
    Unwatch(Unwatch),
    /// Move a job's deadline.
    Extend(Extend),
    /// What may be started.
    Routes(RoutesQuery),
    /// Search libraries.
    #[serde(rename = "query/module")]
    Search(Search),
    /// What may be searched.
    Modules(ModulesQuery),
    /// Offer to serve routes.
    Claim(Claim),
    /// Add to the log of a job that one serves.
    Append(Append),
    /// End a job that one serves.
    End(EndJob),
    /// Start a job: any route that is not a verb.
    #[serde(untagged)]
    Start(Start),
}

/// What to do where the connid names a job that has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Refuse the start.
    #[default]
    Reject,
    /// Watch the one that runs, if its route and input are the same.
    Attach,
    /// Kill it, wait until it is dead, then start.
    Replace,
}

/// What becomes of a job when its last watcher is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnDisconnect {
    /// It goes on.
    #[default]
    Keep,
    /// It is killed, after its route's grace.
    Kill,
}

/// Start a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Which consumer handles it.
    #[schemars(length(min = 1))]
    pub route: Box<str>,
    /// What the client calls it; the server makes a name where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connid: Option<Connid>,
    /// Its timeout: seconds from its start, at most what the route allows; the route's default where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Seconds>,
    /// Seconds it may go without any event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_time: Option<Seconds>,
    /// Seconds it may wait in the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_time: Option<Seconds>,
    /// What the consumer is given: any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Payload>,
    /// What to do where the connid is in use.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    #[schemars(with = "Option<OnConflict>")]
    pub on_conflict: OnConflict,
    /// What becomes of it when its last watcher is gone.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    #[schemars(with = "Option<OnDisconnect>")]
    pub on_disconnect: OnDisconnect,
    /// Words to find it by.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "<[_]>::is_empty"
    )]
    #[schemars(schema_with = "tags_schema")]
    pub tags: Tags,
}

/// Words to find a job by. All who know a job share them.
pub type Tags = Arc<[Box<str>]>;

fn tags_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["array", "null"],
        "maxItems": 16,
        "items": { "type": "string", "minLength": 1, "maxLength": 64 },
    })
}

impl Start {
    /// A start of that route with everything else left out.
    #[must_use]
    pub fn new(route: impl Into<Box<str>>) -> Self {
        Self {
            route: route.into(),
            connid: None,
            time: None,
            idle_time: None,
            queue_time: None,
            input: None,
            on_conflict: OnConflict::default(),
            on_disconnect: OnDisconnect::default(),
            tags: Tags::default(),
        }
    }

    /// The same under that name.
    #[must_use]
    pub fn connid(mut self, connid: Connid) -> Self {
        self.connid = Some(connid);
        self
    }

    /// The same with that input.
    ///
    /// # Errors
    /// Where the value cannot be written as JSON, such as a map whose keys are not strings.
    pub fn input<T: Serialize + ?Sized>(mut self, input: &T) -> Result<Self, serde_json::Error> {
        self.input = Some(Payload::new(input)?);
        Ok(self)
    }

    /// The same with so long from its start to its end.
    #[must_use]
    pub fn time(mut self, time: impl Into<Seconds>) -> Self {
        self.time = Some(time.into());
        self
    }

    /// The same with so long without any event, at most.
    #[must_use]
    pub fn idle_time(mut self, time: impl Into<Seconds>) -> Self {
        self.idle_time = Some(time.into());
        self
    }

    /// The same with so long in the queue, at most.
    #[must_use]
    pub fn queue_time(mut self, time: impl Into<Seconds>) -> Self {
        self.queue_time = Some(time.into());
        self
    }

    /// The same with these words to find it by.
    #[must_use]
    pub fn tags<T: Into<Box<str>>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// The same with that to do where the connid is in use.
    #[must_use]
    pub fn on_conflict(mut self, what: OnConflict) -> Self {
        self.on_conflict = what;
        self
    }

    /// The same with that to become of it when its last watcher is gone.
    #[must_use]
    pub fn on_disconnect(mut self, what: OnDisconnect) -> Self {
        self.on_disconnect = what;
        self
    }
}

/// Kill a job. Kill asks first: the work is told to end, and forced only after its route's grace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// Which job, by the client's name: the one that runs, or else the last that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connid: Option<Connid>,
    /// Which job, by the server's name: exact, also where the connid has been used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// Every job that fits and has not ended, in place of one job. The reply says of how many.
    #[serde(
        default,
        rename = "where",
        deserialize_with = "an_object",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<Where>")]
    pub filter: Option<Where>,
    /// Why, for whoever runs or watches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<str>>,
    /// Whether to answer only once it is dead; of one job.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    #[schemars(with = "Option<bool>")]
    pub wait: bool,
}

/// What runs, or how one job stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusQuery {
    /// That one job, by the client's name, also if it has ended and is still kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connid: Option<Connid>,
    /// The same by the server's name: exact, also where the connid has been used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// How many at most: 1 to 1000, 100 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u16>,
    /// From after this job on: the `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<JobId>,
    /// Only those that fit.
    #[serde(
        default,
        rename = "where",
        deserialize_with = "an_object",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<Where>")]
    pub filter: Option<Where>,
}

/// Which jobs to speak of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Where {
    /// Those of this route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Box<str>>,
    /// Those with this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Box<str>>,
}

/// Send the events of a job, or, where it names none, every change of state of every job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Which job, by the client's name: the one that runs, or else the last that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connid: Option<Connid>,
    /// Which job, by the server's name: exact, also where the connid has been used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The last number that was seen; the events after it are sent. All of them where it is left out; of the feed, those to
    /// come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
}

/// Send the events of a job, or the changes of all, no longer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unwatch {
    /// Which job, by the client's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connid: Option<Connid>,
    /// Which job, by the server's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
}

/// Move a job's deadline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    /// Which job, by the client's name: the one that runs, or else the last that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connid: Option<Connid>,
    /// Which job, by the server's name: exact, also where the connid has been used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// To so many seconds from now; with what it has had, within what the route allows.
    pub time: Seconds,
}

/// The routes on which jobs may be started, with their terms and the schemas of their inputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutesQuery {}

/// Which job is meant: by the client's name or by the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The job of that name that runs, or else the last that did.
    Connid(Connid),
    /// Exactly that job.
    Job(JobId),
}

impl Target {
    /// The target that `connid` and `job` name; none where both are left out.
    #[must_use]
    pub fn of(connid: Option<Connid>, job: Option<JobId>) -> Option<Self> {
        job.map(Self::Job).or(connid.map(Self::Connid))
    }
}

impl From<Connid> for Target {
    fn from(connid: Connid) -> Self {
        Self::Connid(connid)
    }
}

impl From<&Connid> for Target {
    fn from(connid: &Connid) -> Self {
        Self::Connid(connid.clone())
    }
}

impl From<JobId> for Target {
    fn from(job: JobId) -> Self {
        Self::Job(job)
    }
}

/// Why no job can be started on a route of this name, whatever the server has: it is a verb's.
#[must_use]
pub fn not_startable(route: &str) -> Option<Refusal> {
    VERBS.contains(&route).then(|| {
        let message = format!("{route:?} is a verb, not a route that starts jobs");
        Refusal::new(Code::UnknownRoute, message).about("route")
    })
}

impl Request {
    /// The frame's text, with that id.
    ///
    /// # Errors
    /// None in practice: every request can be written.
    pub fn to_frame(&self, id: Option<&FrameId>) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct Frame<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a FrameId>,
            #[serde(flatten)]
            request: &'a Request,
        }
        serde_json::to_string(&Frame { id, request: self })
    }

    /// What it is addressed to: a verb, or the route of the job that it starts.
    #[must_use]
    pub fn route(&self) -> &str {
        if let Self::Start(start) = self {
            return &start.route;
        }
        self.verb().unwrap_or_default()
    }

    /// The verb; none for a start, which is addressed to a route.
    #[must_use]
    pub const fn verb(&self) -> Option<&'static str> {
        Some(match self {
            Self::Start(_) => return None,
            Self::Kill(_) => "kill",
            Self::Status(_) => "status",
            Self::Watch(_) => "watch",
            Self::Unwatch(_) => "unwatch",
            Self::Extend(_) => "extend",
            Self::Routes(_) => "routes",
            Self::Search(_) => SEARCH,
            Self::Modules(_) => "modules",
            Self::Claim(_) => "claim",
            Self::Append(_) => "append",
            Self::End(_) => "end",
        })
    }
}
