//! What a run measured, kept as JSON: a file for each workload.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::workloads::Measured;

/// The turns of one workload, and on what machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) workload: String,
    /// The processor, as it calls itself.
    pub(crate) processor: String,
    pub(crate) kernel: String,
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
}

impl Results {
    /// Nothing measured yet.
    pub(crate) fn new(workload: &str) -> Self {
        let of = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpus = of("/proc/cpuinfo");
        let model = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        let model = model
            .and_then(|line| line.split(':').nth(1))
            .unwrap_or("unknown");
        Self {
            workload: workload.to_owned(),
            processor: model.trim().to_owned(),
            kernel: of("/proc/sys/kernel/osrelease").trim().to_owned(),
            rows: Vec::new(),
        }
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

    /// The median of a figure.
    pub(crate) fn median(&self, ask: &str, contender: &str, figure: &str) -> Option<f64> {
        let row = self
            .rows
            .iter()
            .find(|row| row.ask == ask && row.contender == contender)?;
        row.median(|turn| turn.measured.figures.get(figure).copied())
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let text = serde_json::to_string_pretty(self)?;
        Ok(fs::write(file(folder, &self.workload), text + "\n")?)
    }
}

impl Row {
    /// The middle of what the turns say: of those that nothing disturbed, where there are any.
    pub(crate) fn median(&self, figure: impl Fn(&Turn) -> Option<f64>) -> Option<f64> {
        let calm = |turn: &&Turn| !turn.disturbed || self.all_disturbed();
        median(self.turns.iter().filter(calm).filter_map(figure).collect())
    }

    /// Whether there is no turn that can be trusted.
    pub(crate) fn all_disturbed(&self) -> bool {
        self.turns.iter().all(|turn| turn.disturbed)
    }
}

/// All that there are in a folder, by workload.
pub(crate) fn read(folder: &Path, workloads: &[String]) -> Result<BTreeMap<String, Results>> {
    let mut found = BTreeMap::new();
    for workload in workloads {
        let file = file(folder, workload);
        if file.exists() {
            let text = fs::read_to_string(&file)?;
            let results =
                serde_json::from_str(&text).with_context(|| file.display().to_string())?;
            found.insert(workload.clone(), results);
        }
    }
    Ok(found)
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
        }
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
        let mut results = Results::new("w1");
        let row = results.row("depth 1", "longwire");
        row.turns = vec![
            turn("per_second", 1.0, true),
            turn("per_second", 7.0, false),
        ];
        assert_eq!(
            results.median("depth 1", "longwire", "per_second"),
            Some(7.0)
        );
        results.row("depth 1", "longwire").turns.pop();
        assert_eq!(
            results.median("depth 1", "longwire", "per_second"),
            Some(1.0)
        );
        assert_eq!(results.median("depth 32", "longwire", "per_second"), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut results = Results::new("w1");
        results
            .row("depth 1", "longwire")
            .turns
            .push(turn("per_second", 7.5, false));
        results.row("depth 1", "node-ws").failure = Some("it said no".to_owned());
        results.write(folder.path()).unwrap();
        let read = read(folder.path(), &["w1".to_owned(), "w2".to_owned()]).unwrap();
        assert_eq!(
            serde_json::to_value(&read["w1"]).unwrap(),
            serde_json::to_value(&results).unwrap()
        );
        assert_eq!(read.len(), 1);
    }
}
