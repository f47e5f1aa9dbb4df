//! What a peer sends is sent back. With the feature `echo` only, to measure by what the bytes cost.

use std::future::poll_fn;

use tokio_websockets::{Error, Message};

use super::close::linger;
use crate::transports::socket::wire::Wire;

pub(in crate::transports::socket) async fn echo(mut socket: Wire) {
    while let Some(message) = poll_fn(|cx| socket.poll_next(cx)).await {
        let answer = match message {
            Ok(message) if message.is_text() || message.is_binary() => message,
            Err(Error::PayloadTooLong { .. }) => {
                let code = tokio_websockets::CloseCode::MESSAGE_TOO_BIG;
                Message::close(Some(code), "message too large")
            }
            Ok(_) | Err(_) => continue,
        };
        if let Some(stream) = socket.below_mut() {
            stream.message_is_whole();
        }
        socket.send(answer);
        // Reading tells when the socket has closed.
        drop(poll_fn(|cx| socket.poll_flush(cx)).await);
    }
    if let Some(stream) = socket.into_below() {
        linger(stream, &[]).await;
    }
}
