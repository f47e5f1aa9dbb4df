//! Opening a socket to a server.

use http::{HeaderMap, HeaderName, HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};
use longwire_protocol::SUBPROTOCOL;
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Limits, MaybeTlsStream, WebSocketStream, upgrade};

use crate::{Error, address::Address, tls::Stream};

/// The largest message that is read.
const MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Connects and agrees on the protocol.
pub(crate) async fn dial(
    address: &Address,
    headers: &HeaderMap,
) -> Result<WebSocketStream<Stream>, Error> {
    let refused = |error: &tokio_websockets::Error| handshake_error(address, error);
    let stream = TcpStream::connect((address.host.as_str(), address.port))
        .await
        .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
        .map_err(|error| refused(&tokio_websockets::Error::Io(error)))?;
    let stream = match &address.tls {
        Some(tls) => {
            let wrapped = tls.wrap(&address.host, stream).await;
            wrapped.map_err(|error| refused(&error))?
        }
        None => MaybeTlsStream::Plain(stream),
    };
    let name: HeaderName = SEC_WEBSOCKET_PROTOCOL;
    let mut builder = ClientBuilder::from_uri(address.socket.clone())
        .limits(Limits::default().max_payload_len(Some(MESSAGE_BYTES)))
        .add_header(name.clone(), HeaderValue::from_static(SUBPROTOCOL))
        .map_err(|error| refused(&error))?;
    for (header, value) in headers {
        let added = builder.add_header(header.clone(), value.clone());
        builder = added.map_err(|error| refused(&error))?;
    }
    let (socket, response) = builder
        .connect_on(stream)
        .await
        .map_err(|error| refused(&error))?;
    let agreed = response.headers().get(&name);
    if agreed.is_some_and(|agreed| agreed == SUBPROTOCOL) {
        return Ok(socket);
    }
    Err(Error::NotLongwire {
        server: address.shown.clone(),
        why: format!("its socket does not speak {SUBPROTOCOL}"),
    })
}

fn handshake_error(address: &Address, error: &tokio_websockets::Error) -> Error {
    use tokio_websockets::Error as Socket;
    let server = address.shown.clone();
    if let Socket::Io(error) = error {
        let why = words(error);
        return Error::Unreachable { server, why };
    }
    let why = if let Socket::Upgrade(upgrade::Error::DidNotSwitchProtocols(status)) = error {
        format!("HTTP status {status} instead of a socket")
    } else {
        error.to_string()
    };
    Error::NotLongwire { server, why }
}

/// What the system says, without its numbers.
pub(crate) fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = plain.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_are_told_in_words() {
        let refused = std::io::Error::from_raw_os_error(111);
        assert_eq!(words(&refused), "connection refused");
    }
}
