//! Plays one dialogue.

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use longwire_server::{Server, config::Config};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_websockets::{CloseCode, Message};

use crate::{
    format::{Dialogue, Step},
    matching::Names,
    script::Script,
    sockets::Sockets,
};

/// Where the server keeps its jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Memory,
    Embedded,
}

pub(crate) fn play(dialogue: &Dialogue, store: Store) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let config = configuration(&dialogue.config, store)?;
        let server = server(config.clone()).await?;
        let address = server.local_addr();
        let (restarts, asked) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel();
        let mut player = Player {
            sockets: Sockets::new(address),
            names: Names::default(),
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
fn configuration(config: &str, store: Store) -> Result<Config, String> {
    let mut config = Config::from_toml(config, "the dialogue").map_err(|e| e.to_string())?;
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
    sockets: Sockets,
    names: Names,
    stop: Option<oneshot::Sender<()>>,
    restarts: mpsc::Sender<Restart>,
}

impl Player {
    async fn play(&mut self, dialogue: &Dialogue) -> Result<(), String> {
        for (place, step) in &dialogue.steps {
            self.step(step)
                .await
                .map_err(|why| format!("{place}: {why}"))?;
        }
        self.sockets.pass(Duration::from_millis(10)).await;
        match self.sockets.left_over() {
            Some((name, text)) => Err(format!(
                "after the last line, socket {name:?} received {text}"
            )),
            None => Ok(()),
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        let sockets = &mut self.sockets;
        match step {
            Step::Open(name, headers, answer) => match sockets.open(name, headers).await? {
                got if got == *answer => Ok(()),
                got => Err(format!("expected {answer:?}, got {got:?}")),
            },
            Step::Send(name, texts) => {
                let texts = texts
                    .iter()
                    .map(|text| Message::text(self.names.fill(text)));
                sockets.send(name, texts.collect()).await
            }
            Step::SendBinary(name, bytes) => {
                sockets
                    .send(name, vec![Message::binary(bytes.clone())])
                    .await
            }
            Step::SendBytes(name, bytes) => sockets.send_bytes(name, bytes).await,
            Step::Ping(name, times) => {
                let pings = (0..*times).map(|_| Message::ping(""));
                sockets.send(name, pings.collect()).await
            }
            Step::Expect(name, expected) => self.expect(name, expected).await,
            Step::Skip(name, until) => self.skip(name, until).await,
            Step::Quiet(name, seconds) => self.quiet(name, *seconds).await,
            Step::Deaf(name) => sockets.deafen(name).await,
            Step::Close(name) => {
                let close = Message::close(Some(CloseCode::NORMAL_CLOSURE), "");
                sockets.send(name, vec![close]).await
            }
            Step::Closed(name, code) => self.closed(name, *code).await,
            Step::Cut(name) => sockets.cut(name),
            Step::Pass(seconds) => {
                sockets.pass(span(*seconds)).await;
                Ok(())
            }
            Step::Stop => {
                drop(self.stop.take());
                Ok(())
            }
            Step::Restart => self.restart().await,
        }
    }

    async fn restart(&mut self) -> Result<(), String> {
        drop(self.stop.take());
        let (started, stop) = oneshot::channel();
        let asked = self.restarts.send(started).await;
        asked.map_err(|_| "the server is gone".to_owned())?;
        self.stop = Some(stop.await.map_err(|error| error.to_string())?);
        Ok(())
    }

    async fn expect(&mut self, name: &str, expected: &Value) -> Result<(), String> {
        let message = self.sockets.next(name).await;
        let message = message.map_err(|why| format!("{why}; expected {expected}"))?;
        let got = frame(&message)?;
        self.names
            .matches(expected, &got)
            .map_err(|why| format!("{why}\n    got {:?}", message.as_text()))
    }

    async fn skip(&mut self, name: &str, until: &Value) -> Result<(), String> {
        loop {
            let message = self.sockets.next(name).await;
            let message = message.map_err(|why| format!("{why}; expected {until}"))?;
            if until.is_number() && close_code(&message) == until.as_u64() {
                return Ok(());
            }
            let mut names = self.names.clone();
            if names.matches(until, &frame(&message)?).is_ok() {
                self.names = names;
                return Ok(());
            }
        }
    }

    async fn quiet(&mut self, name: &str, seconds: f64) -> Result<(), String> {
        match self.sockets.next_within(name, span(seconds)).await? {
            None => Ok(()),
            Some(message) => Err(format!("expected nothing, got {:?}", message.as_text())),
        }
    }

    async fn closed(&mut self, name: &str, code: u64) -> Result<(), String> {
        match self.sockets.next(name).await? {
            message if close_code(&message) == Some(code) => Ok(()),
            message => Err(format!("expected a close with {code}, got {message:?}")),
        }
    }
}

fn frame(message: &Message) -> Result<Value, String> {
    let text = message
        .as_text()
        .ok_or_else(|| format!("not a text: {:?}", message.as_close()))?;
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}: {text}"))
}

fn close_code(message: &Message) -> Option<u64> {
    let (code, _) = message.as_close()?;
    Some(u16::from(code).into())
}

fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap()
}
