//! What a value must be, in words: the ends of sentences that begin with its place.

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;

/// Characters of a value that are shown.
const SHOWN: usize = 48;
/// Characters of a sentence that is not ours.
const QUOTED: usize = 200;
/// Names and constants that are listed.
const LISTED: usize = 16;

/// What is wrong with a value.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "another's enum, which grows: what is new says it in its own words"
)]
pub(super) fn of(error: &ValidationError<'_>) -> String {
    let (kind, value) = (error.kind(), error.instance());
    let must = match kind {
        Kind::Type {
            kind: TypeKind::Single(one),
        } => return of_kinds(value, [*one]),
        Kind::Type {
            kind: TypeKind::Multiple(several),
        } => return of_kinds(value, several.iter()),
        Kind::Enum { .. } | Kind::Constant { .. } => return one_of(value, constants(kind)),
        Kind::Minimum { limit } => format!("be at least {limit}"),
        Kind::Maximum { limit } => format!("be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("be a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("have at least {}", counted(*limit, "character")),
        Kind::MaxLength { limit } => format!("have at most {}", counted(*limit, "character")),
        Kind::MinItems { limit } => format!("have at least {}", counted(*limit, "item")),
        Kind::MaxItems { limit } => format!("have at most {}", counted(*limit, "item")),
        Kind::MinProperties { limit } => format!("have at least {}", counted(*limit, "field")),
        Kind::MaxProperties { limit } => format!("have at most {}", counted(*limit, "field")),
        Kind::Pattern { pattern } => format!("match {pattern}"),
        Kind::Format { format } if format == "regex" => {
            "be a regular expression, without look-around and back-references, and not too large"
                .to_owned()
        }
        Kind::Format { format } => format!("be a value of the format {format}"),
        Kind::UniqueItems => "have no item twice".to_owned(),
        Kind::AdditionalItems { limit } => {
            format!("have at most {}", counted(*limit as u64, "item"))
        }
        Kind::Contains => "have such items as its schema says (contains)".to_owned(),
        Kind::FalseSchema => return "must not be there".to_owned(),
        Kind::Not { .. } => "be none of those that its schema excludes (not)".to_owned(),
        Kind::OneOfMultipleValid { .. } => {
            "fit one of the ways in which it may be, and fits several (oneOf)".to_owned()
        }
        _ => {
            let own = error.masked_with("it").to_string();
            return format!("does not fit: {}", cut(&own, QUOTED));
        }
    };
    format!("is {}; it must {must}", shown(value))
}

/// It is of none of these types.
pub(super) fn of_kinds(value: &Value, kinds: impl IntoIterator<Item = JsonType>) -> String {
    let mut kinds: Vec<_> = kinds.into_iter().map(kind).collect();
    kinds.dedup();
    format!("is {}; it must be {}", shown(value), or(&kinds))
}

/// It is none of these constants.
pub(super) fn one_of<'v>(value: &Value, options: impl IntoIterator<Item = &'v Value>) -> String {
    let mut options: Vec<String> = options.into_iter().map(shown).collect();
    let more = if options.len() > LISTED { ", …" } else { "" };
    options.truncate(LISTED);
    let must = match options.as_slice() {
        [only] => format!("be {only}"),
        several => format!("be one of {}{more}", several.join(", ")),
    };
    format!("is {}; it must {must}", shown(value))
}

/// The constants that a keyword allows.
pub(super) fn constants(kind: &Kind) -> Vec<&Value> {
    if let Kind::Constant { expected_value } = kind {
        return vec![&**expected_value];
    }
    let Kind::Enum { options } = kind else {
        return Vec::new();
    };
    options.as_array().into_iter().flatten().collect()
}

/// What a part of a schema wants, as a sentence: its type, or nothing in particular.
pub(super) fn wanted(schema: Option<&Value>) -> String {
    let types = schema.and_then(|schema| schema.get("type"));
    let kinds: Vec<&str> = match types {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            return "it must be there".to_owned();
        }
    };
    let kinds: Vec<&str> = kinds.into_iter().filter_map(kind_of_word).collect();
    format!("it must be {}", or(&kinds))
}

/// The names in a table of properties.
pub(super) fn names(properties: Option<&Value>) -> Vec<&str> {
    let properties = properties.and_then(Value::as_object);
    let names = properties.into_iter().flat_map(|it| it.keys());
    names.map(String::as_str).take(LISTED).collect()
}

/// A value, in short.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("a list of {}", counted(items.len() as u64, "item")),
        Value::Object(_) => "an object".to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            cut(&value.to_string(), SHOWN)
        }
    }
}

fn cut(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn or(words: &[&str]) -> String {
    match words {
        [] => "there".to_owned(),
        [only] => (*only).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

const fn kind(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
    }
}

fn kind_of_word(word: &str) -> Option<&'static str> {
    const KINDS: [JsonType; 7] = [
        JsonType::Null,
        JsonType::Boolean,
        JsonType::Integer,
        JsonType::Number,
        JsonType::String,
        JsonType::Array,
        JsonType::Object,
    ];
    let found = KINDS.into_iter().find(|kind| kind.as_str() == word);
    found.map(kind)
}
