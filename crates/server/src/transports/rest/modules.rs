//! Searching libraries: a question in, three fields out, whatever comes of it.

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, Response, StatusCode, Uri, header, request::Parts},
    response::IntoResponse,
};
use longwire_modules::{Answer, MAX_QUESTION_BYTES, Query, Status};
use longwire_protocol::{Code, Payload, Refusal};
use serde::Serialize;

use super::{Problem, Rest, Shared, address, body, json, say};
use crate::{
    modules::{self, Asker, refusal},
    transports::etag::is_had,
};

/// Where.
pub(super) const PATH: &str = "/query/module";
/// The method that is safe and has a body (RFC 10008). It has no name in `http` yet.
pub(super) const QUERY: &str = "QUERY";

const ALLOW: &str = "GET, HEAD, OPTIONS, POST, QUERY";
/// What a body of `QUERY` may be (RFC 10008, section 3).
pub(super) const ACCEPT_QUERY: HeaderName = HeaderName::from_static("accept-query");

/// Whether a request only searches: `POST` does here, too.
pub(super) fn reads(request: &Request) -> bool {
    request.method() == Method::POST && request.uri().path() == PATH
}

/// How a refusal looks at a path: here it has the three fields of every answer.
pub(super) fn refused_at(path: &str) -> fn(Problem) -> Response<Body> {
    if path == PATH {
        Problem::into_answer
    } else {
        Problem::into_response
    }
}

/// `GET`, `QUERY` or `POST /query/module`
pub(super) async fn search(State(rest): Shared, request: Request) -> Response<Body> {
    let method = request.method().clone();
    let answer = match method.as_str() {
        "OPTIONS" => options(),
        "GET" | "HEAD" | "POST" | QUERY => found(&rest, request).await,
        _ => Err(wrong_method(&method)),
    };
    let mut response = answer.unwrap_or_else(Problem::into_answer);
    let (status, headers) = (response.status(), response.headers_mut());
    say(headers, ACCEPT_QUERY, "application/json");
    if method == Method::OPTIONS || status == StatusCode::METHOD_NOT_ALLOWED {
        say(headers, header::ALLOW, ALLOW);
    }
    response
}

/// An answer as it is sent: its fields are those of [`Answer`].
#[derive(Serialize)]
struct Found<'a> {
    status: Status,
    message: &'a str,
    data: &'a Payload,
}

impl<'a> From<&'a modules::Answer> for Found<'a> {
    fn from(answer: &'a modules::Answer) -> Self {
        Self {
            status: Status::Ok,
            message: &answer.message,
            data: &answer.data,
        }
    }
}

async fn found(rest: &Rest, request: Request) -> super::Answer {
    let (head, body) = request.into_parts();
    let query = question(&head, body).await?;
    let answer = rest.modules.answer(query, &Asker::default()).await?;
    if head.method == Method::POST {
        return json(StatusCode::OK, &Found::from(&*answer));
    }
    let tag = format!("\"{}\"", answer.tag);
    let mut response = if is_had(&head.headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json(StatusCode::OK, &Found::from(&*answer))?
    };
    let headers = response.headers_mut();
    say(headers, header::ETAG, &tag);
    // It may be kept, and is to be asked for again: with a body, one address has many answers.
    say(headers, header::CACHE_CONTROL, "no-cache");
    Ok(response)
}

/// The question, from the body or from the address.
async fn question(head: &Parts, body: Body) -> Result<Query, Problem> {
    if body.is_end_stream() {
        return Ok(asked_in(&head.uri)?);
    }
    check_type(&head.method, &head.headers)?;
    let bytes = body::whole(body, MAX_QUESTION_BYTES).await?;
    if bytes.trim_ascii().is_empty() {
        return Ok(asked_in(&head.uri)?);
    }
    if let Some((name, _)) = address::pairs(&head.uri)?.into_iter().next() {
        return Err(two_questions(name).into());
    }
    Ok(Query::from_json(&bytes).map_err(refusal)?)
}

fn asked_in(uri: &Uri) -> Result<Query, Refusal> {
    Query::from_pairs(address::pairs(uri)?).map_err(refusal)
}

fn two_questions(name: String) -> Refusal {
    let message = format!(
        "the question is in the body, so {name:?} cannot be in the address as well; leave out what follows the `?`, or the body"
    );
    Refusal::new(Code::InvalidField, message).about(name)
}

/// A body that does not say what it is can only be JSON; but a `QUERY` has to say it (RFC 10008, section 2).
fn check_type(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if body::is_json(headers) {
        return Ok(());
    }
    match headers.contains_key(header::CONTENT_TYPE) {
        true => Err(body::not_json()),
        false if method.as_str() == QUERY => {
            let message = "Content-Type must be there, as the method is QUERY: \"Content-Type: application/json\"";
            Err(Refusal::new(Code::MissingField, message)
                .about("Content-Type")
                .into())
        }
        false => Ok(()),
    }
}

fn options() -> super::Answer {
    let answer = Answer {
        status: Status::Ok,
        message: format!("{PATH} takes {ALLOW}"),
        data: Vec::new(),
    };
    json(StatusCode::OK, &answer)
}

fn wrong_method(method: &Method) -> Problem {
    let method: String = method.as_str().chars().take(16).collect();
    let message = format!("{PATH} does not take {method}; what it takes: {ALLOW}");
    Problem::of_http(StatusCode::METHOD_NOT_ALLOWED, Code::UnknownRoute, message)
}
