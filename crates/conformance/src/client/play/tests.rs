//! Connections that come and go earlier or later than they might: the clients are sockets of the test.
#![allow(clippy::unwrap_used, reason = "a test ends with its first surprise")]

use std::net::SocketAddr;

use futures_util::SinkExt;
use http::header::{HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use longwire_protocol::SUBPROTOCOL;
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Message, WebSocketStream};

use super::*;
use crate::client::step::ToLine;

type Client = WebSocketStream<TcpStream>;

/// A stage with a driver that does nothing until its stdin ends.
fn player() -> Player {
    let argv = ["sh", "-c", "cat >/dev/null"].map(OsString::from);
    Player::new(Stage::set(&argv, BTreeSet::new()).unwrap())
}

async fn connect(address: SocketAddr, header: HeaderName) -> Client {
    let stream = TcpStream::connect(address).await.unwrap();
    let builder = ClientBuilder::new().uri(&format!("ws://{address}/ws"));
    let offered = HeaderValue::from_static(SUBPROTOCOL);
    let builder = builder.unwrap().add_header(header, offered).unwrap();
    builder.connect_on(stream).await.unwrap().0
}

async fn one(player: &mut Player) -> Client {
    let connecting = connect(player.stage.door.address, SEC_WEBSOCKET_PROTOCOL);
    tokio::select! {
        client = connecting => client,
        passed = player.pass(Duration::from_secs(10)) => panic!("nobody is let in: {passed:?}"),
    }
}

fn says(frame: &Value) -> Message {
    Message::text(frame.to_string())
}

#[tokio::test]
async fn a_client_that_is_back_before_its_last_connection_is_over_is_not_too_early() {
    let mut player = player();
    let first = one(&mut player).await;
    player.open("").await.unwrap();
    player.do_to_line("", &ToLine::Close(1012)).await.unwrap();
    let mut second = one(&mut player).await;
    second.send(says(&json!({"route": "here"}))).await.unwrap();
    // It is there, as the first still is.
    let called = |stage: &mut Stage| stage.door.is_called().then_some(());
    player.stage.until("the second", called).await.unwrap();
    drop(first);
    player.do_to_line("", &ToLine::Closed).await.unwrap();
    player.open("").await.unwrap();
    player.hear("", &[json!({"route": "here"})]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_to_a_connection_that_is_over() {
    let mut player = player();
    let _client = one(&mut player).await;
    player.do_to_line("", &ToLine::Cut).await.unwrap();
    for step in [
        ToLine::Cut,
        ToLine::Say(vec!["{}".to_owned()]),
        ToLine::Close(1008),
        ToLine::Closed,
    ] {
        let told = player.do_to_line("", &step).await.unwrap_err();
        assert!(told.contains("nothing within 10 s"), "{step:?}: {told}");
    }
    let told = player.open("").await.unwrap_err();
    assert!(told.contains("expected a connection"), "{told}");
}

#[tokio::test]
async fn what_was_said_on_a_connection_that_is_over_does_not_vanish_with_it() {
    let mut player = player();
    let mut client = one(&mut player).await;
    player.open("").await.unwrap();
    client.send(says(&json!({"route": "lost"}))).await.unwrap();
    drop(client);
    player.do_to_line("", &ToLine::Closed).await.unwrap();
    let _next = one(&mut player).await;
    player.open("").await.unwrap();
    let told = player.pass(AFTER).await.unwrap_err();
    assert!(told.contains("lost"), "{told}");
}

#[tokio::test]
async fn a_client_that_kills_as_it_leaves_is_found_out_and_one_that_claims_nothing_more_is_not() {
    for (frame, is_fine) in [
        (json!({"route": "kill", "connid": "42"}), false),
        (json!({"route": "claim", "slots": 0}), true),
    ] {
        let mut player = player();
        let mut client = one(&mut player).await;
        player.open("").await.unwrap();
        let saying = async {
            client.send(says(&frame)).await.unwrap();
            drop(client);
        };
        let (left, ()) = tokio::join!(player.leave(), saying);
        assert_eq!(left.is_ok(), is_fine, "{left:?}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_offer_the_subprotocol_is_told_that() {
    let mut player = player();
    let name = HeaderName::from_static("x-something");
    let connecting = connect(player.stage.door.address, name);
    let (opened, _client) = tokio::join!(player.open(""), connecting);
    let told = opened.unwrap_err();
    let expected = "expected the client to offer the subprotocol longwire.v1, got none";
    assert_eq!(told, expected);
}

#[tokio::test]
async fn connections_that_are_turned_away_are_counted() {
    let mut player = player();
    player.at_once(&AtOnce::TurnAway(true)).unwrap();
    for times in 1..=3 {
        let client = TcpStream::connect(player.stage.door.address).await.unwrap();
        let counted = |stage: &mut Stage| (stage.door.turned_away == times).then_some(());
        player.stage.until("to be counted", counted).await.unwrap();
        drop(client);
    }
    player.at_once(&AtOnce::TurnedAway(3)).unwrap();
    let told = player.at_once(&AtOnce::TurnedAway(2)).unwrap_err();
    assert!(told.contains("3 times, expected 2 at most"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn where_all_is_silent_connections_are_taken_and_nothing_is_said_not_even_the_handshake() {
    let mut player = player();
    player.stage.door.fall_silent(true);
    let address = player.stage.door.address;
    let connecting = connect(address, SEC_WEBSOCKET_PROTOCOL);
    tokio::select! {
        _ = connecting => panic!("it is answered"),
        passed = player.pass(Duration::from_secs(5)) => passed.unwrap(),
    }
    player.nobody(0.1).await.unwrap();
    player.stage.door.fall_silent(false);
    let _client = one(&mut player).await;
    player.open("").await.unwrap();
}
