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

use crate::Cgroup;

/// How long everything that is left is killed again and again, before it is called a survivor.
const FORCE_PASSES: u32 = 2_000;
/// Between two passes.
const PASS: Duration = Duration::from_millis(2);

/// The descendants of this process. As it is a subreaper, whoever loses its parent becomes its child, so none is missed.
pub(crate) fn descendants() -> BTreeSet<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (pid, parent) in processes() {
        children.entry(parent).or_default().push(pid);
    }
    let mut found = BTreeSet::new();
    let mut open = vec![nix::unistd::getpid().as_raw()];
    while let Some(parent) = open.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            found.insert(child);
            open.push(child);
        }
    }
    found
}

/// Every process and its parent, as `/proc` has it; the dead that wait for their parents are left out.
fn processes() -> impl Iterator<Item = (i32, i32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name in parentheses may hold anything, a parenthesis too.
        let mut after_name = stat.rsplit_once(") ")?.1.split(' ');
        let state = after_name.next()?;
        let parent = after_name.next()?.parse().ok()?;
        (state != "Z").then_some((pid, parent))
    })
}

/// What came of killing all descendants.
pub(crate) struct Killed {
    /// Whether there was any to kill.
    pub(crate) any: bool,
    /// How many are there all the same.
    pub(crate) survivors: u32,
}

/// Kills all descendants, and all that is in their cgroup, until none is left.
pub(crate) fn kill_all(cgroup: Option<&Cgroup>) -> Killed {
    let mut any = false;
    for _ in 0..FORCE_PASSES {
        reap();
        let inside = cgroup.and_then(|cgroup| cgroup.count().ok());
        if let (Some(1..), Some(cgroup)) = (inside, cgroup) {
            any = true;
            // Whoever is not reached by it is, one by one.
            let _ = cgroup.kill();
        }
        let left = freeze();
        if left.is_empty() && inside.unwrap_or(0) == 0 && !has_children() {
            return Killed { any, survivors: 0 };
        }
        any |= !left.is_empty();
        for pid in left {
            send(pid, Signal::SIGKILL);
        }
        sleep(PASS);
    }
    let seen = u32::try_from(descendants().len()).unwrap_or(u32::MAX);
    let inside = cgroup.and_then(|cgroup| cgroup.count().ok()).unwrap_or(0);
    Killed {
        any,
        survivors: seen.max(inside),
    }
}

/// Stops all descendants, and those that they started meanwhile: who is stopped starts no more.
fn freeze() -> BTreeSet<i32> {
    let mut stopped = BTreeSet::new();
    loop {
        let fresh: Vec<i32> = descendants().difference(&stopped).copied().collect();
        if fresh.is_empty() {
            return stopped;
        }
        for pid in fresh {
            send(pid, Signal::SIGSTOP);
            stopped.insert(pid);
        }
    }
}

fn send(pid: i32, signal: Signal) {
    // It may have ended meanwhile.
    let _ = kill(Pid::from_raw(pid), signal);
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
