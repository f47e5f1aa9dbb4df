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
            Self::Json if has_headers => Ok(Some(without_headers(text))),
            Self::Json => Ok(Some(Bytes::copy_from_slice(text.as_bytes()))),
            Self::Field(name) => match fields(text).remove(name.as_str()) {
                Some(value) => Ok(Some(Bytes::copy_from_slice(value.get().as_bytes()))),
                None => Err(bad(name, "it is missing; it is what the upstream is sent")),
            },
        }
    }
}

/// The fields of an object as they were written; none of what is no object.
fn fields(text: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}

fn without_headers(text: &str) -> Bytes {
    let mut fields = fields(text);
    let whole = fields.remove(HEADERS).map(|_| serde_json::to_vec(&fields));
    match whole {
        Some(Ok(rest)) => rest.into(),
        Some(Err(_)) | None => Bytes::copy_from_slice(text.as_bytes()),
    }
}
