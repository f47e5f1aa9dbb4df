//! A server with one socket to it, and upstreams that do what a test says.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use longwire_server::{Server, config::Config};
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};
use tokio_websockets::{ClientBuilder, Message, WebSocketStream};

/// Longer, on the paused clock, than anything may take.
const PATIENCE: Duration = Duration::from_secs(7_200);

/// Runs a test on a clock that stands still while anything is to be done.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(test);
}

/// An address where nobody listens, and nobody can while this is held.
pub(crate) fn nobody() -> (TcpSocket, SocketAddr) {
    let held = TcpSocket::new_v4().unwrap();
    held.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = held.local_addr().unwrap();
    (held, address)
}

/// A server and a socket to it.
pub(crate) struct Bench {
    socket: WebSocketStream<TcpStream>,
    _serving: JoinSet<()>,
}

impl Bench {
    /// With the route `r` at that upstream, and these lines in its table.
    pub(crate) async fn new(upstream: SocketAddr, lines: &str) -> Self {
        Self::at(&format!("http://{upstream}"), lines).await
    }

    pub(crate) async fn at(url: &str, lines: &str) -> Self {
        let text = format!("[routes.r]\nconsumer = \"http\"\nurl = \"{url}\"\n{lines}\n");
        let mut config = Config::from_toml(&text, "the test").unwrap();
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(config).await.unwrap();
        let address = server.local_addr();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let forever = std::future::pending;
            server.run(forever(), forever()).await.unwrap();
        });
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let uri = format!("ws://{address}/ws");
        let builder = ClientBuilder::new().uri(&uri).unwrap();
        Self {
            socket: builder.connect_on(stream).await.unwrap().0,
            _serving: serving,
        }
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, frame: &str) {
        let message = Message::text(frame.to_owned());
        self.socket.send(message).await.unwrap();
    }

    /// The next frame.
    pub(crate) async fn frame(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await;
            let message = message.expect("a frame").unwrap().unwrap();
            if let Some(text) = message.as_text() {
                return serde_json::from_str(text).unwrap();
            }
        }
    }

    /// Starts a job with that input; the reply.
    pub(crate) async fn start(&mut self, input: Value) -> Value {
        self.start_with(json!({ "input": input })).await
    }

    pub(crate) async fn start_with(&mut self, fields: Value) -> Value {
        let mut frame = Map::from_iter([("route".to_owned(), json!("r"))]);
        frame.extend(fields.as_object().unwrap().clone());
        self.send(frame.into()).await;
        self.frame().await
    }

    /// The frames of the job up to the one with its outcome; replies are left out.
    pub(crate) async fn rest(&mut self) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.frame().await;
            if frame["route"].is_string() {
                continue;
            }
            let status = frame["status"].as_str().unwrap().to_owned();
            frames.push(frame);
            if !matches!(status.as_str(), "running" | "ending" | "queued") {
                return frames;
            }
        }
    }

    /// The last frame of the job.
    pub(crate) async fn end(&mut self) -> Value {
        self.rest().await.pop().unwrap()
    }

    /// Starts a job, and the last frame of it.
    pub(crate) async fn job(&mut self, input: Value) -> Value {
        let started = self.start(input).await;
        assert_eq!(started["status"], "running", "{started}");
        self.end().await
    }
}

/// An upstream: for each connection it does what a test says.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Upstream {
    pub(crate) async fn new<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(Peer) -> F + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serve = Arc::new(serve);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut peers = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                peers.spawn(serve(Peer(stream)));
            }
        });
        Self {
            address,
            _serving: serving,
        }
    }

    /// One that answers every request with these bytes, and closes.
    pub(crate) async fn answering(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        let bytes: Arc<[u8]> = bytes.as_ref().into();
        Self::new(move |mut peer| {
            let bytes = Arc::clone(&bytes);
            async move {
                peer.request().await;
                peer.send(&bytes).await;
            }
        })
        .await
    }

    /// One that answers 200 at once, and gives out what it was asked.
    pub(crate) async fn recording() -> (Self, mpsc::Receiver<Request>) {
        let (to, asked) = mpsc::channel(1_000);
        let upstream = Self::new(move |mut peer| {
            let to = to.clone();
            async move {
                to.send(peer.request().await).await.unwrap();
                peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                    .await;
            }
        });
        (upstream.await, asked)
    }
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(own, _)| own == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} came twice");
        value
    }
}

/// Who connected to an upstream.
pub(crate) struct Peer(TcpStream);

impl Peer {
    /// Reads a request.
    pub(crate) async fn request(&mut self) -> Request {
        let mut read = Vec::new();
        let end = loop {
            if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.0.read_buf(&mut read).await.unwrap() > 0, "a request");
        };
        let head = String::from_utf8(read[..end].to_vec()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let headers: Vec<_> = lines
            .map(|line| {
                line.split_once(": ")
                    .unwrap_or((line.trim_end_matches(':'), ""))
            })
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, value)| value.parse().unwrap());
        while read.len() < end + length {
            assert!(self.0.read_buf(&mut read).await.unwrap() > 0, "a body");
        }
        let body = String::from_utf8(read[end..].to_vec()).unwrap();
        Request {
            line,
            headers,
            body,
        }
    }

    /// Writes; false where nobody is there.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// Waits until whoever connected is gone.
    pub(crate) async fn until_closed(&mut self) {
        let mut read = [0; 1_024];
        while matches!(self.0.read(&mut read).await, Ok(1..)) {}
    }
}
