//! The instructions that the paths everybody takes cost, each against its bound. Counts are the same on a machine that is busy.

use anyhow::Result;

use crate::cmd::cargo;
use crate::project::Project;

const FOLDER: &str = "bench/instructions";

pub(crate) fn run(project: &Project) -> Result<()> {
    cargo(1800, project)
        .args(["bench", "--quiet", "--manifest-path"])
        .arg(project.path(FOLDER).join("Cargo.toml"))
        .run()
}
