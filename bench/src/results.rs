//! What a run measured, kept as JSON: a file for each workload.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::origin::Origin;
use crate::pace::{Pace, SLOW};
use crate::rounds::{Rounds, median};
use crate::workloads::{Measured, Workload};

/// A turn in which others had more of a core says nothing.
pub(crate) const DISTURBED: f64 = 0.03;

/// The turns of one workload, and of which run they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) workload: String,
    pub(crate) run: Origin,
    /// Turns that each was to have.
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
}

/// The turns of one contender at one thing that was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) ask: String,
    pub(crate) contender: String,
    pub(crate) turns: Vec<Turn>,
    /// Why there are no more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) failure: Option<String>,
}

/// One turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Turn {
    #[serde(flatten)]
    pub(crate) measured: Measured,
    /// How fast the machine was before it and after it; results of earlier benches do not tell.
    #[serde(default)]
    pub(crate) pace: Option<Pace>,
    /// How many times slower that is than the best of its run.
    #[serde(default = "as_fast")]
    pub(crate) slower: f64,
    /// What one attempt took, with the server's start and end.
    pub(crate) took_seconds: f64,
}

fn as_fast() -> f64 {
    1.0
}

impl Results {
    /// Nothing measured yet.
    pub(crate) fn new(workload: &str, run: Origin, rounds: usize) -> Self {
        Self {
            workload: workload.to_owned(),
            run,
            rounds,
            rows: Vec::new(),
        }
    }

    /// What is known of a contender at something that was asked.
    pub(crate) fn find(&self, ask: &str, contender: &str) -> Option<&Row> {
        let is_it = |row: &&Row| row.ask == ask && row.contender == contender;
        self.rows.iter().find(is_it)
    }

    pub(crate) fn row(&mut self, ask: &str, contender: &str) -> &mut Row {
        let found = self
            .rows
            .iter()
            .position(|row| row.ask == ask && row.contender == contender);
        let at = found.unwrap_or_else(|| {
            self.rows.push(Row {
                ask: ask.to_owned(),
                contender: contender.to_owned(),
                turns: Vec::new(),
                failure: None,
            });
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    /// Says of each turn how much slower the machine was than at best.
    pub(crate) fn compare(&mut self, best: Pace) {
        for turn in self.turns_mut() {
            turn.slower = turn.pace.map_or(1.0, |pace| pace.slower_than(best));
        }
    }

    pub(crate) fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.rows.iter().flat_map(|row| &row.turns)
    }

    fn turns_mut(&mut self) -> impl Iterator<Item = &mut Turn> {
        self.rows.iter_mut().flat_map(|row| &mut row.turns)
    }

    /// Writes all of it at once, so that nobody finds half of it.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let text = serde_json::to_string_pretty(self)?;
        let readable = fs::Permissions::from_mode(0o644);
        let mut new = tempfile::Builder::new()
            .permissions(readable)
            .tempfile_in(folder)?;
        new.write_all((text + "\n").as_bytes())?;
        new.persist(file(folder, &self.workload))?;
        Ok(())
    }
}

impl Row {
    /// What the rounds say of a figure together.
    pub(crate) fn figure(&self, name: &str) -> Option<f64> {
        Rounds::of(self, name).map(|rounds| rounds.typical())
    }

    /// The middle of what the turns say: of those that are calm, where there are any.
    pub(crate) fn median(&self, figure: impl Fn(&Turn) -> f64) -> Option<f64> {
        let counts = |turn: &&Turn| turn.is_calm() || self.has_no_calm();
        median(self.turns.iter().filter(counts).map(figure).collect())
    }

    /// Whether there are turns, and none that can be trusted.
    pub(crate) fn has_no_calm(&self) -> bool {
        !self.turns.is_empty() && !self.turns.iter().any(Turn::is_calm)
    }

    /// Whether it needs no more turns than it has.
    pub(crate) fn has(&self, round: usize) -> bool {
        self.failure.is_some() || self.turns.len() > round
    }
}

impl Turn {
    /// Whether neither others nor the machine itself had too much to do with it.
    pub(crate) fn is_calm(&self) -> bool {
        self.unrest() <= 1.0
    }

    /// How far it is from that: what is more than 1 is too much.
    pub(crate) fn unrest(&self) -> f64 {
        let slower = (self.slower - 1.0) / (SLOW - 1.0);
        slower.max(self.measured.shares.others / DISTURBED)
    }
}

/// All that there are in a folder, by workload.
pub(crate) fn read(folder: &Path) -> Result<BTreeMap<String, Results>> {
    let mut found = BTreeMap::new();
    for (workload, file) in files(folder).filter(|(_, file)| file.exists()) {
        let text = fs::read_to_string(&file)?;
        let results = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        found.insert(workload, results);
    }
    Ok(found)
}

/// Removes them.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    for (_, file) in files(folder).filter(|(_, file)| file.exists()) {
        fs::remove_file(file)?;
    }
    Ok(())
}

fn files(folder: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    let all = Workload::value_variants().iter().map(ToString::to_string);
    all.map(move |name| (name.clone(), file(folder, &name)))
}

fn file(folder: &Path, workload: &str) -> PathBuf {
    folder.join(format!("{workload}.json"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::machine::Shares;
    use crate::origin::tests::origin;
    use crate::pace::tests::pace;

    pub(crate) fn turn(figure: &str, value: f64, disturbed: bool) -> Turn {
        let shares = Shares {
            seconds: 4.0,
            server: 1.0,
            load: 0.4,
            others: if disturbed { 0.1 } else { 0.01 },
        };
        Turn {
            measured: Measured::new(shares).set(figure, value),
            pace: None,
            slower: 1.0,
            took_seconds: 5.0,
        }
    }

    /// Of a run that was today.
    pub(crate) fn new(workload: &str) -> Results {
        Results::new(workload, origin("today"), 3)
    }

    #[test]
    fn a_turn_is_calm_where_neither_others_nor_the_machine_disturb_it() {
        let rows = [
            (0.0, 1.0, true),
            (0.029, 1.49, true),
            (0.031, 1.0, false),
            (0.0, 1.51, false),
        ];
        for (others, slower, calm) in rows {
            let mut turn = turn("per_second", 1.0, false);
            turn.measured.shares.others = others;
            turn.slower = slower;
            assert_eq!(turn.is_calm(), calm, "{others} {slower}");
        }
    }

    #[test]
    fn turns_are_compared_with_the_best_of_the_run() {
        let mut results = new("w1");
        let turns = &mut results.row("depth 1", "longwire").turns;
        for took in [100.0, 160.0] {
            let pace = Some(pace(took, took));
            let turn = turn("per_second", took, false);
            turns.push(Turn { pace, ..turn });
        }
        for (best, calm) in [(100.0, [true, false]), (150.0, [true, true])] {
            results.compare(pace(best, best));
            let found: Vec<bool> = results.turns().map(Turn::is_calm).collect();
            assert_eq!(found, calm);
        }
    }

    /// Those that are committed, of earlier benches, too.
    #[test]
    fn results_of_earlier_runs_are_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/results");
        assert!(read(Path::new(folder)).unwrap().contains_key("w1"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut results = new("w1");
        results
            .row("depth 1", "longwire")
            .turns
            .push(turn("per_second", 7.5, false));
        results.row("depth 1", "node-ws").failure = Some("it said no".to_owned());
        results.write(folder.path()).unwrap();
        let read = read(folder.path()).unwrap();
        assert_eq!(
            serde_json::to_value(&read["w1"]).unwrap(),
            serde_json::to_value(&results).unwrap()
        );
        assert_eq!(read.len(), 1);
        remove(folder.path()).unwrap();
        assert!(super::read(folder.path()).unwrap().is_empty());
    }
}
