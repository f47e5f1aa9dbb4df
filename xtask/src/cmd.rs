//! Running the programs of others: always bounded, and a failure says what was run.

use std::ffi::OsStr;
use std::fmt;
use std::io::IsTerminal;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::Project;

/// What was asked to end has this long. A server that drains needs its grace.
const KILL_AFTER_SECONDS: u32 = 30;

/// A command that may take so many seconds. `timeout` from coreutils holds it to them, and its children too.
pub(crate) struct Cmd {
    command: Command,
    said: String,
    seconds: u32,
}

/// Who ends a command where someone presses Ctrl-C.
enum Group {
    /// The terminal, as it does with us.
    Ours,
    /// Whoever started it; its children end with it.
    Own,
}

impl Cmd {
    pub(crate) fn new(seconds: u32, program: impl AsRef<OsStr>) -> Self {
        let said = program.as_ref().to_string_lossy().into_owned();
        Self {
            command: Command::new(program),
            said,
            seconds,
        }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.said = format!("{} {}", self.said, arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    pub(crate) fn args(self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs it, its output where ours goes.
    pub(crate) fn run(self) -> Result<()> {
        println!("  $ {self}");
        let status = self.bounded(&Group::Ours).status();
        self.verdict(status.with_context(|| self.to_string())?)
    }

    /// Runs it, what it prints going to a file, which the error shows the end of.
    pub(crate) fn run_into(self, log: &Path) -> Result<()> {
        println!("  $ {self}");
        let status = logged(self.bounded(&Group::Ours), log)?.status();
        self.verdict(status.with_context(|| self.to_string())?)
            .with_context(|| end_of(log))
    }

    /// Runs it and gives back what it printed. Where it fails, the error shows all it said.
    pub(crate) fn quiet(self) -> Result<String> {
        let output = self
            .bounded(&Group::Ours)
            .output()
            .with_context(|| self.to_string())?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        self.verdict(output.status)
            .with_context(|| format!("{printed}{complained}"))?;
        Ok(printed)
    }

    /// Starts it, with everything it prints going to a file. It leads a process group of its own.
    pub(crate) fn spawn(self, log: &Path) -> Result<Child> {
        let mut command = logged(self.bounded(&Group::Own), log)?;
        command.spawn().with_context(|| self.to_string())
    }

    fn bounded(&self, group: &Group) -> Command {
        let mut command = Command::new("timeout");
        if matches!(group, Group::Ours) && std::io::stdin().is_terminal() {
            command.arg("--foreground");
        }
        command
            .arg(format!("--kill-after={KILL_AFTER_SECONDS}"))
            .arg(self.seconds.to_string());
        command
            .arg(self.command.get_program())
            .args(self.command.get_args());
        for (key, value) in self.command.get_envs() {
            command.env(key, value.unwrap_or_default());
        }
        if let Some(dir) = self.command.get_current_dir() {
            command.current_dir(dir);
        }
        command.stdin(Stdio::null());
        command
    }

    fn verdict(&self, status: ExitStatus) -> Result<()> {
        match status.code() {
            Some(0) => Ok(()),
            Some(124 | 137) => bail!("took longer than {} s: {self}", self.seconds),
            _ => bail!("{status}: {self}"),
        }
    }
}

fn logged(mut command: Command, log: &Path) -> Result<Command> {
    let out = std::fs::File::create(log).with_context(|| format!("creating {}", log.display()))?;
    let err = out
        .try_clone()
        .with_context(|| format!("sharing {}", log.display()))?;
    command.stdout(out).stderr(err);
    Ok(command)
}

fn end_of(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

/// A cargo command in the project's root. It also finds the subcommands among our tools, after the machine's own.
pub(crate) fn cargo(seconds: u32, project: &Project) -> Cmd {
    let machine = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&machine).chain([project.tools("cargo/bin")]);
    let path = std::env::join_paths(places).unwrap_or(machine);
    Cmd::new(seconds, "cargo")
        .env("PATH", path)
        .dir(project.root())
}
