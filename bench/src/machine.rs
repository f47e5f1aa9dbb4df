//! Cores, processor time and memory, as the system tells them in /proc; Linux only.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

use crate::moment::now;
use crate::process::{self, Process, Tree, time};

/// Long enough to see a hundredth of a core.
const SAMPLE: Duration = Duration::from_secs(1);

/// Who runs where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) load: usize,
}

impl Cores {
    /// The last two that this process may use: the first one of a machine has most of its interrupts.
    pub(crate) fn choose() -> Result<Self> {
        let may = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).rev().filter(|&core| may.is_set(core));
        let found = cores.next().zip(cores.next());
        let (server, load) =
            found.context("two cores are needed: one for the server, one for the load")?;
        Ok(Self { server, load })
    }
}

/// Holds this thread, and what it starts from now on, on one core.
pub(crate) fn pin(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("pinning to core {core}"))
}

/// As many open files as this process, and what it starts, may have.
pub(crate) fn raise_open_files(least: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    )?;
    let enough = limit.maximum.is_none_or(|most| most >= least);
    ensure!(
        enough,
        "{least} open files are needed, and {:?} allowed: see ulimit -n",
        limit.maximum
    );
    Ok(())
}

/// What two processes had of the machine, and all others.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Shares {
    pub(crate) seconds: f64,
    /// Of one core: by the server with all its children.
    pub(crate) server: f64,
    /// Of one core: by the load.
    pub(crate) load: f64,
    /// Of one core: by all other programs, and by other machines on the same hardware.
    pub(crate) others: f64,
}

/// A stretch of time in which something is measured.
pub(crate) struct Watch {
    begun: Instant,
    server: Duration,
    load: Duration,
    others: Others,
}

impl Watch {
    pub(crate) fn start(server: &Tree) -> Result<Self> {
        let others = Others::read(server)?;
        Ok(Self {
            begun: now(),
            server: server.processor()?,
            load: own_processor()?,
            others,
        })
    }

    pub(crate) fn stop(&self, server: &Tree) -> Result<Shares> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let of = |took: Duration| took.as_secs_f64() / seconds;
        let served = server.processor()?.saturating_sub(self.server);
        let loaded = own_processor()?.saturating_sub(self.load);
        let others = Others::read(server)?.since(&self.others, served + loaded);
        Ok(Shares {
            seconds,
            server: of(served),
            load: of(loaded),
            others: of(others),
        })
    }
}

/// Waits until others have no more than this share of a core, no longer than so.
pub(crate) fn wait_for_calm(patience: Duration, calm: f64) -> Result<()> {
    let own = Tree {
        root: std::process::id(),
    };
    let last = now() + patience;
    while now() < last {
        let watch = Watch::start(&own)?;
        sleep(SAMPLE);
        if watch.stop(&own)?.others <= calm {
            break;
        }
    }
    Ok(())
}

/// What all programs but the server, the load and the kernel have had so far.
struct Others {
    processes: Vec<Process>,
    stolen: Duration,
    busy: Duration,
}

impl Others {
    fn read(server: &Tree) -> Result<Self> {
        let ours = server.processes()?;
        let own = std::process::id();
        let is_ours = |pid: u32| pid == own || ours.iter().any(|process| process.pid == pid);
        let processes = process::all()?;
        let processes = processes
            .into_iter()
            .filter(|it| !it.is_kernel() && !is_ours(it.pid));
        let processes = processes.collect();
        let [stolen, busy] = all_cores()?;
        Ok(Self {
            processes,
            stolen,
            busy,
        })
    }

    /// What they had since then, while ours had so much. Of a program that ended meanwhile its parent is told all that it
    /// ever had, so it is no more than what the cores did altogether.
    fn since(&self, before: &Self, ours: Duration) -> Duration {
        let earlier = |pid: u32| {
            let found = before.processes.iter().find(|it| it.pid == pid);
            found.map_or(0, |it| it.ticks)
        };
        let since = |it: &Process| it.ticks.saturating_sub(earlier(it.pid));
        let ticks: u64 = self.processes.iter().map(since).sum();
        let most = self.busy.saturating_sub(before.busy).saturating_sub(ours);
        time(ticks).min(most) + self.stolen.saturating_sub(before.stolen)
    }
}

/// What the hardware gave to others while someone here wanted it, and what was done here: of all cores together.
fn all_cores() -> Result<[Duration; 2]> {
    let stat = fs::read_to_string("/proc/stat")?;
    let all = stat.lines().next().unwrap_or_default();
    // The first word of the line is its name.
    let words = all.split_whitespace().skip(1);
    let words: Vec<u64> = words.map(str::parse).collect::<Result<_, _>>()?;
    let [
        user,
        nice,
        system,
        _idle,
        _waiting,
        interrupts,
        soft,
        stolen,
        ..,
    ] = words[..]
    else {
        bail!("/proc/stat begins with {words:?}");
    };
    Ok([time(stolen), time(user + nice + system + interrupts + soft)])
}

/// This thread's, and that of the programs that it has waited for: some loads are programs of their own.
fn own_processor() -> Result<Duration> {
    let own = process::scheduled("/proc/thread-self/schedstat")?;
    Ok(own + time(process::waited_for()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Neither the server nor the load: what it does of the time is told, and who sleeps has none.
    #[test]
    fn what_another_program_does_is_told() {
        let start = |script: &str| Command::new("sh").args(["-c", script]).spawn().unwrap();
        let mut server = start("exec sleep 60");
        let mut other = start("while :; do :; done");
        let tree = Tree { root: server.id() };
        let watch = Watch::start(&tree).unwrap();
        sleep(Duration::from_millis(500));
        let shares = watch.stop(&tree).unwrap();
        for child in [&mut server, &mut other] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(shares.others > 0.03, "{shares:?}");
        assert!(shares.server < 0.03, "{shares:?}");
    }
}
