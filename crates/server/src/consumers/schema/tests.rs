use serde_json::{Value, json};

use super::*;

fn schema(schema: impl Into<Value>) -> Schema {
    match Schema::new(&schema.into()) {
        Ok(schema) => schema,
        Err(mistake) => panic!("{mistake:?}"),
    }
}

fn check(schema: &Schema, input: &Value) -> Result<(), (String, String)> {
    let input = Payload::new(input).unwrap();
    let checked = schema.check(Some(&input));
    checked.map_err(|bad| (bad.field, bad.message))
}

fn resize() -> Schema {
    schema(json!({
        "type": "object",
        "required": ["width"],
        "properties": {
            "width": { "type": "integer", "minimum": 1, "maximum": 4000 },
            "name": { "type": "string", "pattern": "^[a-z]+$", "maxLength": 3 },
            "mode": { "enum": ["fast", "slow"] },
            "frames": { "type": "array", "maxItems": 3, "uniqueItems": true,
                "items": { "type": "object", "required": ["x"],
                    "properties": { "x": { "type": "number" } } } },
            "at": { "type": "string", "format": "date-time" },
            "step": { "exclusiveMinimum": 0, "multipleOf": 0.5 },
            "tags": { "type": "object", "propertyNames": { "maxLength": 2 } },
            "target": { "oneOf": [
                { "type": "object", "required": ["kind"], "additionalProperties": false,
                    "properties": { "kind": { "const": "file" }, "path": { "type": "string" } } },
                { "type": "object", "required": ["kind"], "additionalProperties": false,
                    "properties": { "kind": { "const": "url" }, "url": { "type": "string" } } },
                { "type": "string" } ] },
            "rate": { "anyOf": [{ "type": "integer" }, { "type": "null" }] },
            "both": { "oneOf": [{ "minimum": 1 }, { "maximum": 3 }] },
            "ratio": { "$ref": "#/$defs/share" },
        },
        "additionalProperties": false,
        "$defs": { "share": { "type": "number", "maximum": 1 } },
    }))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_mistake_says_where_it_is_what_was_got_and_what_would_be_right() {
    let resize = resize();
    for (input, field, says) in [
        (
            json!([]),
            "",
            "it is a list of 0 items; it must be an object",
        ),
        (json!({}), "width", "it is missing; it must be an integer"),
        (
            json!({"width": 0}),
            "width",
            "it is 0; it must be at least 1",
        ),
        (
            json!({"width": "3"}),
            "width",
            "it is \"3\"; it must be an integer",
        ),
        (
            json!({"width": 1.5}),
            "width",
            "it is 1.5; it must be an integer",
        ),
        (
            json!({"wdith": 3}),
            "wdith",
            "it is not known; did you mean \"width\"?",
        ),
        (
            json!({"width": 3, "zzz": 3}),
            "zzz",
            "it is not known; what goes here: at, both, ",
        ),
        (
            json!({"width": 3, "name": "abcd"}),
            "name",
            "it is \"abcd\"; it must have at most 3 characters",
        ),
        (
            json!({"width": 3, "name": "A"}),
            "name",
            "it is \"A\"; it must match ^[a-z]+$",
        ),
        (
            json!({"width": 3, "mode": "medium"}),
            "mode",
            "it is \"medium\"; it must be one of \"fast\", \"slow\"",
        ),
        (
            json!({"width": 3, "frames": [{"x": 1}, {"x": "a"}]}),
            "frames.1.x",
            "it is \"a\"; it must be a number",
        ),
        (
            json!({"width": 3, "frames": [{}]}),
            "frames.0.x",
            "it is missing; it must be a number",
        ),
        (
            json!({"width": 3, "frames": [{"x": 1}, {"x": 1}]}),
            "frames",
            "it must have no item twice",
        ),
        (
            json!({"width": 3, "at": "noon"}),
            "at",
            "it must be a value of the format date-time",
        ),
        (
            json!({"width": 3, "step": 0}),
            "step",
            "it must be more than 0",
        ),
        (
            json!({"width": 3, "step": 0.7}),
            "step",
            "it must be a multiple of 0.5",
        ),
        (
            json!({"width": 3, "tags": {"abc": 1}}),
            "tags.abc",
            "it has a name that is \"abc\"; it must have at most 2 characters",
        ),
        (
            json!({"width": 3, "ratio": 2}),
            "ratio",
            "it is 2; it must be at most 1",
        ),
        (
            json!({"width": 3, "rate": "x"}),
            "rate",
            "it is \"x\"; it must be an integer or null",
        ),
        (json!({"width": 3, "both": 2}), "both", "fits several"),
        (
            json!({"width": 3, "target": 7}),
            "target",
            "it is 7; it must be an object or a string",
        ),
        (
            json!({"width": 3, "target": {"kind": "file", "path": 7}}),
            "target.path",
            "it is 7; it must be a string",
        ),
        (
            json!({"width": 3, "target": {"kind": "url", "urls": "x"}}),
            "target.urls",
            "did you mean \"url\"?",
        ),
        (
            json!({"width": 3, "target": {"kind": "tape"}}),
            "target.kind",
            "it is \"tape\"; it must be one of \"file\", \"url\"",
        ),
    ] {
        let (at, message) = check(&resize, &input).unwrap_err();
        assert_eq!(at, field, "{input}: {message}");
        assert!(message.contains(says), "{input}: {message}");
    }
    let none = resize.check(None).unwrap_err();
    assert_eq!(none.message, "there is none; it must be an object");
    let long = check(&resize, &json!({"width": "x".repeat(1000)})).unwrap_err();
    assert!(long.1.len() < 100, "{}", long.1);
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    let any = schema(json!({}));
    for (input, says) in [
        (
            r#"{"width":1,"width":2}"#,
            "the key \"width\" twice at line 1 column 18",
        ),
        (r#"[{"a":{"b":1,"c":2,"b":3}}]"#, "the key \"b\" twice"),
        (r#"{"width":1e999}"#, "number out of range"),
    ] {
        let input = Payload::from_json(input.as_bytes()).unwrap();
        let bad = any.check(Some(&input)).unwrap_err();
        assert!(bad.message.contains(says), "{}", bad.message);
    }
    let every = r#"[null,true,-1,18446744073709551615,0.5,"x",{"a":[]}]"#;
    let input = Payload::from_json(every.as_bytes()).unwrap();
    let same = schema(json!({ "const": serde_json::from_str::<Value>(every).unwrap() }));
    assert_eq!(same.check(Some(&input)), Ok(()));
}

#[test]
fn what_fits_passes() {
    let resize = resize();
    for input in [
        json!({"width": 1}),
        json!({"width": 3.0, "name": "abc", "mode": "slow", "frames": [{"x": 1}, {"x": 2}]}),
        json!({"width": 3, "target": {"kind": "url", "url": "x"}, "rate": null, "ratio": 0.5}),
        json!({"width": 3, "at": "2026-11-25T15:14:20Z", "step": 1.5, "tags": {"ab": 1}}),
    ] {
        assert_eq!(check(&resize, &input), Ok(()), "{input}");
    }
    assert!(schema(json!({})).check(None).is_ok());
    assert!(schema(json!({ "type": "null" })).check(None).is_ok());
    let old =
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}]});
    assert!(check(&schema(old), &json!([1])).is_err());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_schema_that_is_none_says_where() {
    for (bad, place, says) in [
        (json!(7), "", "it must be a boolean or an object"),
        (
            json!({"properties": {"w": {"type": "foo"}}}),
            "properties.w.type",
            "is \"foo\"; it must be one of \"array\", ",
        ),
        (
            json!({"properties": {"w": {"minimum": "3"}}}),
            "properties.w.minimum",
            "is \"3\"; it must be a number",
        ),
        (
            json!({"required": "a"}),
            "required",
            "is \"a\"; it must be a list",
        ),
        (
            json!({"pattern": "("}),
            "pattern",
            "be a regular expression",
        ),
        (
            json!({"pattern": "(?=x)"}),
            "pattern",
            "without look-around",
        ),
        (json!({"pattern": "(a)\\1"}), "pattern", "back-references"),
        (
            json!({"pattern": "(a{1000}){1000}"}),
            "pattern",
            "not too large",
        ),
        (
            json!({"$ref": "https://example.com/x"}),
            "$ref",
            "it must begin with \"#\"",
        ),
        (
            json!({"items": [{"$ref": "file:///etc/passwd"}]}),
            "items.0.$ref",
            "it must begin with \"#\"",
        ),
        (
            json!({"properties": {"a": {"$ref": "#/$defs/no"}}}),
            "properties.a.$ref",
            "/$defs/no",
        ),
        (
            json!({"items": {"format": "dat-time"}}),
            "items.format",
            "is no format that is known",
        ),
        (
            json!({"$schema": "https://example.com/mine"}),
            "",
            "example.com/mine",
        ),
    ] {
        let Err(mistake) = Schema::new(&bad) else {
            panic!("{bad} passed");
        };
        assert_eq!(mistake.path.join("."), place, "{bad}: {mistake:?}");
        assert!(mistake.what.contains(says), "{bad}: {mistake:?}");
    }
}

/// An input as deep as any may be.
fn deep(leaf: Value) -> Value {
    (0..120).fold(leaf, |inner, _| json!({ "a": inner, "b": 1 }))
}

#[test]
fn no_input_makes_work_without_end() {
    let again = || json!({ "$ref": "#" });
    let both = |word: &str| {
        json!({ "type": ["object", "integer"], word: [
            { "properties": { "a": again() } }, { "properties": { "a": again() } }] })
    };
    let flat = Value::Array(vec![json!(""); 200_000]);
    let cases = [
        (both("anyOf"), deep(json!("leaf"))),
        (both("allOf"), deep(json!("leaf"))),
        (both("oneOf"), deep(json!("leaf"))),
        (both("anyOf"), deep(json!(1))),
        (both("allOf"), deep(json!(1))),
        (both("oneOf"), deep(json!(1))),
        (
            json!({ "if": { "properties": { "a": again() } }, "then": { "properties": { "a": again() } },
                "dependentSchemas": { "a": { "properties": { "a": again() } } } }),
            deep(json!(1)),
        ),
        (
            json!({ "not": { "not": { "properties": { "a": again() } } }, "properties": { "a": again() } }),
            deep(json!(1)),
        ),
        (
            json!({ "properties": { "a": again() }, "unevaluatedProperties": again() }),
            deep(json!(1)),
        ),
        (
            json!({ "anyOf": [{ "$ref": "#/$defs/x" }, { "$ref": "#/$defs/x" }], "unevaluatedProperties": false,
                "$defs": { "x": { "properties": { "a": again(), "b": true } } } }),
            deep(json!(1)),
        ),
        (
            json!({ "properties": { "a": again() }, "patternProperties": { "^a": again() },
                "additionalProperties": { "type": "integer" }, "type": ["object", "integer"] }),
            deep(json!("leaf")),
        ),
        (json!({ "not": again() }), json!(1)),
        (again(), json!(1)),
        (
            json!({ "items": { "anyOf": [{ "type": "integer" }, { "type": "null" }] } }),
            flat.clone(),
        ),
        (json!({ "items": { "type": "integer" } }), flat.clone()),
        (json!({ "uniqueItems": true }), flat),
        (
            json!({ "pattern": "^(a+)+$" }),
            json!("a".repeat(1_000_000) + "!"),
        ),
    ];
    for (of, input) in cases {
        let schema = schema(of);
        // Whether it fits is not the question; one that does not come back is ended by who runs the tests.
        let _ = check(&schema, &input);
    }
}

#[test]
fn a_tree_says_where_however_deep_it_is() {
    let tree = schema(json!({ "type": "object", "required": ["a"], "properties": {
        "a": { "anyOf": [{ "type": "null" }, { "$ref": "#" }] }, "b": { "type": "integer" } } }));
    let (field, message) = check(&tree, &deep(json!(true))).unwrap_err();
    assert_eq!(field, vec!["a"; 120].join("."));
    assert!(message.contains("null or an object"), "{message}");

    let twice = schema(json!({ "type": ["object", "null"], "properties": {
        "a": { "$ref": "#" }, "b": { "anyOf": [{ "$ref": "#" }, { "type": "integer" }] } } }));
    let (field, message) = check(&twice, &deep(json!(true))).unwrap_err();
    assert_eq!(field, "");
    assert!(message.contains("too deep to say where"), "{message}");
}
