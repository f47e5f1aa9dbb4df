//! A slow search holds nobody up: neither its own socket nor another.

use std::{fs, time::Duration};

use futures_util::{SinkExt, StreamExt, stream::select_all};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

use crate::{MOST_LOOKS, World, lines, scratch, with_server};

/// More symbols than are searched where they are asked for.
const MANY: usize = 50_001;

/// Slow searches of one socket: as many as may wait.
const SLOW: usize = 16;
/// Sockets that have so many.
const BUSY: usize = 4;

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
            until_found(world).await;
            test(world).await;
        },
    );
}

/// Waits for the large catalogue alone: to list them all is to build them all.
async fn until_found(world: &World) {
    for _ in 0..MOST_LOOKS {
        let asked = world.ask(json!({"catalogue": "large", "text": "x"}));
        if asked.await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("the large catalogue never came");
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

/// Takes as long as anything may. None is the same as another.
fn slow(id: usize) -> Value {
    json!({
        "route": "query/module", "catalogue": "large", "text": "e ".repeat(128), "limit": 1, "offset": id, "id": id
    })
}

fn quick(id: usize) -> Value {
    json!({"route": "query/module", "catalogue": "large", "text": "name_7777", "limit": 1, "id": id})
}

/// Sockets that have nothing but slow searches, the first of which are answered.
async fn busy(world: &World) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for _ in 0..BUSY {
        let mut socket = open(world).await;
        send(&mut socket, (0..SLOW).map(slow)).await;
        sockets.push(socket);
    }
    assert_eq!(next(&mut sockets[0]).await.unwrap()["status"], "ok");
    sockets
}

/// What is said on a socket, and how many slow searches were answered on others before it.
async fn said_beside(other: &mut Socket, busy: &mut [Socket]) -> (Value, usize) {
    let mut answers = select_all(busy);
    let mut answered = 0;
    loop {
        tokio::select! {
            biased;
            said = next(other) => return (said.unwrap(), answered),
            frame = answers.next() => {
                assert!(frame.unwrap().unwrap().is_text());
                answered += 1;
            }
        }
    }
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
        // Then it is built.
        world.module("cpp").await.unwrap();
        let (mut busy, mut other) = (open(world).await, open(world).await);
        send(&mut busy, (0..SLOW + 8).map(slow)).await;
        send(&mut busy, [json!({"route": "query/module", "text": "x"})]).await;
        // Whoever asks meanwhile on another socket is answered.
        send(&mut other, [json!({"route": "status", "id": 1})]).await;
        assert_eq!(next(&mut other).await.unwrap()["status"], "ok");
        let (mut answered, mut refused) = (0, 0);
        let mut found_at_once = false;
        for _ in 0..SLOW + 9 {
            let frame = next(&mut busy).await.unwrap();
            if frame["id"].is_null() {
                assert_eq!(frame["status"], "ok", "{frame}");
                found_at_once = answered < SLOW;
                continue;
            }
            match frame["status"].as_str().unwrap() {
                "ok" => answered += 1,
                _ => {
                    assert_eq!(frame["code"], "too_many");
                    assert_eq!(frame["data"], json!([]));
                    refused += 1;
                }
            }
        }
        assert!(found_at_once, "no other is kept from being answered");
        assert!(answered >= SLOW && refused > 0, "{answered} and {refused}");
    });
}

#[test]
fn a_quick_search_does_not_wait_for_slow_ones_of_other_sockets() {
    with_large_catalogue("beside-quick", async |world| {
        let (mut busy, mut other) = (busy(world).await, open(world).await);
        send(&mut other, [quick(1)]).await;
        let (found, answered) = said_beside(&mut other, &mut busy).await;
        assert_eq!(found["data"][0]["name"], "name_7777", "{found}");
        assert!(answered < BUSY * SLOW / 2, "{answered} came before it");
    });
}

#[test]
fn a_catalogue_that_is_first_asked_for_is_not_built_behind_slow_searches() {
    with_large_catalogue("beside-first", async |world| {
        let (mut busy, mut other) = (busy(world).await, open(world).await);
        let standard = json!({"route": "query/module", "lib": "vector", "text": "push"});
        send(&mut other, [standard]).await;
        let (found, answered) = said_beside(&mut other, &mut busy).await;
        assert_eq!(found["message"], "1 match in vector", "{found}");
        assert!(answered < BUSY * SLOW / 2, "{answered} came before it");
    });
}

#[test]
fn nobody_has_so_many_searches_waiting_that_another_is_refused() {
    with_large_catalogue("beside-places", async |world| {
        let mut busy = Vec::new();
        for _ in 0..20 {
            let mut socket = open(world).await;
            send(&mut socket, (0..SLOW).map(slow)).await;
            // All of them were taken up before this is answered.
            send(&mut socket, [json!({"route": "routes"})]).await;
            while next(&mut socket).await.unwrap()["route"] != "routes" {}
            busy.push(socket);
        }
        let mut other = open(world).await;
        send(&mut other, [quick(1)]).await;
        let found = next(&mut other).await.unwrap();
        assert_eq!(found["status"], "ok", "{found}");
    });
}
