//! Requests and their answers.

use super::*;

#[tokio::test]
async fn replies_find_their_requests_by_id() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let (a, b) = (connid("a"), connid("b"));
    let serve = async {
        let first = peer.hears().await;
        let second = peer.hears().await;
        for (id, frame) in [second, first] {
            let name = frame["connid"].as_str().unwrap();
            peer.says(killed(id, name, 5)).await;
        }
    };
    let (one, other, ()) = tokio::join!(client.kill(&a, Some("r")), client.kill(&b, None), serve);
    assert_eq!(one.unwrap().connid, Some(a));
    assert_eq!(other.unwrap().connid, Some(b));
}

#[tokio::test]
async fn a_refusal_is_an_error_with_a_code() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let query = StatusQuery {
        connid: Some(connid("99")),
        ..StatusQuery::default()
    };
    let serve = async {
        let id = peer
            .expects(json!({"route": "status", "connid": "99"}))
            .await;
        peer.says(unknown(id, "99")).await;
    };
    let (page, ()) = tokio::join!(client.status(query), serve);
    let error = page.unwrap_err();
    assert_eq!(error.code(), "unknown_connid");
    assert_eq!(
        error.to_string(),
        "invalid connection id: 99 (unknown_connid)"
    );
}

#[tokio::test]
async fn a_kill_that_is_repeated_after_the_death_is_done() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let serve = async {
        peer.hears().await;
        drop(peer);
        let mut peer = fake.accept().await;
        let (id, _) = peer.hears().await;
        peer.says(json!({"id": id, "route": "kill", "status": "error", "code": "already_ended", "message": "ended", "ended":
            {"status": "killed", "seq": 6, "kill": {"by": "anonymous", "forced": false, "survivors": 0, "ms": 12}}}))
            .await;
    };
    let name = connid("42");
    let (done, ()) = tokio::join!(client.kill_and_wait(&name, None), serve);
    assert_eq!(done.unwrap().ended.unwrap().kill.unwrap().ms, 12);
}

/// While there is no connection.
#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_done() {
    let (fake, client, peer) = Fake::with_client().await;
    let mut links = client.links();
    drop(peer);
    assert!(matches!(
        links.changed().await.unwrap(),
        Link::Reconnecting { .. }
    ));
    let name = connid("42");
    for _ in 0..2 {
        // Each is asked once, and given up.
        assert!(client.kill(&name, None).now_or_never().is_none());
        assert!(client.start(named("7")).now_or_never().is_none());
    }
    let mut peer = fake.accept().await;
    let serve = async {
        let id = peer.expects(json!({"route": "routes"})).await;
        peer.says(json!({"id": id, "route": "routes", "status": "ok", "routes": []}))
            .await;
    };
    let (routes, ()) = tokio::join!(client.routes(), serve);
    assert!(routes.is_ok(), "{routes:?}");
}

#[tokio::test]
async fn a_request_that_breaks_every_connection_is_given_up() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let serve = async {
        for _ in 0..4 {
            peer.hears().await;
            drop(peer);
            peer = fake.accept().await;
        }
        peer.hears().await;
        drop(peer);
        fake.accept().await
    };
    let (page, _peer) = tokio::join!(client.status(StatusQuery::default()), serve);
    assert_eq!(page.unwrap_err(), Error::NoReply(5));
}
