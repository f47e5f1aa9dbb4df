//! Of which run a result is: when that began, of what, and on which machine.

use std::fmt;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// Behind a commit where files are not as they are there, or are not in it.
const CHANGED: &str = " with changes";
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
    /// Which binaries: the server's and the load's, by what is in them.
    #[serde(default)]
    binaries: String,
    /// The processor, as it calls itself.
    processor: String,
    kernel: String,
}

impl Origin {
    /// A run that begins now, in this folder, of such a server.
    pub(crate) fn here(longwire: &Path) -> Result<Self> {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Ok(Self {
            begun: said("date", &["--utc", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_default(),
            continued: None,
            commit: commit(),
            binaries: fingerprint(&[longwire, &std::env::current_exe()?])?,
            processor: processor(),
            kernel: kernel.trim().to_owned(),
        })
    }

    /// Whether figures of both may be compared.
    pub(crate) fn is_run_of(&self, other: &Self) -> bool {
        self.begun == other.begun && self.commit == other.commit
    }

    /// The same run, taken up again at `now`.
    ///
    /// # Errors
    ///
    /// What would be measured is not the same, or cannot be told to be, or not on the same machine.
    pub(crate) fn continued(self, now: &Self) -> Result<Self> {
        ensure!(
            !self.commit.ends_with(CHANGED),
            "the run of {} cannot be continued: it was begun {}, and nothing tells which changes those were",
            self.begun,
            self.commit
        );
        let rows = [
            ("commit", &self.commit, &now.commit),
            ("binaries", &self.binaries, &now.binaries),
            ("processor", &self.processor, &now.processor),
            ("kernel", &self.kernel, &now.kernel),
        ];
        for (what, then, now) in rows {
            ensure!(
                then == now,
                "the run of {} cannot be continued: its {what}: {then} then, {now} now",
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
    let changes = [&["status", "--porcelain", "--", ":/"], &WRITTEN[..]].concat();
    match said("git", &changes) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}{CHANGED}"),
    }
}

/// The same where all bytes of all files are, and otherwise hardly ever.
fn fingerprint(files: &[&Path]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        hasher.write(&bytes);
    }
    Ok(format!("{:016x}", hasher.finish()))
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
            binaries: "one".to_owned(),
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
        let now = |commit: &str, binaries: &str| Origin {
            commit: commit.to_owned(),
            binaries: binaries.to_owned(),
            ..now.clone()
        };
        let changed = "0123456789 with changes";
        let rows = [
            (
                "0123456789",
                now("abcdef0123", "one"),
                "its commit: 0123456789 then, abcdef0123 now",
            ),
            (
                "0123456789",
                now("0123456789", "two"),
                "its binaries: one then, two now",
            ),
            (
                changed,
                now(changed, "one"),
                "it was begun 0123456789 with changes",
            ),
        ];
        for (commit, now, words) in rows {
            let commit = commit.to_owned();
            let then = Origin {
                commit,
                ..then.clone()
            };
            let refused = then.continued(&now).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }

    #[test]
    fn binaries_are_told_by_what_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        fs::write(&one, "server").unwrap();
        fs::write(&two, "load").unwrap();
        let before = fingerprint(&[&one, &two]).unwrap();
        assert_eq!(fingerprint(&[&one, &two]).unwrap(), before);
        fs::write(&one, "another server").unwrap();
        assert_ne!(fingerprint(&[&one, &two]).unwrap(), before);
    }

    #[test]
    fn a_run_here_has_a_day_and_a_machine() {
        let here = Origin::here(&std::env::current_exe().unwrap()).unwrap();
        assert!(here.begun.ends_with("UTC"), "{here}");
        assert!(!here.kernel.is_empty(), "{here}");
    }
}
