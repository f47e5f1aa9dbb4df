//! What is left of a command whose shim was killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::family::{Process, processes};

/// Has a shim that was stopped go on: a command may stop its own keeper.
pub fn wake(shim: u32) {
    send(shim, Signal::SIGCONT);
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
        let found = self.find();
        for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
            for pid in &found {
                send(pid.unsigned_abs(), signal);
            }
        }
        u32::try_from(found.len()).unwrap_or(u32::MAX)
    }

    /// Whoever is known by itself, and all that came of it.
    fn find(&self) -> BTreeSet<i32> {
        let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        let mut open = Vec::new();
        for process in processes() {
            let Process { pid, parent, .. } = process;
            children.entry(parent).or_default().push(pid);
            if self.knows(&process) {
                open.push(pid);
            }
        }
        let mut found = BTreeSet::new();
        while let Some(pid) = open.pop() {
            if found.insert(pid) {
                open.extend(children.remove(&pid).unwrap_or_default());
            }
        }
        found
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

fn send(pid: u32, signal: Signal) {
    if let Ok(pid @ 2..) = i32::try_from(pid) {
        // It may have ended meanwhile.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}
