//! What a client asks.

use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

use crate::{
    Append, Claim, Code, Connid, EndJob, FrameId, JobId, ModulesQuery, ParseLimits, Payload,
    Refusal, Search, Seconds, Seq,
    fields::{Fields, excerpt, read_whole},
    frames::RefusalFrame,
    ids::is_format,
    nearest,
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

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Reads null as left out, as it is for every field that may be left out.
pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads an object or null. What serde derives would also read an array, by the places in it.
pub(crate) fn an_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct AnObject<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for AnObject<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }

    deserializer.deserialize_any(AnObject(PhantomData))
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
    /// Reads a client's frame.
    ///
    /// # Errors
    /// The refusal to send back, with the frame's own `id` and `route` as far as they could be made out.
    pub fn parse(
        text: &str,
        limits: &ParseLimits,
    ) -> Result<(Option<FrameId>, Self), Box<RefusalFrame>> {
        match Self::parse_at_once(text, limits) {
            Some(parsed) => Ok(parsed),
            None => Self::parse_field_by_field(text, limits),
        }
    }

    /// Reads what is sent most, where nothing is wrong with it. None means nothing: whatever it is, the long way tells.
    fn parse_at_once(text: &str, limits: &ParseLimits) -> Option<(Option<FrameId>, Self)> {
        let (id, request) = match likely_route(text)? {
            "kill" => {
                let whole = read_whole(text, Some("kill"))?;
                (whole.id, Self::Kill(whole.request))
            }
            verb if VERBS.contains(&verb) => return None,
            route => {
                let whole = read_whole::<Start>(text, None)?;
                let is_it = *whole.request.route == *route;
                (whole.id, is_it.then_some(Self::Start(whole.request))?)
            }
        };
        let id = read_id(id).ok()?;
        request.within(limits).ok().map(|request| (id, request))
    }

    fn parse_field_by_field(
        text: &str,
        limits: &ParseLimits,
    ) -> Result<(Option<FrameId>, Self), Box<RefusalFrame>> {
        let mut fields = Fields::split(text).map_err(|r| RefusalFrame::boxed(None, None, r))?;
        let route = fields.get("route").map(read_route);
        let named = route.as_ref().and_then(|r| r.as_deref().ok());
        let id = read_id(fields.take("id")).map_err(|r| RefusalFrame::boxed(None, named, r))?;
        let read = match &route {
            None => Err(missing_route()),
            Some(Err(refusal)) => Err(refusal.clone()),
            Some(Ok(route)) => Self::read(route, fields).and_then(|request| request.within(limits)),
        };
        match read {
            Ok(request) => Ok((id, request)),
            Err(refusal) => Err(RefusalFrame::boxed(id, named, refusal)),
        }
    }

    fn read(route: &str, mut fields: Fields<'_>) -> Result<Self, Refusal> {
        let mut verb = || {
            fields.take("route");
            std::mem::take(&mut fields)
        };
        match route {
            "kill" => verb().read().map(Self::Kill),
            "status" => verb().read().map(Self::Status),
            "watch" => verb().read().map(Self::Watch),
            "unwatch" => verb().read().map(Self::Unwatch),
            "extend" => verb().read().map(Self::Extend),
            "routes" => verb().read().map(Self::Routes),
            SEARCH => verb().read().map(Self::Search),
            "modules" => verb().read().map(Self::Modules),
            "claim" => verb().read().map(Self::Claim),
            "append" => verb().read().map(Self::Append),
            "end" => verb().read().map(Self::End),
            _ => Start::read(route, &fields).map(Self::Start),
        }
    }

    /// The verb that is likely meant by a route which is none: one that is written much the same and has all these fields.
    fn verb_meant(route: &str, fields: &Fields<'_>) -> Option<&'static str> {
        let verb = nearest(route, VERBS)?;
        let read = Self::read(verb, fields.clone());
        let fits = read.is_ok_and(|request| !matches!(request, Self::Start(_)));
        fits.then_some(verb)
    }

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

    fn within(self, limits: &ParseLimits) -> Result<Self, Refusal> {
        match &self {
            Self::Start(start) => start.check(limits)?,
            Self::Kill(kill) => kill.check(limits)?,
            Self::Status(query) => {
                check_target(query.connid.as_ref(), query.job, limits)?;
                check_limit(query.limit)?;
            }
            Self::Watch(watch) => check_target(watch.connid.as_ref(), watch.job, limits)?,
            Self::Unwatch(unwatch) => check_target(unwatch.connid.as_ref(), unwatch.job, limits)?,
            Self::Extend(extend) => {
                extend.target()?;
                check_target(extend.connid.as_ref(), extend.job, limits)?;
            }
            // What a question may hold is for who answers it.
            Self::Routes(RoutesQuery {}) | Self::Modules(ModulesQuery {}) | Self::Search(_) => {}
            Self::Claim(claim) => claim.check(limits)?,
            Self::Append(append) => append.check(limits)?,
            Self::End(end) => end.check()?,
        }
        Ok(self)
    }

    /// What it is addressed to: a verb, or the route of the job that it starts.
    #[must_use]
    pub fn route(&self) -> &str {
        match self {
            Self::Start(start) => &start.route,
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
        }
    }
}

impl Start {
    /// Reads a start that stands alone, as a REST body does: an object with `route` and the other fields, without `id`.
    ///
    /// # Errors
    /// The refusal that names what was wrong.
    pub fn parse(text: &str, limits: &ParseLimits) -> Result<Self, Refusal> {
        let fields = Fields::split(text)?;
        let route = fields.get("route").map(read_route).transpose()?;
        let start = Self::read(route.as_deref().unwrap_or_default(), &fields)?;
        start.check(limits)?;
        Ok(start)
    }

    /// Where a field is not known the route may be what is wrong, and that is the better thing to say.
    fn read(route: &str, fields: &Fields<'_>) -> Result<Self, Refusal> {
        fields.read().map_err(|refusal: Refusal| {
            let (Code::UnknownField, Some(field)) = (refusal.code, &refusal.field) else {
                return refusal;
            };
            if let Some(reserved) = not_startable(route) {
                return reserved;
            }
            match Request::verb_meant(route, fields) {
                Some(verb) => {
                    let route = excerpt(route);
                    let message =
                        format!("a start of {route:?} has no field {field:?}; did you mean the verb {verb:?}?");
                    Refusal::new(Code::UnknownField, message).about("route")
                }
                None => refusal,
            }
        })
    }

    fn check(&self, limits: &ParseLimits) -> Result<(), Refusal> {
        if self.route.is_empty() {
            return Err(not_a_route("\"\""));
        }
        check_connid(self.connid.as_ref(), limits)?;
        if self.tags.len() > limits.tags_per_job {
            let (got, most) = (self.tags.len(), limits.tags_per_job);
            return Err(Refusal::invalid(
                "tags",
                format!("\"tags\" must be at most {most}; got {got}"),
            ));
        }
        if self.tags.iter().any(|tag| tag.contains(is_format)) {
            let message =
                "a tag must have no invisible format characters, such as U+200B or U+202E";
            return Err(Refusal::invalid("tags", message));
        }
        let fits = |tag: &str| !tag.is_empty() && tag.len() <= limits.tag_bytes;
        match self.tags.iter().find(|tag| !fits(tag)) {
            Some(tag) => Err(Refusal::invalid(
                "tags",
                format!(
                    "a tag must be 1 to {} bytes; got {}",
                    limits.tag_bytes,
                    tag.len()
                ),
            )),
            None => Ok(()),
        }
    }
}

impl Kill {
    /// The job that is to be killed.
    ///
    /// # Errors
    /// `missing_field`, where it names none.
    pub fn target(&self) -> Result<Target, Refusal> {
        named(self.connid.as_ref(), self.job)
    }

    fn check_many(&self, filter: &Where) -> Result<(), Refusal> {
        if self.connid.is_some() || self.job.is_some() {
            let message = "a kill is of one job, or of all that fit \"where\"; got both";
            return Err(Refusal::invalid("where", message));
        }
        if self.wait {
            let message = "\"wait\" is for the kill of one job; got it with \"where\"";
            return Err(Refusal::invalid("wait", message));
        }
        if *filter == Where::default() {
            let message = "\"where\" must name a \"route\" or a \"tag\", so that nobody kills everything by a slip; got neither";
            return Err(Refusal::invalid("where", message));
        }
        Ok(())
    }

    fn check(&self, limits: &ParseLimits) -> Result<(), Refusal> {
        match &self.filter {
            Some(filter) => self.check_many(filter)?,
            None => {
                self.target()?;
                check_target(self.connid.as_ref(), self.job, limits)?;
            }
        }
        match self.reason.as_ref().map_or(0, |reason| reason.len()) {
            length if length <= limits.reason_bytes => Ok(()),
            length => Err(Refusal::invalid(
                "reason",
                format!(
                    "\"reason\" must be at most {} bytes; got {length}",
                    limits.reason_bytes
                ),
            )),
        }
    }
}

impl Extend {
    /// The job whose deadline is to move.
    ///
    /// # Errors
    /// `missing_field`, where it names none.
    pub fn target(&self) -> Result<Target, Refusal> {
        named(self.connid.as_ref(), self.job)
    }

    /// Reads the body of a REST `PATCH`: an object with `time`.
    ///
    /// # Errors
    /// The refusal that names what was wrong.
    pub fn parse_time(text: &str) -> Result<Seconds, Refusal> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            time: Seconds,
        }
        Fields::split(text)?.read::<Body>().map(|body| body.time)
    }
}

/// What a frame is addressed to, where it says so first, as most do. A guess: reading the frame has to confirm it.
fn likely_route(text: &str) -> Option<&str> {
    let key = text.strip_prefix('{')?.trim_start();
    let value = key
        .strip_prefix("\"route\"")?
        .trim_start()
        .strip_prefix(':')?;
    let (route, _) = value.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(route)
}

fn missing_route() -> Refusal {
    let message = format!(
        "\"route\" must be there: the name of a consumer such as \"request\", or one of {}",
        VERBS.join(", ")
    );
    Refusal::new(Code::MissingField, message).about("route")
}

fn read_route(raw: &RawValue) -> Result<Cow<'_, str>, Refusal> {
    let text = raw.get();
    let plain = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    if let Some(plain) = plain.filter(|plain| !plain.contains('\\')) {
        return Ok(Cow::Borrowed(plain));
    }
    serde_json::from_str::<String>(text)
        .map(Cow::Owned)
        .map_err(|_| not_a_route(text))
}

fn not_a_route(got: &str) -> Refusal {
    Refusal::invalid(
        "route",
        format!(
            "\"route\" must be a string such as \"request\"; got {}",
            excerpt(got)
        ),
    )
}

fn read_id(raw: Option<&RawValue>) -> Result<Option<FrameId>, Refusal> {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
        return Ok(None);
    };
    FrameId::from_raw(raw).map(Some).ok_or_else(|| {
        Refusal::invalid(
            "id",
            format!(
                "\"id\" must be {}; got {}",
                FrameId::RULE,
                excerpt(raw.get())
            ),
        )
    })
}

fn check_limit(limit: Option<u16>) -> Result<(), Refusal> {
    match limit.filter(|limit| !(1..=1000).contains(limit)) {
        Some(limit) => Err(Refusal::invalid(
            "limit",
            format!("\"limit\" must be a whole number from 1 to 1000; got {limit}"),
        )),
        None => Ok(()),
    }
}

fn named(connid: Option<&Connid>, job: Option<JobId>) -> Result<Target, Refusal> {
    Target::of(connid.cloned(), job).ok_or_else(|| {
        let message = "\"connid\" or \"job\" must be there";
        Refusal::new(Code::MissingField, message).about("connid")
    })
}

fn check_target(
    connid: Option<&Connid>,
    job: Option<JobId>,
    limits: &ParseLimits,
) -> Result<(), Refusal> {
    if connid.is_some() && job.is_some() {
        let message = "a job is named by \"connid\" or by \"job\"; got both";
        return Err(Refusal::invalid("job", message));
    }
    check_connid(connid, limits)
}

fn check_connid(connid: Option<&Connid>, limits: &ParseLimits) -> Result<(), Refusal> {
    match connid.map_or(0, |connid| connid.as_str().len()) {
        length if length <= limits.connid_bytes => Ok(()),
        length => Err(Refusal::invalid(
            "connid",
            format!(
                "\"connid\" must be at most {} bytes; got {length}",
                limits.connid_bytes
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Members that may be in a frame, some of them wrong.
    const MEMBERS: [&str; 27] = [
        r#""id":1"#,
        r#""id":"a\n""#,
        r#""id":null"#,
        r#""id":[1]"#,
        r#""route":"request""#,
        r#""route":"kill""#,
        r#" "route" : "kill" "#,
        r#""route":"status""#,
        r#""route":"\u006bill""#,
        r#""rou\u0074e":"request""#,
        r#""route":"""#,
        r#""route":7"#,
        r#""connid":"42""#,
        r#""connid":42"#,
        r#""connid":" ""#,
        r#""connid":null"#,
        r#""time":0.5"#,
        r#""time":"7""#,
        r#""time":-1"#,
        r#""input":{"route":"kill","id":[]}"#,
        r#""tags":["a"]"#,
        r#""reason":"so""#,
        r#""wait":null"#,
        r#""job":"019aaaaa-0000-7000-8000-000000000000""#,
        r#""where":{"tag":"a"}"#,
        r#""where":{}"#,
        r#""what":1"#,
    ];

    proptest! {
        #[test]
        fn what_is_read_at_once_is_what_is_read_field_by_field(
            members in prop::collection::vec(prop::sample::select(&MEMBERS[..]), 0..6),
            end in prop::sample::select(&["}", "} ", "}}", ""][..]),
        ) {
            let text = format!("{{{}{end}", members.join(","));
            let limits = ParseLimits::default();
            if let Some(parsed) = Request::parse_at_once(&text, &limits) {
                prop_assert_eq!(Request::parse_field_by_field(&text, &limits), Ok(parsed));
            }
        }
    }

    #[test]
    fn what_is_sent_most_is_read_at_once() {
        let limits = ParseLimits::default();
        for text in [
            r#"{"route":"request","connid":"42","time":30}"#,
            r#"{"route": "render", "id": 7, "input": {"id": 1}, "on_conflict": "attach"}"#,
            r#"{"route":"kill","connid":42,"reason":"so","id":"a"}"#,
        ] {
            assert!(Request::parse_at_once(text, &limits).is_some(), "{text}");
        }
    }
}
