//! Cores, processor time and memory, as the system tells them in /proc; Linux only.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

use crate::moment::now;
use crate::process::{self, Process, TICK, Tree, time};

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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shares {
    pub(crate) seconds: f64,
    /// Of one core: by the server with all its children.
    pub(crate) server: f64,
    /// Of one core: by the load.
    pub(crate) load: f64,
    /// Of one core: by all other programs, and by other machines on the same hardware.
    pub(crate) others: f64,
}

impl Shares {
    /// What others had comes in ticks, and one may have been begun before: it is left out, once a turn, however many stretches that has.
    pub(crate) fn less_a_tick(self) -> Self {
        let tick = TICK.as_secs_f64() / self.seconds;
        Self {
            others: (self.others - tick).max(0.0),
            ..self
        }
    }

    /// Two stretches of time as one.
    pub(crate) fn and(self, other: Self) -> Self {
        let seconds = self.seconds + other.seconds;
        let of = |share: fn(&Self) -> f64| {
            (share(&self) * self.seconds + share(&other) * other.seconds) / seconds
        };
        Self {
            seconds,
            server: of(|it| it.server),
            load: of(|it| it.load),
            others: of(|it| it.others),
        }
    }
}

/// Who asks the server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loader {
    /// This thread.
    Here,
    /// A program of its own.
    Program(Tree),
    /// Nobody: what is measured asks itself.
    Nobody,
}

impl Loader {
    fn processor(self) -> Result<Duration> {
        match self {
            Self::Here => process::scheduled("/proc/thread-self/schedstat"),
            // Its threads end as soon as what they measure does.
            Self::Program(tree) => tree.processor_of_all_threads(),
            Self::Nobody => Ok(Duration::ZERO),
        }
    }

    fn processes(self) -> Result<Vec<Process>> {
        match self {
            Self::Program(tree) => tree.processes(),
            Self::Here | Self::Nobody => Ok(Vec::new()),
        }
    }
}

/// A stretch of time in which something is measured.
pub(crate) struct Watch {
    server: Tree,
    loader: Loader,
    begun: Instant,
    served: Duration,
    loaded: Duration,
    others: Others,
}

impl Watch {
    /// Of a server that this thread asks.
    pub(crate) fn start(server: Tree) -> Result<Self> {
        Self::of(server, Loader::Here)
    }

    pub(crate) fn of(server: Tree, loader: Loader) -> Result<Self> {
        let others = Others::read(server, loader)?;
        Ok(Self {
            server,
            loader,
            begun: now(),
            served: server.processor()?,
            loaded: loader.processor()?,
            others,
        })
    }

    pub(crate) fn stop(&self) -> Result<Shares> {
        let took = self.begun.elapsed();
        let of = |time: Duration| time.as_secs_f64() / took.as_secs_f64();
        let served = self.server.processor()?.saturating_sub(self.served);
        let loaded = self.loader.processor()?.saturating_sub(self.loaded);
        let others = Others::read(self.server, self.loader)?;
        let others = others.since(&self.others, served + loaded);
        Ok(Shares {
            seconds: took.as_secs_f64(),
            server: of(served),
            load: of(loaded),
            others: of(others),
        })
    }
}

/// What others have of a core, just now.
pub(crate) fn others_now() -> Result<f64> {
    let own = Tree {
        root: std::process::id(),
    };
    let watch = Watch::start(own)?;
    sleep(SAMPLE);
    Ok(watch.stop()?.less_a_tick().others)
}

/// What all programs but the server, the load and the kernel have had so far.
struct Others {
    processes: Vec<Process>,
    stolen: Duration,
    busy: Duration,
}

impl Others {
    fn read(server: Tree, loader: Loader) -> Result<Self> {
        let mut ours = server.processes()?;
        ours.extend(loader.processes()?);
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
        let watch = Watch::start(tree).unwrap();
        sleep(Duration::from_millis(500));
        let shares = watch.stop().unwrap();
        for child in [&mut server, &mut other] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(shares.others > 0.03, "{shares:?}");
        assert!(shares.server < 0.03, "{shares:?}");
    }

    #[test]
    fn two_stretches_weigh_by_their_lengths() {
        let shares = |seconds, server, others| Shares {
            seconds,
            server,
            load: 0.5,
            others,
        };
        let both = shares(1.0, 1.0, 0.0).and(shares(3.0, 0.2, 0.04));
        assert_eq!(both, shares(4.0, 0.4, 0.03));
    }

    #[test]
    fn a_tick_of_others_is_left_out_once_however_many_stretches_a_turn_has() {
        let ticks = |seconds, ticks| Shares {
            seconds,
            server: 1.0,
            load: 0.5,
            others: f64::from(ticks) * TICK.as_secs_f64() / seconds,
        };
        let others = |shares: Shares| shares.less_a_tick().others;
        assert!(others(ticks(0.1, 0)) == 0.0);
        assert!(others(ticks(0.1, 1)) < 1e-9);
        let both = ticks(0.1, 1).and(ticks(0.1, 1));
        assert!((others(both) - 0.05).abs() < 1e-9, "{both:?}");
    }
}
