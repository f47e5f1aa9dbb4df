//! A TCP stream that counts, gathers what is to be written, and does not take a message in pieces without end.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use longwire_protocol::Frame;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{frames::Text, outbox::Outbox};

/// The transport under a socket. Whatever is written waits in its outbox for a flush: text messages, which are put there as they are, and
/// the frames between them that are the library's: pings, pongs and closes.
pub(super) struct Metered {
    stream: TcpStream,
    outbox: Outbox,
    /// A close frame is the last thing that is said.
    closing: bool,
    /// What HTTP had read beyond the handshake.
    prefix: Bytes,
    since_message: usize,
    most_per_message: usize,
    received: u64,
    sent: u64,
}

/// The peer sent more than one message can take, and no message came of it: pieces of nothing, or a byte each.
#[derive(Debug, thiserror::Error)]
#[error("too many pieces for one message")]
pub(super) struct TooManyPieces;

impl Metered {
    /// `message_bytes` is the largest message there may be; frames around its pieces may take as much again.
    pub(super) fn new(stream: TcpStream, prefix: Bytes, message_bytes: usize) -> Self {
        const READ_AHEAD: usize = 128 * 1024;
        Self {
            stream,
            outbox: Outbox::default(),
            closing: false,
            // Even one of nothing would keep the buffer that HTTP read into.
            prefix: Some(prefix)
                .filter(|prefix| !prefix.is_empty())
                .unwrap_or_default(),
            since_message: 0,
            most_per_message: message_bytes.saturating_mul(2).saturating_add(READ_AHEAD),
            received: 0,
            sent: 0,
        }
    }

    /// A message is whole: what comes now belongs to the next.
    pub(super) const fn message_is_whole(&mut self) {
        self.since_message = 0;
    }

    /// Says that text, once all before it was sent. Nothing where the socket is closing.
    pub(super) fn say(&mut self, text: Text) {
        if !self.closing {
            self.outbox.text(text);
        }
    }

    /// The same of a frame.
    pub(super) fn say_frame<T: Frame>(&mut self, frame: &T) {
        if !self.closing {
            self.outbox.frame(frame);
        }
    }

    /// A close frame is under way: nothing may follow it.
    pub(super) const fn is_closing(&mut self) {
        self.closing = true;
    }

    /// Pending while so many bytes wait that the peer does not take.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<io::Result<()>> {
        while self.outbox.len() >= most {
            ready!(self.poll_write_out(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Pending until there is something to read, the end included.
    pub(super) fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.prefix.has_remaining() {
            return Poll::Ready(Ok(()));
        }
        self.stream.poll_read_ready(cx)
    }

    /// Holds no memory where nothing waits.
    pub(super) fn hush(&mut self) {
        self.outbox.hush();
    }

    /// Bytes that were said and not written yet.
    pub(super) fn unsent(&self) -> usize {
        self.outbox.len()
    }

    /// Bytes read so far.
    pub(super) const fn received(&self) -> u64 {
        self.received
    }

    /// Bytes written so far: while that grows, the peer reads.
    pub(super) const fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes read and written since this was last asked.
    pub(super) const fn take_counts(&mut self, reported: &mut (u64, u64)) -> (u64, u64) {
        let grown = (self.received - reported.0, self.sent - reported.1);
        *reported = (self.received, self.sent);
        grown
    }

    fn note(&mut self, count: usize) -> io::Result<()> {
        self.received += count as u64;
        self.since_message += count;
        if self.since_message > self.most_per_message {
            return Err(io::Error::other(TooManyPieces));
        }
        Ok(())
    }

    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = ready!(self.outbox.poll_write(&mut self.stream, cx))?;
        self.sent += written as u64;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.prefix.has_remaining() {
            let count = this.prefix.len().min(into.remaining());
            into.put_slice(&this.prefix.split_to(count));
            if this.prefix.is_empty() {
                this.prefix = Bytes::new();
            }
            return Poll::Ready(this.note(count));
        }
        let before = into.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, into) {
            Poll::Ready(Ok(())) => Poll::Ready(this.note(into.filled().len() - before)),
            failed @ Poll::Ready(Err(_)) => failed,
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.outbox.frames(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        slices.iter().for_each(|slice| self.outbox.frames(slice));
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_room(cx, 1)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
