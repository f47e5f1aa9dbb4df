//! Being asked to stop.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A person, with Ctrl-C.
    Interrupt,
    /// The system.
    Terminate,
}

/// SIGINT and SIGTERM, none of which is missed while nobody waits.
pub(crate) struct Stops {
    interrupt: Signal,
    terminate: Signal,
}

impl Stops {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next.
    pub(crate) async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
        }
    }
}

/// Has a file that may grow no further say so to whoever writes it, where the system would end the process without a word.
pub(crate) fn outlive_the_limit_of_files() -> io::Result<()> {
    // SIGXFSZ, wherever there is one. Nobody waits for it: that it is caught is all.
    drop(signal(SignalKind::from_raw(25))?);
    Ok(())
}
