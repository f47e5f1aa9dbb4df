//! A JSON value that is carried, not read.

use std::{fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned},
};
use serde_json::value::RawValue;

use crate::fields::nests_within_bounds;

/// A job's input or result: any JSON value, kept as the text it was sent as. Cheap to clone.
#[derive(Clone)]
pub struct Payload(Arc<RawValue>);

impl Payload {
    /// The payload of a value.
    ///
    /// # Errors
    /// Where the value cannot be written as JSON, such as a map whose keys are not strings.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(|raw| Self(raw.into()))
    }

    /// The payload of a JSON text, without the blanks that mean nothing: it is one line.
    ///
    /// # Errors
    /// Where it is not JSON in UTF-8, or nests deeper than a payload may.
    pub fn from_json(text: &[u8]) -> Result<Self, serde_json::Error> {
        let read: Self = serde_json::from_slice(text)?;
        RawValue::from_string(without_blanks(read.as_str())).map(|raw| Self(raw.into()))
    }

    /// The payload as JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads the payload into a type.
    ///
    /// # Errors
    /// Where the type expects something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str() || same_value(self.as_str(), other.as_str())
    }
}

/// JSON without the blanks between its words.
fn without_blanks(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let means_something = |letter: &char| {
        let stays = in_string || !letter.is_ascii_whitespace();
        in_string ^= *letter == '"' && !escaped;
        escaped = in_string && *letter == '\\' && !escaped;
        stays
    };
    json.chars().filter(means_something).collect()
}

/// Whether two texts are the same JSON value, whatever the order of keys and the blanks.
fn same_value(one: &str, other: &str) -> bool {
    let value = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    value(one).is_some_and(|one| value(other) == Some(one))
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <Box<RawValue>>::deserialize(deserializer)?;
        if !nests_within_bounds(raw.get()) {
            return Err(de::Error::invalid_value(
                de::Unexpected::Other("something deeper"),
                &"JSON that nests at most 127 deep",
            ));
        }
        Ok(Self(raw.into()))
    }
}

impl JsonSchema for Payload {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Payload".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Any JSON value." })
    }
}
