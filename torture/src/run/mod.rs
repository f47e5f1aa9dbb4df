//! A run: a server that is killed again and again, clients that come back, and a look at the end.

mod client;
mod config;
mod faults;
mod load;
mod look;
mod recorder;
mod server;
mod socket;
mod world;

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize},
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use longwire_torture::{Chance, Fact, History, Setup};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
    time::sleep,
};

use self::{
    client::{Client, Phase},
    faults::Cycle,
    recorder::Recorder,
    server::{Command, Server},
    world::World,
};

/// Load after the last kill.
const CALM: Duration = Duration::from_secs(1);

/// What to run.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// The server's program.
    #[arg(long, value_name = "LONGWIRE")]
    server: PathBuf,
    /// An empty folder for the server's store, its log, and the history.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How often to kill the server; now and then a cycle kills it twice, or asks it to leave.
    #[arg(long, default_value_t = 10)]
    cycles: u32,
    /// What decides everything that can be decided.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many clients, each with a socket.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    sockets: u32,
    /// The server's configuration, instead of our own. It must keep every job that ended, and have the routes `request` and
    /// `narrow`, both served by `timer`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to write the history; `history.jsonl` in the folder where this is left out.
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Start the server with `--ephemeral`, so that it forgets everything each time: this must be found out.
    #[arg(long)]
    forgetful: bool,
    /// Cut the clients off instead of killing the server: then a forgetful one, too, must be clean.
    #[arg(long)]
    spare: bool,
}

impl Options {
    /// Where the history goes.
    pub(crate) fn history_file(&self) -> PathBuf {
        let own = || self.data.join("history.jsonl");
        self.history.clone().unwrap_or_else(own)
    }

    fn command(&self, config: &Path) -> Result<Command> {
        let store = (!self.forgetful).then(|| self.data.join("store"));
        Ok(Command {
            program: self.server.clone(),
            port: server::free_port().context("no port is free")?,
            config: config.to_path_buf(),
            store,
            log: self.data.join("server.log"),
        })
    }
}

/// What everyone in a run shares.
pub(crate) struct Shared {
    recorder: Recorder,
    world: World,
    port: u16,
    sockets: AtomicU32,
    /// Of each client, how many answers and ends it waits for.
    waiting: Vec<AtomicUsize>,
}

/// Runs it and gives back what was recorded, which is also in its file. Ctrl-C ends it early.
pub(crate) async fn run(options: Options) -> Result<History> {
    let file = options.history_file();
    let shared = prepare(&options)?;
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let ran = tokio::select! {
        ran = torture(&options, &shared.0, &shared.1) => ran,
        _ = interrupt.recv() => Err(anyhow!("interrupted")),
        _ = terminate.recv() => Err(anyhow!("terminated")),
    };
    let history = shared.0.recorder.history();
    let written = File::create(&file).with_context(|| format!("creating {}", file.display()))?;
    history.write(BufWriter::new(written))?;
    ran.map(|()| history)
}

fn prepare(options: &Options) -> Result<(Arc<Shared>, Command)> {
    let folder = &options.data;
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let empty = fs::read_dir(folder)?.next().is_none();
    ensure!(
        empty,
        "{} is not empty: what is in it would be found as jobs that nobody started",
        folder.display()
    );
    let config = match &options.config {
        Some(config) => config.clone(),
        None => config::write(folder)?,
    };
    let command = options.command(&config)?;
    let shared = Shared {
        recorder: Recorder::new(),
        world: World::default(),
        port: command.port,
        sockets: AtomicU32::new(0),
        waiting: (0..options.sockets).map(|_| AtomicUsize::new(0)).collect(),
    };
    shared.recorder.note(Fact::Setup(Setup {
        seed: options.seed,
        cycles: options.cycles,
        timers: config::TIMERS.map(str::to_owned).to_vec(),
        bounds: config::bounds(options.config.is_none()),
    }));
    Ok((Arc::new(shared), command))
}

async fn torture(options: &Options, shared: &Arc<Shared>, command: &Command) -> Result<()> {
    let chance = Chance::new(options.seed);
    let (phase, follow) = watch::channel(Phase::Load);
    let (cut, cuts) = watch::channel(());
    let mut server = Server::spawn(command, &shared.recorder)?;
    if let Err(error) = server.listens(&shared.recorder).await {
        bail!("{error:#}\n{}", server::end_of(&command.log));
    }
    let mut clients = JoinSet::new();
    for number in 0..options.sockets {
        let client = Client::new(number, chance.fork(u64::from(number)), Arc::clone(shared));
        clients.spawn(client.run(follow.clone(), cuts.clone()));
    }
    let mut decide = chance.fork(u64::MAX);
    for _ in 0..options.cycles {
        for step in Cycle::draw(&mut decide).steps {
            server.live(step.life, &shared.recorder).await;
            if options.spare {
                cut.send_replace(());
            } else {
                server.strike(step.blow, &shared.recorder).await;
                server = Server::spawn(command, &shared.recorder)?;
            }
        }
    }
    server.expect_listening(&shared.recorder).await;
    sleep(CALM).await;
    phase.send_replace(Phase::Rest);
    look::settle(shared).await;
    if !options.spare {
        server.stop(&shared.recorder).await;
        server = Server::spawn(command, &shared.recorder)?;
        server.expect_listening(&shared.recorder).await;
        look::again(shared).await;
    }
    clients.shutdown().await;
    server.kill_quietly().await;
    Ok(())
}
