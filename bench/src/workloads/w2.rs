//! Many running requests: what they cost to start, to hold, and to list.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::contenders::Target;
use crate::load::{Asking, Load, answer, ask};
use crate::machine::{Shares, Watch};
use crate::moment::now;
use crate::process::Tree;
use crate::workloads::closed::{self, Span};
use crate::workloads::figures::{Latencies, Measured};
use crate::workloads::filling::{Filling, SOCKETS};

/// So many starts are measured by themselves, at most.
const STARTS: usize = 20_000;
/// So often the first page is asked for.
const PAGES: usize = 100;
/// For a server that has just begun.
const WARM: Span = Span {
    warm: Duration::ZERO,
    measured: Duration::from_millis(500),
};
const IDLE: Duration = Duration::from_secs(2);

pub(crate) fn measure(target: &Target, requests: usize) -> Result<Measured> {
    let all = Watch::start(target.tree)?;
    closed::measure(target, SOCKETS, 8, WARM)?;
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(SOCKETS)?;
    let mut filling = Filling::new(&load);
    let empty = target.tree.resident()?;
    let starts = STARTS.min(requests);
    let first = Starts::watched(&mut load, &mut filling, starts, target.tree)?;
    filling.more(&mut load, requests - starts)?;
    let held = (target.tree.resident()? - empty) / filling.started() as f64;
    let last = Starts::watched(&mut load, &mut filling, starts, target.tree)?;
    let pages = pages(target, filling.started())?;
    let idle = idle(target.tree)?;
    Ok(Measured::new(first.shares.and(last.shares))
        .set("resident_bytes_each", held)
        .set("start_us_first", first.micros_each)
        .set("start_us_last", last.micros_each)
        .set("page_p50_us", pages.micros(0.5))
        .set("page_p99_us", pages.micros(0.99))
        .set("idle_percent", idle * 100.0)
        // The starts are over in less than a tenth of a second: what disturbs them may well disturb all the rest.
        .disturbed_as(all.stop()?))
}

/// Starts that were measured by themselves.
struct Starts {
    /// Processor time of the server for one.
    micros_each: f64,
    shares: Shares,
}

impl Starts {
    fn watched(
        load: &mut Load,
        filling: &mut Filling,
        starts: usize,
        server: Tree,
    ) -> Result<Self> {
        let watch = Watch::start(server)?;
        filling.more(load, starts)?;
        let shares = watch.stop()?;
        Ok(Self {
            micros_each: shares.server * shares.seconds * 1e6 / starts as f64,
            shares,
        })
    }
}

/// How long the first page takes, there and back.
pub(super) fn pages(target: &Target, running: usize) -> Result<Latencies> {
    let mut asking: Asking = ask(target.address, target.dialect)?;
    let status = target.dialect.status()?;
    let mut latencies = Latencies::new()?;
    for _ in 0..PAGES {
        let asked = now();
        let page = asking.ask(status)?;
        latencies.record(asked.elapsed());
        let total = answer::total(&page)?;
        ensure!(
            total == running,
            "{running} requests were started, and status counts {total}"
        );
    }
    Ok(latencies)
}

/// What the server has of its core while nothing is asked.
fn idle(server: Tree) -> Result<f64> {
    let before = server.processor()?;
    sleep(IDLE);
    let took = server.processor()?.saturating_sub(before);
    Ok(took.as_secs_f64() / IDLE.as_secs_f64())
}
