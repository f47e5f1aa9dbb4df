//! The socket as AsyncAPI 3.0.

use longwire_protocol::{CLOSE_CODES, Code, Outcome, SUBPROTOCOL, Status};
use serde_json::{Value, json};

use super::{
    examples::examples,
    schemas::{Schemas, info, object, words_of},
};

/// The socket as AsyncAPI 3.0.
#[must_use]
pub fn asyncapi() -> Value {
    let mut schemas = Schemas::new();
    let frames: Vec<_> = schemas
        .client_frames()
        .into_iter()
        .chain(schemas.server_frames())
        .collect();
    let refer = |(name, _): &(&str, Value)| {
        (
            (*name).to_owned(),
            json!({ "$ref": format!("#/components/messages/{name}") }),
        )
    };
    let mut channel = socket();
    channel["messages"] = object(frames.iter().map(refer));
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": info("Longwire's socket", &description()),
        "defaultContentType": "application/json",
        "servers": { "local": {
            "host": "127.0.0.1:8000",
            "protocol": "ws",
            "description": "Where a server listens that is not configured otherwise.",
        } },
        "channels": { "socket": channel },
        "operations": operations(),
        "components": { "messages": object(frames.into_iter().map(message)) },
    });
    schemas.into_document(&mut document);
    document
}

fn description() -> String {
    let outcomes = Outcome::ALL
        .map(|outcome| format!("`{}`", outcome.as_str()))
        .join(", ");
    format!(
        "Start, watch and kill long-running requests over one WebSocket. One JSON object per text frame, both ways. A frame's `route` says \
         what it asks for: a verb, or the route of a job to start. Its `id` is echoed on the direct reply. The frames of a job's log carry \
         its `connid` and `seq`: 1, 2, 3, … without holes; the one with an outcome ({outcomes}) is the last.\n\n\
         ## Statuses of a job\n\n{}\n## Refusals\n\nA refusal never closes the socket. Its codes:\n\n{}\n## Closes\n\n{}",
        words_of::<Status>(),
        words_of::<Code>(),
        closes()
    )
}

fn closes() -> String {
    let line = |close: &longwire_protocol::CloseCode| {
        let advice = if close.reconnect {
            "connect again, and watch on from what was seen"
        } else {
            "do not come back with the same"
        };
        format!("- `{}` {}: {advice}\n", close.code, close.reason)
    };
    CLOSE_CODES.iter().map(line).collect()
}

fn socket() -> Value {
    let closes = CLOSE_CODES.iter();
    let closes: Vec<_> = closes.map(|close| json!({ "code": close.code, "reason": close.reason, "reconnect": close.reconnect })).collect();
    json!({
        "address": "/ws",
        "title": "The socket",
        "description": format!(
            "`GET /ws`, upgraded (RFC 6455), with the subprotocol `{SUBPROTOCOL}` or none offered. Where only unknown ones are offered the \
             upgrade is refused with 400. A page of another origin is refused with 403, unless it is on the server's list, and \
             a `Host` that the server does not know as its own with 421."
        ),
        "bindings": { "ws": { "method": "GET", "bindingVersion": "0.1.0" } },
        "x-subprotocol": SUBPROTOCOL,
        "x-close-codes": closes,
        "x-refusal-codes": Code::ALL,
    })
}

/// What a client may send, and what answers it directly.
const REQUESTS: [(&str, &str, &str); 12] = [
    (
        "start",
        "Start a job. Its events follow the reply.",
        "started",
    ),
    (
        "kill",
        "Kill a job. Kill asks first; with `wait` the reply comes once the job is dead.",
        "done",
    ),
    ("status", "What runs, or how one job stands.", "statusPage"),
    (
        "watch",
        "Watch a job from a number on, or the changes of all.",
        "done",
    ),
    (
        "unwatch",
        "Watch a job, or the changes of all, no longer.",
        "done",
    ),
    ("extend", "Move a job's deadline.", "done"),
    (
        "routes",
        "What may be started: the routes, their terms, and the schemas of their inputs.",
        "routesPage",
    ),
    (
        "search",
        "Search libraries, as one types. It neither waits for other frames nor keeps them waiting.",
        "found",
    ),
    (
        "modules",
        "What may be searched: the catalogues.",
        "modulesPage",
    ),
    (
        "claim",
        "Offer to serve routes, so many jobs at once; the jobs follow as `handOver`.",
        "claimed",
    ),
    (
        "append",
        "Add output or progress to a job that one holds; answered where it has an `id`.",
        "done",
    ),
    (
        "end",
        "End a job that one holds; answered where it has an `id`.",
        "done",
    ),
];

/// What the server sends without being asked anew.
const NEWS: [(&str, &str, &[&str]); 4] = [
    (
        "events",
        "The log of a watched job: what happened, or which of it is no longer kept.",
        &["event", "gap"],
    ),
    (
        "feed",
        "The changes of all jobs, for who watches them.",
        &["feed", "gap"],
    ),
    (
        "work",
        "To a worker: a job to serve, and what happens to it from then on.",
        &["handOver", "event"],
    ),
    ("notices", "What the server says of itself.", &["notice"]),
];

fn operations() -> Value {
    let socket = json!({ "$ref": "#/channels/socket" });
    let requests = REQUESTS.map(|(verb, summary, reply)| {
        let operation = json!({
            "action": "receive",
            "channel": socket,
            "summary": summary,
            "messages": messages(&[verb]),
            "reply": { "channel": socket, "messages": messages(&[reply, "refusal"]) },
        });
        (verb.to_owned(), operation)
    });
    let news = NEWS.map(|(name, summary, frames)| {
        let operation = json!({ "action": "send", "channel": socket, "summary": summary, "messages": messages(frames) });
        (name.to_owned(), operation)
    });
    object(requests.into_iter().chain(news))
}

fn messages(names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| json!({ "$ref": format!("#/channels/socket/messages/{name}") }))
        .collect()
}

fn message((name, payload): (&'static str, Value)) -> (String, Value) {
    let mut message = json!({ "name": name, "title": name, "summary": payload["description"], "payload": payload });
    if payload["properties"].get("id").is_some() {
        message["correlationId"] = json!({ "description": "The request's `id`, where it had one.", "location": "$message.payload#/id" });
    }
    let examples: Vec<_> = examples(name)
        .iter()
        .filter_map(|text| serde_json::from_str::<Value>(text).ok())
        .collect();
    message["examples"] = examples
        .into_iter()
        .map(|payload| json!({ "payload": payload }))
        .collect();
    (name.to_owned(), message)
}

#[cfg(test)]
mod tests {
    use longwire_protocol::{ParseLimits, Request, ServerFrame};

    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        assert_eq!(
            super::super::schemas::broken_references(&asyncapi()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_message_is_in_an_operation_and_has_examples_that_can_be_read() {
        let document = asyncapi();
        let operations = document["operations"].to_string();
        for (name, message) in document["components"]["messages"].as_object().unwrap() {
            assert!(
                operations.contains(&format!("/messages/{name}\"")),
                "{name}"
            );
            let asked = REQUESTS.iter().any(|(verb, ..)| verb == name);
            for example in examples(name) {
                if asked {
                    Request::parse(example, &ParseLimits::default()).unwrap();
                } else {
                    ServerFrame::parse(example).unwrap();
                }
            }
            assert_eq!(
                message["examples"].as_array().unwrap().len(),
                examples(name).len(),
                "{name}"
            );
            assert!(!examples(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn the_words_have_their_meaning_beside_them() {
        let text = description();
        for code in Code::ALL {
            assert!(text.contains(&format!("- `{code}`: ")), "{code}");
        }
        assert!(text.contains("- `running`: "));
        assert!(text.contains("- `1009` "));
    }
}
