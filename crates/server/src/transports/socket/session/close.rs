//! How a socket ends: why is said, and what still comes is read, so that nothing that was said is lost.

use std::{
    future::poll_fn,
    io,
    task::{Poll, ready},
};

use longwire_protocol::CloseCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_websockets::Message;

use super::{CLOSE_TIME, Ending, Session};
use crate::transports::socket::metered::Metered;

/// How much of what a peer still sends is read after the close.
const LINGER_BYTES: usize = 64 * 1024 * 1024;

impl Session {
    /// Says why, waits for the peer to agree, and reads on until its end, so that the close frame is not lost to a reset.
    pub(super) async fn close(mut self: Box<Self>, ending: Ending) {
        // What was begun goes on by itself.
        self.answering.clear();
        if let Ending::Close(code) = ending {
            let reason = tokio_websockets::CloseCode::try_from(code.code).ok();
            let frame = Message::close(reason, code.reason);
            // Already closing: then that is under way.
            self.socket.send(frame);
            tracing::debug!(code = code.code, reason = code.reason, "closing a socket");
        }
        let closed = poll_fn(|cx| {
            // The peer may take the close frame, and what comes before it, little by little.
            if let Poll::Ready(Err(error)) = self.socket.poll_flush(cx) {
                return Poll::Ready(Err(error));
            }
            while ready!(self.socket.poll_next(cx)).is_some_and(|message| message.is_ok()) {}
            self.socket.poll_flush(cx)
        });
        // A peer that takes no close frame is cut off.
        if timeout(CLOSE_TIME, closed).await.is_ok()
            && let Some(stream) = self.socket.into_below()
        {
            linger(stream, &last_words(ending)).await;
        }
    }
}

/// What is left to send once everything was.
fn last_words(ending: Ending) -> Vec<u8> {
    const FINAL_CLOSE: u8 = 0x88;
    match ending {
        Ending::Gone | Ending::Close(_) => Vec::new(),
        Ending::CutOff(CloseCode { code, reason, .. }) => {
            // Reasons are short: their length takes seven bits.
            let head = [FINAL_CLOSE, 2 + reason.len() as u8];
            [&head[..], &code.to_be_bytes(), reason.as_bytes()].concat()
        }
    }
}

pub(super) async fn linger(mut stream: Metered, last_words: &[u8]) {
    stream.message_is_whole();
    let read_on = async {
        stream.write_all(last_words).await?;
        stream.shutdown().await?;
        let mut read = 0;
        let mut buffer = vec![0; 16 * 1024];
        while read < LINGER_BYTES {
            match stream.read(&mut buffer).await? {
                0 => break,
                count => read += count,
            }
            stream.message_is_whole();
        }
        Ok::<(), io::Error>(())
    };
    // Whatever happens now, the socket is done.
    drop(timeout(CLOSE_TIME, read_on).await);
}
