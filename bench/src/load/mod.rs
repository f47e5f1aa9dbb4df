//! Sockets on one thread, without a runtime: what comes is walked frame by frame, and what is said to it goes out with one write.

pub(crate) mod answer;
pub(crate) mod connect;
pub(crate) mod frames;
mod link;
pub(crate) mod prepared;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
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
/// The longest that a turn waits for something to come.
const TURN: Duration = Duration::from_millis(100);

/// A server that says nothing for so long has lost what it was asked.
const SILENCE: Duration = if cfg!(test) {
    Duration::from_millis(500)
} else {
    Duration::from_secs(20)
};

/// An answer, on which socket it came, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) socket: usize,
    pub(crate) text: &'a [u8],
    pub(crate) at: Instant,
}

/// What is done with answers.
pub(crate) trait Play {
    /// What is appended to `out` is sent where the answer came from.
    fn answered(&mut self, said: Said<'_>, out: &mut Vec<u8>) -> Result<()>;
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

/// Sockets to one server.
pub(crate) struct Load {
    address: SocketAddr,
    dialect: Dialect,
    poll: Poll,
    events: Events,
    links: Vec<Link>,
    buffer: Vec<u8>,
    /// When the last answer came.
    heard: Instant,
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
            heard: now(),
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
                let read = read(link, socket, self.dialect, &mut self.buffer, play)
                    .with_context(|| format!("socket {socket}"))?;
                self.heard = read.heard.unwrap_or(self.heard);
                if read.more {
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

    /// Takes turns until `done` says so of what has been played, as long as answers come.
    pub(crate) fn until<P: Play>(&mut self, play: &mut P, done: impl Fn(&P) -> bool) -> Result<()> {
        self.turns(play, |play| if done(play) { Duration::ZERO } else { TURN })
    }

    /// Takes turns for so long, as long as answers come.
    pub(crate) fn during(&mut self, how_long: Duration, play: &mut impl Play) -> Result<()> {
        let last = now() + how_long;
        self.turns(play, |_| last.saturating_duration_since(now()).min(TURN))
    }

    /// Takes turns as long as there is something to wait for.
    fn turns<P: Play>(&mut self, play: &mut P, wait: impl Fn(&P) -> Duration) -> Result<()> {
        let begun = now();
        loop {
            let wait = wait(play);
            if wait.is_zero() {
                return Ok(());
            }
            self.turn(wait, play)?;
            let silent = now().saturating_duration_since(self.heard.max(begun));
            ensure!(silent < SILENCE, "no answer came for {SILENCE:?}");
        }
    }
}

/// What a socket had to say.
#[derive(Default)]
struct Read {
    /// When its last answer came.
    heard: Option<Instant>,
    /// Whether there may be more.
    more: bool,
}

/// What is there for one socket, within a bound.
fn read(
    link: &mut Link,
    socket: usize,
    dialect: Dialect,
    buffer: &mut [u8],
    play: &mut impl Play,
) -> Result<Read> {
    let mut had = Read::default();
    for _ in 0..READS {
        let most = READ_BYTES.max(2 * link.partial.len()).min(buffer.len());
        let (length, more) = link.fill(&mut buffer[..most])?;
        let from = Said {
            socket,
            text: &[],
            at: now(),
        };
        let bytes = &buffer[..length];
        let (walked, answered) = walk(bytes, dialect, from, &mut link.out, play)?;
        link.partial.extend_from_slice(&buffer[walked..length]);
        had.heard = answered.then_some(from.at).or(had.heard);
        had.more = more;
        if !more {
            break;
        }
    }
    Ok(had)
}

/// Plays every whole frame; gives how far it came, and whether an answer was among them.
fn walk(
    bytes: &[u8],
    dialect: Dialect,
    from: Said<'_>,
    out: &mut Vec<u8>,
    play: &mut impl Play,
) -> Result<(usize, bool)> {
    let (mut walked, mut answered) = (0, false);
    if dialect == Dialect::Echo {
        while let Some(length) = frames::first_echoed(&bytes[walked..]) {
            play.answered(from, out)?;
            walked += length;
        }
        return Ok((walked, walked > 0));
    }
    while let Some((frame, length)) = frames::first(&bytes[walked..])? {
        match frame {
            Frame::Text(text) => match dialect.heard(text) {
                Heard::Answer(text) => {
                    play.answered(Said { text, ..from }, out)?;
                    answered = true;
                }
                Heard::Asked(said) => frames::text(said.as_bytes(), out),
                Heard::Nothing => {}
            },
            Frame::Ping(body) => frames::pong(body, out),
            Frame::Pong => {}
        }
        walked += length;
    }
    Ok((walked, answered))
}
