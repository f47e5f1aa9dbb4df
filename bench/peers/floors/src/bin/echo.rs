//! A raw TCP echo on epoll: the bytes, and nothing said about them.

use std::io::{self, ErrorKind, Read, Write};

use anyhow::Result;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);
const BUFFER_BYTES: usize = 64 * 1024;

struct Connection {
    stream: TcpStream,
    /// What was read and could not be written yet. Nothing is read while there is some.
    unsent: Vec<u8>,
}

impl Connection {
    /// Writes back what is read, until nothing is there; false where the peer is gone.
    fn pump(&mut self, buffer: &mut [u8], closed: bool) -> io::Result<bool> {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            self.send(&unsent)?;
        }
        while self.unsent.is_empty() {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            self.send(&buffer[..read])?;
            // epoll(7): a stream from which less came than was asked for is read to its end, or closed.
            if read < buffer.len() && !closed {
                break;
            }
        }
        Ok(true)
    }

    fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.unsent = bytes.to_vec();
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Connections by their tokens; a place that became free is taken again.
#[derive(Default)]
struct Connections {
    places: Vec<Option<Connection>>,
    free: Vec<usize>,
}

impl Connections {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> io::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let place = self.free.pop().unwrap_or(self.places.len());
            poll.registry().register(
                &mut stream,
                Token(place),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            let connection = Some(Connection {
                stream,
                unsent: Vec::new(),
            });
            match self.places.get_mut(place) {
                Some(free) => *free = connection,
                None => self.places.push(connection),
            }
        }
    }

    fn pump(&mut self, place: usize, buffer: &mut [u8], closed: bool) {
        let Some(Some(connection)) = self.places.get_mut(place) else {
            return;
        };
        if !connection.pump(buffer, closed).unwrap_or(false) {
            self.places[place] = None;
            self.free.push(place);
        }
    }
}

fn main() -> Result<()> {
    let mut listener = TcpListener::bind(([127, 0, 0, 1], floors::port()?).into())?;
    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; BUFFER_BYTES]);
    let mut connections = Connections::default();
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => connections.accept(&listener, &poll)?,
                Token(place) => connections.pump(place, &mut buffer, event.is_read_closed()),
            }
        }
    }
}
