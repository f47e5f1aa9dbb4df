//! The server under test: built, started on a free port of loopback, asked to leave at the end.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::cmd::{Cmd, cargo};
use crate::project::Project;

/// No suite takes longer with one server.
const LIFE_SECONDS: u32 = 900;
const TICK: Duration = Duration::from_millis(50);
const START_TICKS: u32 = 400;
const DRAIN_TICKS: u32 = 400;

/// Which server is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// What users get.
    Plain,
    /// With `/echo`, a WebSocket that sends everything back.
    Echo,
}

/// A running server. Dropping it stops it too; `stop` also looks at how it left.
pub(crate) struct Server {
    process: Child,
    url: String,
    log: PathBuf,
}

impl Server {
    /// The server as it is without any configuration.
    pub(crate) fn start(project: &Project, build: Build, scratch: &Path) -> Result<Self> {
        Self::start_with(project, build, scratch, &[])
    }

    pub(crate) fn start_with(
        project: &Project,
        build: Build,
        scratch: &Path,
        options: &[&OsStr],
    ) -> Result<Self> {
        let binary = build_it(project, build)?;
        let log = scratch.join("server.log");
        let process = Cmd::new(LIFE_SECONDS, binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--ephemeral"])
            .args(options)
            .dir(scratch)
            .spawn(&log)?;
        let mut server = Self {
            process,
            url: String::new(),
            log,
        };
        server.url = server.announced()?;
        Ok(server)
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// `ws://127.0.0.1:PORT` and this path.
    pub(crate) fn socket(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address())
    }

    /// It must still be there, leave when asked, and leave well.
    pub(crate) fn stop(mut self) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("the server left before the end, {status}:\n{}", self.said());
        }
        let status = terminate(&mut self.process)?;
        ensure!(
            status.success(),
            "the server did not leave well on SIGTERM, {status}:\n{}",
            self.said()
        );
        Ok(())
    }

    fn announced(&mut self) -> Result<String> {
        for _ in 0..START_TICKS {
            if let Some(url) = find_url(&self.said()) {
                return Ok(url);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the server did not start, {status}:\n{}", self.said());
            }
            std::thread::sleep(TICK);
        }
        bail!("the server printed no address:\n{}", self.said())
    }

    fn said(&self) -> String {
        let said = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) && terminate(&mut self.process).is_err() {
            eprintln!("  the server was still there and had to be killed");
        }
    }
}

/// Builds it, and says where it is.
pub(crate) fn build_it(project: &Project, build: Build) -> Result<PathBuf> {
    let mut cmd = cargo(1200, project).args(["build", "--package", "longwire"]);
    if build == Build::Echo {
        cmd = cmd.args(["--features", "echo"]);
    }
    cmd.run()?;
    Ok(target_dir(project).join("debug/longwire"))
}

pub(crate) fn target_dir(project: &Project) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| project.path("target"), |dir| project.root().join(dir))
}

fn find_url(said: &str) -> Option<String> {
    let start = said.find("http://127.0.0.1:")?;
    let line = said[start..].lines().next()?;
    // The line may still be being written.
    let complete = said[start..].contains('\n');
    let end = line
        .find(|c: char| !(c.is_ascii_alphanumeric() || ":/.".contains(c)))
        .unwrap_or(line.len());
    complete.then(|| line[..end].trim_end_matches('/').to_owned())
}

/// Asks a process of ours to leave, and kills it and its children where it does not.
pub(crate) fn terminate(process: &mut Child) -> Result<ExitStatus> {
    signal("TERM", &process.id().to_string())?;
    for _ in 0..DRAIN_TICKS {
        if let Some(status) = process.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(TICK);
    }
    signal("KILL", &format!("-{}", process.id()))?;
    process.wait()?;
    bail!("did not leave on SIGTERM")
}

/// The shell's own `kill`: a small machine may have no other.
fn signal(name: &str, target: &str) -> Result<()> {
    let script = format!("kill -{name} {target}");
    Cmd::new(5, "sh").args(["-c", &script]).quiet().map(drop)
}
