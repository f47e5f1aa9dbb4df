//! From the text of a frame to a typed request, or to a refusal that names the field that was wrong.
//!
//! The text is read once into its keys and the raw text of their values; each value is then read by the type that the
//! request has for it. So whatever is wrong, the frame's `id` and `route` are known, and the refusal can say which field
//! it was about.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{Code, Refusal, nearest};

/// How much the parts of a request may hold. What a frame as a whole may hold is the transport's to bound.
#[derive(Clone, Copy, Debug)]
pub struct ParseLimits {
    /// Bytes of a connid.
    pub connid_bytes: usize,
    /// Tags of a job.
    pub tags_per_job: usize,
    /// Bytes of a tag.
    pub tag_bytes: usize,
    /// Bytes of the reason given for a kill.
    pub reason_bytes: usize,
    /// Bytes of what a progress says that a job is at.
    pub note_bytes: usize,
    /// Jobs that a worker may hold at once.
    pub slots_per_claim: u32,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            connid_bytes: 128,
            tags_per_job: 16,
            tag_bytes: 64,
            reason_bytes: 1024,
            note_bytes: 1024,
            slots_per_claim: 1000,
        }
    }
}

/// More keys than any request has.
const MAX_KEYS: usize = 32;
/// How deep an input may nest: as deep as serde_json follows, so that whoever is given it can read it.
const MAX_DEPTH: usize = 127;
/// How much of what was got a sentence quotes, in characters: a refusal must not grow with what it refuses.
const EXCERPT: usize = 40;

/// The beginning of a text, as much as a sentence can quote.
pub(crate) fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(EXCERPT) {
        Some((cut, _)) => Cow::Owned(format!("{}…", &text[..cut])),
        None => Cow::Borrowed(text),
    }
}

/// The members of a JSON object in their order, each value as its text.
#[derive(Clone, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Splits a text into its members.
    pub(crate) fn split(text: &'a str) -> Result<Self, Refusal> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let fields = reader
            .deserialize_any(FieldsVisitor)
            .map_err(|e| refuse_text(&e))?;
        reader.end().map_err(|e| refuse_text(&e))?;
        Ok(fields)
    }

    /// The text of a member's value.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, raw)| *raw)
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, key: &str) -> Option<&'a RawValue> {
        let at = self.0.iter().position(|(k, _)| k == key)?;
        Some(self.0.remove(at).1)
    }

    /// Reads what there is into a request type, which must know every key.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        T::deserialize(FieldsReader {
            members: self.0.iter(),
            value: None,
        })
        .map_err(|e| e.0)
    }
}

fn refuse_text(error: &serde_json::Error) -> Refusal {
    let (code, expected) = match error.classify() {
        serde_json::error::Category::Data => (
            Code::InvalidFrame,
            "a frame is one JSON object, each key once",
        ),
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => {
            (Code::InvalidJson, "a frame is one JSON object in UTF-8")
        }
    };
    let said = error.to_string();
    let (what, place) = match said.rsplit_once(" at line ") {
        Some((what, place)) => (what, format!(" at line {place}")),
        None => (&*said, String::new()),
    };
    // What serde_json says of a syntax is short; of data it quotes all of it.
    let what: String = what.chars().take(2 * EXCERPT).collect();
    Refusal::new(code, format!("{expected}; got this: {what}{place}"))
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::with_capacity(8);
        while let Some(Key(key)) = map.next_key()? {
            if members.iter().any(|(k, _)| *k == key) {
                let key = excerpt(&key);
                return Err(de::Error::custom(format_args!("the key {key:?} twice")));
            }
            if members.len() == MAX_KEYS {
                return Err(de::Error::custom(format_args!("more than {MAX_KEYS} keys")));
            }
            members.push((key, map.next_value()?));
        }
        Ok(Fields(members))
    }
}

/// A key, borrowed unless it was written with escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A refusal on its way through serde, which reports unknown and missing fields by their names.
#[derive(Debug)]
struct FieldError(Refusal);

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for FieldError {}

impl de::Error for FieldError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Refusal::new(Code::InvalidFrame, message.to_string()))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self(unknown_field("", field, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self(Refusal::new(Code::MissingField, format!("{field:?} must be there")).about(field))
    }
}

/// A key that is not known, in the object whose path is `inside`.
fn unknown_field(inside: &str, field: &str, expected: &[&str]) -> Refusal {
    let advice = match nearest(field, expected.iter().copied()) {
        Some(near) => format!("did you mean \"{inside}{near}\"?"),
        None => {
            let names: Vec<_> = expected.iter().map(|n| format!("{inside}{n}")).collect();
            format!("what goes here: {}", names.join(", "))
        }
    };
    let field = format!("{inside}{}", excerpt(field));
    let message = format!("unknown field {field:?}; {advice}");
    Refusal::new(Code::UnknownField, message).about(field)
}

/// Presents members to a type that serde derived.
struct FieldsReader<'f, 'a> {
    members: std::slice::Iter<'f, (Cow<'a, str>, &'a RawValue)>,
    value: Option<(&'f str, &'a RawValue)>,
}

impl<'de> Deserializer<'de> for FieldsReader<'_, 'de> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_map(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for FieldsReader<'_, 'de> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, FieldError> {
        self.value = self.members.next().map(|(key, raw)| (&**key, *raw));
        let Some((key, _)) = self.value else {
            return Ok(None);
        };
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, FieldError> {
        let Some((key, raw)) = self.value.take() else {
            return Err(de::Error::custom("a value without a key"));
        };
        seed.deserialize(&mut serde_json::Deserializer::from_str(raw.get()))
            .map_err(|e| FieldError(refuse_value(key, &e.to_string())))
    }
}

/// Turns what serde says of a value (`invalid type: X, expected Y at line 1 column 2`) into what we say of a field.
fn refuse_value(key: &str, said: &str) -> Refusal {
    let said = said.rsplit_once(" at line ").map_or(said, |(head, _)| head);
    if let Some(refusal) = refuse_nested_key(key, said) {
        return refusal;
    }
    // From the right: what was got is quoted, and may hold these words itself.
    let message = match said.rsplit_once(", expected ") {
        Some((got, expected)) => {
            format!(
                "{key:?} must be {}; got {}",
                in_json(expected),
                was_got(got)
            )
        }
        None => format!("{key:?}: {}", excerpt(said)),
    };
    Refusal::new(Code::InvalidField, message).about(key.to_owned())
}

/// What serde says of a key inside a field (``unknown field `a`, expected `b` or `c` ``).
fn refuse_nested_key(key: &str, said: &str) -> Option<Refusal> {
    let said = said.strip_prefix("unknown field `")?;
    let (got, known) = said.rsplit_once("`, expected ")?;
    let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
    Some(unknown_field(&format!("{key}."), got, &known))
}

/// What serde expects, in words of JSON.
fn in_json(expected: &str) -> &str {
    match expected {
        "u64" => "a whole number from 0 on",
        // The only one there is: a limit.
        "u16" => "a whole number from 1 to 1000",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        other => other,
    }
}

fn was_got(got: &str) -> Cow<'_, str> {
    if let Some(variant) = got.strip_prefix("unknown variant `") {
        return Cow::Owned(format!("{:?}", excerpt(variant.trim_end_matches('`'))));
    }
    excerpt(
        got.trim_start_matches("invalid type: ")
            .trim_start_matches("invalid value: "),
    )
}

/// Whether a JSON text nests no deeper than a reader can be expected to follow.
pub(crate) fn nests_within_bounds(json: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}
