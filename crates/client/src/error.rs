//! Why something was not done.

use std::fmt;

use longwire_protocol::{Clock, EventFrame, InvalidConnid, KillNote, Receipt, Refusal, Status};
use thiserror::Error;

/// Why a request was not done, why a job's events end before its outcome, or how a job ended that has no result.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not one of a Longwire server.
    #[error("{0:?} is not the address of a Longwire server; it must be like http://127.0.0.1:8000")]
    Address(String),
    /// The address asks for TLS, and there is none.
    #[error("no TLS: {0}")]
    Tls(String),
    /// A header that requests to connect cannot have.
    #[error("header {0}")]
    Header(String),
    /// Nobody answers at the address.
    #[error("no Longwire at {server} ({why})")]
    Unreachable {
        /// The address, as it was given.
        server: String,
        /// What the system said.
        why: String,
    },
    /// Somebody answers, and not as a Longwire server does.
    #[error("{server} answers, but is no Longwire ({why})")]
    NotLongwire {
        /// The address, as it was given.
        server: String,
        /// What was wrong.
        why: String,
    },
    /// A text is no connid.
    #[error(transparent)]
    Connid(#[from] InvalidConnid),
    /// The server refused the request.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The server refused the request with a code that is newer than this client.
    #[error("{message} ({code})")]
    OtherRefusal {
        /// The stable word.
        code: Box<str>,
        /// The sentence.
        message: Box<str>,
    },
    /// The job failed. Here, and in the three that follow, stands the last event of its log.
    #[error("{}", Ended(.0))]
    Failed(Box<EventFrame>),
    /// The job was killed; the event has the kill receipt.
    #[error("{}", Ended(.0))]
    Killed(Box<EventFrame>),
    /// A clock of the job ran out; the event says which.
    #[error("{}", Ended(.0))]
    TimedOut(Box<EventFrame>),
    /// Whoever served the job is gone, and how far it came cannot be known.
    #[error("{}", Ended(.0))]
    Lost(Box<EventFrame>),
    /// A value cannot be written as JSON, or what came is not of the type that was asked for.
    #[error("{0}")]
    Json(String),
    /// The connection broke; the client connects again by itself.
    #[error("the connection was lost ({0})")]
    Disconnected(String),
    /// The server closed the connection for a reason for which there is no use in coming back.
    #[error("the server closed the connection: {reason} ({code})")]
    ClosedByServer {
        /// The close code.
        code: u16,
        /// The text beside it.
        reason: String,
    },
    /// The server sent what is not a frame of `longwire.v1`, such as a binary message, or not one that answers the request.
    #[error("the server sent what this client does not understand: {0}")]
    Unexpected(String),
    /// The request was sent several times, and each time the connection broke before an answer.
    #[error("the connection broke {0} times before the server answered")]
    NoReply(u32),
    /// The system gives no random numbers, of which names are made.
    #[error("the system gives no random numbers: {0}")]
    NoChance(String),
    /// The client was closed.
    #[error("the client was closed")]
    Closed,
}

impl Error {
    /// How a job ended, where that is not `ok`.
    pub(crate) fn of_end(event: Box<EventFrame>) -> Self {
        match event.status {
            Status::Killed => Self::Killed(event),
            Status::Timeout => Self::TimedOut(event),
            Status::Lost => Self::Lost(event),
            Status::Failed | Status::Queued | Status::Running | Status::Ending | Status::Ok => {
                Self::Failed(event)
            }
        }
    }

    /// The stable word for it: that of the refusal, where it is one; that of the failure, where a job failed; `killed`, `timeout` or `lost`,
    /// where it ended so.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Failed(event) => event.error.as_ref().map_or("failed", |error| &error.code),
            Self::Killed(_) => "killed",
            Self::TimedOut(_) => "timeout",
            Self::Lost(_) => "lost",
            Self::Json(_) => "json",
            Self::Address(_) => "invalid_address",
            Self::Tls(_) => "tls",
            Self::Header(_) => "invalid_header",
            Self::Connid(_) => "invalid_connid",
            Self::Unreachable { .. } => "unreachable",
            Self::NotLongwire { .. } => "not_longwire",
            Self::Refused(refusal) => refusal.code.as_str(),
            Self::OtherRefusal { code, .. } => code,
            Self::Disconnected(_) => "connection_lost",
            Self::ClosedByServer { .. } => "closed_by_server",
            Self::Unexpected(_) => "unexpected_frame",
            Self::NoReply(_) => "no_reply",
            Self::NoChance(_) => "no_randomness",
            Self::Closed => "closed",
        }
    }

    /// The refusal, where it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refused(refusal) = self {
            Some(refusal)
        } else {
            None
        }
    }

    /// The last event of the job, where this is how it ended: with what it failed of, the kill receipt, or the clock.
    #[must_use]
    pub fn last_event(&self) -> Option<&EventFrame> {
        match self {
            Self::Failed(event)
            | Self::Killed(event)
            | Self::TimedOut(event)
            | Self::Lost(event) => Some(event),
            Self::Address(_)
            | Self::Tls(_)
            | Self::Header(_)
            | Self::Connid(_)
            | Self::Unreachable { .. }
            | Self::NotLongwire { .. }
            | Self::Refused(_)
            | Self::OtherRefusal { .. }
            | Self::Json(_)
            | Self::Disconnected(_)
            | Self::ClosedByServer { .. }
            | Self::Unexpected(_)
            | Self::NoReply(_)
            | Self::NoChance(_)
            | Self::Closed => None,
        }
    }

    /// The receipt, where the job was killed.
    #[must_use]
    pub fn receipt(&self) -> Option<&Receipt> {
        match self.last_event()?.kill.as_ref()? {
            KillNote::Receipt(receipt) => Some(receipt),
            KillNote::Wish(_) => None,
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error.to_string())
    }
}

/// How a job ended, in words.
struct Ended<'a>(&'a EventFrame);

impl fmt::Display for Ended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = self.0;
        write!(f, "{} {}", event.connid, how(event.status))?;
        if let Some(clock) = event.clock {
            f.write_str(which(clock))?;
        }
        if let Some(KillNote::Receipt(receipt)) = &event.kill {
            write!(f, " by {}", receipt.wish.by)?;
            if let Some(reason) = &receipt.wish.reason {
                write!(f, ": {reason}")?;
            }
        }
        event.error.as_ref().map_or(Ok(()), |error| {
            write!(f, ": {} ({})", error.message, error.code)
        })
    }
}

const fn how(status: Status) -> &'static str {
    match status {
        Status::Killed => "was killed",
        Status::Timeout => "ran out of time",
        Status::Lost => "was lost",
        Status::Failed | Status::Queued | Status::Running | Status::Ending | Status::Ok => "failed",
    }
}

const fn which(clock: Clock) -> &'static str {
    match clock {
        Clock::Time => "",
        Clock::IdleTime => ": nothing was heard of it for its idle time",
        Clock::QueueTime => ": it waited in the queue for all its queue time",
    }
}
