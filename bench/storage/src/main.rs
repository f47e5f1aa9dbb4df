//! Measures storage libraries under the load of Longwire's log. What came of it is in `docs/storage.md`.

mod faults;
mod process;
mod rounds;
mod rows;
mod stores;
mod workloads;

use std::env::args;
use std::fs::create_dir_all;
use std::path::Path;

use anyhow::{Result, bail};
use rounds::Plan;

const USAGE: &str = "usage:
  longwire-storage-bench rounds DIR ROUNDS SECONDS [WORKLOAD...]   measure, and print tables
  longwire-storage-bench provoke STORE DIR LEDGER                  write until the disk fails
  longwire-storage-bench check STORE DIR LEDGER                    what is left of it?
  longwire-storage-bench second STORE DIR                          open it twice";

fn main() -> Result<()> {
    let words: Vec<String> = args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["rounds", dir, rounds, seconds, ref only @ ..] => rounds::run(&Plan {
            rounds: rounds.parse()?,
            seconds: seconds.parse()?,
            dir: dir.into(),
            only: only.iter().map(|word| (*word).to_owned()).collect(),
        }),
        [what, store, dir, ref more @ ..] => {
            create_dir_all(dir)?;
            child(what, store, Path::new(dir), more)
        }
        _ => bail!(USAGE),
    }
}

/// What runs in a process of its own.
fn child(what: &str, store: &str, dir: &Path, more: &[&str]) -> Result<()> {
    match (what, more) {
        ("commits", [group, seconds]) => {
            workloads::commits(store, dir, group.parse()?, seconds.parse()?)
        }
        ("retention", _) => workloads::retention(store, dir),
        ("output", _) => workloads::output(store, dir),
        ("fill", [jobs]) => workloads::fill(store, dir, jobs.parse()?, true),
        ("fill-on", [jobs]) => workloads::fill(store, dir, jobs.parse()?, false),
        ("open", [jobs]) => workloads::open(store, dir, jobs.parse()?),
        ("provoke", [ledger]) => faults::provoke(store, dir, Path::new(ledger)),
        ("check", [ledger]) => faults::check(store, dir, Path::new(ledger)),
        ("second", _) => faults::second(store, dir),
        ("join", _) => faults::join(store, dir),
        _ => bail!(USAGE),
    }
}
