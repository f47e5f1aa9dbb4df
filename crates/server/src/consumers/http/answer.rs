//! What an answer comes to: the result of a job, or what a failure says of it.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, header::CONTENT_TYPE};
use longwire_protocol::{Failure, Payload};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::{exchange::Answer, headers};
use crate::config::StreamConfig;

/// Bytes of the body of a failure that are kept.
const DETAIL_BYTES: u64 = 64 * 1024;
/// How long that may take to come: what failed is known without it.
const DETAIL_TIME: Duration = Duration::from_secs(5);

/// An answer, as clients are told of it.
#[derive(Serialize)]
pub(super) struct Told {
    status: u16,
    headers: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Body>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body {
    Json(Payload),
    Text(String),
    /// The answer says that it is JSON.
    NoJson(String),
    /// Of what is no text.
    Base64(String),
}

impl Body {
    /// What is to be said of it, as it is not what one would take it for.
    const fn encoding(&self) -> Option<&'static str> {
        match self {
            Self::Json(_) | Self::Text(_) => None,
            Self::NoJson(_) => Some("text"),
            Self::Base64(_) => Some("base64"),
        }
    }
}

/// How an answer becomes output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Streamed {
    /// Its bytes are.
    AsItIs,
    /// The data of its events are.
    Events,
}

impl Told {
    /// Of an answer the head.
    pub(super) fn head(answer: &Answer) -> Self {
        Self {
            status: answer.status.as_u16(),
            headers: headers::passed_on(&answer.headers, answer.is_packed()),
            body: None,
            encoding: None,
            truncated: false,
        }
    }

    fn with(mut self, headers: &HeaderMap, bytes: Vec<u8>) -> Self {
        let body = body(headers, bytes);
        self.encoding = body.as_ref().and_then(Body::encoding);
        self.body = body;
        self
    }

    /// # Errors
    /// As [`Payload::new`].
    pub(super) fn payload(&self) -> Result<Payload, Failure> {
        Payload::new(self).map_err(|error| Failure::new("internal", error.to_string()))
    }
}

/// The whole of an answer, which may have so many bytes.
///
/// # Errors
/// Where it has more, or its rest does not come.
pub(super) async fn whole(mut answer: Answer, most: u64) -> Result<Payload, Failure> {
    let mut bytes = Vec::new();
    if !gather(&mut answer, &mut bytes, most).await? {
        let message = format!("the upstream's answer has more than {most} bytes (response_bytes)");
        return Err(Failure::new("response_too_large", message));
    }
    let told = Told::head(&answer).with(&answer.headers, bytes);
    told.payload()
}

/// A failure that says what was answered, without its body.
pub(super) fn failure(answer: &Answer) -> Failure {
    failed(answer, &Told::head(answer))
}

/// A failure that says what was answered, with as much of the body as comes in time.
pub(super) async fn failure_with_body(mut answer: Answer) -> Failure {
    let mut bytes = Vec::new();
    let gathering = gather(&mut answer, &mut bytes, DETAIL_BYTES);
    let gathered = timeout(DETAIL_TIME, gathering).await;
    let mut told = Told::head(&answer).with(&answer.headers, bytes);
    told.truncated = !matches!(gathered, Ok(Ok(true)));
    failed(&answer, &told)
}

fn failed(answer: &Answer, told: &Told) -> Failure {
    let message = format!("the upstream answered {}", answer.status);
    let mut failure = Failure::new("upstream_status", message);
    failure.detail = told.payload().ok();
    failure
}

/// Reads on to the end of a body, or until there would be more than so many bytes: then it says no.
async fn gather(answer: &mut Answer, bytes: &mut Vec<u8>, most: u64) -> Result<bool, Failure> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    while let Some(piece) = answer.next().await? {
        let fits = piece.len().min(most - bytes.len());
        bytes.extend_from_slice(&piece[..fits]);
        if fits < piece.len() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A body as JSON or as text; in base64 where it is neither. What has a NUL is no text, and would be six times as long in JSON.
fn body(headers: &HeaderMap, bytes: Vec<u8>) -> Option<Body> {
    if bytes.is_empty() {
        return None;
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text,
        Ok(text) => return Some(Body::Base64(BASE64_STANDARD.encode(text))),
        Err(error) => return Some(Body::Base64(BASE64_STANDARD.encode(error.as_bytes()))),
    };
    let kind = kind(headers);
    if kind != "application/json" && !kind.ends_with("+json") {
        return Some(Body::Text(text));
    }
    let json = Payload::from_json(text.as_bytes()).ok();
    Some(json.map_or(Body::NoJson(text), Body::Json))
}

/// How a success becomes output, where it does.
pub(super) fn streamed(answer: &Answer, stream: StreamConfig) -> Option<Streamed> {
    let kind = kind(&answer.headers);
    let how = match kind.as_str() {
        "text/event-stream" => Streamed::Events,
        _ => Streamed::AsItIs,
    };
    let by_itself = match kind.as_str() {
        "text/event-stream" | "application/x-ndjson" | "application/jsonl" => true,
        kind => kind.starts_with("text/") && !answer.has_length(),
    };
    let wanted = match stream {
        StreamConfig::Auto => by_itself,
        StreamConfig::Never => false,
        StreamConfig::Always => true,
    };
    wanted.then_some(how)
}

/// The media type, without its parameters.
fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next());
    kind.unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn told(kind: &'static str, bytes: &[u8]) -> Value {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        let head = Told {
            status: 200,
            headers: Map::new(),
            body: None,
            encoding: None,
            truncated: false,
        };
        let told = head.with(&headers, bytes.to_vec()).payload().unwrap();
        let mut told: Map<String, Value> = told.read().unwrap();
        told.remove("status");
        told.remove("headers");
        told.into()
    }

    #[test]
    fn a_body_is_json_or_text_or_base64() {
        use serde_json::json;

        let deep = "[".repeat(200) + &"]".repeat(200);
        for (kind, bytes, expected) in [
            (
                "application/json",
                &b"{\"a\": [1,\n2]}"[..],
                json!({"body": {"a": [1, 2]}}),
            ),
            (
                "application/problem+json; charset=utf-8",
                b"null",
                json!({"body": null}),
            ),
            ("APPLICATION/JSON", b" \"x\" ", json!({"body": "x"})),
            (
                "application/json",
                b"{",
                json!({"body": "{", "encoding": "text"}),
            ),
            (
                "application/json",
                deep.as_bytes(),
                json!({"body": deep, "encoding": "text"}),
            ),
            ("application/json", b"", json!({})),
            ("text/json5", b"1", json!({"body": "1"})),
            ("text/plain", "ä\n".as_bytes(), json!({"body": "ä\n"})),
            ("", b"x", json!({"body": "x"})),
            (
                "text/plain; charset=latin1",
                b"\xe4",
                json!({"body": "5A==", "encoding": "base64"}),
            ),
            (
                "text/plain",
                b"a\0",
                json!({"body": "YQA=", "encoding": "base64"}),
            ),
            (
                "application/json",
                b"\"\xe4\"",
                json!({"body": "IuQi", "encoding": "base64"}),
            ),
        ] {
            assert_eq!(told(kind, bytes), expected, "{kind}");
        }
    }
}
