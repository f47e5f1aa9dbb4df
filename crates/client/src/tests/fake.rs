//! A server that says what it is told to, over real sockets.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};
use longwire_protocol::Seq;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_websockets::{CloseCode, Message, ServerBuilder, WebSocketStream};

use super::JOB;
use crate::{Backoff, Client, Options};

pub(super) struct Fake {
    listener: TcpListener,
    pub(super) url: String,
}

impl Fake {
    pub(super) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, url }
    }

    /// A client of it, and its end of the socket.
    pub(super) async fn with_client() -> (Self, Client, Peer) {
        let fake = Self::new().await;
        let client = Client::connect_with(&fake.url, quick());
        let (client, peer) = tokio::join!(client, fake.accept());
        (fake, client.unwrap(), peer)
    }

    pub(super) async fn accept(&self) -> Peer {
        let (stream, _) = self.listener.accept().await.unwrap();
        let (request, socket) = ServerBuilder::new()
            .add_header(
                SEC_WEBSOCKET_PROTOCOL,
                HeaderValue::from_static("longwire.v1"),
            )
            .unwrap()
            .accept(stream)
            .await
            .unwrap();
        assert_eq!(request.uri().path(), "/ws");
        assert_eq!(request.headers()[SEC_WEBSOCKET_PROTOCOL], "longwire.v1");
        Peer {
            socket,
            headers: request.headers().clone(),
        }
    }

    /// Takes a connection, on which nothing is said.
    pub(super) async fn take(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    /// Takes a connection and breaks it once it stands, or where the client leaves before that.
    pub(super) async fn accept_and_break(&self) {
        let (stream, _) = self.listener.accept().await.unwrap();
        let protocol = HeaderValue::from_static("longwire.v1");
        let server = ServerBuilder::new().add_header(SEC_WEBSOCKET_PROTOCOL, protocol);
        drop(server.unwrap().accept(stream).await);
    }

    /// Answers with that text and hangs up.
    pub(super) async fn answer(&self, text: &str) {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
    }
}

/// No test waits for a back-off.
pub(super) fn quick() -> Options {
    let wait = Duration::from_millis(1);
    Options {
        backoff: Backoff {
            least: wait,
            most: wait,
        },
        ..Options::default()
    }
}

/// The server's end of a socket.
pub(super) struct Peer {
    socket: WebSocketStream<TcpStream>,
    /// What the client asked for it with.
    pub(super) headers: HeaderMap,
}

impl Peer {
    pub(super) async fn message(&mut self) -> Option<Message> {
        self.socket.next().await?.ok()
    }

    /// The next frame, without its `id`, and that.
    pub(super) async fn hears(&mut self) -> (u64, Value) {
        let message = self.message().await.expect("a frame");
        let text = message.as_text().expect("a text");
        let mut frame: Value = serde_json::from_str(text).unwrap();
        let id = frame.as_object_mut().unwrap().remove("id").unwrap();
        (id.as_u64().unwrap(), frame)
    }

    /// The next frame must be this.
    pub(super) async fn expects(&mut self, expected: Value) -> u64 {
        let (id, frame) = self.hears().await;
        assert_eq!(frame, expected);
        id
    }

    /// The next frame must ask for what the job's log has after that.
    pub(super) async fn expects_watch_after(&mut self, after: Seq) -> u64 {
        self.expects(json!({"route": "watch", "job": JOB, "after": after}))
            .await
    }

    pub(super) async fn says(&mut self, frame: Value) {
        self.socket
            .send(Message::text(frame.to_string()))
            .await
            .unwrap();
    }

    pub(super) async fn says_bytes(&mut self, bytes: &'static [u8]) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    /// Answers nothing, pings neither, and says what it was sent until the client left.
    pub(super) async fn bytes_until_left(self) -> Vec<u8> {
        let mut sent = Vec::new();
        let mut stream = self.socket.into_inner();
        stream.read_to_end(&mut sent).await.unwrap();
        sent
    }

    /// Sends pings and reads nothing, until the client left; how many bytes that were.
    pub(super) async fn pings_until_left(mut self) -> usize {
        const PING: usize = 2 + 125;
        let mut sent = 0;
        while self.socket.send(Message::ping(vec![0; 125])).await.is_ok() {
            sent += PING;
        }
        sent
    }

    pub(super) async fn closes(mut self, code: u16, reason: &str) {
        let code = CloseCode::try_from(code).unwrap();
        let close = Message::close(Some(code), reason);
        self.socket.send(close).await.unwrap();
        while self.message().await.is_some() {}
    }
}
