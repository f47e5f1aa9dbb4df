//! The body of a request: JSON as the input has it, so that a number keeps its digits.

use std::collections::BTreeMap;

use bytes::Bytes;
use longwire_engine::BadInput;
use longwire_protocol::Payload;
use serde_json::value::RawValue;

use super::{super::template::bad, plan::HEADERS};
use crate::config::{BodyConfig, HttpConfig};

/// What of an input is sent.
pub(super) enum Body {
    None,
    Json,
    Field(String),
}

impl Body {
    /// # Errors
    /// What is wrong with the configuration, which its own check has found before.
    pub(super) fn new(config: &HttpConfig) -> Result<Self, String> {
        Ok(match config.body {
            BodyConfig::None => Self::None,
            BodyConfig::Json => Self::Json,
            BodyConfig::Field => {
                let name = config.body_field.clone();
                Self::Field(name.ok_or("body_field is missing")?)
            }
        })
    }

    /// The field that an input needs for it.
    pub(super) fn field(&self) -> Option<&str> {
        match self {
            Self::Field(name) => Some(name),
            Self::None | Self::Json => None,
        }
    }

    /// The body of an input, whose headers are no part of it where it has any.
    ///
    /// # Errors
    /// Where the field is missing.
    pub(super) fn of(
        &self,
        input: Option<&Payload>,
        has_headers: bool,
    ) -> Result<Option<Bytes>, BadInput> {
        let text = input.map_or("null", Payload::as_str);
        match self {
            Self::None => Ok(None),
            Self::Json => Ok(Some(whole(text, has_headers))),
            Self::Field(name) => match fields(text).remove(name.as_str()) {
                Some(value) => Ok(Some(Bytes::copy_from_slice(value.get().as_bytes()))),
                None => Err(bad(name, "it is missing; it is what the upstream is sent")),
            },
        }
    }
}

/// The fields of an object as they were written; none of what is no object. Of a key that is there twice the last counts, as it
/// does for placeholders.
fn fields(text: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}

/// An object has each key once, so that the upstream reads what the rest of the request was made of.
fn whole(text: &str, has_headers: bool) -> Bytes {
    let as_it_is = || Bytes::copy_from_slice(text.as_bytes());
    if !text.starts_with('{') {
        return as_it_is();
    }
    let mut fields = fields(text);
    if has_headers {
        fields.remove(HEADERS);
    }
    serde_json::to_vec(&fields).map_or_else(|_| as_it_is(), Bytes::from)
}
