//! Processes, as /proc shows them.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// One process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    parent: u32,
    group: u32,
    /// What it has used so far, and those of its children that have ended.
    pub(crate) ticks: u64,
    /// Those alone.
    ended_ticks: u64,
}

impl Process {
    /// Those of the kernel itself do what they do for others.
    pub(crate) fn is_kernel(&self) -> bool {
        self.pid == 2 || self.parent == 2
    }

    fn read(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name is in brackets, and may have blanks and brackets of its own.
        let (_, after) = stat.rsplit_once(')')?;
        let words: Vec<u64> = after
            .split_whitespace()
            // The state, which is a letter.
            .skip(1)
            .map_while(|word| word.parse::<i64>().ok().map(i64::cast_unsigned))
            .collect();
        let small = |at: usize| u32::try_from(*words.get(at)?).ok();
        Some(Self {
            pid,
            parent: small(0)?,
            group: small(1)?,
            ticks: words.get(10..14)?.iter().sum(),
            ended_ticks: words.get(12..14)?.iter().sum(),
        })
    }
}

/// Ticks of /proc/PID/stat; Linux has had a hundred a second for programs since long.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Ticks as a time.
pub(crate) fn time(ticks: u64) -> Duration {
    TICK * u32::try_from(ticks).unwrap_or(u32::MAX)
}

/// All that there are now.
pub(crate) fn all() -> Result<Vec<Process>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok());
        found.extend(pid.and_then(Process::read));
    }
    Ok(found)
}

/// A process with all that came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree {
    pub(crate) root: u32,
}

impl Tree {
    pub(crate) fn processes(&self) -> Result<Vec<Process>> {
        let all = all()?;
        let mut found: Vec<Process> = all
            .iter()
            .filter(|it| it.pid == self.root || it.group == self.root)
            .copied()
            .collect();
        let mut at = 0;
        while at < found.len() {
            let parent = found[at].pid;
            let known = |pid: u32| found.iter().any(|it| it.pid == pid);
            let more: Vec<Process> = all
                .iter()
                .filter(|it| it.parent == parent && !known(it.pid))
                .copied()
                .collect();
            found.extend(more);
            at += 1;
        }
        Ok(found)
    }

    /// Time on a processor, of all threads that there are, and of children that have ended.
    pub(crate) fn processor(&self) -> Result<Duration> {
        let mut sum = Duration::ZERO;
        for process in self.processes()? {
            sum += time(process.ended_ticks);
            // One that has just ended is gone with what it had, until its parent has waited for it.
            let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", process.pid)) else {
                continue;
            };
            for task in tasks.flatten() {
                let path = task.path().join("schedstat");
                sum += scheduled(&path.to_string_lossy()).unwrap_or_default();
            }
        }
        Ok(sum)
    }

    /// The same in whole ticks, and of threads that have ended, too.
    pub(crate) fn processor_of_all_threads(&self) -> Result<Duration> {
        let processes = self.processes()?;
        Ok(time(processes.iter().map(|it| it.ticks).sum()))
    }

    /// Resident bytes; pages that several share are counted once.
    pub(crate) fn resident(&self) -> Result<f64> {
        self.sum("smaps_rollup", "Pss:")
    }

    /// The most that was resident in those that there are now, each at its own time.
    pub(crate) fn most_resident(&self) -> Result<f64> {
        self.sum("status", "VmHWM:")
    }

    fn sum(&self, file: &str, field: &str) -> Result<f64> {
        let mut bytes = 0.0;
        for process in self.processes()? {
            let Ok(text) = fs::read_to_string(format!("/proc/{}/{file}", process.pid)) else {
                continue;
            };
            let line = text.lines().find_map(|line| line.strip_prefix(field));
            let kib = line
                .and_then(|line| line.split_whitespace().next())
                .context("no such field")?;
            bytes += kib.parse::<f64>()? * 1024.0;
        }
        Ok(bytes)
    }
}

/// Time on a processor, by the scheduler's own count.
pub(crate) fn scheduled(path: &str) -> Result<Duration> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let nanos = text
        .split_whitespace()
        .next()
        .context("an empty schedstat")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}
