//! Whether what was received is what a dialogue expects.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
    str::FromStr,
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::format::bytes;

/// Whether keys that are not expected may be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// They are a difference: what is said is known to the letter.
    #[default]
    Wrong,
    /// They are not looked at, as whoever sent them may say more.
    Fine,
}

/// Values that dialogues have given names to.
#[derive(Clone, Debug, Default)]
pub struct Names {
    known: BTreeMap<String, Value>,
    others: Others,
}

impl Names {
    /// No names yet.
    #[must_use]
    pub fn new(others: Others) -> Self {
        Self {
            known: BTreeMap::new(),
            others,
        }
    }

    /// From here on that name means this.
    pub fn set(&mut self, name: &str, value: Value) {
        self.known.insert(name.to_owned(), value);
    }

    /// Puts the values of names into a text that is to be sent.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.known {
            filled = filled.replace(&format!("\"<={name}>\""), &value.to_string());
        }
        filled
    }

    /// Compares, but for placeholders: see `conformance/README.md`. A name takes any value the first time and the same one after that.
    ///
    /// # Errors
    /// The first difference. Names may have taken values even then.
    pub fn matches(&mut self, expected: &Value, got: &Value) -> Result<(), String> {
        match (expected, got) {
            (Value::String(text), _) if text.starts_with('<') && text.ends_with('>') => {
                self.placeholder(&text[1..text.len() - 1], got)
            }
            (Value::Object(expected), Value::Object(got)) => {
                for (key, expected) in expected {
                    self.entry(key, expected, got.get(key))?;
                }
                match got.keys().find(|key| !expected.contains_key(*key)) {
                    Some(key) if self.others == Others::Wrong => Err(format!("{key} is there too")),
                    Some(_) | None => Ok(()),
                }
            }
            (Value::Array(expected), Value::Array(got)) => self.list(expected, got),
            (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => Ok(()),
            _ if expected == got => Ok(()),
            _ => Err(format!("expected {expected}, got {}", shortened(got))),
        }
    }

    fn entry(&mut self, key: &str, expected: &Value, got: Option<&Value>) -> Result<(), String> {
        let may_be_missing = |text: &str| text == "<absent>" || text.starts_with("<maybe ");
        match (expected.as_str(), got) {
            (Some(text), None) if may_be_missing(text) => Ok(()),
            (_, None) => Err(format!("{key} is missing")),
            (Some("<absent>"), Some(Value::Null)) => Ok(()),
            (Some("<absent>"), Some(got)) => Err(format!("{key} is there: {}", shortened(got))),
            (_, Some(got)) => {
                let matched = self.matches(expected, got);
                matched.map_err(|why| format!("{key}: {why}"))
            }
        }
    }

    fn list(&mut self, expected: &[Value], got: &[Value]) -> Result<(), String> {
        let open = expected.last().is_some_and(|last| last == "<more>");
        let listed = if open {
            &expected[..expected.len() - 1]
        } else {
            expected
        };
        if got.len() < listed.len() || (!open && got.len() > listed.len()) {
            return Err(format!(
                "expected {} entries, got {}",
                listed.len(),
                got.len()
            ));
        }
        listed
            .iter()
            .zip(got)
            .try_for_each(|(expected, got)| self.matches(expected, got))
    }

    fn placeholder(&mut self, what: &str, got: &Value) -> Result<(), String> {
        let placeholder = Placeholder::parse(what)?;
        let fits = if let Placeholder::Named(name) = placeholder {
            let known = self.known.entry(name.to_owned());
            known.or_insert_with(|| got.clone()) == got
        } else {
            placeholder.fits(got)
        };
        if fits {
            Ok(())
        } else {
            Err(format!("expected <{what}>, got {}", shortened(got)))
        }
    }
}

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
enum Placeholder<'a> {
    Any,
    String,
    Number,
    About(f64),
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
    fn parse(what: &'a str) -> Result<Self, String> {
        if let Some(name) = what.strip_prefix('=') {
            return Ok(Self::Named(name));
        }
        Ok(match what.split_once(' ').unwrap_or((what, "")) {
            ("any", _) => Self::Any,
            ("string", _) => Self::String,
            ("number", _) => Self::Number,
            ("about", number) => Self::About(count(what, number)?),
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

    fn fits(&self, got: &Value) -> bool {
        let text = got.as_str();
        match self {
            Self::Any | Self::Named(_) => true,
            Self::String => got.is_string(),
            Self::Number => got.is_number(),
            Self::About(near) => is_about(*near, got),
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

/// The numbered lines that jobs of dialogues print: `line 1`, `line 2`, …
#[must_use]
pub fn lines(number: u64) -> String {
    (1..=number).fold(String::new(), |mut text, n| {
        // A string takes any text: there is nothing to fail.
        let _ = writeln!(text, "line {n}");
        text
    })
}

/// The SHA-256 of these bytes, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A value for people: what is long is cut.
pub(crate) fn shortened(value: &Value) -> String {
    cut(&value.to_string(), 400)
}

/// A text of so many bytes at most, and how many there were.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most);
    format!("{}… ({} bytes)", &text[..end], text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(others: Others, expected: &Value, got: &Value) -> bool {
        Names::new(others).matches(expected, got).is_ok()
    }

    #[test]
    fn placeholders_fit_what_they_say() {
        for (expected, got, is_fit) in [
            (json!("<any>"), json!(null), true),
            (json!("<number>"), json!("1"), false),
            (json!("<about 20>"), json!(19.9), true),
            (json!("<about 20>"), json!(19.5), false),
            (json!("<has b>"), json!("abc"), true),
            (json!("<one a|b>"), json!("b"), true),
            (json!("<one a|b>"), json!("a|b"), false),
            (json!(["<=x>", "<=x>"]), json!([1, 1]), true),
            (json!(["<=x>", "<=x>"]), json!([1, 2]), false),
            (json!([1, "<more>"]), json!([1, 2, 3]), true),
            (json!([1, "<more>"]), json!([]), false),
            (json!({"a": "<absent>"}), json!({}), true),
            (json!({"a": "<absent>"}), json!({"a": 1}), false),
            (json!({"a": "<maybe x>"}), json!({}), true),
            (json!({"a": "<maybe x>"}), json!({"a": "x"}), true),
            (json!({"a": "<maybe x>"}), json!({"a": "y"}), false),
            (json!("<whole 9>"), json!([[2, 9]]), true),
            (json!("<whole 9>"), json!([[2, 5], [5, 9]]), false),
            (json!("<whole 9>"), json!([[3, 9]]), false),
            (json!("<lines 1>"), json!(sha256(b"line 1\n")), true),
            (json!("<what>"), json!("<what>"), false),
        ] {
            assert_eq!(fits(Others::Wrong, &expected, &got), is_fit, "{expected}");
        }
    }

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

    #[test]
    fn keys_beside_are_wrong_or_fine() {
        let (expected, got) = (json!({"a": {"b": 1}}), json!({"a": {"b": 1, "c": 2}}));
        assert!(!fits(Others::Wrong, &expected, &got));
        assert!(fits(Others::Fine, &expected, &got));
        assert!(!fits(Others::Fine, &got, &expected), "one is missing");
    }

    #[test]
    fn a_digest_is_that_of_the_standard() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), abc);
    }
}
