//! Plays one dialogue.

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use longwire_conformance::{Dialogue, Names, Place, Speaker, Step};
use longwire_server::{Server, config::Config};
use tokio::sync::{mpsc, oneshot};

use crate::script::Script;

/// How long to wait for a frame, in the paused clock's time: longer than any server would hold one back.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Where the server keeps its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Memory,
    Embedded,
}

pub(crate) fn play(dialogue: &Dialogue<Step>, store: Store) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let config = configuration(dialogue, store)?;
        let server = server(config.clone()).await?;
        let address = server.local_addr();
        let place = Place::parse(&format!("http://{address}"))?;
        let (restarts, asked) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel();
        let mut player = Player {
            speaker: Speaker::new(place, Names::default(), PATIENCE),
            stop: Some(stop),
            restarts,
        };
        let again = Config {
            listen: address,
            ..config
        };
        tokio::select! {
            played = player.play(dialogue) => played,
            failed = serve(server, stopped, asked, again) => failed,
        }
    })
}

/// The way to stop the server that is started next.
type Restart = oneshot::Sender<oneshot::Sender<()>>;

/// Serves, and after each stop starts another where one is asked for.
async fn serve(
    mut current: Server,
    mut stopped: oneshot::Receiver<()>,
    mut asked: mpsc::Receiver<Restart>,
    again: Config,
) -> Result<(), String> {
    loop {
        let served = current.run(async { drop(stopped.await) }, std::future::pending());
        served.await.map_err(|error| error.to_string())?;
        let Some(restarted) = asked.recv().await else {
            return Err("the server is gone".to_owned());
        };
        let (stop, next) = oneshot::channel();
        (current, stopped) = (server(again.clone()).await?, next);
        drop(restarted.send(stop));
    }
}

/// The configuration of a dialogue, on a free port.
fn configuration(dialogue: &Dialogue<Step>, store: Store) -> Result<Config, String> {
    let written = dialogue.head.get("config").map(toml::to_string).transpose();
    let written = written.map_err(|e| e.to_string())?.unwrap_or_default();
    let mut config = Config::from_toml(&written, "the dialogue").map_err(|e| e.to_string())?;
    config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    if store == Store::Embedded {
        config.store.dir = Some(scratch());
        // No dialogue is about the moment that output may wait for others.
        config.store.output_wait_seconds = Duration::ZERO;
        config.store.reserve_bytes = 0;
    }
    Ok(config)
}

/// A server of that configuration, with the route `script` and, where the configuration has them, others of that beginning.
async fn server(config: Config) -> Result<Server, String> {
    let names = config.routes.keys().map(String::as_str).chain(["script"]);
    let scripted: Vec<String> = names
        .filter(|name| name.starts_with("script"))
        .map(str::to_owned)
        .collect();
    let server = Server::bind(config).await.map_err(|e| e.to_string())?;
    Ok(scripted.iter().fold(server, |server, route| {
        server.with_consumer(route, Script).unwrap()
    }))
}

/// A folder that nobody has used.
fn scratch() -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("dialogues");
    // It need not be there.
    let _ = fs::remove_dir_all(&dir);
    dir
}

struct Player {
    speaker: Speaker,
    stop: Option<oneshot::Sender<()>>,
    restarts: mpsc::Sender<Restart>,
}

impl Player {
    async fn play(&mut self, dialogue: &Dialogue<Step>) -> Result<(), String> {
        for (place, step) in &dialogue.steps {
            self.step(step)
                .await
                .map_err(|why| format!("{place}: {why}"))?;
        }
        self.speaker.end().await
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        if matches!(step, Step::Stop) {
            drop(self.stop.take());
            return Ok(());
        }
        if matches!(step, Step::Restart) {
            return self.restart().await;
        }
        self.speaker.step(step).await
    }

    async fn restart(&mut self) -> Result<(), String> {
        drop(self.stop.take());
        let (started, stop) = oneshot::channel();
        let asked = self.restarts.send(started).await;
        asked.map_err(|_| "the server is gone".to_owned())?;
        self.stop = Some(stop.await.map_err(|error| error.to_string())?);
        Ok(())
    }
}
