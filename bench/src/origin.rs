//! Of which run a result is: when that began, of what, and on which machine.

use std::fmt;
use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// What a run writes itself.
const WRITTEN: [&str; 3] = [
    ":!bench/results",
    ":!docs/performance.md",
    ":!docs/pictures",
];

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The day and the minute, in UTC.
    begun: String,
    /// When it was taken up again, after it had been broken off.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    continued: Option<String>,
    /// What was measured, with a word where files are not as they are there.
    commit: String,
    /// The processor, as it calls itself.
    processor: String,
    kernel: String,
}

impl Origin {
    /// A run that begins now, in this folder.
    pub(crate) fn here() -> Self {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            begun: said("date", &["--utc", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_default(),
            continued: None,
            commit: commit(),
            processor: processor(),
            kernel: kernel.trim().to_owned(),
        }
    }

    /// Whether figures of both may be compared.
    pub(crate) fn is_run_of(&self, other: &Self) -> bool {
        self.begun == other.begun && self.commit == other.commit
    }

    /// The same run, taken up again at `now`.
    ///
    /// # Errors
    ///
    /// What would be measured is not the same, or not on the same machine.
    pub(crate) fn continued(self, now: &Self) -> Result<Self> {
        let rows = [
            ("commit", &self.commit, &now.commit),
            ("processor", &self.processor, &now.processor),
            ("kernel", &self.kernel, &now.kernel),
        ];
        for (what, then, now) in rows {
            ensure!(
                then == now,
                "the run of {} cannot be continued: its {what} was {then}, and is {now} now",
                self.begun
            );
        }
        Ok(Self {
            continued: Some(now.begun.clone()),
            ..self
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.begun)?;
        if let Some(again) = &self.continued {
            write!(f, " (broken off, and continued {again})")?;
        }
        write!(
            f,
            ", commit {}; {}, Linux {}",
            self.commit, self.processor, self.kernel
        )
    }
}

fn commit() -> String {
    let Some(commit) = said("git", &["rev-parse", "--short=10", "HEAD"]) else {
        return "unknown".to_owned();
    };
    let changes = [&["diff", "--quiet", "HEAD", "--", ":/"], &WRITTEN[..]].concat();
    match said("git", &changes) {
        Some(_) => commit,
        None => format!("{commit} with changes"),
    }
}

fn processor() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.and_then(|line| line.split(':').nth(1));
    model.unwrap_or("unknown").trim().to_owned()
}

/// What a program says, where it ends well.
fn said(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn origin(begun: &str) -> Origin {
        Origin {
            begun: begun.to_owned(),
            continued: None,
            commit: "0123456789".to_owned(),
            processor: "a processor".to_owned(),
            kernel: "6.0".to_owned(),
        }
    }

    #[test]
    fn a_run_is_continued_only_with_the_same() {
        let [then, now] = [origin("today 08:00"), origin("today 09:00")];
        let continued = then.clone().continued(&now).unwrap();
        assert!(continued.is_run_of(&then) && !continued.is_run_of(&now));
        let expected = "today 08:00 (broken off, and continued today 09:00), commit 0123456789; a processor, Linux 6.0";
        assert_eq!(continued.to_string(), expected);
        let commit = "abcdef0123".to_owned();
        let refused = then.continued(&Origin { commit, ..now }).unwrap_err();
        let expected = "its commit was 0123456789, and is abcdef0123 now";
        assert!(refused.to_string().contains(expected), "{refused}");
    }

    #[test]
    fn a_run_here_has_a_day_and_a_machine() {
        let here = Origin::here();
        assert!(here.begun.ends_with("UTC"), "{here}");
        assert!(!here.kernel.is_empty(), "{here}");
    }
}
