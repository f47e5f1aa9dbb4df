//! Why something was not done.

use longwire_protocol::Refusal;
use thiserror::Error;

/// Why a request was not done, or why a job's events end before its outcome.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not one of a Longwire server.
    #[error("{0:?} is not the address of a Longwire server; it must be like http://127.0.0.1:8000")]
    Address(String),
    /// The address asks for TLS.
    #[error(
        "{0:?} asks for TLS, which this client does not speak yet; it must begin with http:// or ws://"
    )]
    Tls(String),
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
    /// The server refused the request.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The connection broke; the client connects again by itself.
    #[error("the connection was lost ({0})")]
    Lost(String),
    /// The server closed the connection for a reason for which there is no use in coming back.
    #[error("the server closed the connection: {reason} ({code})")]
    ClosedByServer {
        /// The close code.
        code: u16,
        /// The text beside it.
        reason: String,
    },
    /// The server sent what is not a frame of `longwire.v1`, or not one that answers the request.
    #[error("the server sent what this client does not understand: {0}")]
    Unexpected(String),
    /// The request was sent several times, and each time the connection broke before an answer.
    #[error("the connection broke {0} times before the server answered")]
    NoReply(u32),
    /// The system gives no random numbers, of which names are made.
    #[error("the system gives no random numbers: {0}")]
    NoChance(String),
    /// The client was closed, or a newer handle took the place of this one.
    #[error("the client was closed")]
    Closed,
}

impl Error {
    /// The stable word for it: that of the refusal, where it is one.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "invalid_address",
            Self::Tls(_) => "tls",
            Self::Unreachable { .. } => "unreachable",
            Self::NotLongwire { .. } => "not_longwire",
            Self::Refused(refusal) => refusal.code.as_str(),
            Self::Lost(_) => "connection_lost",
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
}
