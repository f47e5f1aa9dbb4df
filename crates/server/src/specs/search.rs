//! The search in OpenAPI: its answers have three fields, whatever comes of it.

use longwire_modules::{Answer, Question};
use serde_json::{Value, json};

use super::schemas::{Schemas, object};

const JSON: &str = "application/json";
const DESCRIPTION: &str = "The question is a JSON object in the body or, where there is none, the parameters of the address. What \
    is found comes in the order in which it is probably meant. The same question may be sent with the method `QUERY` (RFC 10008), which has no \
    place in this description. Nothing found is `ok`.";

/// `/query/module`
pub(super) fn path(schemas: &mut Schemas) -> Value {
    json!({
        "get": operation(schemas, "search", "Search libraries", true),
        "post": operation(schemas, "searchWithBody", "Search libraries, with the question in the body", false),
    })
}

fn operation(schemas: &mut Schemas, id: &str, summary: &str, in_address: bool) -> Value {
    let mut operation = json!({
        "operationId": id,
        "tags": ["search"],
        "summary": summary,
        "description": DESCRIPTION,
        "responses": responses(schemas, in_address),
    });
    if in_address {
        operation["parameters"] = parameters();
    } else {
        operation["requestBody"] = json!({ "content": { JSON: {
            "schema": schemas.read::<Question>(),
            "example": { "lib": ["basic_string", "vector"], "text": "push" },
        } } });
    }
    operation
}

fn parameters() -> Value {
    let text = json!({ "type": "string" });
    let names = json!({ "type": "array", "items": text });
    let rows = [
        (
            "lib",
            "Where to look; several times, or with commas.",
            &names,
        ),
        ("text", "What was typed so far.", &text),
        (
            "limit",
            "Matches on this page: 1 to 200, 20 where it is left out.",
            &json!({ "type": "integer", "minimum": 1, "maximum": 200 }),
        ),
        (
            "offset",
            "Matches before this page.",
            &json!({ "type": "integer", "minimum": 0, "maximum": 1_000_000 }),
        ),
        ("kind", "Only those of these kinds.", &names),
        (
            "since",
            "A standard or version, such as `C++17`: nothing that came later.",
            &text,
        ),
        (
            "catalogue",
            "The name of a catalogue; the first where it is left out.",
            &text,
        ),
    ];
    let parameter = |(name, description, schema): (&str, &str, &Value)| {
        let mut parameter = super::openapi::query(name, description, schema);
        if *schema == names {
            parameter["explode"] = true.into();
        }
        parameter
    };
    rows.into_iter().map(parameter).collect()
}

/// Each status that an answer can have.
const ANSWERS: [(u16, &str, &str); 10] = [
    (200, "What was found.", "2 matches in basic_string, vector"),
    (
        304,
        "The answer is the one that the `ETag` in `If-None-Match` names.",
        "",
    ),
    (
        400,
        "The question is none; the message names the field.",
        "limit must be 1 to 200, got 0",
    ),
    (
        404,
        "All libraries, or the catalogue, are unknown.",
        "lib: unknown library \"vectr\" (did you mean \"vector\"?)",
    ),
    (
        408,
        "The body took too long.",
        "the body must have come within 60 seconds",
    ),
    (
        413,
        "The body has more than 64 KiB.",
        "the body must be at most 65536 bytes",
    ),
    (
        415,
        "The body is not JSON.",
        "the body must be JSON, and say so: \"Content-Type: application/json\"",
    ),
    (
        429,
        "Too many searches of large catalogues wait.",
        "256 searches of large catalogues wait already, as many as may; ask again in a moment",
    ),
    (500, "The server failed.", "the search broke off"),
    (
        503,
        "The catalogue cannot be read, or is being read.",
        "catalogue \"zlib\": it is being read; ask again in a moment",
    ),
];

fn responses(schemas: &mut Schemas, safe: bool) -> Value {
    let schema = schemas.written::<Answer>();
    let rows = ANSWERS
        .into_iter()
        .filter(|(status, ..)| safe || *status != 304);
    object(rows.map(|(status, description, message)| {
        let mut response = json!({ "description": description });
        let word = if status == 200 { "ok" } else { "error" };
        if status != 304 {
            let example = json!({ "status": word, "message": message, "data": [] });
            response["content"] = json!({ JSON: { "schema": schema, "example": example } });
        }
        if safe && status < 400 {
            let tag = json!({ "description": "The name of this answer.", "required": true, "schema": { "type": "string" } });
            response["headers"] = json!({ "ETag": tag });
        }
        if matches!(status, 429 | 503) {
            let seconds = json!({ "type": "integer", "minimum": 0 });
            response["headers"] = json!({ "Retry-After": { "description": "Seconds.", "required": true, "schema": seconds } });
        }
        (status.to_string(), response)
    }))
}
