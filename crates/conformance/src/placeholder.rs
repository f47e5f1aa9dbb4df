//! What may stand for a value in what is expected.

use std::{fmt::Display, str::FromStr};

use serde_json::Value;

use crate::{
    format::bytes,
    matching::{lines, sha256},
};

/// Looks whether every placeholder in what is expected is one.
///
/// # Errors
/// The first that is none.
pub(crate) fn check(expected: &Value) -> Result<(), String> {
    match expected {
        Value::String(text) => match text.strip_prefix('<').and_then(|it| it.strip_suffix('>')) {
            Some("more" | "absent") | None => Ok(()),
            Some(what) => Placeholder::parse(what).map(drop),
        },
        Value::Array(list) => list.iter().try_for_each(check),
        Value::Object(fields) => fields.values().try_for_each(check),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// What may stand for a value: see `conformance/README.md`.
pub(crate) enum Placeholder<'a> {
    Any,
    String,
    Number,
    About(f64),
    /// At most so many.
    Most(f64),
    Has(&'a str),
    One(&'a str),
    Maybe(&'a str),
    /// The digest of something.
    Digest(String),
    Letters(usize),
    Whole(u64),
    Named(&'a str),
}

impl<'a> Placeholder<'a> {
    pub(crate) fn parse(what: &'a str) -> Result<Self, String> {
        if let Some(name) = what.strip_prefix('=') {
            return Ok(Self::Named(name));
        }
        Ok(match what.split_once(' ').unwrap_or((what, "")) {
            ("any", _) => Self::Any,
            ("string", _) => Self::String,
            ("number", _) => Self::Number,
            ("about", number) => Self::About(count(what, number)?),
            ("most", number) => Self::Most(count(what, number)?),
            ("has", text) => Self::Has(text),
            ("one", words) => Self::One(words),
            ("maybe", text) => Self::Maybe(text),
            ("sha256", text) => Self::Digest(sha256(text.as_bytes())),
            ("sha256hex", digits) => Self::Digest(sha256(&bytes(digits)?)),
            ("lines", number) => Self::Digest(sha256(lines(count(what, number)?).as_bytes())),
            ("letters", number) => Self::Letters(count(what, number)?),
            ("whole", last) => Self::Whole(count(what, last)?),
            _ => return Err(format!("what is <{what}>?")),
        })
    }

    pub(crate) fn fits(&self, got: &Value) -> bool {
        let text = got.as_str();
        match self {
            Self::Any | Self::Named(_) => true,
            Self::String => got.is_string(),
            Self::Number => got.is_number(),
            Self::About(near) => is_about(*near, got),
            Self::Most(most) => got.as_f64().is_some_and(|got| got <= *most),
            Self::Has(part) => text.is_some_and(|got| got.contains(part)),
            Self::One(words) => text.is_some_and(|got| words.split('|').any(|word| got == word)),
            Self::Maybe(expected) => got.is_null() || text == Some(*expected),
            Self::Digest(digest) => text == Some(digest.as_str()),
            Self::Letters(number) => text.is_some_and(|it| are_letters(it, *number)),
            Self::Whole(last) => is_whole(*last, got),
        }
    }
}

fn are_letters(text: &str, number: usize) -> bool {
    let is_one = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() == number && text.chars().all(is_one)
}

fn count<T: FromStr<Err: Display>>(what: &str, number: &str) -> Result<T, String> {
    number.parse().map_err(|error| format!("<{what}>: {error}"))
}

fn is_about(near: f64, got: &Value) -> bool {
    got.as_f64()
        .is_some_and(|got| (got - near).abs() <= f64::max(0.1, near / 100.0))
}

/// Whether runs of numbers are one run to the last, from the first or, where the first was in a reply, from the second.
fn is_whole(last: u64, got: &Value) -> bool {
    let run = |first: u64| serde_json::json!([[first, last]]);
    *got == run(1) || *got == run(2)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_placeholder_that_is_none_is_found_before_it_is_needed() {
        for (expected, why) in [
            (json!({"a": [{"b": "<sing>"}]}), Some("what is <sing>?")),
            (json!("<whole x>"), Some("<whole x>: invalid digit")),
            (json!("<sha256hex 6g>"), Some("\"6g\"")),
            (json!({"a": "<absent>", "b": ["<=x>", "<more>"]}), None),
            (json!("a <word> within"), None),
        ] {
            let told = check(&expected).err();
            match why {
                Some(why) => assert!(told.is_some_and(|it| it.contains(why)), "{expected}"),
                None => assert_eq!(told, None, "{expected}"),
            }
        }
    }
}
