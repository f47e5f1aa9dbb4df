//! The Python client: its types, its lints, its tests with a server that follows a script and with the real one, and its wheel.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cmd::Cmd;
use crate::need::venv_python;
use crate::project::Project;
use crate::server::{Build, build_it};

/// The package, and what its tests need.
pub(crate) const FOLDER: &str = "clients/python";

pub(crate) fn run(project: &Project) -> Result<()> {
    let scratch = project.scratch("python")?;
    module(project, 120, "ruff").args(["check", "."]).run()?;
    module(project, 120, "ruff")
        .args(["format", "--check", "."])
        .run()?;
    module(project, 300, "mypy").run()?;
    let server = build_it(project, Build::Plain)?;
    module(project, 600, "pytest")
        .arg("--quiet")
        .env("LONGWIRE", server)
        .run()?;
    wheel(project, &scratch)
}

/// The wheel is built from nothing but what is published, and what it installs can be imported.
fn wheel(project: &Project, scratch: &Path) -> Result<()> {
    let made = scratch.join("dist");
    module(project, 120, "build")
        .args(["--no-isolation", "--outdir"])
        .arg(&made)
        .arg(".")
        .run_into(&scratch.join("build.log"))?;
    let installed = scratch.join("installed");
    module(project, 120, "pip")
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--target"])
        .arg(&installed)
        .arg(only_wheel(&made)?)
        .run()?;
    Cmd::new(60, venv_python(project, FOLDER))
        .args(["-c", "import longwire; print(longwire.__file__)"])
        .env("PYTHONPATH", &installed)
        .dir(scratch)
        .run()
}

fn only_wheel(folder: &Path) -> Result<PathBuf> {
    let files = std::fs::read_dir(folder)?;
    let mut paths = files.filter_map(|file| Some(file.ok()?.path()));
    paths
        .find(|path| path.extension().is_some_and(|it| it == "whl"))
        .with_context(|| format!("there is no wheel in {}", folder.display()))
}

fn module(project: &Project, seconds: u32, name: &str) -> Cmd {
    Cmd::new(seconds, venv_python(project, FOLDER))
        .args(["-m", name])
        .dir(project.path(FOLDER))
}
