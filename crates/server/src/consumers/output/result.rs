//! Output that is not for the log: it is the job's result.

use longwire_protocol::{Failure, Payload};

/// Characters of a text that is no result that its failure shows.
const SHOWN: usize = 80;

/// Gathers what is to be JSON, within a bound.
pub(crate) struct Gathered {
    bytes: Vec<u8>,
    most: usize,
}

/// More came than a result may have. What fits was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TooLong {
    most: usize,
    begins: String,
}

impl Gathered {
    /// Gathers at most so many bytes.
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            most,
        }
    }

    /// Takes what came.
    ///
    /// # Errors
    /// Where it is more than a result may have.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let left = self.most - self.bytes.len();
        self.bytes
            .extend_from_slice(&bytes[..left.min(bytes.len())]);
        if bytes.len() > left {
            return Err(TooLong {
                most: self.most,
                begins: self.begins(),
            });
        }
        Ok(())
    }

    /// What was gathered.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The value that it is.
    ///
    /// # Errors
    /// The failure of a job whose result this is not: it is no JSON, and says where, or nests too deep.
    pub(crate) fn result(&self) -> Result<Payload, Failure> {
        if self.bytes.trim_ascii().is_empty() {
            return Err(bad_result(
                "its result is empty; it must be JSON".to_owned(),
            ));
        }
        Payload::from_json(&self.bytes).map_err(|error| {
            bad_result(format!(
                "its result is not JSON: {error}; it begins with {}",
                self.begins()
            ))
        })
    }

    fn begins(&self) -> String {
        // Enough for so many characters of any length.
        let start = &self.bytes[..self.bytes.len().min(SHOWN * 4)];
        let text: String = String::from_utf8_lossy(start).chars().take(SHOWN).collect();
        let more = if text.len() < self.bytes.len() {
            "…"
        } else {
            ""
        };
        format!("{text:?}{more}")
    }
}

impl From<TooLong> for Failure {
    fn from(TooLong { most, begins }: TooLong) -> Self {
        bad_result(format!(
            "its result has more than the {most} bytes that its route allows (result_bytes); it begins with {begins}"
        ))
    }
}

fn bad_result(message: String) -> Failure {
    Failure::new("bad_result", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(pieces: &[&str], most: usize) -> Result<Payload, Failure> {
        let mut gathered = Gathered::new(most);
        for piece in pieces {
            gathered.push(piece.as_bytes())?;
        }
        gathered.result()
    }

    #[test]
    fn json_is_a_result_and_keeps_its_digits() {
        for (pieces, json) in [
            (
                &["{\"a\": ", "[1.50, \"x y\\\" \"]}\n"][..],
                r#"{"a":[1.50,"x y\" "]}"#,
            ),
            (&["12345678901234567890123"], "12345678901234567890123"),
            (&[" null\n"], "null"),
        ] {
            let result = result(pieces, 100).unwrap();
            assert_eq!(result.as_str(), json);
        }
    }

    #[test]
    fn what_is_no_result_says_why() {
        let deep = "[".repeat(200);
        for (text, says) in [
            ("", "is empty"),
            (" \n", "is empty"),
            (
                "{\"a\":1,\n oops}",
                "line 2 column 2; it begins with \"{\\\"a\\\":1,\\n oops}\"",
            ),
            ("{} {}", "trailing characters at line 1 column 4"),
            ("\u{1b}[1mhi", "it begins with \"\\u{1b}[1mhi\""),
            (&format!("{deep}{}", "]".repeat(200)), "127 deep"),
            (&"1".repeat(401), "more than the 400 bytes"),
        ] {
            let failure = result(&[text], 400).unwrap_err();
            assert_eq!(&*failure.code, "bad_result");
            assert!(
                failure.message.contains(says),
                "{text}: {}",
                failure.message
            );
        }
        let long = result(&[&"x".repeat(300)], 400).unwrap_err();
        assert!(long.message.ends_with("x\"…"), "{}", long.message);
        let binary = Gathered {
            bytes: vec![0xff],
            most: 9,
        };
        assert!(binary.result().is_err());
    }
}
