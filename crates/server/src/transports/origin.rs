//! Which pages may talk to this server.
//!
//! A browser lets any page open a socket or send a form anywhere and says in `Origin` (RFC 6454) which page it was. Programs
//! that are not browsers send none.
//!
//! A page that has its own name answered with our address (DNS rebinding) is of our origin, to a browser. So a name counts as
//! ours only where nobody else can own it, or where the configuration has it.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderValue, header, uri::Authority};

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

/// The origin of a page that is on the list: what a browser must be told before it shows an answer to that page.
pub(crate) fn listed(headers: &HeaderMap, list: &Allowed) -> Option<HeaderValue> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return None;
    };
    let on_list = |origin: &str| list.iter().any(|on_list| on_list == origin);
    origin.to_str().is_ok_and(on_list).then(|| origin.clone())
}

/// Whether a request was sent to an address, to `localhost`, or to the host of an origin on the list: to a name of which no
/// stranger can say where it leads. A request of HTTP/1.0 may name no host; browsers send none.
pub(crate) fn knows_host(headers: &HeaderMap, list: &Allowed) -> bool {
    let Some(host) = headers.get(header::HOST) else {
        return true;
    };
    let authority = host
        .to_str()
        .ok()
        .and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| {
        let host = authority.host().to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        is_address(host)
            || host == "localhost"
            || host.ends_with(".localhost")
            || list.iter().any(|origin| host_of(origin) == Some(host))
    })
}

fn is_address(host: &str) -> bool {
    let v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match v6 {
        Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<Ipv4Addr>().is_ok(),
    }
}

/// The host in an origin, without its port.
fn host_of(origin: &str) -> Option<&str> {
    let (_, host) = origin.split_once("://")?;
    Some(match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        Some(_) | None => host,
    })
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
    fn names_that_are_ours() {
        let list: Allowed = vec![
            "https://app.example.com".to_owned(),
            "http://jobs:8000".to_owned(),
        ]
        .into();
        for (host, expected) in [
            (None, true),
            (Some("localhost"), true),
            (Some("LOCALHOST:8000"), true),
            (Some("localhost.:8000"), true),
            (Some("jobs.localhost:8000"), true),
            (Some("127.0.0.1:8000"), true),
            (Some("192.168.0.7"), true),
            (Some("[::1]:8000"), true),
            (Some("app.example.com"), true),
            (Some("APP.example.com:8443"), true),
            (Some("jobs:8000"), true),
            (Some("evil.example:8000"), false),
            (Some("app.example.com.evil.example"), false),
            (Some("evillocalhost"), false),
            (Some("127.0.0.1.evil.example"), false),
            (Some("[evil.example]"), false),
            (Some(""), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(host) = host {
                headers.insert(header::HOST, host.parse().unwrap());
            }
            assert_eq!(knows_host(&headers, &list), expected, "{host:?}");
        }
    }

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
