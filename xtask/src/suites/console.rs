//! The console: its types, that the server carries what its sources are built to, and its tests in a browser.

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
    // The tests start their jobs with it.
    super::typescript::build(project)?;
    let server = build_it(project, Build::Plain)?;
    npm(project, "test").env("LONGWIRE", &server).run()
}

fn npm(project: &Project, script: &str) -> Cmd {
    Cmd::new(SECONDS, "npm")
        .args(["run", "--silent", script])
        .dir(project.path(FOLDER))
}
