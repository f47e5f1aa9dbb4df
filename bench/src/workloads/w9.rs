//! Running requests on a disk: listed, and killed one by one.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::contenders::{Contender, Places, Running, Start, Target};
use crate::load::answer::told;
use crate::load::{Asking, Load, ask};
use crate::moment::now;
use crate::workloads::figures::{Latencies, Measured};
use crate::workloads::filling::{Filling, SOCKETS, ensure_listed};
use crate::workloads::kills::{Kills, LONG_ENOUGH, Sum, TIMES};
use crate::workloads::program::Program;
use crate::workloads::w2;

/// So often the whole list is asked for.
const LISTS: usize = 10;

/// From one client, and then from so many: at Celery more kill no more.
const CLIENTS: usize = 8;

pub(crate) fn measure(contender: &Contender, places: &Places, requests: usize) -> Result<Measured> {
    let running = Running::start(contender, places, "")?;
    if let (Start::Folder(folder, _), None) = (contender.start, contender.dialect) {
        let [tasks, clients] = [requests, CLIENTS].map(|it| it.to_string());
        let program = ["held.py", "--tasks", &tasks, "--clients", &clients];
        let mut program = Program::start(folder, &program, &running, places)?;
        let one = program.stretch(&running)?;
        let many = program.stretch(&running)?;
        return Ok(program.measured(one)?.busy_as(many));
    }
    on(&running.target()?, requests)
}

/// Lists so many, kills half of them from one socket and the rest from many, one unanswered on each; and kills more of them, until
/// both took long enough to say something.
pub(super) fn on(target: &Target, requests: usize) -> Result<Measured> {
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(SOCKETS + CLIENTS)?;
    let mut filling = Filling::new(&load);
    filling.more(&mut load, requests)?;
    let first = w2::pages(target, filling.started())?;
    let whole = lists(target, filling.started())?;
    let (mut one, mut many, mut killed) = (Sum::new()?, Sum::new()?, 0_usize);
    for _ in 0..TIMES {
        let half = killed.midpoint(filling.started());
        let rest = filling.started() - half;
        let mut kills = Kills::new(&load, (killed..half).collect(), 1, 1)?;
        one.add(&mut kills, target, |kills| kills.closed(&mut load))?;
        ensure_listed(target, rest)?;
        let mut kills = Kills::new(&load, (half..half + rest).collect(), CLIENTS, 1)?;
        many.add(&mut kills, target, |kills| kills.closed(&mut load))?;
        ensure_listed(target, 0)?;
        if one.took.min(many.took) >= LONG_ENOUGH {
            break;
        }
        killed = filling.started();
        filling.more(&mut load, requests)?;
    }
    Ok(one
        .measured()?
        .set("many_per_second", many.rate())
        .set("many_p50_us", many.latencies.micros(0.5))
        .set("many_p99_us", many.latencies.micros(0.99))
        .set("page_p50_us", first.micros(0.5))
        .set("list_p50_us", whole.micros(0.5))
        .busy_as(many.shares()?))
}

/// A page of status, as far as somebody who lists has to read it.
#[derive(Deserialize)]
struct Page {
    jobs: Vec<Job>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Job {
    connid: String,
    left: f64,
}

fn lists(target: &Target, running: usize) -> Result<Latencies> {
    let mut asking = ask(target.address, target.dialect)?;
    let mut latencies = Latencies::new()?;
    for _ in 0..LISTS {
        let asked = now();
        let jobs = list(&mut asking)?;
        latencies.record(asked.elapsed());
        ensure_each_once(&jobs, running)?;
    }
    Ok(latencies)
}

/// All that run, a page of the most that can be asked for after the other.
fn list(asking: &mut Asking) -> Result<Vec<Job>> {
    let mut asked = r#"{"route":"status","limit":1000}"#.to_owned();
    let mut jobs = Vec::new();
    loop {
        let text = asking.ask(&asked)?;
        let page: Page = serde_json::from_slice(&text)
            .with_context(|| format!("status was answered with {}", told(&text)))?;
        jobs.extend(page.jobs);
        let Some(after) = page.next else {
            return Ok(jobs);
        };
        asked = format!(r#"{{"route":"status","limit":1000,"after":"{after}"}}"#);
    }
}

fn ensure_each_once(jobs: &[Job], running: usize) -> Result<()> {
    let named: HashSet<&str> = jobs.iter().map(|job| &*job.connid).collect();
    let [listed, different] = [jobs.len(), named.len()];
    ensure!(
        listed == running && different == running,
        "{running} requests run, and {listed} are listed, {different} different ones"
    );
    let ended = jobs.iter().find(|job| job.left <= 0.0);
    ensure!(
        ended.is_none(),
        "{:?} is listed, and its time is up",
        ended.map(|job| &job.connid)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_each_once() {
        let jobs = |names: &[&str]| -> Vec<Job> {
            let job = |name: &&str| Job {
                connid: (*name).to_owned(),
                left: 600.0,
            };
            names.iter().map(job).collect()
        };
        assert!(ensure_each_once(&jobs(&["a", "b"]), 2).is_ok());
        for wrong in [&["a"][..], &["a", "a"], &["a", "b", "b"], &["a", "b", "c"]] {
            assert!(ensure_each_once(&jobs(wrong), 2).is_err(), "{wrong:?}");
        }
        let mut over = jobs(&["a", "b"]);
        over[1].left = 0.0;
        assert!(ensure_each_once(&over, 2).is_err());
    }
}
