//! The server's process: started, killed, asked to leave; never left behind.

use std::{
    env,
    fs::{self, File},
    io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use longwire_torture::Fact;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    time::timeout,
};

use super::{
    faults::{Blow, Life},
    recorder::Recorder,
};

/// How long a server may take to say that it listens.
const START: Duration = Duration::from_secs(20);
/// How long it may take to leave.
const LEAVE: Duration = Duration::from_secs(20);
/// Ports below those that the system gives to connections. A client that tries again and again to reach a port of those would
/// at last be given that port itself, and reach itself.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// How to start it.
pub(super) struct Command {
    pub(super) program: PathBuf,
    pub(super) port: u16,
    pub(super) config: PathBuf,
    /// Where it keeps everything; it forgets where there is none.
    pub(super) store: Option<PathBuf>,
    /// Where what it says of itself goes.
    pub(super) log: PathBuf,
}

/// A port that nobody listens on.
pub(super) fn free_port() -> Option<u16> {
    let width = u32::from(PORTS.end - PORTS.start);
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    // Several runs on one machine begin to look in different places.
    let first = std::process::id().wrapping_mul(7919);
    let mut ports = (0..width).map(|step| {
        let offset = first.wrapping_add(step) % width;
        PORTS.start + u16::try_from(offset).unwrap_or(0)
    });
    ports.find(free)
}

/// A server's process. Dropping it kills it.
pub(super) struct Server {
    child: Child,
    /// Held open to the end: a program that has nobody to talk to may die of it.
    says: Option<Lines<BufReader<ChildStdout>>>,
    listening: bool,
    /// It has left or was found dumb, and that is recorded.
    given_up: bool,
}

impl Server {
    /// Starts it.
    pub(super) fn spawn(command: &Command, recorder: &Recorder) -> Result<Self> {
        let log = File::options()
            .append(true)
            .create(true)
            .open(&command.log)?;
        recorder.note_spawned();
        let mut child = command.build(log).spawn().with_context(|| {
            let program = command.program.display();
            format!("starting {program}")
        })?;
        let stdout = child.stdout.take();
        Ok(Self {
            child,
            says: stdout.map(|stdout| BufReader::new(stdout).lines()),
            listening: false,
            given_up: false,
        })
    }

    /// Waits until it says that it listens, if it has not said so.
    pub(super) async fn listens(&mut self, recorder: &Recorder) -> Result<()> {
        let Some(says) = self.says.as_mut().filter(|_| !self.listening) else {
            return Ok(());
        };
        let first = timeout(START, says.next_line()).await;
        let first = first.context("the server did not say in time that it listens")??;
        let Some(first) = first else {
            let status = self.child.wait().await?;
            bail!("the server did not start: {status}");
        };
        if !first.starts_with("Longwire listens on http://127.0.0.1:") {
            bail!("the server's first line is {first:?}");
        }
        recorder.note(Fact::Listens);
        self.listening = true;
        Ok(())
    }

    /// The same; where it does not, that is a fact like others.
    pub(super) async fn expect_listening(&mut self, recorder: &Recorder) {
        if let Err(error) = self.listens(recorder).await {
            self.gave_up(format!("{error:#}"), recorder);
        }
    }

    /// Waits as long as it has to live. It must not leave meanwhile.
    pub(super) async fn live(&mut self, life: Life, recorder: &Recorder) {
        let span = match life {
            Life::UnderLoad(span) => {
                self.expect_listening(recorder).await;
                span
            }
            Life::StartingUp(span) => span,
        };
        let left = timeout(span, self.child.wait()).await;
        if let Ok(Ok(status)) = left {
            self.gave_up(format!("by itself, {status}"), recorder);
        }
    }

    fn must_be_there(&mut self, recorder: &Recorder) {
        if let Ok(Some(status)) = self.child.try_wait() {
            self.gave_up(format!("by itself, {status}"), recorder);
        }
    }

    fn gave_up(&mut self, how: String, recorder: &Recorder) {
        if !self.given_up {
            self.given_up = true;
            recorder.note(Fact::Left { how });
        }
    }

    /// Strikes it, and waits until it is gone.
    pub(super) async fn strike(&mut self, blow: Blow, recorder: &Recorder) {
        match blow {
            Blow::Kill => self.must_be_there(recorder),
            Blow::Ask => return self.stop(recorder).await,
            Blow::AskThenKill(span) => {
                self.ask(recorder);
                if let Ok(left) = timeout(span, self.child.wait()).await {
                    return self.must_have_left_well(left, recorder);
                }
            }
        }
        recorder.note(Fact::Killed);
        self.kill_quietly().await;
    }

    /// Kills it and its process group with SIGKILL, off the record.
    pub(super) async fn kill_quietly(&mut self) {
        self.kill_group();
        let _gone = self.child.wait().await;
    }

    /// Asks it to leave, which it must do well and in time.
    pub(super) async fn stop(&mut self, recorder: &Recorder) {
        self.ask(recorder);
        match timeout(LEAVE, self.child.wait()).await {
            Ok(left) => self.must_have_left_well(left, recorder),
            Err(_) => self.gave_up("not when asked".into(), recorder),
        }
        self.kill_quietly().await;
    }

    /// With SIGTERM.
    fn ask(&mut self, recorder: &Recorder) {
        self.must_be_there(recorder);
        recorder.note(Fact::Asked);
        if let Some(pid) = self.pid() {
            let _sent = kill_process(pid, Signal::TERM);
        }
    }

    fn must_have_left_well(&mut self, left: io::Result<ExitStatus>, recorder: &Recorder) {
        let how = match left {
            Ok(status) if status.success() => return,
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        self.gave_up(format!("when asked, but not well: {how}"), recorder);
    }

    /// Its process, as long as that has not been seen to be gone.
    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()?).ok()?)
    }

    fn kill_group(&self) {
        if let Some(pid) = self.pid() {
            let _sent = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill_group();
    }
}

impl Command {
    fn build(&self, log: File) -> tokio::process::Command {
        let mut command = self.dies_with_us();
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)]);
        command.arg("--config").arg(&self.config);
        match &self.store {
            Some(store) => command.arg("--data").arg(store),
            None => command.arg("--ephemeral"),
        };
        for ours in ["LONGWIRE_LISTEN", "LONGWIRE_CONFIG", "LONGWIRE_DATA"] {
            command.env_remove(ours);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    /// The program; where the machine has `setpriv`, killed by the system as soon as we are gone. Otherwise, were we ourselves
    /// killed with SIGKILL, nobody would be left to do it.
    fn dies_with_us(&self) -> tokio::process::Command {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut places = env::split_paths(&path).map(|folder| folder.join("setpriv"));
        match places.find(|setpriv| setpriv.is_file()) {
            Some(setpriv) => {
                let mut command = tokio::process::Command::new(setpriv);
                command
                    .args(["--pdeathsig", "KILL", "--"])
                    .arg(&self.program);
                command
            }
            None => tokio::process::Command::new(&self.program),
        }
    }
}

/// The end of what the server said of itself, for whoever wonders why it does not run.
pub(super) fn end_of(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
