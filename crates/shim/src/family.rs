//! All that a command has started: to be seen, and to be killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    thread::sleep,
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use crate::{Cgroup, clock::Deadline};

/// Between two passes.
const PASS: Duration = Duration::from_millis(2);

/// The descendants of this process. As it is a subreaper, whoever loses its parent becomes its child, so none is missed.
pub(crate) fn descendants() -> BTreeSet<i32> {
    let this = nix::unistd::getpid().as_raw();
    tree(|process| process.parent == this)
}

/// The processes of which that is true, and all that came of them.
pub(crate) fn tree(is_root: impl Fn(&Process) -> bool) -> BTreeSet<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    let mut open = Vec::new();
    for process in processes() {
        let Process { pid, parent, .. } = process;
        children.entry(parent).or_default().push(pid);
        if is_root(&process) {
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

/// A process, as `/proc` has it.
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) session: u32,
}

/// Every process; the dead that wait for their parents are left out.
fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name in parentheses may hold anything, a parenthesis too.
        let mut after_name = stat.rsplit_once(") ")?.1.split(' ');
        let state = after_name.next()?;
        let parent = after_name.next()?.parse().ok()?;
        let session = after_name.nth(1)?.parse().ok()?;
        (state != "Z").then_some(Process {
            pid,
            parent,
            session,
        })
    })
}

/// What came of killing all descendants.
pub(crate) struct Killed {
    /// Whether there was any to kill.
    pub(crate) any: bool,
    /// How many are there all the same.
    pub(crate) survivors: u32,
}

/// Kills all descendants, and all that is in their cgroup, until none is left or the time for it is over.
pub(crate) fn kill_all(cgroup: Option<&Cgroup>, until: Deadline) -> Killed {
    let mut any = false;
    loop {
        reap();
        let inside = cgroup.and_then(|cgroup| cgroup.count().ok()).unwrap_or(0);
        if let (1.., Some(cgroup)) = (inside, cgroup) {
            any = true;
            // Whoever is not reached by it is, one by one.
            let _ = cgroup.kill();
        }
        let left = freeze(until);
        if left.is_empty() && inside == 0 && !has_children() {
            return Killed { any, survivors: 0 };
        }
        any |= !left.is_empty();
        let seen = u32::try_from(left.len()).unwrap_or(u32::MAX);
        for pid in left {
            send(pid, Signal::SIGKILL);
        }
        if until.is_over() {
            let survivors = seen.max(inside).max(1);
            return Killed { any, survivors };
        }
        sleep(PASS);
    }
}

/// Stops all descendants, and those that they started meanwhile: who is stopped starts no more.
fn freeze(until: Deadline) -> BTreeSet<i32> {
    let mut stopped = BTreeSet::new();
    loop {
        let fresh: Vec<i32> = descendants().difference(&stopped).copied().collect();
        let done = fresh.is_empty() || until.is_over();
        for pid in fresh {
            send(pid, Signal::SIGSTOP);
            stopped.insert(pid);
        }
        if done {
            return stopped;
        }
    }
}

/// Sends a signal to one process: 0 and what is below it would be many, and 1 is nobody's to end.
pub(crate) fn send(pid: i32, signal: Signal) {
    if pid > 1 {
        // It may have ended meanwhile.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Takes the dead away.
pub(crate) fn reap() {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            return;
        }
    }
}

/// Whether there is any child, by the kernel's own word.
fn has_children() -> bool {
    waitpid(None, Some(WaitPidFlag::WNOHANG)) != Err(Errno::ECHILD)
}
