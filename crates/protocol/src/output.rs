//! What a job prints: text where it is text, and base64 where it is not.

use std::{borrow::Cow, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where output was written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// The work's output.
    #[default]
    Stdout,
    /// What it says beside.
    Stderr,
}

/// Where output was written to, as an event says it: newer servers may know more places.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StreamName {
    /// One that is known here.
    Known(Stream),
    /// Another, by its name.
    Other(Box<str>),
}

impl StreamName {
    /// What it is, or to be taken for: one that is not known is the work's output.
    #[must_use]
    pub const fn known(&self) -> Stream {
        match self {
            Self::Known(stream) => *stream,
            Self::Other(_) => Stream::Stdout,
        }
    }
}

impl From<Stream> for StreamName {
    fn from(stream: Stream) -> Self {
        Self::Known(stream)
    }
}

impl PartialEq<Stream> for StreamName {
    fn eq(&self, other: &Stream) -> bool {
        matches!(self, Self::Known(stream) if stream == other)
    }
}

/// How a piece of output is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As it came: it is UTF-8.
    #[default]
    Text,
    /// In base64 (RFC 4648, section 4, padded): it is no UTF-8.
    Base64,
}

impl Encoding {
    /// Whether it is text as it came, which goes without saying.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }

    /// The bytes that were written down so; none where that is no base64.
    #[must_use]
    pub fn decode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Text => Some(Cow::Borrowed(text.as_bytes())),
            Self::Base64 => BASE64_STANDARD.decode(text).ok().map(Cow::Owned),
        }
    }
}

/// A piece of what a job printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What was printed, in this encoding.
    pub text: Arc<str>,
    /// How it is written down.
    pub encoding: Encoding,
    /// Where it was written to.
    pub stream: Stream,
}

impl Output {
    /// A piece of text.
    #[must_use]
    pub fn of_text(stream: Stream, text: impl Into<Arc<str>>) -> Self {
        Self {
            text: text.into(),
            encoding: Encoding::Text,
            stream,
        }
    }

    /// A piece of bytes that are no text.
    #[must_use]
    pub fn of_bytes(stream: Stream, bytes: &[u8]) -> Self {
        Self {
            text: BASE64_STANDARD.encode(bytes).into(),
            encoding: Encoding::Base64,
            stream,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were() {
        for (bytes, text) in [
            (&b"\xff"[..], "/w=="),
            (b"caf\xe9\n", "Y2Fm6Qo="),
            (b"\0\x01\x80", "AAGA"),
        ] {
            let output = Output::of_bytes(Stream::Stdout, bytes);
            assert_eq!(&*output.text, text);
            assert_eq!(output.encoding.decode(&output.text).as_deref(), Some(bytes));
        }
        assert_eq!(Encoding::Text.decode("/w==").as_deref(), Some(&b"/w=="[..]));
        assert_eq!(Encoding::Base64.decode("/w="), None);
    }
}
