//! One socket: what is written to it and read from it, within bounds and in time.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use longwire_protocol::CLOSE_CODES;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_websockets::{Message, WebSocketStream};

use crate::{
    Error, Options,
    address::Address,
    dial::{dial, words},
    tls::Stream,
};

/// Answers to pings that may wait to be written before no more is read.
const MOST_PONGS: u32 = 64;
/// Bytes that are gathered for one write, beside one frame of any size.
const MOST_GATHERED: usize = 64 * 1024;
/// How long a server has to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// An open socket.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: WebSocketStream<Stream>,
    options: Options,
    heard_at: Instant,
    /// Something was heard on it, be it an answer to a ping.
    has_heard: bool,
    pinged: bool,
    /// Since when something waits to be written.
    writing_since: Option<Instant>,
    gathered: usize,
    pongs: u32,
}

/// What happened on a socket.
#[derive(Debug)]
pub(crate) enum Turn {
    /// All was written.
    Written,
    /// A text came.
    Text(Message),
    /// A ping or a pong came, or one was sent.
    Alive,
}

/// How a socket ended.
#[derive(Debug)]
pub(crate) enum Broken {
    /// There is use in coming back.
    ForNow(Error),
    /// There is none.
    ForGood(Error),
}

impl Wire {
    /// Opens a socket.
    pub(crate) async fn open(address: &Address, options: &Options) -> Result<Self, Error> {
        let unreachable = |why: String| Error::Unreachable {
            server: address.shown.clone(),
            why,
        };
        let limit = options.connect_timeout;
        // Boxed: with TLS it is large, and whoever waits for a client would hold it.
        let dialled = Box::pin(dial(address, &options.headers));
        let Ok(opened) = timeout(limit, dialled).await else {
            return Err(unreachable(format!(
                "no answer within {} s",
                limit.as_secs_f64()
            )));
        };
        Ok(Self {
            socket: opened?,
            options: options.clone(),
            heard_at: Instant::now(),
            has_heard: false,
            pinged: false,
            writing_since: None,
            gathered: 0,
            pongs: 0,
        })
    }

    /// Whether there is room for another frame to be written.
    pub(crate) fn has_room(&self) -> bool {
        self.gathered < MOST_GATHERED && self.pongs == 0
    }

    /// Whether anything was heard on it but that it ends.
    pub(crate) const fn has_heard(&self) -> bool {
        self.has_heard
    }

    /// Whether nothing waits to be written.
    pub(crate) fn is_written(&self) -> bool {
        self.writing_since.is_none()
    }

    /// Puts a frame where it will be written from. Only where there is room.
    pub(crate) fn put(&mut self, text: String) -> Result<(), Broken> {
        self.gathered += text.len();
        self.send(Message::text(text))
    }

    /// Writes and reads until something has happened.
    pub(crate) async fn turn(&mut self) -> Result<Turn, Broken> {
        let due = self.due();
        tokio::select! {
            turn = poll_fn(|cx| self.poll(cx)) => turn,
            () = sleep_until(due) => self.overdue(),
        }
    }

    /// Says goodbye, and hangs up.
    pub(crate) async fn close(mut self) {
        // Whoever does not answer is left.
        drop(timeout(CLOSE_TIMEOUT, self.socket.close()).await);
    }

    fn send(&mut self, message: Message) -> Result<(), Broken> {
        self.socket
            .start_send_unpin(message)
            .map_err(|error| lost(&error))?;
        self.writing_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Reading goes on while writing waits, or two that both write would wait for one another.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Turn, Broken>> {
        if self.writing_since.is_some()
            && let Poll::Ready(written) = self.socket.poll_flush_unpin(cx)
        {
            written.map_err(|error| lost(&error))?;
            (self.writing_since, self.gathered, self.pongs) = (None, 0, 0);
            return Poll::Ready(Ok(Turn::Written));
        }
        if self.pongs >= MOST_PONGS {
            return Poll::Pending;
        }
        match ready!(self.socket.poll_next_unpin(cx)) {
            Some(Ok(message)) => Poll::Ready(self.heard(message)),
            Some(Err(error)) => Poll::Ready(Err(lost(&error))),
            None => Poll::Ready(Err(Broken::ForNow(Error::Disconnected(
                "it ended".to_owned(),
            )))),
        }
    }

    fn heard(&mut self, message: Message) -> Result<Turn, Broken> {
        self.heard_at = Instant::now();
        self.pinged = false;
        if let Some((code, reason)) = message.as_close() {
            return Err(closed(code.into(), reason));
        }
        self.has_heard = true;
        if message.is_text() {
            return Ok(Turn::Text(message));
        }
        if message.is_binary() {
            let what = format!("a binary message of {} bytes", message.as_payload().len());
            return Err(Broken::ForGood(Error::Unexpected(what)));
        }
        if message.is_ping() {
            self.pongs += 1;
            self.writing_since.get_or_insert_with(Instant::now);
        }
        Ok(Turn::Alive)
    }

    /// When something has to be done if nothing happens until then.
    fn due(&self) -> Instant {
        let options = &self.options;
        let silence = if self.pinged {
            options.dead_after
        } else {
            options.ping_after.min(options.dead_after)
        };
        let silent = self.heard_at + silence;
        self.writing_since
            .map_or(silent, |since| silent.min(since + options.write_timeout))
    }

    fn overdue(&mut self) -> Result<Turn, Broken> {
        let now = Instant::now();
        let options = &self.options;
        let is_over = |since: Instant, limit| now.duration_since(since) >= limit;
        let stuck = self
            .writing_since
            .is_some_and(|since| is_over(since, options.write_timeout));
        if stuck {
            let why = "the server reads no more".to_owned();
            return Err(Broken::ForNow(Error::Disconnected(why)));
        }
        if is_over(self.heard_at, options.dead_after) {
            let why = "nothing heard for too long".to_owned();
            return Err(Broken::ForNow(Error::Disconnected(why)));
        }
        self.pinged = true;
        self.send(Message::ping("")).map(|()| Turn::Alive)
    }
}

fn lost(error: &tokio_websockets::Error) -> Broken {
    use tokio_websockets::Error as Socket;
    if let Socket::PayloadTooLong { len, max_len } = error {
        let what = format!("a message of {len} bytes; {max_len} are the most");
        return Broken::ForGood(Error::Unexpected(what));
    }
    let why = if let Socket::Io(error) = error {
        words(error)
    } else {
        error.to_string()
    };
    Broken::ForNow(Error::Disconnected(why))
}

/// Whether to come back is the server's to say; where a code is not one of its own, something between it and us closed.
fn closed(code: u16, reason: &str) -> Broken {
    let known = CLOSE_CODES.iter().find(|known| known.code == code);
    if known.is_none_or(|known| known.reconnect) {
        let why = if reason.is_empty() {
            format!("closed with code {code}")
        } else {
            format!("closed with code {code}: {reason}")
        };
        return Broken::ForNow(Error::Disconnected(why));
    }
    Broken::ForGood(Error::ClosedByServer {
        code,
        reason: reason.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_codes_say_whether_to_come_back() {
        for (code, back) in [
            (1000, true),
            (1001, true),
            (1005, true),
            (1011, true),
            (1012, true),
            (4001, true),
            (4002, true),
            (4999, true),
            (1002, false),
            (1007, false),
            (1008, false),
            (1009, false),
        ] {
            assert_eq!(
                matches!(closed(code, ""), Broken::ForNow(_)),
                back,
                "{code}"
            );
        }
    }
}
