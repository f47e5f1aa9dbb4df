//! What a job's log is made of.

use std::{error::Error, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Attempt, Connid, JobId, OnDisconnect, Output, Payload, Seconds, Seq, Tags, Timestamp};

/// What was asked for when a job was started. It never changes; the log's first event and everything that describes the
/// job share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The server's name for the job.
    pub job: JobId,
    /// The client's name for it.
    pub connid: Connid,
    /// Who serves it.
    pub route: Arc<str>,
    /// How long it may take from its start on, its time in the queue included.
    pub time: Seconds,
    /// How long it may go without an event while it runs.
    pub idle_time: Option<Seconds>,
    /// How long it may wait in the queue.
    pub queue_time: Option<Seconds>,
    /// What its consumer is given.
    pub input: Option<Payload>,
    /// Words to find it by.
    pub tags: Tags,
    /// What becomes of it once nobody watches any more.
    pub on_disconnect: OnDisconnect,
    /// Who started it.
    pub by: Arc<str>,
}

/// Where a job stands: waiting, at work, on its way out, or at one of five ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for a free place of its route.
    Queued,
    /// Is being served.
    Running,
    /// Was killed, or is out of time, and is not yet dead.
    Ending,
    /// Ended: the work was done.
    Ok,
    /// Ended: the work failed, and says with what code.
    Failed,
    /// Ended: after a kill that was accepted.
    Killed,
    /// Ended: one of its clocks ran out, and says which.
    Timeout,
    /// Ended: whoever served it is gone, and how far it came cannot be known.
    Lost,
}

impl Status {
    /// Every status, in the order in which a job can come to them.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Ending,
        Self::Ok,
        Self::Failed,
        Self::Killed,
        Self::Timeout,
        Self::Lost,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ending => "ending",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Timeout => "timeout",
            Self::Lost => "lost",
        }
    }

    /// The end that this is, if it is one.
    #[must_use]
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Queued | Self::Running | Self::Ending => None,
            Self::Ok => Some(Outcome::Ok),
            Self::Failed => Some(Outcome::Failed),
            Self::Killed => Some(Outcome::Killed),
            Self::Timeout => Some(Outcome::Timeout),
            Self::Lost => Some(Outcome::Lost),
        }
    }

    /// Whether the job has ended.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        self.outcome().is_some()
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The work was done.
    Ok,
    /// The work failed.
    Failed,
    /// It was killed.
    Killed,
    /// One of its clocks ran out.
    Timeout,
    /// Whoever served it is gone.
    Lost,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [
        Self::Ok,
        Self::Failed,
        Self::Killed,
        Self::Timeout,
        Self::Lost,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.status().as_str()
    }

    /// The status of a job that ended so.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Ok => Status::Ok,
            Self::Failed => Status::Failed,
            Self::Killed => Status::Killed,
            Self::Timeout => Status::Timeout,
            Self::Lost => Status::Lost,
        }
    }
}

/// The clocks a job may run out of; the words are those of the request's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// All it was given, counted from its start.
    Time,
    /// The longest it may go without an event.
    IdleTime,
    /// The longest it may wait in the queue.
    QueueTime,
}

impl Clock {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::IdleTime => "idle_time",
            Self::QueueTime => "queue_time",
        }
    }
}

/// How far a job has come, as far as it can tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// How much is done, in the units of `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<f64>,
    /// How much there is to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// What it is at, for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Box<str>>,
}

impl Progress {
    /// So much of so much.
    #[must_use]
    pub fn of(done: impl Into<f64>, total: impl Into<f64>) -> Self {
        Self {
            done: Some(done.into()),
            total: Some(total.into()),
            note: None,
        }
    }

    /// With a note, for people to read.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<Box<str>>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// The wish that a job be killed, and whose it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wish {
    /// Who asked.
    pub by: Arc<str>,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
}

/// The kill receipt: what it took, and what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// Whose wish it was.
    #[serde(flatten)]
    pub wish: Wish,
    /// Whether the work had to be forced, as it did not end within its grace.
    pub forced: bool,
    /// How many processes of the job were still alive when it was called dead. Verified, not assumed: left out where nobody could
    /// look, as whoever served the job is gone, or is no process of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survivors: Option<u32>,
    /// The signals that the work was sent to end it, such as `TERM` and `KILL`, each kind once, in that order; none where it is no
    /// process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<Box<str>>,
    /// Milliseconds from the wish to the end.
    pub ms: u64,
}

/// What a job failed of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// A stable word for programs.
    pub code: Box<str>,
    /// A sentence for people.
    pub message: Box<str>,
    /// More for programs, such as the code that a command exited with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Payload>,
}

impl Failure {
    /// A failure without more for programs than its code.
    #[must_use]
    pub fn new(code: impl Into<Box<str>>, message: impl Into<Box<str>>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            detail: None,
        }
    }

    /// The same with more for programs; what cannot be written as JSON is left out.
    #[must_use]
    pub fn with(mut self, detail: &impl Serialize) -> Self {
        self.detail = Payload::new(detail).ok();
        self
    }
}

/// Any error, with what it came from, is a failure of code `failed`: so `?` does in work that may fail.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        Self::new("failed", message)
    }
}

/// How a job ended, with all that is to be said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// Which end it was.
    pub outcome: Outcome,
    /// What the work came to, where it was done and has something to give.
    pub result: Option<Payload>,
    /// What it failed or was lost of.
    pub error: Option<Failure>,
    /// The receipt, where it was killed.
    pub kill: Option<Receipt>,
    /// The clock that ran out, where it timed out.
    pub clock: Option<Clock>,
}

impl End {
    fn weight(&self) -> usize {
        let detail = self.error.as_ref().and_then(|error| error.detail.as_ref());
        let payloads = [self.result.as_ref(), detail].into_iter().flatten();
        payloads.map(|payload| payload.as_str().len()).sum()
    }

    /// An end of that kind with nothing more to say.
    #[must_use]
    pub const fn plain(outcome: Outcome) -> Self {
        Self {
            outcome,
            result: None,
            error: None,
            kill: None,
            clock: None,
        }
    }
}

/// What an event says happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The job was accepted. Always the first event, never another.
    Accepted(Arc<Spec>),
    /// It left the queue: a consumer has it now.
    Taken,
    /// It came further.
    Progress(Arc<Progress>),
    /// It printed something.
    Output(Output),
    /// A kill was accepted.
    Wished(Arc<Wish>),
    /// A clock ran out.
    TimeUp(Clock),
    /// It was given until then.
    Extended(Timestamp),
    /// Whoever served it is gone, and its route asks for another attempt: it waits again.
    Again,
    /// It ended. Always the last event.
    Ended(Arc<End>),
}

/// One entry of a job's log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number, from 1, without holes.
    pub seq: Seq,
    /// When it was written down.
    pub at: Timestamp,
    /// The attempt to serve the job that it belongs to, from 1.
    pub attempt: Attempt,
    /// Where the job stood after it.
    pub status: Status,
    /// What happened.
    pub change: Change,
}

impl Event {
    /// About how many bytes the event takes to keep.
    #[must_use]
    pub fn weight(&self) -> usize {
        let payload = match &self.change {
            Change::Accepted(spec) => spec.input.as_ref().map_or(0, |input| input.as_str().len()),
            Change::Output(output) => output.text.len(),
            Change::Progress(progress) => progress.note.as_ref().map_or(0, |note| note.len()),
            Change::Ended(end) => end.weight(),
            Change::Taken
            | Change::Wished(_)
            | Change::TimeUp(_)
            | Change::Extended(_)
            | Change::Again => 0,
        };
        size_of::<Self>() + payload
    }
}
