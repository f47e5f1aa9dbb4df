//! For those who run the server: is it alive, is it ready, how much does it do, what does it speak.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{MethodRouter, get},
};
use bytes::Bytes;
use longwire_protocol::{Code, Refusal};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Answer, Problem, Refused, Rest, Shared, json};
use crate::{
    config::Limits,
    specs::{self, SCHEMAS},
};

/// The text format of OpenMetrics 1.0.
pub(crate) const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All is well.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: HealthWord,
}

/// The word `ok`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HealthWord {
    /// All is well.
    Ok,
}

pub(super) fn routes(limits: &Limits) -> Router<Arc<Rest>> {
    let router = SCHEMAS.iter().fold(Router::new(), |router, schema| {
        let path = format!("/schema/{}.json", schema.name);
        router.route(&path, document(&(schema.make)()))
    });
    router
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", document(&specs::openapi_of(limits)))
        .route("/asyncapi.json", document(&specs::asyncapi()))
}

async fn alive() -> Answer {
    let status = HealthWord::Ok;
    json(StatusCode::OK, &Health { status })
}

async fn ready(State(rest): Shared) -> Answer {
    let refusal = match rest.engine.trouble() {
        _ if rest.engine.is_draining() => Refusal::new(
            Code::ShuttingDown,
            "the server is stopping and takes no new jobs",
        ),
        Some(why) => Refusal::new(
            Code::Unavailable,
            format!("the server takes no new jobs: {}", why.0),
        ),
        None => return alive().await,
    };
    let problem: Problem = refusal.into();
    // An answer, though it looks like a refusal: not to be counted as one.
    let mut response = problem.into_response();
    response.extensions_mut().remove::<Refused>();
    Ok(response)
}

async fn metrics(State(rest): Shared) -> impl IntoResponse {
    let text = rest.metrics.encode(&rest.engine.counts().await);
    ([(header::CONTENT_TYPE, METRICS_TYPE)], text)
}

fn document(document: &Value) -> MethodRouter<Arc<Rest>> {
    let text = Bytes::from(document.to_string());
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    get(move || async move { (headers, text) })
}
