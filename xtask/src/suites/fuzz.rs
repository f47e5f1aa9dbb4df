//! Fuzz targets, each long enough to see that it holds and still builds. To search with one, run it for hours by hand.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::cmd::cargo;
use crate::project::Project;

const SECONDS: u32 = 10;

pub(crate) fn run(project: &Project) -> Result<()> {
    let targets = targets(&project.path("fuzz/fuzz_targets"))?;
    ensure!(!targets.is_empty(), "there is no fuzz target");
    let scratch = project.scratch("fuzz")?;
    targets
        .iter()
        .try_for_each(|target| fuzz(project, target, &scratch.join(format!("{target}.log"))))
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in folder.read_dir()? {
        names.extend(
            entry?
                .path()
                .file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

fn fuzz(project: &Project, target: &str, log: &Path) -> Result<()> {
    let found = project.path("fuzz/corpus").join(target);
    std::fs::create_dir_all(&found)?;
    cargo(900, project)
        .args(["fuzz", "run", "--sanitizer", "none", target])
        .arg(found)
        .arg(project.path("fuzz/seeds").join(target))
        .args(["--", "-timeout=5", "-rss_limit_mb=2048", "-max_len=4096"])
        .arg(format!("-max_total_time={SECONDS}"))
        // The instrumentation is unstable, and a stable compiler does it where it is told to.
        .env("RUSTC_BOOTSTRAP", "1")
        .run_into(log)
}
