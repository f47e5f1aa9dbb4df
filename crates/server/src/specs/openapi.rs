//! The REST interface as OpenAPI 3.1.

use axum::http::StatusCode;
use longwire_protocol::{Code, Connid, Done, EventFrame, GapFrame, JobId, JobView, Start, Started};
use serde_json::{Value, json};

use super::{
    files::{SCHEMAS, SchemaFile},
    responses::{Fault, NOT_JSON, TOO_SLOW, response, responses},
    schemas::{Schemas, info},
    search,
};
use crate::{
    config::Limits,
    transports::rest::{Health, JobsPage, LONGEST_WAIT, METRICS_TYPE, ProblemView, RoutesList},
};

const JSON: &str = "application/json";
const JOB: &str = "0197a5b0-6a57-7b4e-9d3c-2f1e8c4d5a60";
/// The id of an event, as a pattern.
const POSITION: &str = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}:[0-9]{1,19}";
const DESCRIPTION: &str = "\
Start, watch and kill long-running requests. The same verbs are spoken over one WebSocket at `/ws`; \
that is described in `/asyncapi.json`.\n\n\
Kill asks first: the work is told to end, and forced only after its route's grace.\n\n\
Refusals are problems (RFC 9457) with the stable `code` that the socket gives too. A path that is not here is \
`404`, a method that a path does not take is `405` with `Allow`. A request that changes something and carries an \
`Origin` that is neither this server's nor on its list is `403`; one whose `Host` is a name that this server does not know as its own is `421`.";

/// The REST interface as OpenAPI 3.1, with the limits of a server that is not configured.
#[must_use]
pub fn openapi() -> Value {
    openapi_of(&Limits::default())
}

/// The REST interface as OpenAPI 3.1, with these limits.
pub(crate) fn openapi_of(limits: &Limits) -> Value {
    let mut schemas = Schemas::new();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": info("Longwire", DESCRIPTION),
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "jobs", "description": "Start, status, kill, extend, watch." },
            { "name": "search", "description": "Libraries, as one types." },
            { "name": "operations", "description": "For those who run the server." },
        ],
        "paths": {
            "/query/module": search::path(&mut schemas),
            "/routes": { "get": routes(&mut schemas) },
            "/jobs": { "get": list(&mut schemas), "post": start(&mut schemas), "delete": kill_all(&mut schemas, limits) },
            "/jobs/{connid}": {
                "parameters": [connid(&mut schemas)],
                "get": view(&mut schemas),
                "delete": kill(&mut schemas, limits),
                "patch": extend(&mut schemas, limits),
            },
            "/jobs/{connid}/events": { "parameters": [connid(&mut schemas)], "get": events(&mut schemas) },
            "/healthz": { "get": healthz(&mut schemas) },
            "/readyz": { "get": readyz(&mut schemas) },
            "/metrics": { "get": metrics() },
            "/openapi.json": { "get": description("openapi", "This description.") },
            "/asyncapi.json": { "get": description("asyncapi", "The description of the socket (AsyncAPI 3.0).") },
        },
        "components": {},
    });
    for SchemaFile { name, about, .. } in SCHEMAS {
        let path = format!("/schema/{name}.json");
        document["paths"][path] = json!({ "get": description(&format!("{name}Schema"), about) });
    }
    schemas.written::<ProblemView>();
    schemas.into_document(&mut document);
    apply(limits, &mut document["components"]["schemas"]);
    document
}

/// What the types cannot say, as it is configured.
fn apply(limits: &Limits, schemas: &mut Value) {
    schemas["Connid"]["maxLength"] = limits.connid_bytes.into();
    schemas["ConnidInput"]["oneOf"][0]["maxLength"] = limits.connid_bytes.into();
    let start = &mut schemas["Start"]["properties"];
    start["tags"]["maxItems"] = limits.tags_per_job.into();
    start["tags"]["items"]["maxLength"] = limits.tag_bytes.into();
    let mut time = time(limits, &start["time"]["description"]);
    if let Some(choices) = time["anyOf"].as_array_mut() {
        choices.push(json!({ "type": "null" }));
    }
    start["time"] = time;
}

/// Seconds up to the longest that any route allows. As a string, only what is shorter for certain: fewer digits.
fn time(limits: &Limits, description: &Value) -> Value {
    let most = limits.max_time_seconds;
    let digits = most.as_secs().checked_ilog10().unwrap_or(0).max(1);
    json!({
        "description": description,
        "anyOf": [
            { "type": "number", "minimum": 0, "maximum": most.as_secs() },
            { "type": "string", "pattern": format!("^[0-9]{{1,{digits}}}(\\.[0-9]{{1,6}})?$") },
        ],
    })
}

fn connid(schemas: &mut Schemas) -> Value {
    json!({
        "name": "connid",
        "in": "path",
        "required": true,
        "description": "What the client calls the job: the one that runs, or else the last that did.",
        "schema": schemas.written::<Connid>(),
        "example": "report-7",
    })
}

pub(super) fn query(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

fn bad(codes: &[Code]) -> Vec<Fault> {
    codes.iter().copied().map(Fault::Code).collect()
}

fn routes(schemas: &mut Schemas) -> Value {
    let list = schemas.written::<RoutesList>();
    let found = response("The routes, by name.", JSON, &list, Some(all_routes()));
    json!({
        "operationId": "routes",
        "summary": "What may be started",
        "description": "The routes on which jobs may be started, with their terms and, where they say so, the schemas of their inputs.",
        "tags": ["jobs"],
        "responses": responses([(200, found)], &bad(&[Code::InvalidField, Code::UnknownField, Code::Internal])),
    })
}

fn all_routes() -> Value {
    json!({ "routes": [{
        "route": "request", "time": 60, "max_time": 604_800, "kill_grace": 5, "durable": true, "queued": 0, "running": 1,
    }] })
}

fn start(schemas: &mut Schemas) -> Value {
    let mut accepted = response(
        "Accepted. Where the client would wait, the job did not end in time.",
        JSON,
        &schemas.written::<Started>(),
        Some(started()),
    );
    let mut ended = response(
        "The job ended while the client waited.",
        JSON,
        &schemas.written::<JobView>(),
        Some(ended_job()),
    );
    accepted["headers"] = started_headers();
    ended["headers"] = started_headers();
    let mut faults = bad(&[
        Code::InvalidJson,
        Code::InvalidFrame,
        Code::MissingField,
        Code::InvalidField,
        Code::UnknownField,
        Code::Forbidden,
        Code::UnknownRoute,
        Code::ConnidInUse,
        Code::TooLarge,
        Code::TooMany,
        Code::Internal,
        Code::ShuttingDown,
        Code::Unavailable,
    ]);
    faults.extend([TOO_SLOW, NOT_JSON]);
    json!({
        "operationId": "start",
        "tags": ["jobs"],
        "summary": "Start a job",
        "description": format!(
            "With `Prefer: wait=n` (RFC 7240) the answer waits for the job's end, for n seconds at most, and at most \
             {LONGEST_WAIT}. A client that waits watches the job; one that leaves while it waits has left it."
        ),
        "parameters": [{
            "name": "Prefer",
            "in": "header",
            "description": "`wait=n`; what cannot be made out is passed over.",
            "schema": { "type": "string" },
            "example": "wait=1",
        }],
        "requestBody": { "required": true, "content": { JSON: {
            "schema": schemas.read::<Start>(),
            "examples": {
                "least": { "value": { "route": "request", "time": 1 } },
                "more": { "value": { "route": "request", "connid": "report-7", "time": "30", "tags": ["nightly"] } },
            },
        } } },
        "responses": responses([(200, ended), (202, accepted)], &faults),
    })
}

fn started_headers() -> Value {
    json!({
        "Location": { "description": "Where the job is.", "required": true, "schema": { "type": "string", "format": "uri-reference" } },
        "Preference-Applied": { "description": "How long the answer would have waited.", "schema": { "type": "string" } },
    })
}

fn list(schemas: &mut Schemas) -> Value {
    let page = response(
        "A page.",
        JSON,
        &schemas.written::<JobsPage>(),
        Some(json!({ "total": 1, "jobs": [job()], "next": null })),
    );
    let text = json!({ "type": "string" });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 });
    json!({
        "operationId": "list",
        "tags": ["jobs"],
        "summary": "What runs",
        "description": "The jobs that have not ended, oldest first.",
        "parameters": [
            query("limit", "How many at most.", &limit),
            query("after", "From after this job on: the `next` of the page before.", &schemas.written::<JobId>()),
            query("route", "Only those of this route.", &text),
            query("tag", "Only those with this tag.", &text),
        ],
        "responses": responses([(200, page)], &bad(&[Code::InvalidField, Code::UnknownField, Code::Internal])),
    })
}

const OF_ONE: [Code; 5] = [
    Code::InvalidField,
    Code::UnknownField,
    Code::UnknownConnid,
    Code::Expired,
    Code::Internal,
];

fn view(schemas: &mut Schemas) -> Value {
    let view = response(
        "How it stands, or how it ended.",
        JSON,
        &schemas.written::<JobView>(),
        Some(job()),
    );
    json!({
        "operationId": "status",
        "tags": ["jobs"],
        "summary": "How a job stands",
        "responses": responses([(200, view)], &bad(&OF_ONE)),
    })
}

fn kill(schemas: &mut Schemas, limits: &Limits) -> Value {
    let done = schemas.written::<Done>();
    let accepted = json!({ "route": "kill", "connid": "report-7", "status": "ok", "seq": 2 });
    let mut dead = accepted.clone();
    dead["seq"] = 3.into();
    dead["ended"] = json!({
        "status": "killed",
        "seq": 3,
        "kill": { "by": "anonymous", "reason": "wrong month", "forced": false, "survivors": 0, "ms": 12 },
    });
    let mut faults = bad(&OF_ONE);
    faults.extend(bad(&[
        Code::Forbidden,
        Code::AlreadyEnded,
        Code::Unavailable,
    ]));
    let reason = json!({ "type": "string", "maxLength": limits.reason_bytes });
    json!({
        "operationId": "kill",
        "tags": ["jobs"],
        "summary": "Kill a job",
        "description": "Kill asks first: the work is told to end, and forced only after its route's grace. Killing twice is harmless.",
        "parameters": [
            query("wait", "Whether to answer only once it is dead.", &json!({ "type": "boolean", "default": false })),
            query("reason", "Why, for whoever runs or watches it.", &reason),
        ],
        "responses": responses([
            (200, response("It is dead, or its work was done first: see `ended`.", JSON, &done, Some(dead))),
            (202, response("Accepted. It will be dead after its route's grace, at the latest.", JSON, &done, Some(accepted))),
        ], &faults),
    })
}

fn kill_all(schemas: &mut Schemas, limits: &Limits) -> Value {
    let done = schemas.written::<Done>();
    let example = json!({ "route": "kill", "status": "ok", "killed": 12 });
    let accepted = response(
        "Accepted, so many: each will be dead after its route's grace, at the latest.",
        JSON,
        &done,
        Some(example),
    );
    let faults = bad(&[
        Code::InvalidField,
        Code::UnknownField,
        Code::MissingField,
        Code::Forbidden,
        Code::Unavailable,
        Code::Internal,
    ]);
    let text = json!({ "type": "string" });
    let reason = json!({ "type": "string", "maxLength": limits.reason_bytes });
    json!({
        "operationId": "kill_all",
        "tags": ["jobs"],
        "summary": "Kill all jobs that fit",
        "description": "Every job of that route, or with that tag, that has not ended; with both, those that fit both. One of them must be there. Jobs that are started meanwhile are not meant.",
        "parameters": [
            query("route", "Those of this route.", &text),
            query("tag", "Those with this tag.", &text),
            query("reason", "Why, for whoever runs or watches them.", &reason),
        ],
        "responses": responses([(202, accepted)], &faults),
    })
}

fn extend(schemas: &mut Schemas, limits: &Limits) -> Value {
    let example = json!({ "route": "extend", "connid": "report-7", "status": "ok", "seq": 2, "time": 60, "left": 60 });
    let done = response("Extended.", JSON, &schemas.written::<Done>(), Some(example));
    let mut faults = bad(&OF_ONE);
    faults.extend(bad(&[
        Code::InvalidJson,
        Code::InvalidFrame,
        Code::MissingField,
        Code::Forbidden,
        Code::AlreadyEnded,
        Code::TooLarge,
        Code::Unavailable,
    ]));
    faults.extend([TOO_SLOW, NOT_JSON]);
    json!({
        "operationId": "extend",
        "tags": ["jobs"],
        "summary": "Move a job's deadline",
        "requestBody": { "required": true, "content": { JSON: {
            "schema": {
                "type": "object",
                "required": ["time"],
                "additionalProperties": false,
                "properties": {
                    "time": time(limits, &"To so many seconds from now; with what it has had, within what its route allows.".into()),
                },
            },
            "example": { "time": 60 },
        } } },
        "responses": responses([(200, done)], &faults),
    })
}

/// A server-sent event, as its reader has it.
fn message(schemas: &mut Schemas) -> Value {
    json!({
        "type": "object",
        "required": ["id", "data"],
        "properties": {
            "id": { "description": "The job and the number of the event: `JOB:SEQ`.", "type": "string", "pattern": format!("^{POSITION}$") },
            "event": { "type": "string", "enum": ["message", "gap"], "default": "message" },
            "data": {
                "type": "string",
                "contentMediaType": JSON,
                "contentSchema": { "anyOf": [schemas.written::<EventFrame>(), schemas.written::<GapFrame>()] },
            },
        },
    })
}

fn events(schemas: &mut Schemas) -> Value {
    let stream = message(schemas);
    let data = started().to_string();
    let example = json!({ "id": format!("{JOB}:1"), "event": "message", "data": data });
    let last = json!({ "type": "string", "pattern": format!("^({POSITION})?$") });
    let after = json!({ "type": "integer", "format": "uint64", "minimum": 0, "maximum": u64::MAX });
    json!({
        "operationId": "watch",
        "tags": ["jobs"],
        "summary": "Watch a job",
        "description": "The job's log as server-sent events, and on until its end. The data of a message is an event as the socket sends \
            it; its id is the job and the event's number, `JOB:SEQ`. An event named `gap` says which numbers are no longer kept. While there \
            is nothing to say, a comment comes every 15 seconds.",
        "parameters": [
            query("after", "The last number that was seen; `Last-Event-ID` goes before it.", &after),
            {
                "name": "Last-Event-ID",
                "in": "header",
                "description": "The last id that was seen. It names the job, also where the connid was used again since.",
                "schema": last,
            },
        ],
        "responses": responses([
            (200, response("The events after that one, and those to come.", "text/event-stream", &stream, Some(example))),
            (204, json!({ "description": "The job has ended, and all of it was seen." })),
        ], &bad(&OF_ONE)),
    })
}

fn healthz(schemas: &mut Schemas) -> Value {
    let well = response(
        "It is.",
        JSON,
        &schemas.written::<Health>(),
        Some(json!({ "status": "ok" })),
    );
    operation(
        "healthz",
        "Whether the server is alive",
        responses([(200, well)], &[]),
    )
}

fn readyz(schemas: &mut Schemas) -> Value {
    let well = response(
        "It does.",
        JSON,
        &schemas.written::<Health>(),
        Some(json!({ "status": "ok" })),
    );
    let summary = "Whether the server takes new jobs";
    operation(
        "readyz",
        summary,
        responses(
            [(200, well)],
            &bad(&[Code::ShuttingDown, Code::Unavailable]),
        ),
    )
}

fn metrics() -> Value {
    let text = response(
        "Everything that is counted.",
        METRICS_TYPE,
        &json!({ "type": "string" }),
        None,
    );
    operation(
        "metrics",
        "What is counted (OpenMetrics 1.0)",
        responses([(200, text)], &[]),
    )
}

fn description(id: &str, summary: &str) -> Value {
    let document = response("The description.", JSON, &json!({ "type": "object" }), None);
    operation(
        id,
        summary,
        responses([(StatusCode::OK.as_u16(), document)], &[]),
    )
}

fn operation(id: &str, summary: &str, responses: Value) -> Value {
    let mut operation = json!({ "operationId": id, "tags": ["operations"], "summary": summary });
    operation["responses"] = responses;
    operation
}

fn started() -> Value {
    json!({ "connid": "report-7", "job": JOB, "seq": 1, "status": "running", "route": "request", "time": 30, "left": 30 })
}

fn job() -> Value {
    json!({
        "connid": "report-7", "job": JOB, "route": "request", "status": "running", "time": 30, "left": 17.2, "elapsed": 12.8,
        "accepted_at": "2026-01-31T12:00:00.000Z", "started_at": "2026-01-31T12:00:00.000Z", "seq": 1, "by": "anonymous",
    })
}

fn ended_job() -> Value {
    json!({
        "connid": "report-7", "job": JOB, "route": "request", "status": "ok", "time": 30, "elapsed": 30,
        "accepted_at": "2026-01-31T12:00:00.000Z", "started_at": "2026-01-31T12:00:00.000Z",
        "ended_at": "2026-01-31T12:00:30.000Z", "seq": 2, "by": "anonymous",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        assert_eq!(
            super::super::schemas::broken_references(&openapi()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_is_written_is_told_from_what_is_read() {
        let document = openapi();
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["Connid"]["type"], "string");
        assert_eq!(schemas["ConnidInput"]["oneOf"][1]["type"], "integer");
        assert_eq!(schemas["Seconds"]["type"], "number");
        assert_eq!(document["components"]["read"], Value::Null);
    }

    #[test]
    fn limits_are_those_of_the_server() {
        let limits = Limits {
            connid_bytes: 40,
            tags_per_job: 3,
            ..Limits::default()
        };
        let document = openapi_of(&limits);
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["Connid"]["maxLength"], 40);
        assert_eq!(schemas["Start"]["properties"]["tags"]["maxItems"], 3);
        assert_eq!(
            schemas["Start"]["properties"]["time"]["anyOf"][0]["maximum"],
            604_800
        );
    }
}
