//! Of all that is wrong with a value, what is told.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
    paths::LocationSegment,
};
use longwire_protocol::nearest;
use serde_json::Value;

use super::{
    Mistake,
    words::{self, names},
};

/// The mistake to tell of these: a name that is one slip away from another, or else the first.
pub(super) fn of(errors: &[ValidationError<'_>], schema: &Value) -> Option<Mistake> {
    let slip = errors.iter().find(|error| meant(error, schema).is_some());
    slip.or(errors.first()).map(|error| mistake(error, schema))
}

/// An error in words.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "another's enum, of which most say what the value itself must be"
)]
pub(super) fn mistake(error: &ValidationError<'_>, schema: &Value) -> Mistake {
    match error.kind() {
        Kind::Required {
            property: Value::String(name),
        } => {
            let wanted = words::wanted(sibling(error, schema, &["properties", name]));
            at(error, Some(name), format!("is missing; {wanted}"))
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unknown(error, schema, unexpected)
        }
        Kind::PropertyNames { error: of_name } => {
            let what = mistake(of_name, schema).what;
            let name = of_name.instance().as_str();
            at(error, name, format!("has a name that {what}"))
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            of_alternatives(error, context, schema)
        }
        _ => at(error, None, words::of(error)),
    }
}

fn unknown(error: &ValidationError<'_>, schema: &Value, unexpected: &[String]) -> Mistake {
    let known = names(sibling(error, schema, &["properties"]));
    let advice = match meant(error, schema) {
        Some((_, near)) => format!("did you mean {near:?}?"),
        None if known.is_empty() => "nothing goes here".to_owned(),
        None => format!("what goes here: {}", known.join(", ")),
    };
    let name = meant(error, schema).map(|(name, _)| name);
    let name = name.or(unexpected.first().map(String::as_str));
    at(error, name, format!("is not known; {advice}"))
}

/// The name that is not known, and the one that it is near to.
fn meant<'e>(error: &'e ValidationError<'_>, schema: &'e Value) -> Option<(&'e str, &'e str)> {
    let (Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected }) =
        error.kind()
    else {
        return None;
    };
    let known = names(sibling(error, schema, &["properties"]));
    let mut near = unexpected
        .iter()
        .map(|name| (name.as_str(), nearest(name, known.iter().copied())));
    near.find_map(|(name, near)| Some((name, near?)))
}

/// Nothing of the alternatives fits. One of them is meant: the one whose kind of value it is, and whose constants it has.
fn of_alternatives(
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    schema: &Value,
) -> Mistake {
    let of_kind: Vec<_> = context
        .iter()
        .filter(|errors| !errors.iter().any(|it| is_of_other_kind(it, error)))
        .collect();
    if of_kind.is_empty() {
        let kinds = context.iter().flatten().filter_map(kinds);
        let what = words::of_kinds(error.instance(), kinds.flatten());
        return at(error, None, what);
    }
    let meant = of_kind
        .iter()
        .filter(|errors| !errors.iter().any(is_of_other_constant))
        .min_by_key(|errors| errors.len());
    if let Some(told) = meant.and_then(|errors| of(errors, schema)) {
        return told;
    }
    of_constants(&of_kind).unwrap_or_else(|| {
        let count = context.len();
        at(
            error,
            None,
            format!("fits none of the {count} ways in which it may be"),
        )
    })
}

/// All alternatives want another constant in one place: then it is one of these.
fn of_constants(alternatives: &[&Vec<ValidationError<'static>>]) -> Option<Mistake> {
    let constants: Vec<_> = alternatives
        .iter()
        .filter_map(|errors| errors.iter().find(|it| is_of_other_constant(it)))
        .collect();
    let (first, rest) = constants.split_first()?;
    let one_place = rest
        .iter()
        .all(|it| it.instance_path() == first.instance_path());
    let options = constants.iter().flat_map(|it| words::constants(it.kind()));
    let what = words::one_of(first.instance(), options);
    one_place.then(|| at(first, None, what))
}

/// It is about the value itself, which is of another type.
fn is_of_other_kind(error: &ValidationError<'_>, whole: &ValidationError<'_>) -> bool {
    kinds(error).is_some() && error.instance_path() == whole.instance_path()
}

fn kinds(error: &ValidationError<'_>) -> Option<Vec<jsonschema::JsonType>> {
    let Kind::Type { kind } = error.kind() else {
        return None;
    };
    Some(match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(several) => several.iter().collect(),
    })
}

fn is_of_other_constant(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), Kind::Constant { .. } | Kind::Enum { .. })
}

fn at(error: &ValidationError<'_>, name: Option<&str>, what: String) -> Mistake {
    let way = error.instance_path().segments();
    let way = way.map(|segment| match segment {
        LocationSegment::Property(name) => name.into_owned(),
        LocationSegment::Index(index) => index.to_string(),
    });
    Mistake {
        path: way.chain(name.map(str::to_owned)).collect(),
        what,
    }
}

/// What stands beside the keyword that an error is of.
fn sibling<'s>(error: &ValidationError<'_>, schema: &'s Value, way: &[&str]) -> Option<&'s Value> {
    let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
    way.iter()
        .try_fold(schema.pointer(parent)?, |place, key| place.get(key))
}
