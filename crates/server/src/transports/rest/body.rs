//! The body of a request, as text, within bounds.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use longwire_protocol::{Code, Refusal};

use super::problem::Problem;

/// How long a whole body may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads a body of JSON.
pub(super) async fn json_text(request: Request, most: usize) -> Result<String, Problem> {
    if !is_json(request.headers()) {
        return Err(not_json());
    }
    let bytes = whole(request.into_body(), most).await?;
    String::from_utf8(bytes.into())
        .map_err(|_| Refusal::new(Code::InvalidJson, "the body must be UTF-8").into())
}

/// Reads a body, whatever is in it.
pub(super) async fn whole(body: Body, most: usize) -> Result<Bytes, Problem> {
    tokio::time::timeout(PATIENCE, read(body, most))
        .await
        .map_err(|_| too_slow())?
}

pub(super) fn not_json() -> Problem {
    Problem::of_http(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::InvalidFrame,
        "the body must be JSON, and say so: \"Content-Type: application/json\"",
    )
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let essence = only.to_str().ok().and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

async fn read(body: Body, most: usize) -> Result<Bytes, Problem> {
    let announced = body.size_hint().lower();
    if usize::try_from(announced).is_ok_and(|announced| announced > most) {
        return Err(too_large(most));
    }
    match Limited::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large(most)),
        Err(_) => Err(Refusal::new(Code::InvalidFrame, "the body broke off").into()),
    }
}

fn too_large(most: usize) -> Problem {
    Refusal::new(
        Code::TooLarge,
        format!("the body must be at most {most} bytes"),
    )
    .into()
}

fn too_slow() -> Problem {
    let seconds = PATIENCE.as_secs();
    let message = format!("the body must have come within {seconds} seconds");
    Problem::of_http(StatusCode::REQUEST_TIMEOUT, Code::InvalidFrame, message)
}
