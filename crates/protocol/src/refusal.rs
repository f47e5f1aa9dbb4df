//! Why a frame was refused.

use std::{borrow::Cow, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The stable word for why a frame was refused. A refusal never closes the socket.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The text is not JSON.
    InvalidJson,
    /// It is JSON, but not a frame: not an object, a key twice, a binary message.
    InvalidFrame,
    /// A field that must be there is not.
    MissingField,
    /// A field holds what it cannot hold.
    InvalidField,
    /// A field that this route does not have.
    UnknownField,
    /// No route of that name.
    UnknownRoute,
    /// Nothing of that name is known.
    UnknownConnid,
    /// There was a job of that name; it ended and is no longer kept.
    Expired,
    /// The job has ended, so this can no longer be done to it.
    AlreadyEnded,
    /// A job of that name has not ended yet.
    ConnidInUse,
    /// A worker's lease is gone: the job is no longer its own, and the message says what became of it.
    LeaseLost,
    /// None of the libraries that a search names is known.
    UnknownLib,
    /// No catalogue of that name can be searched.
    UnknownCatalogue,
    /// Larger than the server takes.
    TooLarge,
    /// More than the server takes at once.
    TooMany,
    /// Who is asking must be known first.
    Unauthorized,
    /// Known, and not allowed.
    Forbidden,
    /// The server is stopping and takes no new jobs.
    ShuttingDown,
    /// The server cannot write to its disk now, and the message says whether it may have been done; or it cannot read the
    /// catalogue that is to be searched.
    Unavailable,
    /// The server failed; its log says how.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 20] = [
        Self::InvalidJson,
        Self::InvalidFrame,
        Self::MissingField,
        Self::InvalidField,
        Self::UnknownField,
        Self::UnknownRoute,
        Self::UnknownConnid,
        Self::Expired,
        Self::AlreadyEnded,
        Self::ConnidInUse,
        Self::LeaseLost,
        Self::UnknownLib,
        Self::UnknownCatalogue,
        Self::TooLarge,
        Self::TooMany,
        Self::Unauthorized,
        Self::Forbidden,
        Self::ShuttingDown,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidFrame => "invalid_frame",
            Self::MissingField => "missing_field",
            Self::InvalidField => "invalid_field",
            Self::UnknownField => "unknown_field",
            Self::UnknownRoute => "unknown_route",
            Self::UnknownConnid => "unknown_connid",
            Self::Expired => "expired",
            Self::AlreadyEnded => "already_ended",
            Self::ConnidInUse => "connid_in_use",
            Self::LeaseLost => "lease_lost",
            Self::UnknownLib => "unknown_lib",
            Self::UnknownCatalogue => "unknown_catalogue",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::ShuttingDown => "shutting_down",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A frame that was refused: why, in a word and in a sentence that says what was wrong, what was got, and what would be
/// right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// The stable word.
    pub code: Code,
    /// The sentence.
    pub message: Cow<'static, str>,
    /// The field that was wrong, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Cow<'static, str>>,
    /// The connid it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connid: Option<crate::Connid>,
    /// The lease that it was about, where that is gone (`lease_lost`) or too much is said under it (`too_many`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Box<crate::Lease>>,
    /// How the job had ended, where it had (`already_ended`, `lease_lost`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<crate::EndedView>>,
}

impl Refusal {
    /// A refusal without a field.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            connid: None,
            lease: None,
            ended: None,
        }
    }

    /// A field that holds what it cannot hold.
    #[must_use]
    pub fn invalid(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidField, message).about(field)
    }

    /// The same, about that field.
    #[must_use]
    pub fn about(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same, about that connid.
    #[must_use]
    pub fn of(mut self, connid: crate::Connid) -> Self {
        self.connid = Some(connid);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Refusal {}

/// Bytes of the longest text that may be a name with a slip in it.
const LONGEST_TYPED: usize = 256;

/// The name among `names` that is most likely meant by `got`, in whatever case; none where nothing is near.
///
/// ```
/// # use longwire_protocol::nearest;
/// assert_eq!(nearest("reqest", ["request", "kill"]), Some("request"));
/// assert_eq!(nearest("KILL", ["request", "kill"]), Some("kill"));
/// assert_eq!(nearest("zebra", ["request", "kill"]), None);
/// ```
pub fn nearest<'a>(got: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing takes as long as both are: no one mistypes a name into a megabyte.
    if got.len() > LONGEST_TYPED {
        return None;
    }
    let got = got.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&got, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}
