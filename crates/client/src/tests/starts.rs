//! Starts, and what becomes of them where their answers are lost.

use super::*;

#[tokio::test]
async fn a_start_with_a_name_is_repeated_as_a_joining_one() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let serve = async {
        peer.hears().await;
        drop(peer);
        let mut peer = fake.accept().await;
        let id = peer
            .expects(json!({"route": "request", "connid": "42", "on_conflict": "attach"}))
            .await;
        peer.says(started(id, "42")).await;
        peer
    };
    let (job, _peer) = tokio::join!(client.start(named("42")), serve);
    assert_eq!(job.unwrap().connid().as_str(), "42");
}

/// What the server knows of the name is said in the list of a status, or that it is unknown.
async fn replacing(looked: Option<Value>, then: &str) {
    let (fake, client, mut peer) = Fake::with_client().await;
    let replacing = Start {
        on_conflict: OnConflict::Replace,
        ..named("42")
    };
    let serve = async {
        let (_, mut first) = peer.hears().await;
        assert_eq!(first["on_conflict"], "replace");
        drop(peer);
        let mut peer = fake.accept().await;
        let id = peer
            .expects(json!({"route": "status", "connid": "42"}))
            .await;
        peer.says(match looked {
            Some(job) => json!({"id": id, "route": "status", "status": "ok", "total": 1, "jobs": [job], "next": null}),
            None => unknown(id, "42"),
        })
        .await;
        first["on_conflict"] = json!(then);
        let id = peer.expects(first).await;
        peer.says(started(id, "42")).await;
        peer
    };
    let (job, _peer) = tokio::join!(client.start(replacing), serve);
    assert_eq!(job.unwrap().seen(), 1);
}

#[tokio::test]
async fn a_start_that_replaces_kills_no_job_that_is_younger_than_itself() {
    let found = |status: &str, elapsed: f64| {
        json!({"connid": "42", "job": JOB, "route": "request", "status": status,
        "time": 30, "elapsed": elapsed, "accepted_at": "2026-01-31T12:00:00.000Z", "seq": 1, "by": "anonymous"})
    };
    for (looked, then) in [
        (None, "attach"),
        (Some(found("running", 0.0)), "attach"),
        (Some(found("queued", 0.0)), "attach"),
        (Some(found("ok", 3600.0)), "attach"),
        (Some(found("running", 3600.0)), "replace"),
        (Some(found("ending", 3600.0)), "replace"),
    ] {
        replacing(looked, then).await;
    }
}

/// It is not sent, and the others do not suffer from it.
#[tokio::test]
async fn a_start_that_is_too_large_is_refused_and_nothing_else_ends() {
    let fake = Fake::new().await;
    let options = Options {
        frame_bytes: 1000,
        ..quick()
    };
    let (client, peer) = tokio::join!(Client::connect_with(&fake.url, options), fake.accept());
    let (client, mut peer) = (client.unwrap(), peer);
    let mut job = start(&client, &mut peer, "42").await;
    for (bytes, is_sent) in [(900, true), (1000, false)] {
        let start = named("43").input(&"x".repeat(bytes)).unwrap();
        let serve = async {
            let (id, _) = peer.hears().await;
            peer.says(started(id, "43")).await;
        };
        tokio::select! {
            started = client.start(start.clone()) => {
                let code = started.as_ref().err().map(Error::code);
                assert_eq!((code, is_sent), (Some("too_large"), false));
            }
            () = serve => assert!(is_sent, "{bytes}"),
        }
    }
    peer.says(json!({"connid": "42", "seq": 2, "status": "ok"}))
        .await;
    assert_eq!(seen(&mut job).await, [(2, 2)]);
}

/// Whether the server had heard of a start whose reply was lost.
async fn start_without_a_name(heard: bool) {
    let (fake, client, mut peer) = Fake::with_client().await;
    let serve = async {
        let (_, first) = peer.hears().await;
        let name = first["connid"].as_str().unwrap().to_owned();
        drop(peer);
        let mut peer = fake.accept().await;
        let id = peer
            .expects(json!({"route": "watch", "connid": name, "after": 1}))
            .await;
        if heard {
            peer.says(watching(id, &name, 2)).await;
        } else {
            peer.says(unknown(id, &name)).await;
            let mut again = first;
            again["on_conflict"] = json!("attach");
            let id = peer.expects(again).await;
            peer.says(started(id, &name)).await;
        }
        peer.says(output(&name, 2)).await;
        (peer, name)
    };
    let (job, (_peer, name)) = tokio::join!(client.start(Start::new("request")), serve);
    let mut job = job.unwrap();
    assert_eq!(job.connid().as_str(), name);
    assert_eq!(job.seen(), 1, "as with every start");
    assert!(job.next().await.unwrap().is_ok());
    assert_eq!(job.seen(), 2);
}

#[tokio::test]
async fn a_start_without_a_name_is_looked_for_before_it_is_repeated() {
    start_without_a_name(true).await;
    start_without_a_name(false).await;
}

#[tokio::test]
async fn a_verb_is_not_started() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    for (route, says) in [
        ("kill", "\"kill\" is a verb, not a route that starts jobs"),
        ("query/module", "\"query/module\" is a verb, not a route"),
    ] {
        let start = Start {
            connid: Some(connid("victim")),
            ..Start::new(route)
        };
        let refused = client.start(start).await.unwrap_err().to_string();
        assert!(refused.starts_with(says), "{refused}");
    }
    // Nothing of it was sent.
    start(&client, &mut peer, "42").await;
}
