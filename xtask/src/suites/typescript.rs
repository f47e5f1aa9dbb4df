//! The TypeScript client: its types, its size, and its tests against the real server, in Node and in a browser.

use anyhow::Result;

use crate::cmd::Cmd;
use crate::project::Project;
use crate::server::{Build, build_it};

pub(crate) const FOLDER: &str = "clients/typescript";

/// Each takes some seconds; a browser has to start.
const SECONDS: u32 = 180;

pub(crate) fn run(project: &Project) -> Result<()> {
    let server = build_it(project, Build::Plain)?;
    for script in ["build", "check", "size", "test", "test:own", "test:browser"] {
        npm(project, script).env("LONGWIRE", &server).run()?;
    }
    Ok(())
}

/// Compiles it, for who uses it.
pub(crate) fn build(project: &Project) -> Result<()> {
    npm(project, "build").run()
}

fn npm(project: &Project, script: &str) -> Cmd {
    Cmd::new(SECONDS, "npm")
        .args(["run", "--silent", script])
        .dir(project.path(FOLDER))
}
