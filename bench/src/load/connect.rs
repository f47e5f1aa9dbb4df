//! The way to an open socket: TCP, the handshake of RFC 6455, and the dialect's own hello. It may block; nothing is measured yet.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::dialects::Dialect;
use crate::load::answer::told;
use crate::load::frames::{self, Frame};

/// No server here takes longer for a step of it.
const PATIENCE: Duration = Duration::from_secs(20);
/// No answer to a handshake is longer.
const HEAD_BYTES: usize = 8192;

/// An open socket, and what came after its handshake.
pub(crate) struct Open {
    pub(crate) stream: TcpStream,
    pub(crate) rest: Vec<u8>,
}

/// Opens a socket.
///
/// # Errors
///
/// The server is not there, refuses the upgrade, or says something else than hello.
pub(crate) fn open(address: SocketAddr, dialect: Dialect) -> Result<Open> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)
        .with_context(|| format!("connecting to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut open = Open {
        stream,
        rest: Vec::new(),
    };
    if let Some(path) = dialect.path() {
        open.upgrade(address, path).context("the handshake")?;
    }
    if let Some((hello, answer)) = dialect.hello() {
        open.greet(hello, answer).context("the hello")?;
    }
    Ok(open)
}

impl Open {
    fn upgrade(&mut self, address: SocketAddr, path: &str) -> Result<()> {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        self.stream.write_all(head.as_bytes())?;
        loop {
            self.read_on()?;
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut answer = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(length) = answer.parse(&self.rest)? {
                ensure!(
                    answer.code == Some(101),
                    "answered with {}",
                    told(&self.rest)
                );
                self.rest.drain(..length);
                return Ok(());
            }
            ensure!(self.rest.len() < HEAD_BYTES, "a head without an end");
        }
    }

    /// Waits for what the server says first, says hello, and waits for the answer.
    fn greet(&mut self, hello: &str, answer: &str) -> Result<()> {
        self.next_text()?;
        let mut out = Vec::new();
        frames::text(hello.as_bytes(), &mut out);
        self.stream.write_all(&out)?;
        let text = self.next_text()?;
        ensure!(
            text.starts_with(answer.as_bytes()),
            "answered with {}",
            told(&text)
        );
        Ok(())
    }

    /// Sends a text.
    pub(crate) fn say(&mut self, text: &[u8]) -> Result<()> {
        let mut out = Vec::new();
        frames::text(text, &mut out);
        Ok(self.stream.write_all(&out)?)
    }

    /// The next text, however long it takes within the patience.
    pub(crate) fn next_text(&mut self) -> Result<Vec<u8>> {
        loop {
            match frames::first(&self.rest)? {
                Some((Frame::Text(text), length)) => {
                    let text = text.to_vec();
                    self.rest.drain(..length);
                    return Ok(text);
                }
                Some((Frame::Ping(body), length)) => {
                    let mut out = Vec::new();
                    frames::pong(body, &mut out);
                    self.stream.write_all(&out)?;
                    self.rest.drain(..length);
                }
                Some((Frame::Pong, length)) => drop(self.rest.drain(..length)),
                None => self.read_on()?,
            }
        }
    }

    fn read_on(&mut self) -> Result<()> {
        let mut buffer = [0; 16384];
        match self.stream.read(&mut buffer)? {
            0 => bail!(
                "the server closed the connection; before it said {}",
                told(&self.rest)
            ),
            length => self.rest.extend_from_slice(&buffer[..length]),
        }
        Ok(())
    }
}
