//! The names of things: jobs, frames, places in a log.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use smol_str::{SmolStr, ToSmolStr};
use uuid::{Uuid, fmt::Hyphenated};

/// The number of an event in its job's log: 1, 2, 3, … without holes. As a position, "everything up to here was seen"; 0
/// is before the first.
pub type Seq = u64;

/// How often a job has been served: 1 unless whoever served it was lost and its route asks for another attempt.
pub type Attempt = u32;

/// The server's name for a job: a UUID of version 7 (RFC 9562), so that later jobs sort after earlier ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

/// By its lower half alone: that is where chance is.
impl Hash for JobId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.as_u64_pair().1);
    }
}

impl JobId {
    /// The id with these 128 bits.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(Uuid::from_u128(bits))
    }

    /// The id as 128 bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0.as_u128()
    }

    /// Where an id can be written to.
    pub(crate) const fn buffer() -> [u8; Hyphenated::LENGTH] {
        [0; Hyphenated::LENGTH]
    }

    /// The id as text.
    pub(crate) fn encode(self, buffer: &mut [u8; Hyphenated::LENGTH]) -> &str {
        self.0.hyphenated().encode_lower(buffer)
    }

    /// Reads an id as [`JobId`] prints it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 36).then(|| Uuid::try_parse(text).ok().map(Self))?
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(JobIdVisitor)
    }
}

struct JobIdVisitor;

impl de::Visitor<'_> for JobIdVisitor {
    type Value = JobId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name that the server gave, such as \"01980c4e-6f2b-7d3a-9c41-2f6a8e5b7d10\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<JobId, E> {
        JobId::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for JobId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JobId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The server's name for a job (UUID version 7).",
            "type": "string",
            "format": "uuid",
            "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        })
    }
}

/// The client's name for a job, unique among those of a tenant that have not ended.
///
/// On the wire a string or a whole number; `42` and `"42"` are the same name. It is also a segment of an address
/// (`/jobs/{connid}`), hence: not empty, no control character, no `/` or `\`, not `.` or `..`, no blank at its ends. How
/// long it may be is a limit of the server. A short one, as most are, is kept in place: no allocation, no count.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Connid(SmolStr);

impl Connid {
    const RULE: &'static str = "a name such as \"42\" or \"report-7\": not empty, no control or invisible format characters, no / or \\, not . or .., no blanks around it";

    /// The name, or what is wrong with it.
    ///
    /// # Errors
    /// Says what a name looks like.
    pub fn new(name: &str) -> Result<Self, &'static str> {
        // As most are: nothing in them has to be looked up.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !name.is_empty() && name.bytes().all(plain) {
            return Ok(Self(name.into()));
        }
        let bad = |c: char| c.is_control() || is_format(c) || matches!(c, '/' | '\\');
        let refused = name.is_empty()
            || name == "."
            || name == ".."
            || name.trim() != name
            || name.contains(bad);
        if refused {
            Err(Self::RULE)
        } else {
            Ok(Self(name.into()))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character is seen by nobody and changes what is: those of the Unicode category Cf. Two names that look alike
/// are to be the same name.
pub(crate) const fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A text is no [`Connid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidConnid;

impl fmt::Display for InvalidConnid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a connid must be {}", Connid::RULE)
    }
}

impl std::error::Error for InvalidConnid {}

impl FromStr for Connid {
    type Err = InvalidConnid;

    fn from_str(name: &str) -> Result<Self, InvalidConnid> {
        Self::new(name).map_err(|_| InvalidConnid)
    }
}

impl TryFrom<&str> for Connid {
    type Error = InvalidConnid;

    fn try_from(name: &str) -> Result<Self, InvalidConnid> {
        name.parse()
    }
}

impl fmt::Display for Connid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Connid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Borrow<str> for Connid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Connid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ConnidVisitor)
    }
}

struct ConnidVisitor;

impl de::Visitor<'_> for ConnidVisitor {
    type Value = Connid;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Connid::RULE)
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Connid, E> {
        Connid::new(name).map_err(|_| E::invalid_value(de::Unexpected::Str(name), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Connid, E> {
        Ok(Connid(itoa::Buffer::new().format(number).into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Connid, E> {
        Ok(Connid(number.to_smolstr()))
    }

    // To JSON, 42.0 is the whole number 42. Beyond this a float may stand for another number than was written.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Connid, E> {
        const EXACT: f64 = 9_007_199_254_740_991.0;
        let whole = number.fract() == 0.0 && number.abs() <= EXACT;
        let name = whole.then(|| format!("{:.0}", number + 0.0));
        match name {
            Some(name) => Ok(Connid(name.into())),
            None => Err(E::invalid_value(de::Unexpected::Float(number), &self)),
        }
    }
}

impl JsonSchema for Connid {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Connid".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let name = json_schema!({ "description": "The client's name for a job, unique among those that have not ended.", "type": "string", "minLength": 1, "maxLength": 128, "pattern": CONNID_PATTERN, "not": { "enum": [".", ".."] } });
        if generator.contract().is_serialize() {
            return name;
        }
        json_schema!({
            "description": "The client's name for a job, unique among those that have not ended; 42 and \"42\" are the same.",
            "oneOf": [
                name,
                { "type": "integer", "minimum": -9_223_372_036_854_775_808_i64, "maximum": 18_446_744_073_709_551_615_u64 },
            ]
        })
    }
}

/// [`Connid::new`] as a pattern: no `/`, `\` or control character, no format character of the basic plane, and no blank (as
/// Unicode has them) at either end.
const CONNID_PATTERN: &str = r"^[^/\\\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]([^/\\\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]*[^/\\\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb])?$";

/// What a client put into a frame's `id`: a JSON string or number, echoed on the direct reply just as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct FrameId(SmolStr);

impl FrameId {
    /// The longest `id` there is, in bytes as written.
    pub const MAX_BYTES: usize = 128;
    pub(crate) const RULE: &'static str = "a string or a number of at most 128 bytes";

    /// The id as JSON text, quotes included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that is this JSON text.
    pub(crate) fn from_raw(text: &str) -> Option<Self> {
        let kind = text.as_bytes().first()?;
        let fits = matches!(kind, b'"' | b'-' | b'0'..=b'9') && text.len() <= Self::MAX_BYTES;
        fits.then(|| Self(text.into()))
    }
}

impl From<u64> for FrameId {
    fn from(number: u64) -> Self {
        Self(number.to_smolstr())
    }
}

impl fmt::Debug for FrameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for FrameId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue =
            serde_json::from_str(&self.0).map_err(<S::Error as serde::ser::Error>::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FrameId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <Box<RawValue>>::deserialize(deserializer)?;
        Self::from_raw(raw.get())
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Other(raw.get()), &Self::RULE))
    }
}

impl JsonSchema for FrameId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FrameId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "description": "Echoed on the direct reply as it was written; 0 and \"\" included." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connids_are_names_or_whole_numbers() {
        let read = |json: &str| {
            serde_json::from_str::<Connid>(json)
                .ok()
                .map(|c| c.as_str().to_owned())
        };
        for (json, name) in [
            ("42", Some("42")),
            ("\"42\"", Some("42")),
            ("-1", Some("-1")),
            ("\"a b\"", Some("a b")),
            ("\"größe\"", Some("größe")),
            ("\"\"", None),
            ("\" a\"", None),
            ("\"a/b\"", None),
            ("\"a\\\\b\"", None),
            ("\"..\"", None),
            ("\"a\\nb\"", None),
            ("\"a\\u0000b\"", None),
            ("\"a\\u202eb\"", None),
            ("\"a\\u200b\"", None),
            ("\"\\ufeffa\"", None),
            ("\"a\\u00adb\"", None),
            ("\"a\\u2066b\"", None),
            ("42.0", Some("42")),
            ("-0.0", Some("0")),
            ("1e3", Some("1000")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("-9223372036854775808", Some("-9223372036854775808")),
            ("-9223372036854775809", None),
            ("18446744073709551616", None),
            ("1.5", None),
            ("1e300", None),
            ("null", None),
            ("[]", None),
        ] {
            assert_eq!(read(json).as_deref(), name, "{json}");
        }
    }

    #[test]
    fn job_ids_are_read_as_they_are_printed_and_in_no_other_way() {
        let read = |text: &str| serde_json::from_value::<JobId>(text.into());
        let id = "01980c4e-6f2b-7d3a-9c41-2f6a8e5b7d10";
        assert_eq!(serde_json::to_value(read(id).unwrap()).unwrap(), id);
        for text in [
            "",
            "42",
            "01980c4e6f2b7d3a9c412f6a8e5b7d10",
            "{01980c4e-6f2b-7d3a-9c41-2f6a8e5b7d10}",
            "urn:uuid:01980c4e-6f2b-7d3a-9c41-2f6a8e5b7d10",
        ] {
            let why = read(text).unwrap_err().to_string();
            assert!(
                why.contains("expected a name that the server gave"),
                "{text}: {why}"
            );
        }
    }

    #[test]
    fn frame_ids_are_echoed_as_written() {
        for (json, ok) in [
            ("0", true),
            ("\"\"", true),
            ("1.50", true),
            ("-7", true),
            ("null", false),
            ("true", false),
            ("{}", false),
        ] {
            let id = serde_json::from_str::<FrameId>(json);
            assert_eq!(id.is_ok(), ok, "{json}");
            if let Ok(id) = id {
                assert_eq!(serde_json::to_string(&id).unwrap(), json);
            }
        }
    }
}
