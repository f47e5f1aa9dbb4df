//! A question in JSON.

use std::fmt;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};

use super::{MAX_LIB_BYTES, MAX_LIBS, MAX_QUESTION_BYTES, Query, Question};
use crate::{Kind, Refusal, catalogue::excerpt, refusal::Code};

impl Query {
    /// Reads a question in JSON: an object with the fields of [`Question`].
    ///
    /// ```
    /// use longwire_modules::Query;
    ///
    /// let query = Query::from_json(br#"{"lib":["basic_string","vector"],"text":"push"}"#).unwrap();
    /// assert_eq!(query.libs(), ["basic_string", "vector"]);
    ///
    /// let refusal = Query::from_json(br#"{"text":"push","limit":0}"#).unwrap_err();
    /// assert_eq!(refusal.field.as_deref(), Some("limit"));
    /// ```
    pub fn from_json(text: &[u8]) -> Result<Self, Refusal> {
        if text.len() > MAX_QUESTION_BYTES {
            let got = text.len();
            let message = format!("a question has {MAX_QUESTION_BYTES} bytes at most, got {got}");
            return Err(Refusal::new(Code::TooLarge, message));
        }
        if text
            .trim_ascii_start()
            .first()
            .is_some_and(|first| *first != b'{')
        {
            return Err(Refusal::no_object(text));
        }
        let mut reader = serde_json::Deserializer::from_slice(text);
        let question: Question =
            serde_path_to_error::deserialize(&mut reader).map_err(Refusal::of_json)?;
        reader
            .end()
            .map_err(|error| Refusal::new(Code::InvalidJson, error.to_string()))?;
        question.check()
    }
}

pub(super) fn or_default<'de, D: Deserializer<'de>>(reader: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(reader)?.unwrap_or_default())
}

/// Reads a name, a list of names, or null.
pub(super) fn names<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<String>, D::Error> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a name or a list of names")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
            Ok(vec![name.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = list.next_element()? {
                names.push(name);
            }
            Ok(names)
        }
    }
    reader.deserialize_any(Names)
}

/// Reads a number, one that is written as a text, or null.
pub(super) fn number<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<u64>, D::Error> {
    struct Number;
    impl Visitor<'_> for Number {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, not negative")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number))
        }

        /// JSON knows one kind of number: 20.0 is 20.
        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
            let most = f64::from(u32::MAX);
            if number.fract() == 0.0 && (0.0..=most).contains(&number) {
                return Ok(Some(number as u64));
            }
            Err(E::invalid_value(de::Unexpected::Float(number), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            let number = text.trim().parse().map(Some);
            number.map_err(|_| E::invalid_value(de::Unexpected::Str(excerpt(text)), &self))
        }
    }
    reader.deserialize_any(Number)
}

pub(super) fn names_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            {"type": ["string", "null"], "maxLength": MAX_LIB_BYTES},
            {"type": "array", "maxItems": MAX_LIBS, "items": {"type": "string", "maxLength": MAX_LIB_BYTES}}
        ]
    })
}

pub(super) fn kinds_schema(generator: &mut SchemaGenerator) -> Schema {
    let kind = generator.subschema_for::<Kind>();
    json_schema!({"anyOf": [kind, {"type": "array", "items": kind}, {"type": "null"}]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_names_its_field() {
        let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(257));
        let libs = format!(r#"{{"lib":[{}"a"]}}"#, r#""a","#.repeat(64));
        let [lib, second] =
            ["", r#""a","#].map(|first| format!(r#"{{"lib":[{first}"{}"]}}"#, "x".repeat(257)));
        let rows: &[(&str, Code, Option<&str>)] = &[
            ("{", Code::InvalidJson, None),
            ("[]", Code::InvalidFrame, None),
            ("{} {}", Code::InvalidJson, None),
            (r#"{"text":1}"#, Code::InvalidField, Some("text")),
            (r#"{"text":"a","text":"b"}"#, Code::InvalidFrame, None),
            (&long, Code::InvalidField, Some("text")),
            (&libs, Code::InvalidField, Some("lib")),
            (&lib, Code::InvalidField, Some("lib")),
            (&second, Code::InvalidField, Some("lib[1]")),
            (r#"{"lib":["a",2]}"#, Code::InvalidField, Some("lib[1]")),
            (r#"{"lib":{}}"#, Code::InvalidField, Some("lib")),
            (r#"{"limit":0}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":201}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":-1}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":1.5}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":1e300}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":1e999}"#, Code::InvalidField, Some("limit")),
            (
                r#"{"lib":["a",-1e999]}"#,
                Code::InvalidField,
                Some("lib[1]"),
            ),
            (r#"{"limit":1e999"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":1e9"#, Code::InvalidJson, None),
            (r#"{"limit":-0.5}"#, Code::InvalidField, Some("limit")),
            (r#"{"limit":"many"}"#, Code::InvalidField, Some("limit")),
            (r#"{"offset":1000001}"#, Code::InvalidField, Some("offset")),
            (r#"{"kind":"klass"}"#, Code::InvalidField, Some("kind")),
            (r#"{"since":"lately"}"#, Code::InvalidField, Some("since")),
            (r#"{"txt":"push"}"#, Code::UnknownField, Some("txt")),
        ];
        for (text, code, field) in rows {
            let refusal = Query::from_json(text.as_bytes()).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.field.as_deref()),
                (*code, *field),
                "{text}: {refusal}"
            );
        }
        let big = format!(r#"{{"text":"{}"}}"#, "x".repeat(MAX_QUESTION_BYTES));
        let refusal = Query::from_json(big.as_bytes()).unwrap_err();
        assert_eq!(refusal.code, Code::TooLarge);
    }
}
