//! The page at `/`: what `console/` is built to, carried in the binary.

mod files;
mod packed;

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::{MethodRouter, get},
};

use self::packed::Packed;

/// Nothing but our own files, and no page around ours. `'self'` holds for the socket too. No script and no style stands in the page.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Files below it have names that change with what is in them.
const HASHED: &str = "/assets/";

/// A file of the page. The build of `console/` writes the table of them.
struct File {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

/// The page and its files.
pub(crate) fn routes() -> Router {
    files::FILES.iter().fold(Router::new(), |router, file| {
        router.route(file.path, serve(file))
    })
}

/// It is compressed once, when it is first asked for.
fn serve(file: &'static File) -> MethodRouter {
    let packed: Arc<OnceLock<Packed>> = Arc::default();
    get(move |asked: HeaderMap| async move {
        file.answer(packed.get_or_init(|| Packed::of(file.bytes)), &asked)
    })
}

impl File {
    fn answer(&self, packed: &Packed, asked: &HeaderMap) -> Response<Body> {
        let fixed = HeaderValue::from_static;
        let mut response = Response::default();
        if packed.is_had(asked) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else if let Some(small) = packed.small_for(asked) {
            *response.body_mut() = small.into();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_ENCODING, fixed("gzip"));
        } else {
            *response.body_mut() = self.bytes.into();
        }
        let headers = response.headers_mut();
        headers.extend(packed.etag().map(|etag| (header::ETAG, etag)));
        headers.insert(header::VARY, fixed("Accept-Encoding"));
        headers.insert(header::CACHE_CONTROL, fixed(self.keeping()));
        headers.insert(header::CONTENT_TYPE, fixed(self.kind));
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(header::REFERRER_POLICY, fixed("no-referrer"));
        response
    }

    /// How long a browser may keep it without asking.
    fn keeping(&self) -> &'static str {
        if self.path.starts_with(HASHED) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        }
    }
}
