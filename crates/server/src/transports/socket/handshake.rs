//! From an HTTP request to a socket: RFC 6455, section 4.2.

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, Response, StatusCode, Version, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use longwire_protocol::SUBPROTOCOL;

use crate::transports::origin::{self, Allowed};

/// Why a request does not become a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotASocket {
    #[error("a socket is opened with GET over HTTP/1.1")]
    Method,
    #[error(
        "the headers `Connection: upgrade` and `Upgrade: websocket` must be there; open this address with a WebSocket client"
    )]
    Upgrade,
    #[error("the header `Sec-WebSocket-Version` must be 13")]
    Version,
    #[error("the header `Sec-WebSocket-Key` must be there once and hold 16 bytes in base64")]
    Key,
    #[error("`times` in the address must be true or false")]
    Times,
    #[error("the only subprotocol here is `longwire.v1`; offer it, or none")]
    Subprotocol,
    #[error("pages of this origin may not open a socket here; add it to `allowed_origins`")]
    Origin,
    #[error(
        "this server does not know the name in `Host` as its own; add the origin it has there to `allowed_origins`, as in \"https://jobs.example.com\""
    )]
    Host,
}

impl NotASocket {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Method | Self::Key | Self::Times | Self::Subprotocol => StatusCode::BAD_REQUEST,
            Self::Upgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
        }
    }
}

/// What a valid handshake asks for.
#[derive(Debug)]
pub(super) struct Handshake {
    accept: String,
    subprotocol: bool,
    /// Whether each event is to be sent with the time at which it happened.
    pub(super) times: bool,
}

impl Handshake {
    /// Checks a request to open a socket.
    pub(super) fn check(request: &Request<Body>, allowed: &Allowed) -> Result<Self, NotASocket> {
        let headers = request.headers();
        if request.method() != Method::GET || request.version() != Version::HTTP_11 {
            return Err(NotASocket::Method);
        }
        if !has_token(headers, header::CONNECTION, "upgrade")
            || !has_token(headers, header::UPGRADE, "websocket")
        {
            return Err(NotASocket::Upgrade);
        }
        if only(headers, header::SEC_WEBSOCKET_VERSION) != Some("13") {
            return Err(NotASocket::Version);
        }
        if !origin::knows_host(headers, allowed) {
            return Err(NotASocket::Host);
        }
        if !origin::allowed(headers, allowed) {
            return Err(NotASocket::Origin);
        }
        let key = only(headers, header::SEC_WEBSOCKET_KEY)
            .filter(|key| is_key(key))
            .ok_or(NotASocket::Key)?;
        Ok(Self {
            accept: accept(key),
            subprotocol: offers_ours(headers)?,
            times: times(request.uri().query())?,
        })
    }

    /// The reply that makes it a socket.
    pub(super) fn response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        let word = header::HeaderValue::from_static;
        headers.insert(header::CONNECTION, word("Upgrade"));
        headers.insert(header::UPGRADE, word("websocket"));
        // Base64 is always a header's value.
        if let Ok(accept) = self.accept.parse() {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if self.subprotocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, word(SUBPROTOCOL));
        }
        response
    }
}

/// What else is in an address is for whoever stands before the server.
fn times(query: Option<&str>) -> Result<bool, NotASocket> {
    let mut parameters = query.unwrap_or_default().split('&');
    match parameters.find_map(|parameter| parameter.strip_prefix("times=")) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(NotASocket::Times),
    }
}

/// A header's value, where it is there exactly once.
fn only(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn tokens(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|t| t.eq_ignore_ascii_case(token))
}

fn is_key(key: &str) -> bool {
    STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16)
}

/// RFC 6455, section 4.2.2, step 5.
fn accept(key: &str) -> String {
    let mut digest = sha1_smol::Sha1::new();
    digest.update(key.as_bytes());
    digest.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(digest.digest().bytes())
}

fn offers_ours(headers: &HeaderMap) -> Result<bool, NotASocket> {
    let mut offered = tokens(headers, header::SEC_WEBSOCKET_PROTOCOL).peekable();
    if offered.peek().is_none() {
        return Ok(false);
    }
    if offered.any(|name| name == SUBPROTOCOL) {
        Ok(true)
    } else {
        Err(NotASocket::Subprotocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[(&str, &str)] = &[
        ("host", "localhost:8000"),
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    /// A header and what it is instead; none where it is left out.
    type Changed = (&'static str, Option<&'static str>);

    /// What is changed, and the subprotocol that is agreed upon then.
    type Row = (&'static [Changed], Result<Option<&'static str>, NotASocket>);

    fn check(change: &[Changed]) -> Result<Option<String>, NotASocket> {
        let mut builder = Request::builder().uri("/ws");
        let changed = |name: &str| change.iter().any(|(other, _)| *other == name);
        let kept = GOOD
            .iter()
            .filter(|(name, _)| !changed(name))
            .map(|(name, value)| (*name, *value));
        let added = change
            .iter()
            .filter_map(|(name, value)| value.map(|value| (*name, value)));
        for (name, value) in kept.chain(added) {
            builder = builder.header(name, value);
        }
        let request = builder.body(Body::empty()).unwrap();
        let response = Handshake::check(&request, &Allowed::default())?.response();
        let header = |name| {
            response
                .headers()
                .get(name)
                .map(|v: &header::HeaderValue| v.to_str().unwrap().to_owned())
        };
        assert_eq!(
            header("sec-websocket-accept").as_deref(),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        Ok(header("sec-websocket-protocol"))
    }

    #[test]
    fn handshakes() {
        let table: &[Row] = &[
            (&[], Ok(None)),
            (
                &[("sec-websocket-protocol", Some("longwire.v1"))],
                Ok(Some("longwire.v1")),
            ),
            (
                &[("sec-websocket-protocol", Some("chat, longwire.v1"))],
                Ok(Some("longwire.v1")),
            ),
            (
                &[("sec-websocket-protocol", Some("chat"))],
                Err(NotASocket::Subprotocol),
            ),
            (&[("connection", Some("close"))], Err(NotASocket::Upgrade)),
            (&[("upgrade", None)], Err(NotASocket::Upgrade)),
            (
                &[("sec-websocket-version", Some("8"))],
                Err(NotASocket::Version),
            ),
            (&[("sec-websocket-key", None)], Err(NotASocket::Key)),
            (
                &[("sec-websocket-key", Some("short"))],
                Err(NotASocket::Key),
            ),
            (
                &[
                    ("sec-websocket-key", Some("dGhlIHNhbXBsZSBub25jZQ==")),
                    ("sec-websocket-key", Some("dGhlIHNhbXBsZSBub25jZQ==")),
                ],
                Err(NotASocket::Key),
            ),
            (&[("origin", Some("http://localhost:8000"))], Ok(None)),
            (
                &[("origin", Some("http://evil.example"))],
                Err(NotASocket::Origin),
            ),
            (&[("origin", Some("null"))], Err(NotASocket::Origin)),
            (
                &[
                    ("host", Some("evil.example:8000")),
                    ("origin", Some("http://evil.example:8000")),
                ],
                Err(NotASocket::Host),
            ),
        ];
        for (change, expected) in table {
            let expected = expected.map(|protocol| protocol.map(str::to_owned));
            assert_eq!(check(change), expected, "{change:?}");
        }
    }
}
