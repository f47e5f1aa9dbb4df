//! Plays one dialogue.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use longwire_server::{Server, config::Config};
use serde_json::Value;
use tokio::{net::TcpStream, sync::oneshot, time::timeout};
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

use crate::{
    format::{Dialogue, Step},
    matching::Names,
    script::Script,
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long to wait for a frame, in the paused clock's time: longer than any server would hold one back.
const PATIENCE: Duration = Duration::from_secs(3_600);

pub(crate) fn play(dialogue: &Dialogue) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut config =
            Config::from_toml(&dialogue.config, "the dialogue").map_err(|e| e.to_string())?;
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let scripted: Vec<String> = config
            .routes
            .keys()
            .filter(|name| name.starts_with("script"))
            .cloned()
            .collect();
        let mut server = Server::bind(config)
            .await
            .map_err(|e| e.to_string())?
            .with_consumer("script", Arc::new(Script));
        for route in scripted {
            server = server.with_consumer(&route, Arc::new(Script));
        }
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = server.run(async { drop(stopped.await) }, std::future::pending());
        let mut player = Player {
            address,
            sockets: HashMap::new(),
            names: Names::default(),
            stop: Some(stop),
        };
        tokio::select! {
            played = player.play(dialogue) => played,
            () = async { served.await; std::future::pending().await } => unreachable!(),
        }
    })
}

struct Player {
    address: SocketAddr,
    sockets: HashMap<String, Socket>,
    names: Names,
    stop: Option<oneshot::Sender<()>>,
}

impl Player {
    async fn play(&mut self, dialogue: &Dialogue) -> Result<(), String> {
        for (place, step) in &dialogue.steps {
            self.step(step)
                .await
                .map_err(|why| format!("{place}: {why}"))?;
        }
        for (name, socket) in &mut self.sockets {
            if let Ok(Some(Ok(message))) = timeout(Duration::from_millis(10), socket.next()).await
                && let Some(text) = message.as_text()
            {
                return Err(format!(
                    "after the last line, socket {name:?} received {text}"
                ));
            }
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Send(name, text) => {
                let text = self.names.fill(text);
                self.send(name, Message::text(text)).await
            }
            Step::SendBinary(name, bytes) => self.send(name, Message::binary(bytes.clone())).await,
            Step::Expect(name, expected) => self.expect(name, expected).await,
            Step::Quiet(name, seconds) => self.quiet(name, *seconds).await,
            Step::Closed(name, code) => self.closed(name, *code).await,
            Step::Cut(name) => self
                .sockets
                .remove(name)
                .map(drop)
                .ok_or_else(|| "no such socket".to_owned()),
            Step::Pass(seconds) => {
                tokio::time::sleep(Duration::try_from_secs_f64(*seconds).unwrap()).await;
                Ok(())
            }
            Step::Stop => {
                drop(self.stop.take());
                Ok(())
            }
        }
    }

    async fn socket(&mut self, name: &str) -> Result<&mut Socket, String> {
        if !self.sockets.contains_key(name) {
            let uri = format!("ws://{}/ws", self.address);
            let builder = ClientBuilder::new().uri(&uri).map_err(|e| e.to_string())?;
            let (socket, _) = builder.connect().await.map_err(|e| e.to_string())?;
            self.sockets.insert(name.to_owned(), socket);
        }
        self.sockets
            .get_mut(name)
            .ok_or_else(|| "no such socket".to_owned())
    }

    async fn send(&mut self, name: &str, message: Message) -> Result<(), String> {
        self.socket(name)
            .await?
            .send(message)
            .await
            .map_err(|e| e.to_string())
    }

    /// The next text or close.
    async fn next(&mut self, name: &str, patience: Duration) -> Result<Option<Message>, String> {
        let socket = self.socket(name).await?;
        let next = async {
            loop {
                match socket.next().await {
                    Some(Ok(message)) if message.is_ping() || message.is_pong() => {}
                    Some(Ok(message)) => return Ok(message),
                    Some(Err(error)) => return Err(error.to_string()),
                    None => return Err("the connection ended".to_owned()),
                }
            }
        };
        timeout(patience, next)
            .await
            .map_or(Ok(None), |message| message.map(Some))
    }

    async fn expect(&mut self, name: &str, expected: &Value) -> Result<(), String> {
        let Some(message) = self.next(name, PATIENCE).await? else {
            return Err(format!("nothing came; expected {expected}"));
        };
        let text = message
            .as_text()
            .ok_or_else(|| format!("not a text: {:?}", message.as_close()))?;
        let got: Value =
            serde_json::from_str(text).map_err(|e| format!("not JSON: {e}: {text}"))?;
        self.names
            .matches(expected, &got)
            .map_err(|why| format!("{why}\n    got {text}"))
    }

    async fn quiet(&mut self, name: &str, seconds: f64) -> Result<(), String> {
        let patience = Duration::try_from_secs_f64(seconds).unwrap();
        match self.next(name, patience).await? {
            None => Ok(()),
            Some(message) => Err(format!("expected nothing, got {:?}", message.as_text())),
        }
    }

    async fn closed(&mut self, name: &str, code: u64) -> Result<(), String> {
        let Some(message) = self.next(name, PATIENCE).await? else {
            return Err("the server did not close".to_owned());
        };
        let got = message
            .as_close()
            .map(|(code, _)| u64::from(u16::from(code)));
        if got == Some(code) {
            Ok(())
        } else {
            Err(format!("expected a close with {code}, got {message:?}"))
        }
    }
}
