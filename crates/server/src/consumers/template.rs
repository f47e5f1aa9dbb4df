//! Text with placeholders, `{name}`, that the fields of an input fill.

use longwire_engine::BadInput;
use longwire_protocol::Payload;
use serde_json::{Map, Value, json};

/// A text with placeholders. `{{` and `}}` are the braces themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(String),
}

/// A text as it was filled, and whether a value stands at its beginning.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) text: String,
    /// The field whose value it begins with.
    pub(crate) begins_with: Option<String>,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with its braces, as the end of a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if let Some(more) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = more;
                continue;
            }
            let named = (brace == "{").then(|| after.split_once('}')).flatten();
            let Some((name, more)) = named else {
                return Err(format!(
                    "has a {brace:?} without its other; a brace itself is written twice"
                ));
            };
            check_name(name)?;
            parts.extend(text_part(&mut plain));
            parts.push(Part::Field(name.to_owned()));
            rest = more;
        }
        plain.push_str(rest);
        parts.extend(text_part(&mut plain));
        Ok(Self(parts))
    }

    /// Whether there is nothing to fill.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// The fields that fill it.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Field(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with the fields of an input in it.
    ///
    /// # Errors
    /// The first field that is missing or does not suit.
    pub(crate) fn fill(&self, input: &Map<String, Value>) -> Result<Filled, BadInput> {
        let text = self.fill_with(input, |_, value| Ok(value))?;
        let begins_with = match self.0.first() {
            Some(Part::Field(name)) => Some(name.clone()),
            Some(Part::Text(_)) | None => None,
        };
        Ok(Filled { text, begins_with })
    }

    /// The text with what `put` makes of the fields of an input in it, given their names and values.
    ///
    /// # Errors
    /// The first field that is missing or does not suit, or what `put` says.
    pub(crate) fn fill_with(
        &self,
        input: &Map<String, Value>,
        put: impl Fn(&str, String) -> Result<String, BadInput>,
    ) -> Result<String, BadInput> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Field(name) => text.push_str(&put(name, word(name, input.get(name))?)?),
            }
        }
        Ok(text)
    }

    /// What stands in it beside the placeholders.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Field(_) => None,
        })
    }
}

/// The fields of an input; none where they need not be there and the input is no object.
///
/// # Errors
/// Where it is no object and must be.
pub(crate) fn fields(
    input: Option<&Payload>,
    must_be_there: bool,
) -> Result<Map<String, Value>, BadInput> {
    match input.map(Payload::read::<Value>) {
        Some(Ok(Value::Object(fields))) => Ok(fields),
        _ if !must_be_there => Ok(Map::new()),
        None => Err(bad("", "there is none; it must be an object")),
        Some(_) => Err(bad("", "it is no object")),
    }
}

/// What fills a placeholder, as JSON Schema.
pub(crate) fn word_schema() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn text_part(plain: &mut String) -> Option<Part> {
    (!plain.is_empty()).then(|| Part::Text(std::mem::take(plain)))
}

fn check_name(name: &str) -> Result<(), String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    if !name.is_empty() && name.chars().all(fits) {
        return Ok(());
    }
    Err(format!(
        "has the placeholder {{{name}}}; a field's name has letters, digits and `_`, `-`, `.`"
    ))
}

/// What a value is in a text.
fn word(name: &str, value: Option<&Value>) -> Result<String, BadInput> {
    let wrong = |message: &str| Err(bad(name, message));
    match value {
        Some(Value::String(text)) if text.contains('\0') => {
            wrong("it has a NUL in it, which nothing can pass on")
        }
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(flag)) => Ok(flag.to_string()),
        Some(Value::Null) => wrong("it is null; it must be a string, a number or a boolean"),
        Some(Value::Array(_)) => wrong("it is a list; it must be a string, a number or a boolean"),
        Some(Value::Object(_)) => {
            wrong("it is an object; it must be a string, a number or a boolean")
        }
        None => wrong("it is missing; it must be a string, a number or a boolean"),
    }
}

pub(super) fn bad(field: &str, message: &str) -> BadInput {
    BadInput {
        field: field.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, input: &str) -> Result<String, String> {
        let input = serde_json::from_str(input).unwrap();
        let filled = Template::parse(template)?.fill(&input);
        filled.map(|filled| filled.text).map_err(|bad| bad.message)
    }

    #[test]
    fn fields_fill_their_places_and_nothing_else_does() {
        for (template, input, text) in [
            ("", "{}", ""),
            ("plain", "{}", "plain"),
            ("{a}", r#"{"a":"x"}"#, "x"),
            ("{a}{b}", r#"{"a":"x","b":"y"}"#, "xy"),
            ("-s={a}x{a}", r#"{"a":1.5}"#, "-s=1.5x1.5"),
            ("{a}", r#"{"a":true}"#, "true"),
            (
                "{a}",
                r#"{"a":18446744073709551615}"#,
                "18446744073709551615",
            ),
            ("{a}", r#"{"a":"{b}","b":1}"#, "{b}"),
            (
                "{a}",
                r#"{"a":"x\ny; rm -rf $HOME `id`"}"#,
                "x\ny; rm -rf $HOME `id`",
            ),
            ("{{a}}", "{}", "{a}"),
            ("{{{a}}}", r#"{"a":1}"#, "{1}"),
            ("ä{a}ö", r#"{"a":"ü"}"#, "äüö"),
        ] {
            assert_eq!(filled(template, input).as_deref(), Ok(text), "{template}");
        }
    }

    #[test]
    fn what_does_not_suit_says_why() {
        for (template, input, why) in [
            ("{", "{}", "without its other"),
            ("a}", "{}", "without its other"),
            ("{a", "{}", "without its other"),
            ("{}", "{}", "has the placeholder {}"),
            ("{a b}", "{}", "has the placeholder {a b}"),
            ("{a}", "{}", "it is missing"),
            ("{a}", r#"{"a":null}"#, "it is null"),
            ("{a}", r#"{"a":[1]}"#, "it is a list"),
            ("{a}", r#"{"a":{}}"#, "it is an object"),
            ("{a}", r#"{"a":"x\u0000"}"#, "NUL"),
        ] {
            let said = filled(template, input).unwrap_err();
            assert!(said.contains(why), "{template} with {input}: {said}");
        }
    }
}
