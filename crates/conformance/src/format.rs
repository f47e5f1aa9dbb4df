//! Dialogues as they stand in their files: see `conformance/README.md`.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};

use crate::placeholder::check;

/// A dialogue and where it stands. What its steps are depends on whom it is played against.
#[derive(Clone, Debug)]
pub struct Dialogue<S> {
    /// A sentence that it shows to be true.
    pub name: String,
    /// Its file and line.
    pub place: String,
    /// What else its first line says.
    pub head: BTreeMap<String, Value>,
    /// What is said and done, each with its file and line.
    pub steps: Vec<(String, S)>,
}

/// What a line of a dialogue may be.
pub trait Step: Sized {
    /// Reads one line.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(line: &Line) -> Result<Self, String>;
}

/// One line of a dialogue: its keys, and the JSON of each as it is written there.
#[derive(Debug, Default)]
pub struct Line(BTreeMap<String, Box<RawValue>>);

impl Line {
    /// The first key, and what stands there; those that go with another key are not counted.
    ///
    /// # Errors
    /// Where there is none.
    pub fn first(&self, beside: &[&str]) -> Result<(&str, &RawValue), String> {
        let mut keys = self
            .0
            .iter()
            .filter(|(key, _)| !beside.contains(&key.as_str()));
        let first = keys.next().ok_or("nothing is done")?;
        if let Some((second, _)) = keys.next() {
            return Err(format!("{second:?} does not go with {:?}", first.0));
        }
        Ok((first.0, first.1))
    }

    /// What stands at a key, where it is there.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, String> {
        self.0.get(key).map(|raw| read_as(key, raw)).transpose()
    }
}

/// The dialogues of a file.
///
/// # Errors
/// The line that is none, and why.
pub fn read<S: Step>(file_name: &str, text: &str) -> Result<Vec<Dialogue<S>>, String> {
    let mut dialogues: Vec<Dialogue<S>> = Vec::new();
    let lines = text.lines().enumerate();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("{file_name}:{}", number + 1);
        let at = |why: String| format!("{place}: {why}");
        let mut keys: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(line).map_err(|e| at(format!("not a JSON object: {e}")))?;
        keys.remove("#");
        if keys.contains_key("dialogue") {
            dialogues.push(begin(&place, &keys).map_err(at)?);
        } else if !keys.is_empty() {
            let dialogue = dialogues.last_mut();
            let dialogue = dialogue.ok_or_else(|| at("no dialogue has begun".to_owned()))?;
            let step = S::read(&Line(keys)).map_err(at)?;
            dialogue.steps.push((place, step));
        }
    }
    Ok(dialogues)
}

fn begin<S>(place: &str, keys: &BTreeMap<String, Box<RawValue>>) -> Result<Dialogue<S>, String> {
    let mut head = BTreeMap::new();
    for (key, raw) in keys {
        head.insert(key.clone(), value(raw)?);
    }
    let name = head.remove("dialogue");
    let name = name.as_ref().and_then(Value::as_str);
    Ok(Dialogue {
        name: name.ok_or("a dialogue's name is a text")?.to_owned(),
        place: place.to_owned(),
        head,
        steps: Vec::new(),
    })
}

/// What is written there, whatever it is.
///
/// # Errors
/// Where it is too deep.
pub fn value(raw: &RawValue) -> Result<Value, String> {
    serde_json::from_str(raw.get()).map_err(|error| error.to_string())
}

/// What is written there, which is expected: all placeholders in it are such.
///
/// # Errors
/// The placeholder that is none.
pub(crate) fn expected(raw: &RawValue) -> Result<Value, String> {
    let expected = value(raw)?;
    check(&expected)?;
    Ok(expected)
}

/// What is written there, as something.
///
/// # Errors
/// Where it is something else.
pub fn read_as<T: DeserializeOwned>(key: &str, raw: &RawValue) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|error| format!("{key:?}: {error}"))
}

/// Writes out what is to be repeated: `<3×ab>` is `ababab`.
#[must_use]
pub fn repeated(text: &str) -> String {
    let Some((before, rest)) = text.split_once('<') else {
        return text.to_owned();
    };
    let written_out = rest.split_once('×').and_then(|(times, rest)| {
        let (what, after) = rest.split_once('>')?;
        Some((what.repeat(times.parse().ok()?), after))
    });
    match written_out {
        Some((repetition, after)) => format!("{before}{repetition}{}", repeated(after)),
        None => format!("{before}<{}", repeated(rest)),
    }
}

/// Bytes written as pairs of hexadecimal digits, with blanks wherever they help.
///
/// # Errors
/// The pair that is none.
pub fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let pairs = digits.chunks(2).map(String::from_iter);
    pairs
        .map(|pair| u8::from_str_radix(&pair, 16).map_err(|e| format!("{pair:?}: {e}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_repeated_is_written_out() {
        for (text, written_out) in [
            ("", ""),
            ("a<3×ab>c<2×d>", "aabababcdd"),
            ("<=id> <2×x> <", "<=id> xx <"),
            ("<0×x>", ""),
        ] {
            assert_eq!(repeated(text), written_out);
        }
    }

    #[test]
    fn bytes_are_pairs_of_digits() {
        assert_eq!(bytes("63 61e9"), Ok(vec![0x63, 0x61, 0xe9]));
        assert!(bytes("6g").is_err());
    }
}
