//! What a worker asks: the three verbs of those who serve jobs from outside.

use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{
    Code, Encoding, Failure, Lease, ParseLimits, Payload, Progress, Refusal, Stream,
    ids::is_format,
    optional::{an_object, is_default, null_is_default},
};

/// Bytes of the word that says what a worker's job failed of.
const ERROR_CODE_BYTES: usize = 64;

/// Offer to serve routes, so many jobs at once. It stands until the session ends or another takes its place: as jobs end, the
/// next are handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Which routes, of those that workers serve. May be left out with no slots, and by a process that the server started for one.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "<[_]>::is_empty"
    )]
    #[schemars(with = "Option<Box<[Box<str>]>>")]
    pub routes: Box<[Box<str>]>,
    /// How many jobs at once, those that are held included; 1 where it is left out, and 0 for no more.
    #[serde(default = "one", deserialize_with = "slots")]
    #[schemars(range(min = 0, max = 1000))]
    pub slots: u32,
    /// What the worker is called, for people who read of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<Box<str>>,
    /// Leases of an earlier connection to go on with. Those that are gone are named in the reply.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "<[_]>::is_empty"
    )]
    #[schemars(with = "Option<Box<[Lease]>>")]
    pub leases: Box<[Lease]>,
}

const fn one() -> u32 {
    1
}

/// Add to the log of a job that one holds: output, progress, or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Append {
    /// Of which job: what it was handed over with.
    pub lease: Lease,
    /// What was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<str>>,
    /// How that is written down: `base64` for bytes that are no UTF-8.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    #[schemars(with = "Option<Encoding>")]
    pub encoding: Encoding,
    /// Where it was printed to.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    #[schemars(with = "Option<Stream>")]
    pub stream: Stream,
    /// How far it has come.
    #[serde(
        default,
        deserialize_with = "an_object",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<Progress>")]
    pub progress: Option<Progress>,
}

/// End a job that one holds: with a result, with an error, or with neither.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndJob {
    /// Which job: what it was handed over with.
    pub lease: Lease,
    /// What it came to: any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Payload>,
    /// What it failed of.
    #[serde(
        default,
        deserialize_with = "an_object",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<WorkError>")]
    pub error: Option<WorkError>,
}

/// What a worker says its job failed of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkError {
    /// A stable word for programs: 1 to 64 letters of ASCII, digits, `_`, `-` and `.`.
    #[schemars(length(min = 1, max = 64))]
    pub code: Box<str>,
    /// A sentence for people.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "str::is_empty"
    )]
    #[schemars(with = "Option<Box<str>>")]
    pub message: Box<str>,
    /// More for programs: any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Payload>,
}

impl From<WorkError> for Failure {
    fn from(error: WorkError) -> Self {
        Self {
            code: error.code,
            message: error.message,
            detail: error.detail,
        }
    }
}

/// Reads a whole number, also from a string that holds one.
fn slots<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    struct Slots;

    impl de::Visitor<'_> for Slots {
        type Value = u32;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number from 0 on")
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<u32, E> {
            u32::try_from(number)
                .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<u32, E> {
            text.parse()
                .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
        }

        fn visit_unit<E: de::Error>(self) -> Result<u32, E> {
            Ok(one())
        }
    }

    deserializer.deserialize_any(Slots)
}

impl Claim {
    pub(crate) fn check(&self, limits: &ParseLimits) -> Result<(), Refusal> {
        let most = limits.slots_per_claim;
        if self.slots > most {
            let got = self.slots;
            let message = format!("\"slots\" must be at most {most}; got {got}");
            return Err(Refusal::invalid("slots", message));
        }
        // A place in `slots` is a lease: more can never have been held.
        if self.leases.len() > most as usize {
            let got = self.leases.len();
            let message = format!("\"leases\" must be at most {most}; got {got}");
            return Err(Refusal::invalid("leases", message));
        }
        check_worker(self.worker.as_deref(), limits)
    }
}

fn check_worker(worker: Option<&str>, limits: &ParseLimits) -> Result<(), Refusal> {
    let Some(worker) = worker else {
        return Ok(());
    };
    let (got, most) = (worker.len(), limits.connid_bytes);
    if worker.is_empty() || got > most {
        let message = format!("\"worker\" must be 1 to {most} bytes; got {got}");
        return Err(Refusal::invalid("worker", message));
    }
    if worker.contains(|c: char| c.is_control() || is_format(c)) {
        let message = "\"worker\" must be a name such as \"gpu-1\": no control or invisible format characters";
        return Err(Refusal::invalid("worker", message));
    }
    Ok(())
}

impl Append {
    pub(crate) fn check(&self, limits: &ParseLimits) -> Result<(), Refusal> {
        if self.output.is_none() && self.progress.is_none() {
            let message = "\"output\" or \"progress\" must be there";
            return Err(Refusal::new(Code::MissingField, message).about("output"));
        }
        if self.output.is_none() && self.stream != Stream::default() {
            return Err(Refusal::invalid(
                "stream",
                "\"stream\" says where \"output\" was printed to; there is none",
            ));
        }
        let output = self.output.as_deref().unwrap_or_default();
        if self.encoding.decode(output).is_none() {
            return Err(Refusal::invalid(
                "output",
                "\"output\" must be base64 (RFC 4648, section 4, padded), as \"encoding\" says",
            ));
        }
        let note = self.progress.as_ref().and_then(|p| p.note.as_ref());
        let (got, most) = (note.map_or(0, |note| note.len()), limits.note_bytes);
        if got > most {
            let message = format!("\"progress.note\" must be at most {most} bytes; got {got}");
            return Err(Refusal::invalid("progress", message));
        }
        Ok(())
    }
}

impl WorkError {
    /// Whether a word can be the code of a failure: 1 to 64 letters of ASCII, digits, `_`, `-` and `.`.
    #[must_use]
    pub fn is_code(word: &str) -> bool {
        let of_a_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        (1..=ERROR_CODE_BYTES).contains(&word.len()) && word.bytes().all(of_a_word)
    }
}

impl EndJob {
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let Some(error) = &self.error else {
            return Ok(());
        };
        if self.result.is_some() {
            let message = "a job ends with \"result\" or with \"error\"; got both";
            return Err(Refusal::invalid("error", message));
        }
        let got = error.code.len();
        if !(1..=ERROR_CODE_BYTES).contains(&got) {
            let message =
                format!("\"error.code\" must be 1 to {ERROR_CODE_BYTES} bytes; got {got}");
            return Err(Refusal::invalid("error", message));
        }
        if !WorkError::is_code(&error.code) {
            let message = "\"error.code\" must be a word such as \"disk_full\": letters of ASCII, digits, \"_\", \"-\" and \".\"";
            return Err(Refusal::invalid("error", message));
        }
        Ok(())
    }
}
