//! The same verbs over HTTP.

mod address;
mod body;
mod events;
mod jobs;
mod modules;
mod operations;
mod prefer;
mod problem;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state},
    response::IntoResponse,
    routing::{any, get},
};
use longwire_engine::{Engine, Principal};
use longwire_protocol::{Code, ParseLimits, Refusal};
use serde::Serialize;

use self::problem::{Problem, Refused};
pub(crate) use self::{
    jobs::{JobsPage, RoutesList},
    operations::{Health, METRICS_TYPE},
    prefer::LONGEST_WAIT,
    problem::{CONTENT_TYPE as PROBLEM_TYPE, ProblemView, of_code},
};
use crate::{
    config::Limits,
    metrics::Metrics,
    modules::Modules,
    stopping::Stopping,
    transports::origin::{self, Allowed},
};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Rest {
    pub(crate) engine: Engine,
    pub(crate) modules: Modules,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) limits: Limits,
    pub(crate) parse_limits: ParseLimits,
    pub(crate) allowed_origins: Allowed,
    pub(crate) stopping: Stopping,
}

type Shared = State<Arc<Rest>>;
type Answer = Result<Response<Body>, Problem>;

impl Rest {
    /// Who asks: there are no keys yet.
    fn who(&self) -> Principal {
        Principal::anonymous()
    }
}

/// The routes of this transport, and `pages` beside them: what holds for every answer holds for those too.
pub(crate) fn routes(rest: Rest, pages: Router) -> Router {
    let rest = Arc::new(rest);
    let jobs = get(jobs::list).post(jobs::start).delete(jobs::kill_all);
    let job = get(jobs::view).delete(jobs::kill).patch(jobs::extend);
    Router::new()
        .route("/routes", get(jobs::routes))
        .route(modules::PATH, any(modules::search))
        .route("/jobs", jobs)
        .route("/jobs/{connid}", job)
        .route("/jobs/{connid}/events", get(events::events))
        .merge(operations::routes(&rest.limits))
        .with_state(Arc::clone(&rest))
        .merge(pages)
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_path)
        .layer(from_fn_with_state(rest, guard))
}

/// Refuses what was sent to a name that is not ours, and what a foreign page asks to be changed, counts refusals, and says what holds for every answer.
async fn guard(State(rest): Shared, request: Request, next: Next) -> Response<Body> {
    let reads = reads(&request);
    let refused = modules::refused_at(request.uri().path());
    let page = origin::listed(request.headers(), &rest.allowed_origins);
    let mut response = if !origin::knows_host(request.headers(), &rest.allowed_origins) {
        refused(misdirected())
    } else if page.is_some() && is_preflight(&request) {
        preflight()
    } else if reads || origin::allowed(request.headers(), &rest.allowed_origins) {
        next.run(request).await
    } else {
        refused(foreign())
    };
    if let Some(Refused(code)) = response.extensions().get() {
        rest.metrics.refused(*code);
    }
    let headers = response.headers_mut();
    let fixed = HeaderValue::from_static;
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(fixed("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    if !rest.allowed_origins.is_empty() {
        headers.append(header::VARY, fixed("Origin"));
    }
    if let Some(page) = page {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, page);
        let exposed = fixed("ETag, Location, Preference-Applied, Retry-After");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// Whether a request changes nothing, whoever sends it.
fn reads(request: &Request) -> bool {
    let method = request.method();
    let safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    safe || method.as_str() == modules::QUERY || modules::reads(request)
}

/// Whether a browser asks beforehand what a page may do (the Fetch Standard, "CORS-preflight request").
fn is_preflight(request: &Request) -> bool {
    let asked = header::ACCESS_CONTROL_REQUEST_METHOD;
    request.method() == Method::OPTIONS && request.headers().contains_key(asked)
}

/// What the pages on the list may send. No credentials: there are none.
fn preflight() -> Response<Body> {
    let headers = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, POST, QUERY, PATCH, DELETE",
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Content-Type, If-None-Match, Prefer, Last-Event-ID",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn misdirected() -> Problem {
    let message = "this server does not know the name in `Host` as its own; add the origin it has there to `allowed_origins`, as in \"https://jobs.example.com\"";
    Problem::of_http(StatusCode::MISDIRECTED_REQUEST, Code::Forbidden, message)
}

fn foreign() -> Problem {
    let message = "pages of this origin may change nothing here; add it to `allowed_origins`";
    Refusal::new(Code::Forbidden, message)
        .about("Origin")
        .into()
}

async fn unknown_path(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(64).collect();
    let message = format!("there is nothing at {path:?}; what there is: /openapi.json");
    Problem::of_http(StatusCode::NOT_FOUND, Code::UnknownRoute, message)
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let (path, method): (String, String) = (
        uri.path().chars().take(64).collect(),
        method.as_str().chars().take(16).collect(),
    );
    let message = format!("{path:?} does not take {method}; see the header `Allow`");
    Problem::of_http(StatusCode::METHOD_NOT_ALLOWED, Code::UnknownRoute, message)
}

/// A response that holds this as JSON.
fn json<T: Serialize>(status: StatusCode, body: &T) -> Answer {
    let body = serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Refusal::new(Code::Internal, "the server could not write its answer")
    })?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Adds a header; one that cannot be written is left out.
fn say(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
