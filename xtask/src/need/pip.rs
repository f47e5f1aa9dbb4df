//! Python packages, in an environment of their own for each folder.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{home, is_filled, mark_filled, start_afresh};
use crate::cmd::Cmd;
use crate::project::Project;

/// The interpreter that sees the packages of this folder.
pub(crate) fn python(project: &Project, folder: &str) -> PathBuf {
    home(project, "venv", folder).join("bin/python")
}

pub(super) fn install(project: &Project, folder: &str) -> Result<()> {
    let list = project.path(folder).join("requirements.txt");
    let home = home(project, "venv", folder);
    if is_filled(&home, &list) {
        return Ok(());
    }
    println!("  installing the packages of {folder}/requirements.txt");
    start_afresh(&home)?;
    Cmd::new(120, "/usr/bin/python3")
        .args(["-m", "venv"])
        .arg(&home)
        .quiet()?;
    Cmd::new(600, python(project, folder))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ])
        .arg(&list)
        .quiet()
        .with_context(|| format!("installing {}", list.display()))?;
    mark_filled(&home, &list)
}
