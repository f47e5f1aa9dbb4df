//! Refusals as RFC 9457 has them.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use longwire_modules::{Answer, Status};
use longwire_protocol::{Code, Connid, EndedView, Refusal};
use schemars::JsonSchema;
use serde::Serialize;

use super::{modules::ACCEPT_QUERY, say};

pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

/// A request that was refused, with the status that says so.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    refusal: Refusal,
}

/// Set on a response that refuses, so that it can be counted in one place.
#[derive(Clone, Copy)]
pub(super) struct Refused(pub(super) Code);

/// Why a request was refused (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemView {
    /// What kind of problem this is: `/problems/` and the code, or `about:blank` where the status says all.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The status of the response.
    status: u16,
    /// What was wrong, what was got, and what would be right.
    detail: String,
    /// The stable word, as on the socket.
    code: Code,
    /// The field, parameter or header that was wrong, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The connid it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    connid: Option<Connid>,
    /// How the job had ended, where it had (`already_ended`).
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Box<EndedView>>,
}

/// The status that stands for a code, and the code in words.
pub(crate) const fn of_code(code: Code) -> (StatusCode, &'static str) {
    match code {
        Code::InvalidJson => (StatusCode::BAD_REQUEST, "Not JSON"),
        Code::InvalidFrame => (StatusCode::BAD_REQUEST, "Not a request"),
        Code::MissingField => (StatusCode::BAD_REQUEST, "Missing field"),
        Code::InvalidField => (StatusCode::BAD_REQUEST, "Invalid field"),
        Code::UnknownField => (StatusCode::BAD_REQUEST, "Unknown field"),
        Code::UnknownRoute => (StatusCode::NOT_FOUND, "Unknown route"),
        Code::UnknownConnid => (StatusCode::NOT_FOUND, "Unknown connid"),
        Code::Expired => (StatusCode::GONE, "No longer kept"),
        Code::AlreadyEnded => (StatusCode::CONFLICT, "Already ended"),
        Code::ConnidInUse => (StatusCode::CONFLICT, "Connid in use"),
        Code::LeaseLost => (StatusCode::CONFLICT, "Lease lost"),
        Code::UnknownLib => (StatusCode::NOT_FOUND, "Unknown library"),
        Code::UnknownCatalogue => (StatusCode::NOT_FOUND, "Unknown catalogue"),
        Code::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Too large"),
        Code::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too many"),
        Code::Unauthorized => (StatusCode::UNAUTHORIZED, "Who asks is not known"),
        Code::Forbidden => (StatusCode::FORBIDDEN, "Not allowed"),
        Code::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, "Shutting down"),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Cannot be written"),
        Code::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "The server failed"),
    }
}

impl Problem {
    /// A problem of HTTP, for which the codes have no status of its own.
    pub(super) fn of_http(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        let refusal = Refusal::new(code, message.into());
        Self { status, refusal }
    }

    fn view(self) -> ProblemView {
        let code = self.refusal.code;
        let (usual, title) = of_code(code);
        let (kind, title) = if usual == self.status {
            (format!("/problems/{code}"), title)
        } else {
            let title = self.status.canonical_reason().unwrap_or_default();
            ("about:blank".to_owned(), title)
        };
        ProblemView {
            kind,
            title: title.to_owned(),
            status: self.status.as_u16(),
            detail: self.refusal.message.into_owned(),
            code,
            field: self.refusal.field.map(Into::into),
            connid: self.refusal.connid,
            ended: self.refusal.ended,
        }
    }

    /// When to try again, in seconds, where that may help.
    fn retry_after(&self) -> Option<HeaderValue> {
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => Some(HeaderValue::from_static("5")),
            StatusCode::TOO_MANY_REQUESTS => Some(HeaderValue::from_static("1")),
            _ => None,
        }
    }
}

impl Problem {
    /// The same in the three fields of an answer to a search.
    pub(super) fn into_answer(self) -> Response<Body> {
        let message = self.refusal.message.to_string();
        let answer = Answer {
            status: Status::Error,
            message,
            data: Vec::new(),
        };
        let mut response = self.sent("application/json", |_| answer);
        say(response.headers_mut(), ACCEPT_QUERY, "application/json");
        response
    }

    fn sent<T: Serialize>(
        self,
        content_type: &'static str,
        body: impl FnOnce(Self) -> T,
    ) -> Response<Body> {
        let (status, code, retry_after) = (self.status, self.refusal.code, self.retry_after());
        // All of it can be written; were it not, the status still says what counts.
        let body = serde_json::to_vec(&body(self)).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        response.extensions_mut().insert(Refused(code));
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, _) = of_code(refusal.code);
        Self { status, refusal }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        self.sent(CONTENT_TYPE, Self::view)
    }
}
