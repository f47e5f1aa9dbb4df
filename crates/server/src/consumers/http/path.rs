//! The path and the query of a request, from an input that stays within its places.

use fluent_uri::pct_enc::{EStr, encoder};
use longwire_engine::BadInput;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use super::super::template::{Template, bad};

/// All that means nothing in any part of a URL (RFC 3986, section 2.3) stands for itself.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A path with places to fill, a segment each.
#[derive(Debug)]
pub(crate) struct Path(Vec<Template>);

impl Path {
    /// Reads a `path` of the configuration.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let Some(segments) = text.strip_prefix('/') else {
            return Err(format!("is {text:?}; it must begin with a \"/\""));
        };
        segments
            .split('/')
            .map(segment)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The path with the fields of an input in it.
    ///
    /// # Errors
    /// The first field that is missing or does not suit.
    pub(super) fn fill(&self, input: &Map<String, Value>) -> Result<String, BadInput> {
        let mut path = String::new();
        for segment in &self.0 {
            path.push('/');
            path.push_str(&fill_segment(segment, input)?);
        }
        Ok(path)
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = &Template> {
        self.0.iter()
    }
}

fn segment(text: &str) -> Result<Template, String> {
    let segment = Template::parse(text)?;
    if let Some(plain) = segment.texts().find(|text| !is_path(text)) {
        let hint = if plain.contains(['?', '#']) {
            "parameters go into `query`"
        } else {
            "what is no letter or digit is percent-encoded, as in \"%20\""
        };
        return Err(format!("has {plain:?} in it; {hint}"));
    }
    if segment.is_plain() && is_step_aside(text) {
        return Err("has a `.` or `..` in it; write where that leads".to_owned());
    }
    Ok(segment)
}

fn is_path(text: &str) -> bool {
    EStr::<encoder::Path>::new(text).is_some()
}

fn fill_segment(segment: &Template, input: &Map<String, Value>) -> Result<String, BadInput> {
    let text = segment.fill_with(input, |field, value| {
        // A server that decodes before it looks would step aside there.
        if value.split(['/', '\\']).any(steps_aside) {
            return Err(bad(field, "it has a \".\" or \"..\" as a part of a path"));
        }
        Ok(encode(&value))
    })?;
    let shown = decoded(&text);
    match segment.fields().next() {
        Some(field) if shown.is_empty() => {
            Err(bad(field, "it is empty; a part of the path must not be"))
        }
        Some(field) if steps_aside(&shown) => {
            Err(bad(field, "it makes a part of the path \".\" or \"..\""))
        }
        _ => Ok(text),
    }
}

/// Whether a segment as it is written is `.` or `..`, once it is decoded.
pub(super) fn is_step_aside(segment: &str) -> bool {
    steps_aside(&decoded(segment))
}

fn steps_aside(part: &str) -> bool {
    matches!(part, "." | "..")
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(path: &str, value: &str) -> Result<String, BadInput> {
        let input = Map::from_iter([("a".to_owned(), value.into())]);
        Path::parse(path).unwrap().fill(&input)
    }

    #[test]
    fn a_value_stays_within_its_segment() {
        for (path, value, whole) in [
            ("", "x", ""),
            ("/", "x", "/"),
            ("/b/{a}/c", "x", "/b/x/c"),
            ("/b/{a}/c", "a-b.c_d~e", "/b/a-b.c_d~e/c"),
            ("/b/{a}", "//evil.example", "/b/%2F%2Fevil.example"),
            ("/b/{a}", "@evil.example", "/b/%40evil.example"),
            ("/b/{a}", "\\evil", "/b/%5Cevil"),
            ("/b/{a}", "?x=1", "/b/%3Fx%3D1"),
            ("/b/{a}", "#x", "/b/%23x"),
            ("/b/{a}", "%2e%2e", "/b/%252e%252e"),
            ("/b/{a}", "...", "/b/..."),
            ("/b/{a}", "x\r\ny: z", "/b/x%0D%0Ay%3A%20z"),
            ("/b/{a}", "ä", "/b/%C3%A4"),
            // Full stops that are wide, and one that stands for two.
            ("/b/{a}", "．．", "/b/%EF%BC%8E%EF%BC%8E"),
            ("/b/{a}", "‥", "/b/%E2%80%A5"),
            ("/b/{a}", ";x,y", "/b/%3Bx%2Cy"),
            ("/b/v{a}.json", "", "/b/v.json"),
            ("/b%20c/{a}.{a}", "1", "/b%20c/1.1"),
            ("/b/{{a}}", "x", ""),
        ] {
            // The braces themselves are no letters of a path.
            if path.contains("{{") {
                assert!(Path::parse(path).is_err());
                continue;
            }
            assert_eq!(filled(path, value).unwrap(), whole, "{path} {value}");
        }
    }

    #[test]
    fn a_value_that_would_step_aside_is_refused_by_name() {
        for (path, value, why) in [
            ("/b/{a}", "", "it is empty"),
            ("/b/{a}", ".", "as a part of a path"),
            ("/b/{a}", "..", "as a part of a path"),
            ("/b/{a}", "../c", "as a part of a path"),
            ("/b/{a}", "c/..", "as a part of a path"),
            ("/b/{a}", "c/./d", "as a part of a path"),
            ("/b/{a}", "..\\c", "as a part of a path"),
            ("/b/{a}x", "..", "as a part of a path"),
            ("/b/.{a}", "", "\".\" or \"..\""),
            ("/b/..{a}", "", "\".\" or \"..\""),
            ("/b/%2e{a}%2E", "", "\".\" or \"..\""),
            ("/b/{a}", "\0", "NUL"),
        ] {
            let said = filled(path, value).unwrap_err();
            assert_eq!(said.field, "a", "{path} {value}");
            assert!(said.message.contains(why), "{path} {value}: {said:?}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_refused() {
        for (path, why) in [
            ("a", "must begin with"),
            ("http://evil/", "must begin with"),
            ("/a?b={c}", "go into `query`"),
            ("/a#b", "go into `query`"),
            ("/a b", "percent-encoded"),
            ("/ä", "percent-encoded"),
            ("/a%zz", "percent-encoded"),
            ("/a\\b", "percent-encoded"),
            ("/a/../b", "`.` or `..`"),
            ("/a/%2e%2E", "`.` or `..`"),
            ("/./{a}", "`.` or `..`"),
            ("/{a", "without its other"),
            ("/{a/b}", "without its other"),
        ] {
            let said = Path::parse(path).unwrap_err();
            assert!(said.contains(why), "{path}: {said}");
        }
    }
}
