//! Why a question was not answered.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::excerpt;

/// The stable word for why a question was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The text is not JSON.
    InvalidJson,
    /// It is JSON, but not a question: not an object, a key twice.
    InvalidFrame,
    /// A field holds what it cannot hold.
    InvalidField,
    /// A field that a question does not have.
    UnknownField,
    /// Longer than a question can be.
    TooLarge,
    /// None of the libraries is known.
    UnknownLib,
    /// No catalogue of that name.
    UnknownCatalogue,
    /// The catalogue could not be read.
    Unavailable,
}

/// Why a question was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable word for it.
    pub code: Code,
    /// The field that was wrong, where it was one: `limit`, `lib[2]`.
    pub field: Option<String>,
    /// What was wrong, what was got, what would be right. Names the field.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: String) -> Self {
        Self {
            code,
            field: None,
            message,
        }
    }

    pub(crate) fn field(field: impl Into<String>, why: &str) -> Self {
        let field = field.into();
        Self {
            code: Code::InvalidField,
            message: format!("{field} {why}"),
            field: Some(field),
        }
    }

    pub(crate) fn unknown_field(field: &str) -> Self {
        const FIELDS: [&str; 7] = [
            "lib",
            "text",
            "limit",
            "offset",
            "kind",
            "since",
            "catalogue",
        ];
        let field = excerpt(field).to_owned();
        let known = FIELDS.join(", ");
        Self {
            code: Code::UnknownField,
            message: format!("a question has no field {field:?}; it has {known}"),
            field: Some(field),
        }
    }

    pub(crate) fn since(text: &str) -> Self {
        let got = excerpt(text);
        let why =
            format!("must be a standard or version, such as \"C++17\" or \"1.8\", got {got:?}");
        Self::field("since", &why)
    }

    /// Of a text that does not begin as an object does.
    pub(crate) fn no_object(text: &[u8]) -> Self {
        let message = "a question is one JSON object";
        match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
            Ok(_) => Self::new(Code::InvalidFrame, message.to_owned()),
            Err(error) => Self::new(Code::InvalidJson, format!("{message}: {error}")),
        }
    }

    pub(crate) fn of_json(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = error.path().to_string();
        let error = error.into_inner();
        // It is JSON, though no number that anyone can hold.
        let is_huge = error.to_string().starts_with("number out of range") && path != ".";
        if !error.is_data() && !is_huge {
            return Self::new(
                Code::InvalidJson,
                format!("a question is one JSON object: {error}"),
            );
        }
        let said = error.to_string();
        if said.starts_with("unknown field") {
            let field = said.split('`').nth(1).unwrap_or_default();
            return Self::unknown_field(field);
        }
        if path == "." || said.starts_with("duplicate field") {
            let said: String = said.chars().take(160).collect();
            let message = format!("a question is one JSON object, each key once: {said}");
            return Self::new(Code::InvalidFrame, message);
        }
        let said = said.split(" at line ").next().unwrap_or(&said);
        let said: String = said.chars().take(160).collect();
        Self::field(path, &format!("cannot be read: {said}"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
