//! Where a server is.

use http::Uri;

use crate::{Error, tls::Tls};

/// The address of a server's socket.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// `ws://HOST:PORT/ws`, or `wss://HOST:PORT/ws`
    pub(crate) socket: Uri,
    /// Where it is to be spoken.
    pub(crate) tls: Option<Tls>,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As it was given, for people.
    pub(crate) shown: String,
}

impl Address {
    /// Reads `http://HOST:PORT` or `ws://HOST:PORT/ws`, or the same with TLS.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let wrong = || Error::Address(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let (scheme, host) = uri.scheme_str().zip(uri.host()).ok_or_else(wrong)?;
        let (own, port, tls) = match scheme {
            _ if host.is_empty() => return Err(wrong()),
            "http" | "ws" => ("ws", 80, None),
            "https" | "wss" => ("wss", 443, Some(Tls::of_system()?)),
            _ => return Err(wrong()),
        };
        let port = uri.port_u16().unwrap_or(port);
        let query = uri.query().map(|q| format!("?{q}")).unwrap_or_default();
        let path = socket_path(scheme, uri.path());
        let socket = format!("{own}://{host}:{port}{path}{query}");
        Ok(Self {
            socket: socket.parse().map_err(|_| wrong())?,
            tls,
            // An IPv6 address stands in brackets, which are not part of it.
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            shown: url.to_owned(),
        })
    }
}

/// A socket's own path is kept; below the address of a site it is `/ws`.
fn socket_path(scheme: &str, path: &str) -> String {
    let path = path.trim_end_matches('/');
    if path.ends_with("/ws") || (scheme.starts_with("ws") && !path.is_empty()) {
        path.to_owned()
    } else {
        format!("{path}/ws")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_sites_and_of_sockets_are_the_same() {
        for (url, socket) in [
            ("http://127.0.0.1:8000", Some("ws://127.0.0.1:8000/ws")),
            ("http://127.0.0.1:8000/", Some("ws://127.0.0.1:8000/ws")),
            ("http://host", Some("ws://host:80/ws")),
            ("http://host/longwire/", Some("ws://host:80/longwire/ws")),
            ("ws://[::1]:8000", Some("ws://[::1]:8000/ws")),
            ("ws://host:1/ws?key=a", Some("ws://host:1/ws?key=a")),
            ("ws://host:1/other", Some("ws://host:1/other")),
            ("ftp://host", None),
            ("127.0.0.1:8000", None),
            ("host", None),
            ("", None),
            ("http://", None),
        ] {
            let got = Address::parse(url).ok().map(|a| a.socket.to_string());
            assert_eq!(got.as_deref(), socket, "{url}");
        }
    }

    #[cfg(feature = "tls")]
    #[test]
    fn addresses_with_tls_are_sockets_with_tls() {
        for (url, socket) in [
            ("https://host", "wss://host:443/ws"),
            ("wss://host:8443/other", "wss://host:8443/other"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.socket.to_string(), socket);
            assert!(address.tls.is_some());
        }
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn addresses_with_tls_need_the_feature() {
        for url in ["https://host", "wss://host"] {
            let error = Address::parse(url).unwrap_err();
            assert_eq!(error.code(), "tls");
            assert!(error.to_string().contains("feature"), "{error}");
        }
    }
}
