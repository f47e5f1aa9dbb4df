//! One socket of a load: bytes in until there are none, bytes out as far as they go.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Result, ensure};
use mio::net::TcpStream;

/// One socket.
pub(crate) struct Link {
    pub(crate) stream: TcpStream,
    /// The beginning of a frame, the rest of which has not come.
    pub(crate) partial: Vec<u8>,
    /// What is to be sent, from `sent` on.
    pub(crate) out: Vec<u8>,
    sent: usize,
    /// The system takes no more for now, and says when it does again.
    blocked: bool,
}

impl Link {
    pub(crate) fn new(stream: TcpStream, rest: Vec<u8>) -> Self {
        Self {
            stream,
            partial: rest,
            out: Vec::new(),
            sent: 0,
            blocked: false,
        }
    }

    /// Reads into `buffer` behind what was left of the last read. Gives how much is in it then, and whether more may wait.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<(usize, bool)> {
        let kept = self.partial.len();
        ensure!(
            kept < buffer.len(),
            "a frame of more than {} bytes came",
            buffer.len()
        );
        buffer[..kept].copy_from_slice(&self.partial);
        self.partial.clear();
        let room = buffer.len() - kept;
        loop {
            match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => anyhow::bail!("the server closed the connection"),
                // What fills less than the room has emptied the system's buffer, and more will be told of.
                Ok(length) => return Ok((kept + length, length == room)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok((kept, false)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The system takes bytes again.
    pub(crate) fn unblock(&mut self) {
        self.blocked = false;
    }

    /// Sends what there is to be sent, as far as the system takes it.
    pub(crate) fn flush(&mut self) -> Result<()> {
        while !self.blocked && self.sent < self.out.len() {
            match self.stream.write(&self.out[self.sent..]) {
                Ok(length) => self.sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.blocked = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        if self.sent == self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
        Ok(())
    }
}
