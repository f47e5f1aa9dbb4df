//! A contender's process, from its start to its end.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::contenders::{Contender, Start};
use crate::dialects::Dialect;
use crate::machine::{Cores, pin};
use crate::moment::now;
use crate::process::Tree;

/// The slowest of them has to import a whole framework.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// Nothing that it does then is of interest; some take a minute to end a million requests.
const STOP_PATIENCE: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(2);

/// Where a server is, how it is spoken to, and which processes it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) dialect: Dialect,
    pub(crate) tree: Tree,
}

/// What a start needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The release binary.
    pub(crate) longwire: PathBuf,
    /// `bench/peers`.
    pub(crate) peers: PathBuf,
    /// For what servers write: on the disk that is measured.
    pub(crate) scratch: PathBuf,
    pub(crate) cores: Cores,
}

/// A server of ours; dropped, it ends with all that came of it.
pub(crate) struct Running {
    child: Child,
    name: &'static str,
    dialect: Option<Dialect>,
    pub(crate) address: SocketAddr,
    pub(crate) tree: Tree,
}

impl Running {
    /// Starts it on its core, and waits until it takes connections. Longwire has this configuration, too.
    pub(crate) fn start(contender: &Contender, places: &Places, config: &str) -> Result<Self> {
        let command = command(contender, places, config)?;
        let mut running = Self::spawn_command(contender, places, kept(command))?;
        running.wait().with_context(|| log_of(contender, places))?;
        Ok(running)
    }

    /// Starts it, and waits for nothing. Where this program is ended by force it is left behind.
    pub(crate) fn spawn(contender: &Contender, places: &Places, config: &str) -> Result<Self> {
        Self::spawn_command(contender, places, command(contender, places, config)?)
    }

    fn spawn_command(
        contender: &Contender,
        places: &Places,
        (mut command, address): (Command, SocketAddr),
    ) -> Result<Self> {
        let log = File::create(log(contender, places))?;
        command
            .env("PORT", address.port().to_string())
            .process_group(0);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // What is started from a pinned thread is pinned where that is.
        pin(places.cores.server)?;
        let child = command.spawn();
        pin(places.cores.load)?;
        let child = child.with_context(|| format!("starting {command:?}"))?;
        let tree = Tree { root: child.id() };
        Ok(Self {
            child,
            name: contender.name,
            dialect: contender.dialect,
            address,
            tree,
        })
    }

    /// As a load of ours sees it.
    ///
    /// # Errors
    ///
    /// It speaks no dialect.
    pub(crate) fn target(&self) -> Result<Target> {
        let dialect = self.dialect;
        Ok(Target {
            address: self.address,
            dialect: dialect.with_context(|| format!("{} speaks no dialect", self.name))?,
            tree: self.tree,
        })
    }

    fn wait(&mut self) -> Result<()> {
        let last = now() + START_PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended before it took a connection: {status}");
            }
            anyhow::ensure!(
                now() < last,
                "the server took no connection within {START_PATIENCE:?}"
            );
            sleep(TICK);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let group = Pid::from_child(&self.child);
        // Where it has ended by itself there may be nobody to be told.
        let told = kill_process_group(group, Signal::TERM);
        let last = now() + STOP_PATIENCE;
        while told.is_ok() && now() < last {
            if self.child.try_wait()?.is_some() && test_kill_process_group(group).is_err() {
                return Ok(());
            }
            sleep(TICK);
        }
        // Where nothing is left of the group there is nobody to be killed.
        let _gone = kill_process_group(group, Signal::KILL);
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("a server could not be ended: {error:#}");
        }
    }
}

/// The same, but ended with this program, however that ends: `setpriv` is of Linux's own programs.
fn kept((command, address): (Command, SocketAddr)) -> (Command, SocketAddr) {
    let mut kept = Command::new("setpriv");
    kept.args(["--pdeathsig", "TERM", "--"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => kept.env(name, value),
            None => kept.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        kept.current_dir(folder);
    }
    (kept, address)
}

fn command(contender: &Contender, places: &Places, config: &str) -> Result<(Command, SocketAddr)> {
    let address = free_address()?;
    let command = match contender.start {
        Start::Longwire => longwire(places, address, config, &["--ephemeral".as_ref()])?,
        Start::LongwireOnDisk => {
            let data = empty(&places.scratch.join("data"))?;
            longwire(
                places,
                address,
                config,
                &["--data".as_ref(), data.as_os_str()],
            )?
        }
        Start::Folder(folder, which) => {
            let folder = places.peers.join(folder);
            let mut command = Command::new(folder.join("serve.sh"));
            command.args(which).current_dir(folder);
            command.env("DATA", places.scratch.join("peer-data"));
            command
        }
        Start::Piped => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["pipe", &address.to_string()]);
            command
        }
        Start::Here => bail!("{} is no server", contender.name),
    };
    Ok((command, address))
}

fn longwire(
    places: &Places,
    address: SocketAddr,
    config: &str,
    options: &[&OsStr],
) -> Result<Command> {
    let file = places.scratch.join("longwire.toml");
    // What still runs when a turn is over is of no interest.
    fs::write(&file, format!("shutdown_grace_seconds = 0\n{config}"))?;
    let mut command = Command::new(&places.longwire);
    command
        .args(["serve", "--listen", &address.to_string(), "--config"])
        .arg(file)
        .args(options);
    command
        .env("LONGWIRE_LOG", "warn")
        .env_remove("LONGWIRE_DATA");
    Ok(command)
}

/// A folder with nothing in it.
fn empty(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn log(contender: &Contender, places: &Places) -> PathBuf {
    places.scratch.join(format!("{}.log", contender.name))
}

fn log_of(contender: &Contender, places: &Places) -> String {
    let text = fs::read(log(contender, places)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    format!(
        "{} printed\n{}",
        contender.name,
        lines[lines.len().saturating_sub(20)..].join("\n")
    )
}
