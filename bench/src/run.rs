//! Rounds of a workload: in each, every contender has one turn at everything that is asked, and each round begins with another.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::contenders::{Contender, Places, Start, Tool};
use crate::patience::{Patience, ThisMachine};
use crate::report::short;
use crate::results::{Results, Turn};
use crate::workloads::{Ask, Scale, Workload};

/// Building or installing a peer takes minutes, the first time.
const READY_SECONDS: &str = "1200";

/// What is run.
pub(crate) struct Plan<'a> {
    pub(crate) places: &'a Places,
    pub(crate) scale: Scale,
    /// So many of each workload, where that is said.
    pub(crate) rounds: Option<usize>,
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

    pub(crate) fn rounds(&self, workload: Workload) -> usize {
        self.rounds.unwrap_or_else(|| workload.rounds(&self.scale))
    }

    /// Every turn, in its order: a workload ends before the next begins.
    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for &workload in &self.workloads {
            for round in 0..self.rounds(workload) {
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

    /// Takes all turns that these results do not have yet. They are in the folder after each, and handed on once they are whole.
    pub(crate) fn run(
        &self,
        all: &mut [Results],
        folder: &Path,
        whole: impl Fn(&Results) -> Result<()>,
    ) -> Result<()> {
        let steps = self.steps();
        ensure!(!steps.is_empty(), "nobody takes part");
        let mut took = Took::default();
        let mut patience = Patience::new(self.places.cores, all)?;
        for (at, step) in steps.iter().enumerate() {
            let name = step.workload.to_string();
            let results = all.iter_mut().find(|it| it.workload == name);
            let results = results.context("a workload that is not run")?;
            let row = results.row(&step.ask.to_string(), step.contender.name);
            if !row.has(step.round) {
                let left = took.minutes(&steps[at..]);
                println!(
                    "[{}/{}, about {left} min left] {}",
                    at + 1,
                    steps.len(),
                    self.named(step)
                );
                self.step(step, results, &mut patience);
                results.compare(patience.best());
                results.write(folder)?;
            }
            took.learn(step, results);
            if steps
                .get(at + 1)
                .is_none_or(|next| next.workload != step.workload)
            {
                whole(results)?;
            }
        }
        Ok(())
    }

    fn named(&self, step: &Step) -> String {
        let Step {
            round,
            workload,
            ask,
            contender,
        } = step;
        let rounds = self.rounds(*workload);
        format!(
            "{workload}, round {} of {rounds}, {ask}: {}",
            round + 1,
            contender.name
        )
    }

    fn step(&self, step: &Step, results: &mut Results, patience: &mut Patience<ThisMachine>) {
        let row = results.row(&step.ask.to_string(), step.contender.name);
        match self.turn(step, patience) {
            Ok(turn) => {
                println!("    {}", told(&turn));
                row.turns.push(turn);
            }
            Err(error) => {
                println!("    FAILED, and is not asked again: {error:#}");
                row.failure = Some(format!("{error:#}"));
            }
        }
    }

    fn turn(&self, step: &Step, patience: &mut Patience<ThisMachine>) -> Result<Turn> {
        let Step {
            workload,
            ask,
            contender,
            ..
        } = *step;
        let take = || workload.turn(contender, ask, self.places, &self.scale);
        // A single round is no measurement anyway.
        if self.rounds(workload) > 1 {
            patience.turn(take)
        } else {
            patience.once(take)
        }
    }

    /// All that take part somewhere, each once.
    fn taking_part(&self) -> Vec<&'static Contender> {
        let mut found = Vec::new();
        for &workload in &self.workloads {
            for ask in workload.asks(&self.scale) {
                found.extend(self.contenders(workload, ask));
            }
        }
        unique(found)
    }

    /// What has to be on the machine for them, beside cargo.
    pub(crate) fn needs(&self) -> Vec<Tool> {
        let contenders = self.taking_part().into_iter();
        unique(contenders.filter_map(|it| it.needs).collect())
    }

    /// Makes those ready that need it, each folder once; those that cannot be fail at their turns, and say why there.
    pub(crate) fn make_ready(&self) -> Vec<String> {
        let contenders = self.taking_part().into_iter();
        let folders = contenders.filter_map(|contender| match contender.start {
            Start::Folder(folder, _) => Some(folder),
            Start::Longwire | Start::LongwireOnDisk | Start::Piped | Start::Here => None,
        });
        let folders = unique(folders.collect());
        let failed = folders.into_iter().filter_map(|folder| {
            println!("making bench/peers/{folder} ready");
            let failure = ready(&self.places.peers.join(folder)).err()?;
            println!("    FAILED: {failure:#}");
            Some(format!("{folder}: {failure:#}"))
        });
        failed.collect()
    }
}

/// Each once, in the order in which they came first.
fn unique<T: PartialEq>(all: Vec<T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
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

/// How long turns took, in seconds, by what they were about.
#[derive(Default)]
struct Took(HashMap<(Workload, String, &'static str), f64>);

impl Took {
    fn learn(&mut self, step: &Step, results: &Results) {
        let ask = step.ask.to_string();
        let row = results.find(&ask, step.contender.name);
        let seconds = match row.map(|row| (&row.failure, row.turns.last())) {
            Some((None, Some(turn))) => turn.took_seconds,
            // It is not asked again.
            _ => 0.0,
        };
        let about = (step.workload, ask, step.contender.name);
        self.0.insert(about, seconds);
    }

    /// What is still to come; what was not tried yet takes as long as it usually does.
    fn minutes(&self, steps: &[Step]) -> u64 {
        let seconds = |step: &Step| {
            let about = (step.workload, step.ask.to_string(), step.contender.name);
            let usual = || step.workload.usual_seconds(step.ask);
            self.0.get(&about).copied().unwrap_or_else(usual)
        };
        (steps.iter().map(seconds).sum::<f64>() / 60.0).ceil() as u64
    }
}

fn told(turn: &Turn) -> String {
    let measured = &turn.measured;
    let figures = measured
        .figures
        .iter()
        .map(|(name, figure)| format!("{name} {}", short(*figure)));
    let shares = measured.shares;
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let [server, load, others] = [shares.server, shares.load, shares.others].map(percent);
    let figures: Vec<String> = figures.collect();
    format!(
        "{}; server {server}, load {load}, others {others}, {:.2} times slower than at best; took {:.1} s",
        figures.join(", "),
        turn.slower,
        turn.took_seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contenders::{LONGWIRE, NODE_WS};
    use crate::machine::Cores;
    use crate::patience::{SPARE, SPARE_SECONDS};
    use clap::ValueEnum;

    fn places() -> Places {
        Places {
            longwire: "longwire".into(),
            peers: "peers".into(),
            scratch: "scratch".into(),
            cores: Cores { server: 1, load: 0 },
        }
    }

    fn all(places: &Places, scale: Scale) -> Plan<'_> {
        Plan {
            places,
            scale,
            rounds: None,
            workloads: Workload::value_variants().to_vec(),
            only: Vec::new(),
        }
    }

    /// With all that may be taken again.
    #[test]
    fn a_whole_run_is_to_take_about_half_an_hour() {
        let places = places();
        let steps = all(&places, Scale::FULL).steps();
        let minutes = Took::default().minutes(&steps);
        let spare = minutes as f64 * SPARE + SPARE_SECONDS / 60.0;
        assert!(minutes as f64 + spare <= 30.0, "{minutes} and {spare} min");
    }

    #[test]
    fn a_workload_ends_before_the_next_and_each_round_begins_with_another() {
        let places = places();
        let steps = all(&places, Scale::FULL).steps();
        let mut workloads: Vec<Workload> = steps.iter().map(|it| it.workload).collect();
        workloads.dedup();
        assert_eq!(workloads, Workload::value_variants());
        let first = |round| {
            let of = |it: &&Step| it.workload == Workload::W1 && it.round == round;
            steps.iter().find(of).map(|it| it.contender.name)
        };
        assert_eq!(first(0), Some("longwire"));
        assert_ne!(first(1), first(0));
    }

    #[test]
    fn only_those_that_take_part_need_something() {
        let places = places();
        let rows: [(&[Workload], &[&'static Contender], &[Tool]); 4] = [
            (
                Workload::value_variants(),
                &[],
                &[Tool::Compiler, Tool::Npm, Tool::Python],
            ),
            (&[Workload::W7, Workload::W8], &[], &[]),
            (&[Workload::W6], &[], &[Tool::Python]),
            (&[Workload::W1], &[&LONGWIRE, &NODE_WS], &[Tool::Npm]),
        ];
        for (workloads, only, needs) in rows {
            let plan = Plan {
                workloads: workloads.to_vec(),
                only: only.to_vec(),
                ..all(&places, Scale::FULL)
            };
            assert_eq!(plan.needs(), needs, "{workloads:?}");
        }
    }

    #[test]
    fn what_was_taken_says_how_long_the_next_takes() {
        let places = places();
        let steps = all(&places, Scale::FULL).steps();
        let step = steps[0];
        let mut results = crate::results::tests::new("w1");
        let turn = crate::results::tests::turn("per_second", 1.0, false);
        let row = results.row(&step.ask.to_string(), step.contender.name);
        row.turns.push(Turn {
            took_seconds: 600.0,
            ..turn
        });
        assert!(row.has(0) && !row.has(1));
        let mut took = Took::default();
        took.learn(&step, &results);
        assert_eq!(took.minutes(&[step, step]), 20);
        results
            .row(&step.ask.to_string(), step.contender.name)
            .failure = Some("no".to_owned());
        took.learn(&step, &results);
        assert_eq!(took.minutes(&[step, step]), 0);
    }
}
