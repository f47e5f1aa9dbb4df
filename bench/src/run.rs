//! Rounds: in each, every contender has one turn at everything that is asked, and each round begins with another.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::contenders::{Contender, Places, Start};
use crate::moment::now;
use crate::report::short;
use crate::results::{Results, Turn};
use crate::workloads::{Ask, Measured, Scale, Workload};

/// A turn in which others had more of a core is thrown away.
const DISTURBED: f64 = 0.03;
/// So often it is taken again, at most.
const AGAIN: usize = 3;
/// Building or installing a peer takes minutes, the first time.
const READY_SECONDS: &str = "1200";

/// What is run.
pub(crate) struct Plan<'a> {
    pub(crate) places: &'a Places,
    pub(crate) scale: Scale,
    pub(crate) workloads: Vec<Workload>,
    /// Only these; all where there is none.
    pub(crate) only: Vec<&'static Contender>,
}

/// One turn of the plan.
#[derive(Clone, Copy)]
struct Step {
    round: usize,
    workload: Workload,
    ask: Ask,
    contender: &'static Contender,
}

impl Plan<'_> {
    fn contenders(&self, workload: Workload, ask: Ask) -> Vec<&'static Contender> {
        let all = workload.contenders(ask, &self.scale);
        let wanted = |it: &&Contender| self.only.is_empty() || self.only.contains(it);
        all.into_iter().filter(wanted).collect()
    }

    /// Every turn, in its order.
    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for round in 0..self.scale.rounds {
            for &workload in &self.workloads {
                for ask in workload.asks(&self.scale) {
                    let mut contenders = self.contenders(workload, ask);
                    let first = round % contenders.len().max(1);
                    contenders.rotate_left(first);
                    let step = |contender| Step {
                        round,
                        workload,
                        ask,
                        contender,
                    };
                    steps.extend(contenders.into_iter().map(step));
                }
            }
        }
        steps
    }

    /// Takes all turns. After each its results are in the folder, so that a run that is broken off has measured something.
    pub(crate) fn run(&self, folder: &Path) -> Result<Vec<Results>> {
        let steps = self.steps();
        ensure!(!steps.is_empty(), "nobody takes part");
        let mut all: Vec<Results> = self
            .workloads
            .iter()
            .map(|it| Results::new(&it.to_string()))
            .collect();
        let begun = now();
        for (at, step) in steps.iter().enumerate() {
            let results = all
                .iter_mut()
                .find(|it| it.workload == step.workload.to_string());
            let results = results.context("a workload that is not run")?;
            println!(
                "[{}/{}{}] {}",
                at + 1,
                steps.len(),
                left(begun, at, steps.len()),
                self.named(step)
            );
            self.step(step, results);
            results.write(folder)?;
        }
        Ok(all)
    }

    fn named(&self, step: &Step) -> String {
        let Step {
            round,
            workload,
            ask,
            contender,
        } = step;
        let rounds = self.scale.rounds;
        format!(
            "round {} of {rounds}: {workload}, {ask}: {}",
            round + 1,
            contender.name
        )
    }

    fn step(&self, step: &Step, results: &mut Results) {
        let row = results.row(&step.ask.to_string(), step.contender.name);
        if row.failure.is_some() {
            println!("    not again: it failed before");
            return;
        }
        match self.calm_turn(step) {
            Ok(turn) => {
                println!("    {}", told(&turn.measured));
                row.turns.push(turn);
            }
            Err(error) => {
                println!("    FAILED: {error:#}");
                row.failure = Some(format!("{error:#}"));
            }
        }
    }

    /// A turn that nothing else disturbed, or the least disturbed of those that were tried.
    fn calm_turn(&self, step: &Step) -> Result<Turn> {
        let Step {
            workload,
            ask,
            contender,
            ..
        } = *step;
        let mut best: Option<Measured> = None;
        for _ in 0..=self.again() {
            let measured = workload.turn(contender, ask, self.places, &self.scale)?;
            let others = measured.shares.others;
            if best.as_ref().is_none_or(|best| others < best.shares.others) {
                best = Some(measured);
            }
            if others <= DISTURBED {
                break;
            }
            println!(
                "    disturbed: others had {:.0} % of a core",
                others * 100.0
            );
        }
        let measured = best.context("no turn was taken")?;
        let disturbed = measured.shares.others > DISTURBED;
        Ok(Turn {
            measured,
            disturbed,
        })
    }

    /// A single round is no measurement anyway.
    fn again(&self) -> usize {
        if self.scale.rounds > 1 { AGAIN } else { 0 }
    }

    /// Makes those ready that need it, each folder once; those that cannot be fail at their turns, and say why there.
    pub(crate) fn make_ready(&self) -> Vec<String> {
        let mut folders = Vec::new();
        for &workload in &self.workloads {
            for ask in workload.asks(&self.scale) {
                for contender in self.contenders(workload, ask) {
                    if let Start::Folder(folder, _) = contender.start
                        && !folders.contains(&folder)
                    {
                        folders.push(folder);
                    }
                }
            }
        }
        let failed = folders.into_iter().filter_map(|folder| {
            println!("making bench/peers/{folder} ready");
            let failure = ready(&self.places.peers.join(folder)).err()?;
            println!("    FAILED: {failure:#}");
            Some(format!("{folder}: {failure:#}"))
        });
        failed.collect()
    }
}

fn ready(folder: &Path) -> Result<()> {
    let script = folder.join("ready.sh");
    ensure!(script.is_file(), "{} is missing", script.display());
    let status = Command::new("timeout")
        .arg(READY_SECONDS)
        .arg(&script)
        .current_dir(folder)
        .status()?;
    match status.code() {
        Some(0) => Ok(()),
        Some(124) => bail!("{} took longer than {READY_SECONDS} s", script.display()),
        _ => bail!("{}: {status}", script.display()),
    }
}

/// How long what is left will take, by what was done.
fn left(begun: Instant, done: usize, all: usize) -> String {
    if done == 0 {
        return String::new();
    }
    let each: Duration = begun.elapsed() / u32::try_from(done).unwrap_or(1);
    let left = each * u32::try_from(all - done).unwrap_or(0);
    format!(", about {} min left", left.as_secs().div_ceil(60))
}

fn told(measured: &Measured) -> String {
    let figures = measured
        .figures
        .iter()
        .map(|(name, figure)| format!("{name} {}", short(*figure)));
    let shares = measured.shares;
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let [server, load, others] = [shares.server, shares.load, shares.others].map(percent);
    let figures: Vec<String> = figures.collect();
    format!(
        "{}; server {server}, load {load}, others {others}",
        figures.join(", ")
    )
}
