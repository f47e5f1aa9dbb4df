//! The connection itself.

use super::*;

#[tokio::test]
async fn a_close_without_return_ends_everything() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let job = start(&client, &mut peer, "42").await;
    peer.closes(1009, "message too large").await;
    let error = job.outcome().await.unwrap_err();
    assert_eq!(error.code(), "closed_by_server");
    let later = client.status(StatusQuery::default()).await;
    assert_eq!(later.unwrap_err(), error);
}

#[tokio::test]
async fn whoever_is_no_longwire_is_told_from_nobody() {
    let fake = Fake::new().await;
    for (answer, code) in [
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "not_longwire",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", "not_longwire"),
    ] {
        let (client, ()) = tokio::join!(Client::connect(&fake.url), fake.answer(answer));
        assert_eq!(client.unwrap_err().code(), code, "{answer:?}");
    }
    let url = fake.url.clone();
    drop(fake);
    let error = Client::connect(&url).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no Longwire at {url} (connection refused)")
    );
}

#[tokio::test]
async fn a_server_that_is_gone_for_good_is_given_up_where_patience_ends() {
    let fake = Fake::new().await;
    let options = Options {
        patience: Some(Duration::ZERO),
        ..quick()
    };
    let (client, peer) = tokio::join!(Client::connect_with(&fake.url, options), fake.accept());
    let client = client.unwrap();
    drop((peer, fake));
    let page = client.status(StatusQuery::default()).await;
    assert_eq!(page.unwrap_err().code(), "connection_lost");
}

#[tokio::test]
async fn patience_bounds_waits_and_connections_that_break_at_once() {
    let hour = Duration::from_secs(3600);
    for (takes, wait) in [(true, Duration::from_millis(1)), (false, hour)] {
        let fake = Fake::new().await;
        let options = Options {
            patience: Some(Duration::from_millis(100)),
            backoff: Backoff {
                least: wait,
                most: wait,
            },
            ..quick()
        };
        let (client, peer) = tokio::join!(Client::connect_with(&fake.url, options), fake.accept());
        let client = client.unwrap();
        drop(peer);
        let serve = async {
            if takes {
                loop {
                    fake.accept_and_break().await;
                }
            }
            drop(fake);
            std::future::pending::<()>().await;
        };
        let mut links = client.links();
        let given_up = async {
            while !matches!(links.now(), Link::Closed(_)) {
                links.changed().await;
            }
        };
        let given_up = tokio::time::timeout(Duration::from_secs(10), given_up);
        tokio::select! {
            given_up = given_up => assert!(given_up.is_ok(), "it is taken: {takes}"),
            () = serve => {}
        }
    }
}

/// It is newer.
#[tokio::test]
async fn frames_that_are_not_known_are_ignored_and_an_answer_that_is_not_is_an_error() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    for frame in [
        json!({"notice": "tea_is_ready", "left": 3}),
        json!({"weather": "fine"}),
        json!({"weather": "fine", "id": [], "status": 7, "code": {}, "message": null}),
        json!({"route": "forecast", "status": "ok", "days": []}),
    ] {
        peer.says(frame).await;
    }
    let serve = async {
        let (id, _) = peer.hears().await;
        peer.says(json!({"id": id, "route": "status", "status": "ok", "total": "many"}))
            .await;
    };
    let (page, ()) = tokio::join!(client.status(StatusQuery::default()), serve);
    assert_eq!(page.unwrap_err().code(), "unexpected_frame");
    let serve = async {
        let (id, _) = peer.hears().await;
        peer.says(json!({"id": id, "route": "status", "status": "error", "code": "too_late", "message": "come back"}))
            .await;
    };
    let (page, ()) = tokio::join!(client.status(StatusQuery::default()), serve);
    let error = page.unwrap_err();
    assert_eq!(
        (error.code(), &*error.to_string()),
        ("too_late", "come back (too_late)")
    );

    let mut job = start(&client, &mut peer, "42").await;
    peer.says(json!({"connid": "42", "seq": 2, "status": "running", "progress": {"done": 1, "rate": 0.5}, "cost": 3}))
        .await;
    let next = job.next().await.unwrap().unwrap();
    assert!(
        matches!(next, Happening::Event(event) if event.progress.as_ref().unwrap().done == Some(1.0))
    );
    peer.says(
        json!({"connid": "42", "seq": 3, "status": "running", "output": "x", "stream": "journal"}),
    )
    .await;
    let next = job.next().await.unwrap().unwrap();
    let stream = StreamName::Other("journal".into());
    assert!(matches!(next, Happening::Event(event) if event.stream == Some(stream)));
    peer.says(json!(7)).await;
    let page = client.status(StatusQuery::default()).await;
    assert_eq!(
        page.unwrap_err().code(),
        "unexpected_frame",
        "it is no frame"
    );
}

#[tokio::test]
async fn a_binary_message_is_none_of_longwire() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    peer.says_bytes(b"{}").await;
    let page = client.status(StatusQuery::default()).await;
    assert_eq!(page.unwrap_err().code(), "unexpected_frame");
}

#[tokio::test]
async fn headers_are_said_on_each_connection() {
    let fake = Fake::new().await;
    let options = quick().header("authorization", "Bearer key").unwrap();
    let (client, peer) = tokio::join!(Client::connect_with(&fake.url, options), fake.accept());
    let _client = client.unwrap();
    assert_eq!(peer.headers["authorization"], "Bearer key");
    drop(peer);
    assert_eq!(fake.accept().await.headers["authorization"], "Bearer key");
}

/// Takes the connection, and then nothing more.
#[tokio::test]
async fn patience_bounds_a_handshake_that_nobody_answers() {
    let fake = Fake::new().await;
    let options = Options {
        patience: Some(Duration::from_millis(100)),
        ..quick()
    };
    let (client, peer) = tokio::join!(Client::connect_with(&fake.url, options), fake.accept());
    let client = client.unwrap();
    drop(peer);
    let _silent = fake.take().await;
    let page = client.status(StatusQuery::default());
    let page = tokio::time::timeout(Duration::from_secs(5), page).await;
    assert_eq!(page.unwrap().unwrap_err().code(), "connection_lost");
}

#[tokio::test]
async fn a_silent_server_is_pinged_and_then_left() {
    let (fake, _client, peer) = Fake::with_client().await;
    tokio::time::pause();
    let sent = peer.bytes_until_left().await;
    tokio::time::resume();
    // A ping without text, masked.
    assert_eq!(sent[..2], [0x89, 0x80]);
    fake.accept().await;
}

#[tokio::test]
async fn a_server_that_pings_and_reads_nothing_is_left_within_bounds() {
    let fake = Fake::new().await;
    let options = Options {
        write_timeout: Duration::from_millis(200),
        ..quick()
    };
    let (client, peer) = tokio::join!(Client::connect_with(&fake.url, options), fake.accept());
    let _client = client.unwrap();
    // What the system's buffers hold, and what waits in the client.
    assert!(peer.pings_until_left().await < 64 * 1024 * 1024);
    fake.accept().await;
}
