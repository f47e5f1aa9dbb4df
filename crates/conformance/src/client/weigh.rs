//! How much memory a driver has, with all processes that it started.

use std::fs;

/// Whether there is a `/proc` that says it.
pub(super) const IS_SEEN: bool = cfg!(target_os = "linux");

/// Kilobytes of memory of a process and of its descendants; none where `/proc` does not say it.
pub(super) fn kilobytes(pid: u32) -> Option<u64> {
    let own = resident(pid)?;
    Some(own + children(pid).into_iter().filter_map(kilobytes).sum::<u64>())
}

fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let listed = threads.flatten().filter_map(|thread| {
        let list = fs::read_to_string(thread.path().join("children"));
        list.ok()
    });
    listed
        .flat_map(|list| {
            let pids = list.split_whitespace().filter_map(|pid| pid.parse().ok());
            pids.collect::<Vec<u32>>()
        })
        .collect()
}
