//! A load that is a program, of a contender that speaks no dialect.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::contenders::{Places, Running};
use crate::machine::{Loader, Watch};
use crate::process::Tree;
use crate::workloads::closed::Span;
use crate::workloads::figures::Measured;

/// How long it may take in all.
const PATIENCE_SECONDS: &str = "120";

/// `load.py` of a folder, which is running.
pub(super) struct Program {
    command: Command,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    complaints: PathBuf,
}

/// What it prints in the end: figures, as every load has them.
#[derive(Deserialize)]
struct Printed {
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
}

impl Program {
    pub(super) fn start(
        folder: &str,
        running: &Running,
        places: &Places,
        clients: usize,
        span: Span,
    ) -> Result<Self> {
        let complaints = places.scratch.join(format!("{folder}-load.log"));
        let mut command = command(folder, places, clients, span);
        command
            .env("PORT", running.address.port().to_string())
            .stdout(Stdio::piped())
            .stderr(File::create(&complaints)?);
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        let printed = child.stdout.take().context("it prints into no pipe")?;
        Ok(Self {
            command,
            child,
            lines: BufReader::new(printed).lines(),
            complaints,
        })
    }

    /// It says when what it measures begins and ends.
    pub(super) fn measure(mut self, running: &Running) -> Result<Measured> {
        let tree = Tree {
            root: self.child.id(),
        };
        self.says("begun")?;
        let watch = Watch::of(running.tree, Loader::Program(tree))?;
        self.says("ended")?;
        let shares = watch.stop()?;
        let line = self.line()?;
        let printed: Printed =
            serde_json::from_str(&line).with_context(|| format!("it printed {line}"))?;
        let status = self.child.wait()?;
        ensure!(status.success(), "{:?}: {status}", self.command);
        let answers = printed.per_second * shares.seconds;
        Ok(Measured::new(shares)
            .with_answers(answers as u64)
            .set("per_second", printed.per_second)
            .set("p50_us", printed.p50_us)
            .set("p99_us", printed.p99_us))
    }

    fn says(&mut self, word: &str) -> Result<()> {
        let line = self.line()?;
        ensure!(line == word, "it printed {line} instead of {word}");
        Ok(())
    }

    fn line(&mut self) -> Result<String> {
        if let Some(line) = self.lines.next() {
            return Ok(line?);
        }
        let status = self.child.wait()?;
        let complained = fs::read_to_string(&self.complaints).unwrap_or_default();
        bail!("{:?}: {status}\n{complained}", self.command)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // `timeout` hands it on; one that ends just now needs it no more.
            let _gone = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let _ended = self.child.wait();
        }
    }
}

/// It ends with this program, and within a bound.
fn command(folder: &str, places: &Places, clients: usize, span: Span) -> Command {
    let folder = places.peers.join(folder);
    let seconds = |time: Duration| time.as_secs_f64().to_string();
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]);
    command.args(["timeout", "--kill-after=5", PATIENCE_SECONDS]);
    command
        .arg(folder.join(".venv/bin/python"))
        .arg("load.py")
        .args(["--clients", &clients.to_string()])
        .args(["--seconds", &seconds(span.measured)])
        .args(["--warm", &seconds(span.warm)])
        .current_dir(&folder);
    command
}
