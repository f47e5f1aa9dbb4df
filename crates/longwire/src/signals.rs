//! Being asked to stop, or to read the configuration again.

use std::io::{self, IsTerminal};

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

/// SIGHUP, which means two things: that the configuration is to be read again, or that the terminal is gone.
pub(crate) struct Hangups {
    signal: Signal,
    has_terminal: bool,
}

/// What a SIGHUP means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hangup {
    /// The terminal that the program was started in is gone.
    TerminalGone,
    /// Somebody sent it.
    Asked,
}

impl Hangups {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            signal: signal(SignalKind::hangup())?,
            has_terminal: io::stderr().is_terminal(),
        })
    }

    /// Waits for the next.
    pub(crate) async fn next(&mut self) -> Hangup {
        // It never ends while the runtime is there.
        let _ = self.signal.recv().await;
        if self.has_terminal && !io::stderr().is_terminal() {
            Hangup::TerminalGone
        } else {
            Hangup::Asked
        }
    }
}

/// Has a file that may grow no further say so to whoever writes it, where the system would end the process without a word.
pub(crate) fn outlive_the_limit_of_files() -> io::Result<()> {
    // SIGXFSZ, wherever there is one. Nobody waits for it: that it is caught is all.
    drop(signal(SignalKind::from_raw(25))?);
    Ok(())
}
