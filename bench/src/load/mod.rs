//! Sockets on one thread, without a runtime: what comes is walked frame by frame, and what is said to it goes out with one write.

pub(crate) mod answer;
pub(crate) mod connect;
pub(crate) mod frames;
mod link;
pub(crate) mod prepared;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mio::{Events, Interest, Poll, Token};

use crate::dialects::{Dialect, Heard};
use crate::load::frames::Frame;
use crate::load::link::Link;
use crate::moment::now;

/// Bytes that are read at once, and so the longest frame.
const BUFFER_BYTES: usize = 4 << 20;
/// What is read at once, as long as no frame is longer.
const READ_BYTES: usize = 256 << 10;
/// How often a socket is read before the others have their turn.
const READS: usize = 16;
const EVENTS: usize = 1024;

/// What is done with answers.
pub(crate) trait Play {
    /// An answer came on a socket, at this moment; what is appended to `out` is sent there.
    fn answered(
        &mut self,
        socket: usize,
        text: &[u8],
        at: Instant,
        out: &mut Vec<u8>,
    ) -> Result<()>;
}

/// Opens a socket that is asked one thing after the other.
pub(crate) fn ask(address: SocketAddr, dialect: Dialect) -> Result<Asking> {
    Ok(Asking {
        open: connect::open(address, dialect)?,
        dialect,
    })
}

/// A socket of its own for single questions.
pub(crate) struct Asking {
    open: connect::Open,
    dialect: Dialect,
}

impl Asking {
    /// Sends a text and waits for the answer to it.
    pub(crate) fn ask(&mut self, text: &str) -> Result<Vec<u8>> {
        self.open.say(text.as_bytes())?;
        loop {
            let text = self.open.next_text()?;
            match self.dialect.heard(&text) {
                Heard::Answer(_) => return Ok(text),
                Heard::Asked(said) => self.open.say(said.as_bytes())?,
                Heard::Nothing => {}
            }
        }
    }
}

impl<F: FnMut(usize, &[u8], Instant, &mut Vec<u8>) -> Result<()>> Play for F {
    fn answered(
        &mut self,
        socket: usize,
        text: &[u8],
        at: Instant,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self(socket, text, at, out)
    }
}

/// Sockets to one server.
pub(crate) struct Load {
    address: SocketAddr,
    dialect: Dialect,
    poll: Poll,
    events: Events,
    links: Vec<Link>,
    buffer: Vec<u8>,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, dialect: Dialect) -> Result<Self> {
        Ok(Self {
            address,
            dialect,
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            links: Vec::new(),
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Opens so many more sockets, one after the other.
    pub(crate) fn open(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            let number = self.links.len();
            let open = connect::open(self.address, self.dialect)
                .with_context(|| format!("opening socket {}", number + 1))?;
            open.stream.set_nonblocking(true)?;
            let mut stream = mio::net::TcpStream::from_std(open.stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll
                .registry()
                .register(&mut stream, Token(number), interest)?;
            self.links.push(Link::new(stream, open.rest));
        }
        Ok(())
    }

    /// What waits to be sent on a socket; it goes with the next [`Self::flush`].
    pub(crate) fn out(&mut self, socket: usize) -> &mut Vec<u8> {
        &mut self.links[socket].out
    }

    pub(crate) fn flush(&mut self, socket: usize) -> Result<()> {
        self.links[socket]
            .flush()
            .with_context(|| format!("socket {socket}"))
    }

    /// Never reads this socket again, and leaves it open.
    pub(crate) fn stall(&mut self, socket: usize) -> Result<()> {
        Ok(self
            .poll
            .registry()
            .deregister(&mut self.links[socket].stream)?)
    }

    /// Waits until something comes, no longer than this, and plays all that did.
    pub(crate) fn turn(&mut self, wait: Duration, play: &mut impl Play) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &self.events {
            let socket = event.token().0;
            let link = &mut self.links[socket];
            if event.is_writable() {
                link.unblock();
            }
            if event.is_readable() {
                let more = read(link, socket, self.dialect, &mut self.buffer, play)
                    .with_context(|| format!("socket {socket}"))?;
                if more {
                    // It is told of anew, after the others.
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    self.poll
                        .registry()
                        .reregister(&mut link.stream, event.token(), interest)?;
                }
            }
            link.flush().with_context(|| format!("socket {socket}"))?;
        }
        Ok(())
    }

    /// Takes turns until `done` says so of what has been played, no longer than this.
    pub(crate) fn until<P: Play>(
        &mut self,
        patience: Duration,
        play: &mut P,
        done: impl Fn(&P) -> bool,
    ) -> Result<()> {
        let last = now() + patience;
        while !done(play) {
            anyhow::ensure!(now() < last, "not all answers came within {patience:?}");
            self.turn(Duration::from_millis(100), play)?;
        }
        Ok(())
    }
}

/// What is there for one socket, within a bound; whether there may be more.
fn read(
    link: &mut Link,
    socket: usize,
    dialect: Dialect,
    buffer: &mut [u8],
    play: &mut impl Play,
) -> Result<bool> {
    for _ in 0..READS {
        let most = READ_BYTES.max(2 * link.partial.len()).min(buffer.len());
        let (length, more) = link.fill(&mut buffer[..most])?;
        let at = now();
        let walked = walk(&buffer[..length], socket, dialect, at, &mut link.out, play)?;
        link.partial.extend_from_slice(&buffer[walked..length]);
        if !more {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Plays every whole frame; gives how far it came.
fn walk(
    bytes: &[u8],
    socket: usize,
    dialect: Dialect,
    at: Instant,
    out: &mut Vec<u8>,
    play: &mut impl Play,
) -> Result<usize> {
    let mut walked = 0;
    if dialect == Dialect::Echo {
        while let Some(length) = frames::first_echoed(&bytes[walked..]) {
            play.answered(socket, &[], at, out)?;
            walked += length;
        }
        return Ok(walked);
    }
    while let Some((frame, length)) = frames::first(&bytes[walked..])? {
        match frame {
            Frame::Text(text) => match dialect.heard(text) {
                Heard::Answer(text) => play.answered(socket, text, at, out)?,
                Heard::Asked(said) => frames::text(said.as_bytes(), out),
                Heard::Nothing => {}
            },
            Frame::Ping(body) => frames::pong(body, out),
            Frame::Pong => {}
        }
        walked += length;
    }
    Ok(walked)
}
