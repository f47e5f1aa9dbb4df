//! The console: that the page the server carries is what its sources are built to, its types, and its tests in a browser.

use anyhow::Result;

use crate::cmd::Cmd;
use crate::project::Project;
use crate::server::{Build, build_it};

pub(crate) const FOLDER: &str = "console";

/// A browser has to start for each, and thousands of jobs.
const SECONDS: u32 = 300;

pub(crate) fn run(project: &Project) -> Result<()> {
    for script in ["check", "fresh"] {
        npm(project, script).run()?;
    }
    let server = build_it(project, Build::Plain)?;
    npm(project, "test").env("LONGWIRE", &server).run()
}

fn npm(project: &Project, script: &str) -> Cmd {
    Cmd::new(SECONDS, "npm")
        .args(["run", "--silent", script])
        .dir(project.path(FOLDER))
}
