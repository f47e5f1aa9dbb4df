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
use crate::workloads::{Measured, Workload};

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
    /// Whether something else took too much of the machine, each time it was tried.
    pub(crate) disturbed: bool,
    /// What one attempt took, with the server's start and end.
    pub(crate) took_seconds: f64,
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
    /// The median of a figure.
    pub(crate) fn figure(&self, name: &str) -> Option<f64> {
        self.median(|turn| turn.measured.figures.get(name).copied())
    }

    /// The middle of what the turns say: of those that nothing disturbed, where there are any.
    pub(crate) fn median(&self, figure: impl Fn(&Turn) -> Option<f64>) -> Option<f64> {
        let calm = |turn: &&Turn| !turn.disturbed || self.all_disturbed();
        median(self.turns.iter().filter(calm).filter_map(figure).collect())
    }

    /// Whether there are turns, and none that can be trusted.
    pub(crate) fn all_disturbed(&self) -> bool {
        !self.turns.is_empty() && self.turns.iter().all(|turn| turn.disturbed)
    }

    /// Whether it needs no more turns than it has.
    pub(crate) fn has(&self, round: usize) -> bool {
        self.failure.is_some() || self.turns.len() > round
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

/// The middle, or what is between the two in the middle.
fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let last = figures.len().checked_sub(1)?;
    Some(f64::midpoint(figures[last / 2], figures[last.div_ceil(2)]))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::machine::Shares;
    use crate::origin::tests::origin;

    pub(crate) fn turn(figure: &str, value: f64, disturbed: bool) -> Turn {
        let shares = Shares {
            seconds: 4.0,
            server: 1.0,
            load: 0.4,
            others: 0.01,
        };
        Turn {
            measured: Measured::new(shares).set(figure, value),
            disturbed,
            took_seconds: 5.0,
        }
    }

    /// Of a run that was today.
    pub(crate) fn new(workload: &str) -> Results {
        Results::new(workload, origin("today"), 3)
    }

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0]), Some(5.0));
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
    }

    #[test]
    fn disturbed_turns_count_only_where_there_are_no_others() {
        let mut results = new("w1");
        let row = results.row("depth 1", "longwire");
        assert!(!row.all_disturbed());
        row.turns = vec![
            turn("per_second", 1.0, true),
            turn("per_second", 7.0, false),
        ];
        assert_eq!(row.figure("per_second"), Some(7.0));
        row.turns.pop();
        assert_eq!(row.figure("per_second"), Some(1.0));
        assert_eq!(row.figure("p50_us"), None);
        assert!(row.all_disturbed());
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
