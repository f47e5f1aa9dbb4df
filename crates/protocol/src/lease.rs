//! The right to go on with a job.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::JobId;

/// What a worker was handed a job with. Whoever has it may go on with the job, and nobody else: 128 of its bits nobody could
/// have guessed. The others say which job it is of, so that even a lease that is gone can be told what became of that.
///
/// On the wire it is 64 hexadecimal digits, and nothing for a worker to read.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    job: JobId,
    secret: u128,
}

impl Lease {
    /// Digits on the wire.
    const DIGITS: usize = 64;

    /// The lease of a job.
    #[must_use]
    pub const fn new(job: JobId, secret: u128) -> Self {
        Self { job, secret }
    }

    /// Which job it is of.
    #[must_use]
    pub const fn job(self) -> JobId {
        self.job
    }

    /// Reads a lease as it prints itself.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |part: Option<&str>| {
            let part = part.filter(|part| part.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            u128::from_str_radix(part, 16).ok()
        };
        if text.len() != Self::DIGITS {
            return None;
        }
        let half = Self::DIGITS / 2;
        Some(Self {
            job: JobId::from_bits(digits(text.get(..half))?),
            secret: digits(text.get(half..))?,
        })
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}{:032x}", self.job.bits(), self.secret)
    }
}

/// Without what is secret of it.
impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({}, …)", self.job)
    }
}

impl Serialize for Lease {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lease {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(LeaseVisitor)
    }
}

struct LeaseVisitor;

impl de::Visitor<'_> for LeaseVisitor {
    type Value = Lease;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a lease as the server gave it, 64 hexadecimal digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Lease, E> {
        Lease::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Lease {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Lease".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The right to go on with a job: given with it, and nothing to read.",
            "type": "string",
            "pattern": "^[0-9a-fA-F]{64}$",
        })
    }
}
