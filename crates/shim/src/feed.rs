//! The stdin of a command.

use std::{
    io::{self, PipeReader, PipeWriter, Write},
    os::fd::AsFd,
    sync::mpsc::{self, Receiver, Sender},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

use crate::{pump::Reports, wire::Report};

/// Bytes that a pipe that can be written to takes without a wait: at least a page (pipe(7)).
const PAGE: usize = 4096;

/// The way to a command's stdin. Where it is dropped, stdin is closed, though what was given before is not all read.
pub(crate) struct Input {
    given: Sender<Vec<u8>>,
    /// Held open, and never written to: its end wakes whoever waits for the command to read.
    _open: PipeWriter,
}

impl Input {
    /// Gives the command more. How much waits for its turn is for the server to bound, who is told of all that was taken.
    pub(crate) fn give(&self, bytes: Vec<u8>) {
        // Nobody takes it any more where the command has closed its stdin.
        let _ = self.given.send(bytes);
    }
}

/// Whoever gives the command its input.
pub(crate) struct Feeder {
    given: Receiver<Vec<u8>>,
    closed: PipeReader,
}

/// Both ends of the way.
pub(crate) fn input() -> io::Result<(Input, Feeder)> {
    let (given, taken) = mpsc::channel();
    let (closed, open) = io::pipe()?;
    let input = Input { given, _open: open };
    let feeder = Feeder {
        given: taken,
        closed,
    };
    Ok((input, feeder))
}

impl Feeder {
    /// Gives the command its input, and closes its stdin once there is no more.
    pub(crate) fn feed(self, stdin: PipeWriter, first: &[u8], more: bool, reports: &Reports) {
        let mut stdin = self.write(stdin, first).filter(|_| more);
        for bytes in &self.given {
            // A command that does not read it has no use for it.
            stdin = stdin.and_then(|stdin| self.write(stdin, &bytes));
            // Told also where it was not taken: it waits no longer.
            let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            reports.tell(&Report::Fed(count));
        }
    }

    /// Writes all of that, unless stdin is closed meanwhile, by either side.
    fn write(&self, mut stdin: PipeWriter, bytes: &[u8]) -> Option<PipeWriter> {
        for piece in bytes.chunks(PAGE) {
            self.until_read(&stdin).ok()?;
            stdin.write_all(piece).ok()?;
        }
        Some(stdin)
    }

    /// Waits until the command has read enough for more.
    fn until_read(&self, stdin: &PipeWriter) -> Result<(), Errno> {
        loop {
            let mut wait = [
                PollFd::new(stdin.as_fd(), PollFlags::POLLOUT),
                PollFd::new(self.closed.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut wait, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
                Ok(_) if wait[1].any() == Some(true) => return Err(Errno::EPIPE),
                Ok(_) => return Ok(()),
            }
        }
    }
}
