//! A slow search holds nobody up: neither its own socket nor another.

use std::fs;

use futures_util::{SinkExt, StreamExt};
use longwire_client::ModuleState;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

use crate::{World, lines, scratch, with_server};

/// More symbols than are searched where they are asked for.
const MANY: usize = 50_001;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn with_large_catalogue(name: &str, test: impl AsyncFnOnce(&World)) {
    let file = scratch(name).join("large.jsonl");
    let names: Vec<String> = (0..MANY).map(|number| format!("name_{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fs::write(&file, lines(&names)).unwrap();
    let file = file.display().to_string();
    with_server(
        &format!("[modules.large]\nfile = {file:?}"),
        async |world| {
            let is_ready = |state| state == ModuleState::Ready;
            world
                .until("large", |view| {
                    view.is_some_and(|view| is_ready(view.state))
                })
                .await;
            test(world).await;
        },
    );
}

async fn open(world: &World) -> Socket {
    let url = world.url.replace("http", "ws") + "/ws";
    let builder = ClientBuilder::new().uri(&url).unwrap();
    builder.connect().await.unwrap().0
}

/// Sends frames in one write, so that the server finds them together.
async fn send(socket: &mut Socket, frames: impl IntoIterator<Item = Value>) {
    for frame in frames {
        socket.feed(Message::text(frame.to_string())).await.unwrap();
    }
    socket.flush().await.unwrap();
}

/// The next frame; none for a pong.
async fn next(socket: &mut Socket) -> Option<Value> {
    let message = socket.next().await.unwrap().unwrap();
    message
        .as_text()
        .map(|text| serde_json::from_str(text).unwrap())
}

fn slow(id: usize) -> Value {
    json!({"route": "query/module", "catalogue": "large", "text": "", "limit": 1, "id": id})
}

#[test]
fn what_comes_after_a_slow_search_is_answered_before_it() {
    with_large_catalogue("beside-own", async |world| {
        let mut socket = open(world).await;
        socket
            .feed(Message::text(slow(1).to_string()))
            .await
            .unwrap();
        socket.feed(Message::ping("")).await.unwrap();
        let start = json!({"route": "request", "connid": "42", "time": 900, "id": 3});
        send(&mut socket, [start]).await;
        let mut said = Vec::new();
        while said.len() < 3 {
            said.push(next(&mut socket).await.map(|frame| frame["id"].clone()));
        }
        assert_eq!(said[2], Some(json!(1)), "{said:?}");
        assert!(
            said[..2].contains(&None) && said[..2].contains(&Some(json!(3))),
            "{said:?}"
        );
    });
}

#[test]
fn as_many_slow_searches_wait_as_may_and_none_is_forgotten() {
    with_large_catalogue("beside-many", async |world| {
        let (mut busy, mut other) = (open(world).await, open(world).await);
        send(&mut busy, (0..40).map(slow)).await;
        // Whoever asks meanwhile on another socket is answered.
        send(&mut other, [json!({"route": "status", "id": 1})]).await;
        assert_eq!(next(&mut other).await.unwrap()["status"], "ok");
        let (mut answered, mut refused) = (0, 0);
        for _ in 0..40 {
            let frame = next(&mut busy).await.unwrap();
            match frame["status"].as_str().unwrap() {
                "ok" => answered += 1,
                _ => {
                    assert_eq!(frame["code"], "too_many");
                    assert_eq!(frame["data"], json!([]));
                    refused += 1;
                }
            }
        }
        assert!(answered >= 16 && refused > 0, "{answered} and {refused}");
    });
}
