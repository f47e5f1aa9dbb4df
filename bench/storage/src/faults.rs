//! What a store does when the disk is full or fails. The fault itself comes from outside: a small file system, or a
//! tracer that lets a system call fail.

use std::collections::BTreeMap;
use std::env::current_exe;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::rows::{Batch, Key, key, value};
use crate::stores::{self, Storage};

/// Rows of a transaction here, and their size.
const GROUP: u64 = 16;
const SIZE: usize = 4 << 10;
/// A store that has seen no fault by then will see none.
const ENOUGH: u64 = 20_000;

/// What became of each transaction: `yes` is in the store, `no` is not, `unsure` was answered with an error.
type Ledger = BTreeMap<u64, &'static str>;

struct Trial {
    store: Box<dyn Storage>,
    ledger: Ledger,
    next: u64,
}

impl Trial {
    fn insert(&mut self) -> Result<()> {
        let job = self.next;
        self.next += 1;
        self.ledger.insert(job, "unsure");
        self.store.commit(&Batch {
            puts: rows_of(job).collect(),
            deletes: Vec::new(),
        })?;
        self.ledger.insert(job, "yes");
        Ok(())
    }

    fn delete(&mut self, job: u64) -> Result<()> {
        self.ledger.insert(job, "unsure");
        let deletes = rows_of(job).map(|(key, _)| key).collect();
        self.store.commit(&Batch {
            puts: Vec::new(),
            deletes,
        })?;
        self.ledger.insert(job, "no");
        Ok(())
    }

    fn delete_half(&mut self) -> Result<()> {
        (0..self.next / 2).try_for_each(|job| self.delete(job))
    }

    /// Holds the store against the ledger, and says how many of the unsure are in it.
    fn read(&self) -> Result<()> {
        let found = compare(self.store.as_ref(), &self.ledger)?;
        println!("unsure transactions that are there: {}", found.unsure);
        let wrong = (found.lost, found.damaged, found.extra);
        anyhow::ensure!(wrong == (0, 0, 0), "lost, damaged, extra: {wrong:?}");
        Ok(())
    }

    fn write_ledger(&self, path: &Path) -> Result<()> {
        let lines = self
            .ledger
            .iter()
            .map(|(job, state)| format!("{job} {state}\n"));
        Ok(fs::write(path, lines.collect::<String>())?)
    }
}

fn rows_of(job: u64) -> impl Iterator<Item = (Key, Vec<u8>)> {
    (1..=GROUP)
        .map(move |seq| key(job, seq))
        .map(|key| (key, value(&key, SIZE)))
}

fn say(what: &str, outcome: &Result<()>) {
    match outcome {
        Ok(()) => println!("{what}: ok"),
        Err(error) => println!("{what}: {error:#}"),
    }
}

/// Writes until a commit fails, then tries what a server could try with the same handle. A file `ballast` beside the
/// store is removed on the way, which gives a full disk some room. What was answered goes to the file `ledger`.
pub(crate) fn provoke(store: &str, dir: &Path, ledger: &Path) -> Result<()> {
    let mut trial = Trial {
        store: stores::open(store, dir)?,
        ledger: Ledger::new(),
        next: 0,
    };
    let first = (0..ENOUGH).find_map(|_| trial.insert().err());
    println!("acknowledged: {}", trial.next - 1);
    say("first failure", &first.map_or(Ok(()), Err));
    for _ in 0..3 {
        say("next commit", &trial.insert());
    }
    say("read", &trial.read());
    say("delete half", &trial.delete_half());
    say("commit after", &trial.insert());
    if let Some(parent) = dir.parent()
        && fs::remove_file(parent.join("ballast")).is_ok()
    {
        say("commit with room", &trial.insert());
        say("delete half with room", &trial.delete_half());
    }
    say("read", &trial.read());
    trial.write_ledger(ledger)?;
    say("close", &trial.store.close());
    Ok(())
}

/// Opens what `provoke` has left, and holds it against the ledger.
pub(crate) fn check(store: &str, dir: &Path, path: &Path) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let ledger: Ledger = text.lines().map(parse).collect::<Result<_>>()?;
    let next = ledger.keys().last().map_or(0, |last| last + 1);
    let mut trial = Trial {
        store: stores::open(store, dir)?,
        ledger,
        next,
    };
    println!("opened");
    say("read", &trial.read());
    say("delete half", &trial.delete_half());
    say("commit", &trial.insert());
    trial.write_ledger(path)
}

fn parse(line: &str) -> Result<(u64, &'static str)> {
    let (job, state) = line.split_once(' ').context("no state")?;
    let known = ["yes", "no", "unsure"]
        .into_iter()
        .find(|known| *known == state);
    Ok((job.parse()?, known.context("an unknown state")?))
}

/// What is in a store, held against the ledger; transactions, but for `damaged`.
#[derive(Default)]
struct Found {
    /// Acknowledged, and not there whole.
    lost: usize,
    /// Rows that are not what was written.
    damaged: usize,
    /// Deleted, never asked for, or there in part.
    extra: usize,
    /// Answered with an error, and there whole all the same.
    unsure: usize,
}

fn compare(store: &dyn Storage, ledger: &Ledger) -> Result<Found> {
    let mut rows: BTreeMap<Key, bool> = BTreeMap::new();
    store.scan(&mut |key, bytes| {
        rows.insert(key, bytes == value(&key, SIZE));
    })?;
    let damaged = rows.values().filter(|whole| !**whole).count();
    let mut found = Found {
        damaged,
        ..Found::default()
    };
    for (job, state) in ledger {
        let is_there = |seq: &u64| rows.remove(&key(*job, *seq)).is_some();
        let count = (1..=GROUP).filter(is_there).count() as u64;
        match *state {
            "yes" => found.lost += usize::from(count != GROUP),
            "unsure" if count == GROUP => found.unsure += 1,
            _ => found.extra += usize::from(count != 0),
        }
    }
    found.extra += rows.len();
    Ok(found)
}

/// Opens a store, and has a second process open it too.
pub(crate) fn second(store: &str, dir: &Path) -> Result<()> {
    let mut trial = Trial {
        store: stores::open(store, dir)?,
        ledger: Ledger::new(),
        next: 0,
    };
    trial.insert()?;
    let child = Command::new(current_exe()?)
        .args(["join", store])
        .arg(dir)
        .status()?;
    println!("the second process ended with {child}");
    say("commit of the first", &trial.insert());
    Ok(())
}

/// The second process.
pub(crate) fn join(store: &str, dir: &Path) -> Result<()> {
    let mut trial = Trial {
        store: stores::open(store, dir)?,
        ledger: Ledger::new(),
        next: 1_000,
    };
    println!("the second process has opened");
    say("commit of the second", &trial.insert());
    Ok(())
}
