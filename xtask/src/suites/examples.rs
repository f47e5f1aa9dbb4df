//! The programs of `examples/`, against the server and as their users would start them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cmd::Cmd;
use crate::need::venv_python;
use crate::project::Project;
use crate::server::{Build, Server};

/// The workers, and what their tests need.
pub(crate) const WORKERS: &str = "examples/workers";

/// A route for the tests: nothing on it is served twice.
const ONCE: &str = "\n[routes.once]\nserved_by = \"workers\"\n";

pub(crate) fn run(project: &Project) -> Result<()> {
    super::rust::examples(project)?;
    workers(project)
}

fn workers(project: &Project) -> Result<()> {
    let scratch = project.scratch("examples-workers")?;
    let folder = project.path(WORKERS);
    let config = placed(&folder, &scratch)?;
    let options = [OsStr::new("--config"), config.as_os_str()];
    let server = Server::start_with(project, Build::Plain, &scratch, &options)?;
    Cmd::new(300, venv_python(project, WORKERS))
        .arg(project.path("conformance/workers/check.py"))
        .arg(server.socket("/ws"))
        .arg(&folder)
        .run()?;
    server.stop()
}

/// The example's configuration, with its commands in the example's folder wherever the server is started.
fn placed(folder: &Path, scratch: &Path) -> Result<PathBuf> {
    let written = folder.join("longwire.toml");
    let text = fs::read_to_string(&written).with_context(|| written.display().to_string())?;
    let dir = format!("dir = {:?}\ncommand = ", folder.display().to_string());
    let file = scratch.join("longwire.toml");
    fs::write(&file, text.replace("command = ", &dir) + ONCE)?;
    Ok(file)
}
