//! Which pages may talk to this server.
//!
//! A browser lets any page open a socket or send a form anywhere and says in `Origin` (RFC 6454) which page it was. Programs
//! that are not browsers send none.

use axum::http::{HeaderMap, header};

/// The origins that may, beside the server's own.
pub(crate) type Allowed = std::sync::Arc<[String]>;

/// Whether a request comes from no page, from one of our own, or from one that is on the list. `null` is nobody's.
pub(crate) fn allowed(headers: &HeaderMap, list: &Allowed) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return true;
    };
    let (Ok(origin), None) = (origin.to_str(), origins.next()) else {
        return false;
    };
    list.iter().any(|on_list| on_list == origin) || is_own(headers, origin)
}

/// Whether an origin is the address that the request itself was sent to.
fn is_own(headers: &HeaderMap, origin: &str) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    matches!((host, authority), (Some(host), Some(authority)) if host.eq_ignore_ascii_case(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may() {
        let list: Allowed = vec!["https://app.example.com".to_owned()].into();
        for (origins, expected) in [
            (&[][..], true),
            (&["http://localhost:8000"], true),
            (&["https://localhost:8000"], true),
            (&["http://LOCALHOST:8000"], true),
            (&["http://localhost:9000"], false),
            (&["https://app.example.com"], true),
            (&["https://app.example.com.evil.org"], false),
            (&["http://app.example.com"], false),
            (&["null"], false),
            (&[""], false),
            (&["http://localhost:8000", "http://evil.example"], false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "localhost:8000".parse().unwrap());
            for origin in origins {
                headers.append(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(allowed(&headers, &list), expected, "{origins:?}");
        }
    }
}
