//! Node packages. They are installed outside the sources, and a link in the folder lets its modules find them.

use std::path::Path;

use anyhow::{Context, Result};

use super::{home, is_filled, mark_filled, start_afresh};
use crate::cmd::Cmd;
use crate::project::Project;

const LOCK: &str = "package-lock.json";

pub(super) fn install(project: &Project, folder: &str) -> Result<()> {
    let sources = project.path(folder);
    let home = home(project, "node", folder);
    if !is_filled(&home, &sources.join(LOCK)) {
        println!("  installing the packages of {folder}/{LOCK}");
        start_afresh(&home)?;
        fill(&sources, &home).with_context(|| format!("installing {folder}/{LOCK}"))?;
        mark_filled(&home, &sources.join(LOCK))?;
    }
    link(&home.join("node_modules"), &sources.join("node_modules"))
}

fn fill(sources: &Path, home: &Path) -> Result<()> {
    for file in ["package.json", LOCK] {
        std::fs::copy(sources.join(file), home.join(file)).with_context(|| file.to_owned())?;
    }
    // Nothing here needs a script at installation, and one could fetch from elsewhere.
    let words = [
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ];
    Cmd::new(600, "npm").args(words).dir(home).quiet().map(drop)
}

fn link(to: &Path, from: &Path) -> Result<()> {
    if from.is_symlink() {
        std::fs::remove_file(from)?;
    }
    std::os::unix::fs::symlink(to, from).with_context(|| format!("linking {}", from.display()))
}
