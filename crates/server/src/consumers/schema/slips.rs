//! What JSON Schema takes and nobody means: a keyword with a slip in it, which counts as none, and a date of TOML, which JSON has not.

use serde_json::{Map, Value};

use super::Mistake;

/// What the reader of TOML makes of a date.
const DATE: &str = "$__toml_private_datetime";

/// Keywords whose value is a schema, or a list of them.
const OF_SCHEMAS: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value has a schema under each name.
const OF_NAMED: &[&str] = &[
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];
/// All others, of each draft; and `example`, which OpenAPI has.
const OTHERS: &[&str] = &[
    "$anchor",
    "$comment",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$ref",
    "$schema",
    "$vocabulary",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "id",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];

/// # Errors
/// The first slip in a schema.
pub(super) fn check(schema: &Value) -> Result<(), Mistake> {
    dates(schema, &mut Vec::new())?;
    keywords(schema, &mut Vec::new())
}

fn dates(value: &Value, path: &mut Vec<String>) -> Result<(), Mistake> {
    if let Some(date) = value.get(DATE) {
        let date = date.as_str().unwrap_or_default();
        let what = format!("is the date {date}, and JSON has no dates; as text it is {date:?}");
        return Err(Mistake {
            path: path.clone(),
            what,
        });
    }
    match value {
        Value::Object(keys) => within(keys, path, dates),
        Value::Array(items) => numbered(items, path, dates),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn keywords(schema: &Value, path: &mut Vec<String>) -> Result<(), Mistake> {
    let Value::Object(keys) = schema else {
        return Ok(());
    };
    within(keys, path, |value, path| {
        let keyword = path.last().map_or("", String::as_str);
        if OF_NAMED.contains(&keyword) {
            let named = value.as_object();
            return named.map_or(Ok(()), |named| within(named, path, keywords));
        }
        if OF_SCHEMAS.contains(&keyword) {
            return match value.as_array() {
                Some(schemas) => numbered(schemas, path, keywords),
                None => keywords(value, path),
            };
        }
        match meant(keyword) {
            Some(meant) => Err(Mistake {
                path: path.clone(),
                what: format!("is no keyword of JSON Schema; did you mean `{meant}`?"),
            }),
            None => Ok(()),
        }
    })
}

/// The keyword that was meant by one that is none. Others may mean something to whoever reads the schema.
fn meant(keyword: &str) -> Option<&'static str> {
    if OTHERS.contains(&keyword) || keyword.len() < 3 {
        return None;
    }
    let small = keyword.to_ascii_lowercase();
    let slips = if keyword.len() < 6 { 1 } else { 2 };
    let known = [OF_SCHEMAS, OF_NAMED, OTHERS].into_iter().flatten();
    let known = known.map(|it| (strsim::osa_distance(&small, &it.to_ascii_lowercase()), *it));
    let (distance, nearest) = known.min_by_key(|(distance, _)| *distance)?;
    (distance <= slips).then_some(nearest)
}

type Look = fn(&Value, &mut Vec<String>) -> Result<(), Mistake>;

fn within(
    keys: &Map<String, Value>,
    path: &mut Vec<String>,
    look: impl Fn(&Value, &mut Vec<String>) -> Result<(), Mistake>,
) -> Result<(), Mistake> {
    for (key, value) in keys {
        path.push(key.clone());
        look(value, path)?;
        path.pop();
    }
    Ok(())
}

fn numbered(items: &[Value], path: &mut Vec<String>, look: Look) -> Result<(), Mistake> {
    for (at, value) in items.iter().enumerate() {
        path.push(at.to_string());
        look(value, path)?;
        path.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_keyword_with_a_slip_in_it_is_told_and_no_other() {
        for (schema, said) in [
            (json!({"requird": ["a"]}), "requird: required"),
            (
                json!({"properties": {"a": {"typ": "string"}}}),
                "properties.a.typ: type",
            ),
            (
                json!({"allOf": [{"maxlength": 1}]}),
                "allOf.0.maxlength: maxLength",
            ),
            (json!({"items": {"ref": "#"}}), "items.ref: $ref"),
            (
                json!({"$defs": {"typ": {"additionalProps": 1, "pattren": "a"}}}),
                "$defs.typ.pattren: pattern",
            ),
            (json!({"properties": {"typ": {}, "requird": true}}), ""),
            (
                json!({"const": {"typ": 1}, "enum": [{"typ": 1}], "default": {"typ": 1}}),
                "",
            ),
            (
                json!({"example": 1, "nullable": true, "x-typ": 1, "enumNames": [], "id": "a"}),
                "",
            ),
            (json!(true), ""),
        ] {
            let got = check(&schema).err().map_or(String::new(), |it| {
                let meant = it.what.split('`').nth(1).unwrap_or_default().to_owned();
                format!("{}: {meant}", it.path.join("."))
            });
            assert_eq!(got, said, "{schema}");
        }
    }
}
