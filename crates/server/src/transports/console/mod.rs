//! The page at `/`: start, kill and status over the socket, as the demo had them.

use axum::{
    Router,
    http::{HeaderValue, header},
    response::IntoResponse,
    routing::{MethodRouter, get},
};

/// Nothing but our own files, and no page around ours. `'self'` holds for the socket too.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The page and its two files.
pub(crate) fn routes() -> Router {
    Router::new()
        .route(
            "/",
            file("text/html; charset=utf-8", include_str!("index.html")),
        )
        .route(
            "/app.js",
            file("text/javascript; charset=utf-8", include_str!("app.js")),
        )
        .route(
            "/style.css",
            file("text/css; charset=utf-8", include_str!("style.css")),
        )
}

fn file(kind: &'static str, text: &'static str) -> MethodRouter {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    get(move || async move { (headers, text).into_response() })
}
