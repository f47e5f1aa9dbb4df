//! What is to be written to a socket, as the bytes that it will be: one write sends all of it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, BytesMut};
use tokio::{io::AsyncWrite, net::TcpStream};

/// A buffer that has become larger than this is given back once it is empty.
const KEPT_BYTES: usize = 4 * 1024;

/// Frames that wait to be sent, in their order. It takes what it is given: who gives must see that there is room.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: BytesMut,
}

impl Outbox {
    /// Adds a text message, which is UTF-8, as one frame of a server (RFC 6455, section 5.2).
    pub(super) fn text(&mut self, text: &[u8]) {
        const FINAL_TEXT: u8 = 0x81;
        const TWO_BYTES_MORE: u8 = 126;
        const EIGHT_BYTES_MORE: u8 = 127;
        let length = text.len();
        self.bytes.reserve(length + 10);
        self.bytes.put_u8(FINAL_TEXT);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(length), _) if length < TWO_BYTES_MORE => self.bytes.put_u8(length),
            (_, Ok(length)) => {
                self.bytes.put_u8(TWO_BYTES_MORE);
                self.bytes.put_u16(length);
            }
            (_, Err(_)) => {
                self.bytes.put_u8(EIGHT_BYTES_MORE);
                self.bytes.put_u64(length as u64);
            }
        }
        self.bytes.extend_from_slice(text);
    }

    /// Adds bytes of whole frames.
    pub(super) fn frames(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Holds no memory where nothing waits.
    pub(super) fn hush(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
    }

    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes some of what waits. Says how much.
    pub(super) fn poll_write(
        &mut self,
        stream: &mut TcpStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(stream).poll_write(cx, &self.bytes))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.bytes.advance(written);
        if self.bytes.is_empty() && self.bytes.capacity() > KEPT_BYTES {
            self.bytes = BytesMut::new();
        }
        Poll::Ready(Ok(written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_takes_as_few_bytes_as_it_can() {
        for (length, head) in [
            (0, &[0x81, 0][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 0xff, 0xff]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let mut outbox = Outbox::default();
            let text = "x".repeat(length);
            outbox.text(text.as_bytes());
            assert_eq!(&outbox.bytes[..head.len()], head);
            assert_eq!(&outbox.bytes[head.len()..], text.as_bytes());
        }
    }
}
