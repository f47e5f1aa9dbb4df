//! Whether what was received is what a dialogue expects.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::placeholder::Placeholder;

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

    /// Whether a frame is the feed's, of a job that no name is of: where others use the server, too.
    pub(crate) fn is_of_others(&self, frame: &Value) -> bool {
        let is_known = self.known.values().any(|it| *it == frame["connid"]);
        self.others == Others::Fine && frame["feed"].is_number() && !is_known
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
            (json!("<most 20>"), json!(20), true),
            (json!("<most 20>"), json!(20.5), false),
            (json!("<most 20>"), json!(null), false),
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
    fn keys_beside_are_wrong_or_fine() {
        let (expected, got) = (json!({"a": {"b": 1}}), json!({"a": {"b": 1, "c": 2}}));
        assert!(!fits(Others::Wrong, &expected, &got));
        assert!(fits(Others::Fine, &expected, &got));
        assert!(!fits(Others::Fine, &got, &expected), "one is missing");
    }

    #[test]
    fn of_what_is_left_over_the_feeds_lines_of_others_are_not_ours() {
        let (ours, theirs) = (json!("kit-1"), json!("42"));
        for (others, frame, is_of_others) in [
            (Others::Fine, json!({"feed": 3, "connid": theirs}), true),
            (Others::Fine, json!({"feed": 3, "connid": ours}), false),
            (Others::Fine, json!({"seq": 3, "connid": theirs}), false),
            (Others::Wrong, json!({"feed": 3, "connid": theirs}), false),
        ] {
            let mut names = Names::new(others);
            names.set("a", ours.clone());
            assert_eq!(names.is_of_others(&frame), is_of_others, "{frame}");
        }
    }

    #[test]
    fn a_digest_is_that_of_the_standard() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), abc);
    }
}
