//! A worker that connects, and a reader of its job's log that takes each frame as it comes.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

use crate::run::Server;

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(url: &str) -> Self {
        let uri = format!("{}/ws", url.replacen("http", "ws", 1));
        let (socket, _) = ClientBuilder::new()
            .uri(&uri)
            .unwrap()
            .connect()
            .await
            .unwrap();
        Self(socket)
    }

    /// Says it once there is room or something more to say has been said.
    async fn feed(&mut self, frame: Value) {
        let text = Message::text(frame.to_string());
        self.0.feed(text).await.unwrap();
    }

    async fn say(&mut self, frame: Value) {
        self.feed(frame).await;
        self.0.flush().await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        loop {
            let message = self.0.next().await.unwrap().unwrap();
            if let Some(text) = message.as_text() {
                return serde_json::from_str(text).unwrap();
            }
        }
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

/// Nothing of it is lost and nothing changes its place, however much it is.
pub(super) fn has_printed_all(url: &str, connid: &str) {
    let (printed, end) = block_on(async {
        let mut socket = Socket::open(url).await;
        let watch = json!({ "route": "watch", "connid": connid, "after": 0 });
        socket.say(watch).await;
        let mut printed = String::new();
        loop {
            let frame = socket.hear().await;
            assert!(frame.get("gap").is_none(), "{frame}");
            printed += frame["output"].as_str().unwrap_or_default();
            if frame["status"] == "ok" && frame.get("route").is_none() {
                return (printed, frame);
            }
        }
    });
    let expected: String = (0..5000).map(|n| format!("{n}\n")).collect();
    let lines = printed.lines().count();
    assert!(printed == expected, "{lines} lines, {end}");
    assert_eq!(end["result"], 9);
}

/// A worker that says all of a job at once, as one that writes faster than a log takes it in.
async fn say_all_at_once(url: &str) {
    let mut socket = Socket::open(url).await;
    let claim = json!({ "route": "claim", "routes": ["render"] });
    socket.say(claim).await;
    let lease = loop {
        let frame = socket.hear().await;
        if frame.get("input").is_some() {
            break frame["lease"].clone();
        }
    };
    for n in 0..5000 {
        let output = format!("{n}\n");
        let append = json!({ "route": "append", "lease": lease, "output": output });
        socket.feed(append).await;
    }
    let end = json!({ "route": "end", "lease": lease, "result": 9 });
    socket.say(end).await;
    while socket.hear().await["status"] != "ok" {}
}

#[test]
fn what_it_says_in_one_go_is_in_the_log_as_it_was_said() {
    let server = Server::with_config("[routes.render]\nserved_by = \"workers\"\n");
    let started = server.run(&["start", "render", "--connid", "m", "--detach"]);
    assert_eq!(started.code, 0, "{}", started.stderr);
    block_on(say_all_at_once(&server.url));
    has_printed_all(&server.url, "m");
}
