//! The answers of the REST interface: each status that an operation can give, with what is in it.

use axum::http::StatusCode;
use longwire_protocol::Code;
use serde_json::{Value, json};

use super::schemas::object;
use crate::transports::rest::{PROBLEM_TYPE, of_code};

/// What may go wrong in an operation.
pub(super) enum Fault {
    /// Any of the refusals that this code stands for.
    Code(Code),
    /// Something of HTTP, with no code of its own.
    Http(StatusCode, Code, &'static str),
}

/// A body that is not JSON.
pub(super) const NOT_JSON: Fault = Fault::Http(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    Code::InvalidFrame,
    "the body must be JSON, and say so: \"Content-Type: application/json\"",
);
/// A body that takes too long.
pub(super) const TOO_SLOW: Fault = Fault::Http(
    StatusCode::REQUEST_TIMEOUT,
    Code::InvalidFrame,
    "the body must have come within 60 seconds",
);

impl Fault {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Code(code) => of_code(*code).0,
            Self::Http(status, _, _) => *status,
        }
    }

    /// The word in `code`, and an example of the whole.
    fn example(&self) -> (&'static str, Value) {
        let status = self.status();
        match self {
            Self::Code(code) => {
                let (kind, title) = (format!("/problems/{code}"), of_code(*code).1);
                (
                    code.as_str(),
                    problem(&kind, title, status, detail(*code), *code),
                )
            }
            Self::Http(_, code, detail) => {
                let title = status.canonical_reason().unwrap_or_default();
                (
                    code.as_str(),
                    problem("about:blank", title, status, detail, *code),
                )
            }
        }
    }
}

fn problem(kind: &str, title: &str, status: StatusCode, detail: &str, code: Code) -> Value {
    json!({ "type": kind, "title": title, "status": status.as_u16(), "detail": detail, "code": code })
}

const fn detail(code: Code) -> &'static str {
    match code {
        Code::InvalidJson => {
            "a frame is one JSON object in UTF-8; got this: EOF while parsing an object at line 1 column 1"
        }
        Code::InvalidFrame => {
            "a frame is one JSON object, each key once; got this: the key \"time\" twice at line 1 column 20"
        }
        Code::MissingField => "\"route\" must be there",
        Code::InvalidField => {
            "\"time\" must be seconds from 0 to 1000000000, such as 30, 0.5 or \"30\"; got integer `-1`"
        }
        Code::UnknownField => "unknown field \"tmie\"; did you mean \"time\"?",
        Code::UnknownRoute => "unknown route \"reqest\"; did you mean \"request\"?",
        Code::UnknownConnid => "invalid connection id: report-7",
        Code::Expired => "report-7 ended and is no longer kept",
        Code::AlreadyEnded => "report-7 has already ended: ok",
        Code::ConnidInUse => {
            "a job named report-7 is running; kill it, or start with \"on_conflict\": \"attach\" or \"replace\", or with another connid"
        }
        Code::LeaseLost => "report-7 has already ended: killed; nobody holds it any more",
        Code::UnknownLib => "lib: unknown library \"vectr\" (did you mean \"vector\"?)",
        Code::UnknownCatalogue => {
            "catalogue: there is none called \"cp\"; did you mean \"cpp\"?; there are: cpp"
        }
        Code::TooLarge => "the body must be at most 1048576 bytes",
        Code::TooMany => {
            "the server has as many jobs as it takes at once; try again when some have ended"
        }
        Code::Unauthorized => "who asks must be known first",
        Code::Forbidden => {
            "pages of this origin may change nothing here; add it to `allowed_origins`"
        }
        Code::ShuttingDown => {
            "the server is stopping and takes no new jobs; start it again once the server is back"
        }
        Code::Unavailable => {
            "the server cannot write this down: the disk of the data folder is full (no space is left on the disk), so nothing was done; try again later"
        }
        Code::Internal => "the server could not write its answer",
    }
}

/// A response of that type.
pub(super) fn response(
    description: &str,
    content_type: &str,
    schema: &Value,
    example: Option<Value>,
) -> Value {
    let mut media = json!({ "schema": schema });
    if let Some(example) = example {
        media["example"] = example;
    }
    json!({ "description": description, "content": { content_type: media } })
}

/// All the responses of an operation: those that went well, and what may go wrong.
pub(super) fn responses(well: impl IntoIterator<Item = (u16, Value)>, faults: &[Fault]) -> Value {
    let mut statuses: Vec<StatusCode> = faults.iter().map(Fault::status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let refusals = statuses.into_iter().map(|status| {
        let faults = faults.iter().filter(|fault| fault.status() == status);
        (status.as_str().to_owned(), refusal(status, faults))
    });
    let well = well
        .into_iter()
        .map(|(status, response)| (status.to_string(), response));
    object(well.chain(refusals))
}

fn refusal<'a>(status: StatusCode, faults: impl Iterator<Item = &'a Fault>) -> Value {
    let examples: Vec<_> = faults.map(Fault::example).collect();
    let words: Vec<_> = examples
        .iter()
        .map(|(word, _)| format!("`{word}`"))
        .collect();
    let mut response = json!({
        "description": format!("Refused: {}.", words.join(", ")),
        "content": { PROBLEM_TYPE: {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "examples": object(examples.into_iter().map(|(word, value)| (word.to_owned(), json!({ "value": value })))),
        } },
    });
    if matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        let schema = json!({ "type": "integer", "minimum": 0 });
        response["headers"] = json!({ "Retry-After": { "description": "Seconds.", "required": true, "schema": schema } });
    }
    response
}
