//! Kills a Longwire server again and again under load, records what its clients see, and checks that it may be so.
//!
//! `longwire-torture run --server target/debug/longwire --data /tmp/torture --cycles 10 --seed 7` records and checks,
//! `longwire-torture check FILE` checks what was recorded. It leaves with 0 where every invariant holds, with 3 where one is
//! broken, and with 1 where it could not be found out.
#![expect(
    clippy::print_stdout,
    reason = "the verdict is what this program is for"
)]

mod report;
mod run;

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use longwire_torture::History;

use crate::run::Options;

/// Where an invariant is broken.
const BROKEN: u8 = 3;

/// Kills a Longwire server again and again under load, and proves what its clients saw.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Torture a server, record what its clients see, and check it.
    Run(Options),
    /// Check what was recorded.
    Check {
        /// The history: an entry a line, as `run` writes it.
        file: PathBuf,
    },
    /// Say what is checked.
    Invariants,
}

#[tokio::main]
async fn main() -> ExitCode {
    match command(Arguments::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("longwire-torture: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn command(command: Command) -> Result<ExitCode> {
    match command {
        Command::Run(options) => {
            let file = options.history_file();
            let history = run::run(options).await?;
            println!("recorded in {}", file.display());
            Ok(verdict(&history))
        }
        Command::Check { file } => Ok(verdict(&read(&file)?)),
        Command::Invariants => {
            report::invariants();
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn read(file: &Path) -> Result<History> {
    let open = File::open(file).with_context(|| format!("opening {}", file.display()))?;
    History::read(BufReader::new(open)).with_context(|| format!("reading {}", file.display()))
}

fn verdict(history: &History) -> ExitCode {
    report::summary(history);
    let violations = longwire_torture::check(history);
    report::violations(&violations);
    if violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(BROKEN)
    }
}
