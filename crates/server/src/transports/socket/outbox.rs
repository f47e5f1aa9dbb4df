//! What is to be written to a socket, as the bytes that it will be: one write sends all of it.

use std::{
    io::{self, IoSlice},
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use longwire_protocol::Frame;
use tokio::{io::AsyncWrite, net::TcpStream};

use super::frames::Text;
use crate::transports::worker::write_text;

/// A buffer that has become larger than this is given back once it is empty.
const KEPT_BYTES: usize = 4 * 1024;
/// A text of so many bytes is not copied where it is the last: what a job prints comes so, and may be gigabytes.
const LONG_BYTES: usize = 8 * 1024;

/// Frames that wait to be sent, in their order. It takes what it is given: who gives must see that there is room.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: BytesMut,
    /// The rest of a long text, which comes behind them.
    long: Bytes,
    /// Memory in which frames are made.
    text: String,
}

impl Outbox {
    /// Adds a text message as one frame of a server (RFC 6455, section 5.2).
    pub(super) fn text(&mut self, text: Text) {
        let length = text.as_bytes().len();
        let is_long = length >= LONG_BYTES;
        self.begin_text(length);
        if is_long {
            self.long = text.into_bytes();
        } else {
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    fn begin_text(&mut self, length: usize) {
        const FINAL_TEXT: u8 = 0x81;
        const TWO_BYTES_MORE: u8 = 126;
        const EIGHT_BYTES_MORE: u8 = 127;
        self.settle();
        let follows = if length >= LONG_BYTES { 0 } else { length };
        self.bytes.reserve(10 + follows);
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
    }

    /// Adds a frame as a text message. It is made in memory that is kept for the next one.
    pub(super) fn frame<T: Frame>(&mut self, frame: &T) {
        let mut text = mem::take(&mut self.text);
        write_text(frame, &mut text);
        self.begin_text(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
        self.text = text;
    }

    /// Something comes behind a long text.
    fn settle(&mut self) {
        self.bytes.extend_from_slice(&mem::take(&mut self.long));
    }

    /// Adds bytes of whole frames.
    pub(super) fn frames(&mut self, bytes: &[u8]) {
        self.settle();
        self.bytes.extend_from_slice(bytes);
    }

    /// Holds no memory where nothing waits.
    pub(super) fn hush(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
        self.text = String::new();
    }

    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() + self.long.len()
    }

    /// Writes some of what waits. Says how much.
    pub(super) fn poll_write(
        &mut self,
        stream: &mut TcpStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let written = if self.long.is_empty() {
            ready!(Pin::new(stream).poll_write(cx, &self.bytes))?
        } else {
            let both = [&*self.bytes, &*self.long].map(IoSlice::new);
            ready!(Pin::new(stream).poll_write_vectored(cx, &both))?
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(written);
        if self.bytes.is_empty() && self.bytes.capacity() > KEPT_BYTES {
            self.bytes = BytesMut::new();
        }
        Poll::Ready(Ok(written))
    }

    fn advance(&mut self, written: usize) {
        let before = written.min(self.bytes.len());
        self.bytes.advance(before);
        self.long.advance(written - before);
    }
}

#[cfg(test)]
mod tests {
    use longwire_protocol::Done;

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
            outbox.text(Text::Own(text.clone()));
            assert_eq!(outbox.len(), head.len() + length);
            outbox.settle();
            assert_eq!(&outbox.bytes[..head.len()], head);
            assert_eq!(&outbox.bytes[head.len()..], text.as_bytes());
        }
    }

    #[test]
    fn a_frame_is_sent_as_its_text_is() {
        let (mut one, mut other) = (Outbox::default(), Outbox::default());
        for length in [1, 70, LONG_BYTES, 70_000] {
            let frame = Done {
                connid: Some("x".repeat(length).parse().unwrap()),
                ..Done::new("kill")
            };
            one.frame(&frame);
            other.text(Text::Own(frame.to_text().unwrap()));
            other.settle();
            assert_eq!(one.bytes, other.bytes);
        }
        one.bytes.clear();
        one.hush();
        assert_eq!((one.bytes.capacity(), one.text.capacity()), (0, 0));
    }

    #[test]
    fn whatever_is_written_of_it_the_rest_stays_in_order() {
        let long = "x".repeat(LONG_BYTES);
        for written in [0, 2, 3, 7, LONG_BYTES, LONG_BYTES + 6] {
            let mut outbox = Outbox::default();
            outbox.text(Text::Own("a".to_owned()));
            outbox.text(Text::Own(long.clone()));
            outbox.advance(written);
            outbox.frames(b"b");
            let all = [b"\x81\x01a\x81\x7e\x20\0", long.as_bytes(), b"b"].concat();
            assert_eq!(outbox.bytes, all[written..], "{written}");
        }
    }
}
