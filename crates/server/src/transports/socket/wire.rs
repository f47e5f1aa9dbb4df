//! The frames of a socket. One that is quiet holds no buffers: most are so most of the time, and there may be very many.

use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{Sink, Stream};
use longwire_protocol::Frame;
use tokio::io::AsyncWrite;
use tokio_websockets::{Error, Limits, Message, ServerBuilder, WebSocketStream};

use super::{frames::Text, metered::Metered};

/// A socket as a sender and receiver of messages. It becomes quiet where a pong is the last that came: who has nothing to say, and whom
/// nothing is said to, answers pings alone.
pub(super) struct Wire {
    state: State,
    /// Bytes that were received while it was quiet the last time.
    received_before: u64,
    /// Bytes of the messages that came since, with their frames. Where that is all that was received the library holds nothing of what
    /// is to come.
    taken: u64,
    /// The library may hold something that is to be sent.
    unsent: bool,
    /// Bytes of a message that is taken, at most.
    message_bytes: usize,
}

enum State {
    Quiet(Metered),
    Open(Box<WebSocketStream<Metered>>),
    /// From one to the other; never seen from outside.
    Turning,
}

impl Wire {
    /// Takes messages of so many bytes at most.
    pub(super) const fn new(stream: Metered, message_bytes: usize) -> Self {
        Self {
            state: State::Quiet(stream),
            received_before: 0,
            taken: 0,
            unsent: false,
            message_bytes,
        }
    }

    /// The stream below.
    pub(super) fn below(&self) -> Option<&Metered> {
        match &self.state {
            State::Quiet(stream) => Some(stream),
            State::Open(socket) => Some(socket.get_ref()),
            State::Turning => None,
        }
    }

    /// The stream below. What is read from it or written to it is no longer a message.
    pub(super) fn below_mut(&mut self) -> Option<&mut Metered> {
        match &mut self.state {
            State::Quiet(stream) => Some(stream),
            State::Open(socket) => Some(socket.get_mut()),
            State::Turning => None,
        }
    }

    /// The stream below, once there are to be no more messages.
    pub(super) fn into_below(self) -> Option<Metered> {
        match self.state {
            State::Quiet(stream) => Some(stream),
            State::Open(socket) => Some(socket.into_inner()),
            State::Turning => None,
        }
    }

    /// Pending while so many bytes wait that the peer does not take.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<io::Result<()>> {
        self.below_mut()
            .map_or(Poll::Ready(Ok(())), |stream| stream.poll_room(cx, most))
    }

    /// Says a text. Nothing comes of it where the socket is closing: reading tells.
    pub(super) fn say(&mut self, text: Text) {
        if let Some(stream) = self.below_mut() {
            stream.say(text);
        }
    }

    /// The same of a frame.
    pub(super) fn say_frame<T: Frame>(&mut self, frame: &T) {
        if let Some(stream) = self.below_mut() {
            stream.say_frame(frame);
        }
    }

    /// Says a message that the library makes a frame of, such as a ping or a close, with the next flush. Nothing comes of it where the socket is closing: reading tells.
    pub(super) fn send(&mut self, message: Message) {
        self.unsent = true;
        if let Some(socket) = self.open() {
            drop(Pin::new(socket).start_send(message));
        }
    }

    /// A close frame is under way: nothing may follow it.
    pub(super) fn is_closing(&mut self) {
        if let Some(stream) = self.below_mut() {
            stream.is_closing();
        }
    }

    /// Sends what was said.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match &mut self.state {
            State::Open(socket) => ready!(Pin::new(socket).poll_flush(cx))?,
            State::Quiet(stream) => ready!(Pin::new(stream).poll_flush(cx))?,
            State::Turning => {}
        }
        self.unsent = false;
        Poll::Ready(Ok(()))
    }

    /// The next message; none at the end.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Message, Error>>> {
        if let State::Quiet(stream) = &self.state
            && let Err(error) = ready!(stream.poll_heard(cx))
        {
            return Poll::Ready(Some(Err(error.into())));
        }
        let Some(socket) = self.open() else {
            return Poll::Ready(None);
        };
        let message = ready!(Pin::new(socket).poll_next(cx));
        match &message {
            Some(Ok(message)) => self.took(message),
            // An answer may be due.
            Some(Err(_)) | None => self.unsent = true,
        }
        Poll::Ready(message)
    }

    fn took(&mut self, message: &Message) {
        self.taken += framed_bytes(message);
        if !message.is_pong() {
            // The library answers pings and closes.
            self.unsent |= message.is_ping() || message.is_close();
        } else if !self.unsent {
            self.hush();
        }
    }

    /// Whether something was received beyond the messages that were taken. Also said after a message in several frames, until the socket
    /// is quiet.
    pub(super) fn holds_more(&self) -> bool {
        self.received() - self.received_before != self.taken
    }

    fn received(&self) -> u64 {
        self.below().map_or(0, Metered::received)
    }

    /// Becomes quiet where nothing is under way.
    fn hush(&mut self) {
        if self.holds_more() {
            return;
        }
        (self.received_before, self.taken) = (self.received(), 0);
        self.state = match mem::replace(&mut self.state, State::Turning) {
            State::Open(socket) => {
                let mut stream = socket.into_inner();
                stream.hush();
                State::Quiet(stream)
            }
            same @ (State::Quiet(_) | State::Turning) => same,
        };
    }

    fn open(&mut self) -> Option<&mut WebSocketStream<Metered>> {
        if let State::Quiet(_) = self.state
            && let State::Quiet(stream) = mem::replace(&mut self.state, State::Turning)
        {
            self.state = State::Open(Box::new(self.serve(stream)));
        }
        match &mut self.state {
            State::Open(socket) => Some(socket),
            State::Quiet(_) | State::Turning => None,
        }
    }

    fn serve(&self, stream: Metered) -> WebSocketStream<Metered> {
        let limits = Limits::default().max_payload_len(Some(self.message_bytes));
        ServerBuilder::new().limits(limits).serve(stream)
    }
}

/// Bytes of a message that came in one frame; one in several took more. A length has one form alone (RFC 6455, section 5.2), and the library
/// refuses others.
fn framed_bytes(message: &Message) -> u64 {
    const HEAD_AND_MASK: u64 = 6;
    let length = message.as_payload().len() as u64;
    let more = match length {
        0..=125 => 0,
        126..=0xffff => 2,
        _ => 8,
    };
    HEAD_AND_MASK + more + length
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use bytes::Bytes;
    use tokio::{
        io::AsyncWriteExt,
        net::{TcpListener, TcpStream},
    };

    use super::*;

    const PONG: &[u8] = b"\x8a\x80\0\0\0\0";
    const PING: &[u8] = b"\x89\x80\0\0\0\0";
    const TEXT: &[u8] = b"\x81\x81\0\0\0\0a";
    const BEGUN: &[u8] = b"\x01\x81\0\0\0\0b";
    const ENDED: &[u8] = b"\x80\x81\0\0\0\0c";

    /// What comes, and the messages that it is, each with whether the socket is quiet then.
    type Row<'a> = (&'a [&'a [u8]], &'a [(&'a str, bool)]);

    async fn wire() -> (TcpStream, Wire) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap());
        let (peer, accepted) = tokio::join!(peer, listener.accept());
        let stream = Metered::new(accepted.unwrap().0, Bytes::new(), 1_000);
        (peer.unwrap(), Wire::new(stream, 1_000))
    }

    /// The next message, in a word, and whether the socket is quiet then.
    async fn next(wire: &mut Wire) -> (String, bool) {
        let message = poll_fn(|cx| wire.poll_next(cx)).await.unwrap().unwrap();
        let word = match message.as_text() {
            Some(text) => text.to_owned(),
            None if message.is_pong() => "pong".to_owned(),
            None => "ping".to_owned(),
        };
        (word, matches!(wire.state, State::Quiet(_)))
    }

    #[tokio::test]
    async fn a_socket_is_quiet_where_a_pong_is_the_last_that_came_and_nothing_is_lost() {
        let table: [Row<'_>; 6] = [
            (&[TEXT], &[("a", false)]),
            (&[PONG], &[("pong", true)]),
            (&[TEXT, PONG], &[("a", false), ("pong", true)]),
            (&[PONG, TEXT], &[("pong", false), ("a", false)]),
            (&[BEGUN, PONG, ENDED], &[("pong", false), ("bc", false)]),
            // The answer to the ping was not sent yet.
            (&[PING, PONG], &[("ping", false), ("pong", false)]),
        ];
        for (came, expected) in table {
            let (mut peer, mut wire) = wire().await;
            assert!(matches!(wire.state, State::Quiet(_)));
            // One segment, which is read at once.
            peer.write_all(&came.concat()).await.unwrap();
            for (word, quiet) in expected {
                assert_eq!(
                    next(&mut wire).await,
                    ((*word).to_owned(), *quiet),
                    "{came:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn who_was_quiet_speaks_and_listens_as_before() {
        let (mut peer, mut wire) = wire().await;
        for _ in 0..3 {
            wire.send(Message::ping(tokio_websockets::Payload::from("")));
            peer.write_all(PONG).await.unwrap();
            assert_eq!(next(&mut wire).await, ("pong".to_owned(), false), "unsent");
            poll_fn(|cx| wire.poll_flush(cx)).await.unwrap();
            peer.write_all(PONG).await.unwrap();
            assert_eq!(next(&mut wire).await, ("pong".to_owned(), true));
        }
        peer.write_all(TEXT).await.unwrap();
        assert_eq!(next(&mut wire).await, ("a".to_owned(), false));
        peer.shutdown().await.unwrap();
        assert!(poll_fn(|cx| wire.poll_next(cx)).await.is_none());
    }
}
