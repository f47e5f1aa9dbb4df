//! Mistakes put into the rules of a job on purpose: the tests must notice most of them.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::cmd::cargo;
use crate::project::Project;

const WANTED_PERCENT: usize = 80;

pub(crate) fn run(project: &Project) -> Result<()> {
    let scratch = project.scratch("mutants")?;
    let words = [
        "mutants",
        "--package",
        "longwire-engine",
        "--timeout",
        "60",
        "--no-shuffle",
        "--colors",
        "never",
    ];
    let run = cargo(3 * 3600, project)
        .args(words)
        .args([
            "--file",
            "crates/engine/src/job.rs",
            "--file",
            "crates/engine/src/job/**/*.rs",
            "--output",
        ])
        .arg(&scratch)
        .run();
    let out = scratch.join("mutants.out");
    let noticed = lines(&out.join("caught.txt")) + lines(&out.join("timeout.txt"));
    let all = noticed + lines(&out.join("missed.txt"));
    // It leaves with an error where a single mutant was missed, so only a run without any result is one.
    if all == 0 {
        run?;
    }
    println!("  {noticed} of {all} mistakes were noticed; {WANTED_PERCENT} % are wanted");
    ensure!(all > 0, "there was nothing to mistake");
    ensure!(
        noticed * 100 >= all * WANTED_PERCENT,
        "the tests notice too few mistakes: see missed.txt in {}",
        out.display()
    );
    Ok(())
}

fn lines(file: &Path) -> usize {
    std::fs::read_to_string(file).map_or(0, |text| text.lines().count())
}
