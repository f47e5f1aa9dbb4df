//! Where a server is.

use http::Uri;

use crate::Error;

/// The address of a server's socket.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// `ws://HOST:PORT/ws`
    pub(crate) socket: Uri,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As it was given, for people.
    pub(crate) shown: String,
}

impl Address {
    /// Reads `http://HOST:PORT` or `ws://HOST:PORT/ws`.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let wrong = || Error::Address(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let (scheme, host) = uri.scheme_str().zip(uri.host()).ok_or_else(wrong)?;
        match scheme {
            "http" | "ws" if !host.is_empty() => {}
            "https" | "wss" => return Err(Error::Tls(url.to_owned())),
            _ => return Err(wrong()),
        }
        let port = uri.port_u16().unwrap_or(80);
        let query = uri.query().map(|q| format!("?{q}")).unwrap_or_default();
        let path = socket_path(scheme, uri.path());
        let socket = format!("ws://{host}:{port}{path}{query}");
        Ok(Self {
            socket: socket.parse().map_err(|_| wrong())?,
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
    if path.ends_with("/ws") || (scheme == "ws" && !path.is_empty()) {
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
            ("https://host", None),
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
}
