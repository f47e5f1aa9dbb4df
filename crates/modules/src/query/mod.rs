//! What is asked, checked before anything is searched for.

mod address;
mod check;
mod json;
mod names;

use std::hash::{Hash, Hasher};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Kind;
pub use names::listed;

/// Bytes of a whole question in JSON.
pub const MAX_QUESTION_BYTES: usize = 64 * 1024;
/// Bytes of the text.
pub const MAX_TEXT_BYTES: usize = 256;
/// Libraries in one question.
pub const MAX_LIBS: usize = 64;
/// Bytes of the name of one.
pub const MAX_LIB_BYTES: usize = 256;
/// Matches on one page, where the question does not say.
pub const DEFAULT_LIMIT: u32 = 20;
/// Matches on one page, at most.
pub const MAX_LIMIT: u32 = 200;
/// Matches that can be skipped.
pub const MAX_OFFSET: u32 = 1_000_000;

/// A question as it comes in: every field may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// Where to look: a class, a header, a namespace. None, or only empty names: everywhere.
    #[serde(deserialize_with = "json::names")]
    #[schemars(schema_with = "json::names_schema")]
    pub lib: Vec<String>,
    /// What was typed so far. Empty: everything there is.
    #[serde(deserialize_with = "json::or_default")]
    #[schemars(with = "Option<String>")]
    pub text: String,
    /// Matches on this page, 1 to 200; 20 where it is missing.
    #[serde(deserialize_with = "json::number")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// Matches before this page, 1,000,000 at most.
    #[serde(deserialize_with = "json::number")]
    #[schemars(range(max = 1_000_000))]
    pub offset: Option<u64>,
    /// Of which kinds. None: of all.
    #[serde(deserialize_with = "json::names")]
    #[schemars(schema_with = "json::kinds_schema")]
    pub kind: Vec<String>,
    /// A standard or version, such as `C++17`: nothing that came later.
    pub since: Option<String>,
    /// The name of a catalogue. None: the first.
    pub catalogue: Option<String>,
}

/// A question that can be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    pub(crate) libs: Vec<String>,
    pub(crate) text: String,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) since: Option<String>,
    pub(crate) catalogue: Option<String>,
}

impl Query {
    /// The libraries asked for.
    pub fn libs(&self) -> &[String] {
        &self.libs
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// 16 hexadecimal digits that are the same for the same question: with the catalogue's digest, a name of its answer.
    pub fn digest(&self) -> String {
        let mut hasher = siphasher::sip::SipHasher13::new();
        self.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// The catalogue asked for.
    pub fn catalogue(&self) -> Option<&str> {
        self.catalogue.as_deref()
    }

    /// Bytes of memory that its texts and lists take, beside itself.
    pub fn bytes(&self) -> usize {
        let libs = self.libs.iter().map(String::capacity).sum::<usize>();
        let lists =
            self.libs.capacity() * size_of::<String>() + self.kinds.capacity() * size_of::<Kind>();
        let texts = [
            Some(&self.text),
            self.since.as_ref(),
            self.catalogue.as_ref(),
        ];
        let texts = texts.into_iter().flatten().map(String::capacity);
        libs + lists + texts.sum::<usize>()
    }
}
