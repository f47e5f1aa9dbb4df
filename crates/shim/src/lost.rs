//! What is left of a command whose shim was killed.

use std::fs;

use nix::sys::signal::Signal;

use crate::family::{Process, send, tree};

/// Has a shim that was stopped go on: a command may stop its own keeper.
pub fn wake(shim: u32) {
    send(i32::try_from(shim).unwrap_or(0), Signal::SIGCONT);
}

/// How the processes of a command are known without the shim that was their parent: a guess that can miss whoever left its session
/// and its environment and its parent.
#[derive(Clone, Debug, Default)]
pub struct Lost {
    /// The session of the command, which is its number.
    pub session: Option<u32>,
    /// A variable of its environment that no other has, as `NAME=value`.
    pub mark: Option<String>,
}

impl Lost {
    /// Stops and kills all of it that is seen; how many that were.
    #[must_use]
    pub fn kill(&self) -> u32 {
        let found = tree(|process| self.knows(process));
        for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
            for pid in &found {
                send(*pid, signal);
            }
        }
        u32::try_from(found.len()).unwrap_or(u32::MAX)
    }

    fn knows(&self, process: &Process) -> bool {
        let of_session = self
            .session
            .is_some_and(|session| session == process.session);
        of_session
            || self
                .mark
                .as_ref()
                .is_some_and(|mark| has(process.pid, mark))
    }
}

fn has(pid: i32, mark: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let mut variables = environment.split(|byte| *byte == 0);
    variables.any(|variable| variable == mark.as_bytes())
}
