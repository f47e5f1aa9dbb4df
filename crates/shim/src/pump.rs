//! What a command prints, on its way to the server.

use std::{
    io::{self, Read, Write, stdout},
    os::fd::{AsFd, BorrowedFd},
    sync::{Arc, Mutex, PoisonError},
};

use nix::{
    fcntl::{FcntlArg, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use rustix::{
    io::{Errno, ioctl_fionread},
    pipe::{SpliceFlags, splice},
};

use crate::wire::{HEAD_BYTES, Output, Report};

/// Bytes of output in one report at most: as much as a pipe holds unless it is set otherwise, and as is often written at once.
const MOST: usize = 64 * 1024;
/// Bytes of output in a report where there is more than that. With the beginning of a line from before it this fits into one event, as large as those
/// are unless it is set otherwise.
const PIECE: usize = 60 * 1024;
/// Who has printed so many bytes prints much. Few do, and a user has large pipes for some hundred commands only (`pipe-user-pages-soft`, pipe(7)).
const MUCH: usize = 1024 * 1024;
/// Bytes that the pipes of such a command hold, where the system allows it: each of the three goes on while the others do.
const PIPE_BYTES: i32 = 256 * 1024;

/// The way to the server: one report at a time.
#[derive(Clone)]
pub(crate) struct Reports(Arc<Mutex<Out>>);

/// Stdout without its buffer: a report is written as one.
struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(nix::unistd::write(stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Out {
    /// Takes so many bytes out of a pipe that has them. How many it could.
    fn take_from(&self, pipe: BorrowedFd<'_>, count: usize) -> usize {
        let mut taken = 0;
        while taken < count {
            let flags = SpliceFlags::empty();
            match splice(pipe, None, stdout(), None, count - taken, flags) {
                Ok(0) => break,
                Ok(moved) => taken += moved,
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        taken
    }
}

impl Reports {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Out)))
    }

    /// Tells the server. False where nobody listens any more.
    pub(crate) fn tell(&self, report: &Report) -> bool {
        self.write(|out| report.write(out))
    }

    fn write(&self, write: impl FnOnce(&mut Out) -> io::Result<()>) -> bool {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write(&mut out).is_ok()
    }
}

/// Passes on what a command prints to one stream.
pub(crate) struct Pump<R> {
    from: R,
    reports: Reports,
    output: Output,
    /// The head of a report stands before what is read, so that nothing has to be moved.
    report: Vec<u8>,
    heard: bool,
}

impl<R: Read + AsFd> Pump<R> {
    /// Has all the memory that it will need: where there is too little, no command begins that would lose its keeper for it.
    ///
    /// # Errors
    /// There is too little.
    pub(crate) fn new(from: R, reports: &Reports, output: Output) -> io::Result<Self> {
        let mut report = Vec::new();
        report.try_reserve_exact(HEAD_BYTES + MOST)?;
        report.resize(HEAD_BYTES + MOST, 0);
        Ok(Self {
            from,
            reports: reports.clone(),
            output,
            report,
            heard: true,
        })
    }

    /// Passes on what comes until there is no more. What nobody listens to is read all the same, so that nobody waits for it.
    pub(crate) fn run(mut self) {
        let mut printed: usize = 0;
        loop {
            let much = printed >= MUCH;
            let passed = if much { self.hand_on() } else { self.copy() };
            match passed {
                Ok(0) | Err(_) => return,
                Ok(count) => printed = printed.saturating_add(count),
            }
            if !much && printed >= MUCH {
                widen(self.from.as_fd());
                widen(stdout().as_fd());
            }
        }
    }

    /// Waits for what comes, and passes it on. How much that is: nothing at the end.
    fn copy(&mut self) -> io::Result<usize> {
        let count = self.from.read(&mut self.report[HEAD_BYTES..])?;
        if count > 0 && self.heard {
            self.report[..HEAD_BYTES].copy_from_slice(&self.output.head(count));
            let report = &self.report[..HEAD_BYTES + count];
            self.heard = self.reports.write(|out| out.write_all(report));
        }
        Ok(count)
    }

    /// The same without a copy: the system moves the pages from one pipe to the other.
    fn hand_on(&mut self) -> io::Result<usize> {
        // What was written at once stays together: a rest would take the way through all three once more.
        let there = self.there()?;
        let count = if there > MOST { PIECE } else { there };
        if count == 0 || !self.heard {
            return self.copy();
        }
        let (from, rest) = (&mut self.from, &mut self.report);
        let head = self.output.head(count);
        self.heard = self.reports.write(|out| {
            out.write_all(&head)?;
            let moved = out.take_from(from.as_fd(), count);
            // What could not be moved is due all the same.
            let rest = &mut rest[..count - moved];
            from.read_exact(rest)?;
            out.write_all(rest)
        });
        Ok(count)
    }

    /// Waits for something to come, and says how much has; nothing at the end.
    fn there(&self) -> io::Result<usize> {
        let there = ioctl_fionread(&self.from)?;
        if there > 0 {
            return Ok(usize::try_from(there).unwrap_or(usize::MAX));
        }
        let readable = PollFd::new(self.from.as_fd(), PollFlags::POLLIN);
        // What interrupts it is followed by reading, which waits as well.
        let _ = poll(&mut [readable], PollTimeout::NONE);
        Ok(usize::try_from(ioctl_fionread(&self.from)?).unwrap_or(usize::MAX))
    }
}

fn widen(pipe: BorrowedFd<'_>) {
    // It may be none, or there are too many large ones already; then it stays as it is.
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(PIPE_BYTES));
}
