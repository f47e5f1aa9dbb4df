//! A load that is a program, of a contender that speaks no dialect.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::contenders::{Places, Running};
use crate::machine::{Loader, Shares, Watch};
use crate::process::Tree;
use crate::workloads::figures::Measured;

/// How long it may take in all.
const PATIENCE_SECONDS: &str = "120";

/// A program of a folder, which is running.
pub(super) struct Program {
    command: Command,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    complaints: PathBuf,
}

impl Program {
    /// Runs the program, and its arguments, with the interpreter of its folder.
    pub(super) fn start(
        folder: &str,
        program: &[&str],
        running: &Running,
        places: &Places,
    ) -> Result<Self> {
        let complaints = places.scratch.join(format!("{folder}-load.log"));
        let mut command = command(folder, program, places);
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

    /// It says when something that it measures begins, and when that ends.
    pub(super) fn stretch(&mut self, running: &Running) -> Result<Shares> {
        let tree = Tree {
            root: self.child.id(),
        };
        self.says("begun")?;
        let watch = Watch::of(running.tree, Loader::Program(tree))?;
        self.says("ended")?;
        watch.stop()
    }

    /// It prints figures in the end, as every load has them: those without another name are of this stretch.
    pub(super) fn measured(mut self, shares: Shares) -> Result<Measured> {
        let line = self.line()?;
        let printed: BTreeMap<String, f64> =
            serde_json::from_str(&line).with_context(|| format!("it printed {line}"))?;
        let figure = |name: &str| {
            let figure = printed.get(name);
            figure.with_context(|| format!("no {name} in {line}"))
        };
        figure("p50_us").and(figure("p99_us"))?;
        let answers = figure("per_second")? * shares.seconds;
        let status = self.child.wait()?;
        ensure!(status.success(), "{:?}: {status}", self.command);
        let mut measured = Measured::new(shares).with_answers(answers as u64);
        measured.figures.extend(printed);
        Ok(measured)
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
fn command(folder: &str, program: &[&str], places: &Places) -> Command {
    let folder = places.peers.join(folder);
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]);
    command.args(["timeout", "--kill-after=5", PATIENCE_SECONDS]);
    command
        .arg(folder.join(".venv/bin/python"))
        .args(program)
        .current_dir(&folder);
    command
}
