//! The server is killed with SIGKILL under load, and what its clients saw is checked.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::cmd::{Cmd, cargo};
use crate::project::Project;
use crate::server::{Build, build_it, target_dir};

/// No run takes longer; a short one takes some ten seconds.
const SECONDS: u32 = 120;
const SEED: &str = "7";

/// What a server that forgets must be caught at.
const FORGOTTEN: [&str; 2] = ["acknowledged_is_there:", "never_unknown:"];

pub(crate) fn run(project: &Project) -> Result<()> {
    let torture = Torture::build(project)?;
    // Where only the clients are cut off there is nothing to forget.
    torture.must_be_clean("spared", &["--cycles", "5", "--forgetful", "--spare"])?;
    torture.must_be_clean("killed", &["--cycles", "10"])?;
    torture.must_be_red("forgetful", &["--cycles", "2", "--forgetful"])
}

struct Torture {
    program: PathBuf,
    server: PathBuf,
    scratch: PathBuf,
}

impl Torture {
    fn build(project: &Project) -> Result<Self> {
        let server = build_it(project, Build::Plain)?;
        cargo(1200, project)
            .args(["build", "--package", "longwire-torture"])
            .run()?;
        Ok(Self {
            program: target_dir(project).join("debug/longwire-torture"),
            server,
            scratch: project.scratch("torture")?,
        })
    }

    fn must_be_clean(&self, name: &str, options: &[&str]) -> Result<()> {
        self.torture(name, options).run_into(&self.log(name))
    }

    /// Catches the server, and at what it is to be caught.
    fn must_be_red(&self, name: &str, options: &[&str]) -> Result<()> {
        let log = self.log(name);
        let left_well = self.torture(name, options).run_into(&log).is_ok();
        let said = std::fs::read_to_string(&log)?;
        let seen = |word: &&str| said.contains(*word);
        ensure!(
            !left_well && FORGOTTEN.iter().all(seen),
            "a server that forgets everything was not found out:\n{said}"
        );
        Ok(())
    }

    fn torture(&self, name: &str, options: &[&str]) -> Cmd {
        Cmd::new(SECONDS, &self.program)
            .args(["run", "--seed", SEED, "--server"])
            .arg(&self.server)
            .arg("--data")
            .arg(self.folder(name))
            .args(options)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.scratch.join(format!("{name}.log"))
    }
}
