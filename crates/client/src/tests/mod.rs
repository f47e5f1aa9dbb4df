//! The client against scripted dialogues.

mod fake;
mod worker;

use std::time::Duration;

use futures_util::FutureExt;
use longwire_protocol::{Connid, JobId, Seconds, Seq, Start, StatusQuery, Target};
use serde_json::{Value, json};

use self::fake::{Fake, Peer, quick};
use crate::{
    Client, Error, FeedHappening, Happening, Job, Link, OnConflict, OnDisconnect, StreamName,
};

const JOB: &str = "01970000-0000-7000-8000-000000000001";

fn connid(name: &str) -> Connid {
    Connid::new(name).unwrap()
}

fn named(name: &str) -> Start {
    Start {
        connid: Some(connid(name)),
        ..Start::new("request")
    }
}

fn started(id: u64, name: &str) -> Value {
    json!({"id": id, "connid": name, "job": JOB, "seq": 1, "status": "running", "route": "request", "time": 30, "left": 30})
}

fn watching(id: u64, name: &str, seq: Seq) -> Value {
    json!({"id": id, "route": "watch", "connid": name, "job": JOB, "status": "ok", "seq": seq})
}

fn output(name: &str, seq: Seq) -> Value {
    json!({"connid": name, "seq": seq, "status": "running", "output": seq.to_string(), "stream": "stdout"})
}

/// Where the job was asked for by the server's name for it.
fn output_by_job(name: &str, seq: Seq) -> Value {
    let mut frame = output(name, seq);
    frame["job"] = json!(JOB);
    frame
}

fn unknown(id: u64, name: &str) -> Value {
    json!({"id": id, "route": "watch", "status": "error", "code": "unknown_connid", "message": format!("invalid connection id: {name}")})
}

/// What happened, in short: numbers of events, and gaps.
async fn seen(job: &mut Job) -> Vec<(Seq, Seq)> {
    let mut all = Vec::new();
    while let Some(happening) = job.next().await {
        all.push(match happening.unwrap() {
            Happening::Event(event) => (event.seq, event.seq),
            Happening::Gap(gap) => (gap.from, gap.to),
        });
    }
    all
}

async fn start(client: &Client, peer: &mut Peer, name: &str) -> Job {
    let serve = async {
        let expected = json!({"route": "request", "connid": name});
        let id = peer.expects(expected).await;
        peer.says(started(id, name)).await;
    };
    let (job, ()) = tokio::join!(client.start(named(name)), serve);
    job.unwrap()
}

#[tokio::test]
async fn a_job_is_followed_to_its_outcome() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    assert_eq!((job.connid().as_str(), job.seen()), ("42", 1));
    assert_eq!(job.started().unwrap().left, Seconds::from_secs(30));
    for seq in 2..=3 {
        peer.says(output("42", seq)).await;
    }
    peer.says(json!({"connid": "42", "seq": 4, "status": "ok", "result": {"pages": 3}}))
        .await;
    let end = job.outcome().await.unwrap();
    assert_eq!(end.result.unwrap().as_str(), r#"{"pages":3}"#);
    assert_eq!(job.seen(), 1, "none of its events was read for that");
    assert_eq!(seen(&mut job).await, [(2, 2), (3, 3), (4, 4)]);
    assert_eq!(job.seen(), 4);
    assert!(job.next().await.is_none());
}

#[tokio::test]
async fn replies_find_their_requests_by_id() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let (a, b) = (connid("a"), connid("b"));
    let serve = async {
        let first = peer.hears().await;
        let second = peer.hears().await;
        for (id, frame) in [second, first] {
            peer.says(json!({"id": id, "route": "kill", "connid": frame["connid"], "status": "ok", "seq": 5}))
                .await;
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
async fn a_watch_goes_on_from_the_last_event_on_a_new_connection() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let mut links = client.links();
    let mut job = start(&client, &mut peer, "42").await;
    peer.says(output("42", 2)).await;
    assert!(job.next().await.unwrap().is_ok());
    drop(peer);

    assert!(matches!(
        links.changed().await.unwrap(),
        Link::Reconnecting { attempts: 1, .. }
    ));
    let mut peer = fake.accept().await;
    let id = peer
        .expects(json!({"route": "watch", "job": JOB, "after": 2}))
        .await;
    assert_eq!(links.changed().await, Some(Link::Connected));
    peer.says(watching(id, "42", 9)).await;
    // Twice is allowed; what is no longer kept is said.
    peer.says(output("42", 2)).await;
    peer.says(json!({"connid": "42", "job": JOB, "gap": {"from": 2, "to": 7}}))
        .await;
    peer.says(output("42", 7)).await;
    peer.says(json!({"connid": "42", "job": JOB, "seq": 8, "status": "failed", "error": {"code": "x", "message": "y"}}))
        .await;
    assert_eq!(seen(&mut job).await, [(3, 7), (8, 8)]);
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_job_ends_the_watch() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    peer.closes(1001, "server is going away").await;
    let mut peer = fake.accept().await;
    let (id, _) = peer.hears().await;
    peer.says(unknown(id, "42")).await;
    let error = job.outcome().await.unwrap_err();
    assert_eq!(error.code(), "unknown_connid");
    assert_eq!(job.next().await, Some(Err(error)));
    assert!(job.next().await.is_none());
}

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

#[tokio::test]
async fn a_start_that_replaces_is_repeated_as_it_was() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let replacing = Start {
        on_conflict: OnConflict::Replace,
        ..named("42")
    };
    let serve = async {
        let (_, first) = peer.hears().await;
        drop(peer);
        let mut peer = fake.accept().await;
        let id = peer.expects(first).await;
        peer.says(started(id, "42")).await;
        peer
    };
    let (job, _peer) = tokio::join!(client.start(replacing), serve);
    assert!(job.is_ok());
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
            .expects(json!({"route": "watch", "connid": name}))
            .await;
        if heard {
            peer.says(watching(id, &name, 2)).await;
            peer.says(output(&name, 1)).await;
        } else {
            peer.says(unknown(id, &name)).await;
            let mut again = first;
            again["on_conflict"] = json!("attach");
            let id = peer.expects(again).await;
            peer.says(started(id, &name)).await;
            peer.says(output(&name, 2)).await;
        }
        (peer, name)
    };
    let (job, (_peer, name)) = tokio::join!(client.start(Start::new("request")), serve);
    let mut job = job.unwrap();
    assert_eq!(job.connid().as_str(), name);
    assert!(job.next().await.unwrap().is_ok());
    assert_eq!(job.seen(), if heard { 1 } else { 2 });
}

#[tokio::test]
async fn a_start_without_a_name_is_looked_for_before_it_is_repeated() {
    start_without_a_name(true).await;
    start_without_a_name(false).await;
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
async fn a_slow_reader_holds_up_nobody_and_misses_nothing() {
    const ALL: Seq = 500;
    let (_fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    for seq in 2..=ALL {
        peer.says(output("42", seq)).await;
    }
    // Nobody reads the job's events, and yet this is answered.
    let serve = async {
        let (id, _) = peer.hears().await;
        // What it would only drop it does not want to be sent.
        let unwatch = peer.expects(json!({"route": "unwatch", "job": JOB})).await;
        peer.says(json!({"id": unwatch, "route": "unwatch", "status": "ok"}))
            .await;
        peer.says(json!({"id": id, "route": "kill", "connid": "42", "status": "ok", "seq": 501}))
            .await;
    };
    let (killed, ()) = tokio::join!(job.kill(None), serve);
    assert!(killed.is_ok());

    let serve = async {
        let id = peer
            .expects(json!({"route": "watch", "job": JOB, "after": 65}))
            .await;
        peer.says(watching(id, "42", ALL)).await;
        for seq in 66..=ALL {
            peer.says(output_by_job("42", seq)).await;
        }
        peer.says(json!({"connid": "42", "job": JOB, "seq": ALL + 1, "status": "killed"}))
            .await;
        peer
    };
    let (seen, _peer) = tokio::join!(seen(&mut job), serve);
    let expected: Vec<_> = (2..=ALL + 1).map(|seq| (seq, seq)).collect();
    assert_eq!(seen, expected);
}

/// With more of them than a handle holds.
#[tokio::test]
async fn a_result_comes_beside_the_events_and_leaves_them_to_be_read() {
    const ALL: Seq = 200;
    let expected: Vec<_> = (2..=ALL).map(|seq| (seq, seq)).collect();
    for reads_meanwhile in [false, true] {
        let (_fake, client, mut peer) = Fake::with_client().await;
        let mut job = start(&client, &mut peer, "42").await;
        let read = async {
            let result = job.result::<u32>();
            if reads_meanwhile {
                let (seen, result) = tokio::join!(seen(&mut job), result);
                return (result, seen);
            }
            (result.await, seen(&mut job).await)
        };
        let (result, seen) = tokio::select! {
            read = read => read,
            () = watched_on(&mut peer, ALL) => panic!("it never ends"),
        };
        assert_eq!((result, &seen), (Ok(7), &expected));
        assert_eq!(job.result::<u32>().await, Ok(7), "again");
    }
}

/// Says what is wanted of a job with so many events, whatever is wanted.
async fn watched_on(peer: &mut Peer, all: Seq) {
    let end = json!({"connid": "42", "job": JOB, "seq": all, "status": "ok", "result": 7});
    let mut after = 1;
    loop {
        for seq in after + 1..all {
            peer.says(output_by_job("42", seq)).await;
        }
        if after < all {
            peer.says(end.clone()).await;
        }
        let (id, frame) = peer.hears().await;
        let mut answer = watching(id, "42", all);
        answer["route"] = frame["route"].clone();
        peer.says(answer).await;
        after = frame["after"].as_u64().unwrap_or(all);
    }
}

#[tokio::test]
async fn what_a_reader_cannot_take_is_left_in_the_socket_for_a_moment() {
    const ALL: Seq = 500;
    let (_fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    for seq in 2..ALL {
        peer.says(output("42", seq)).await;
    }
    peer.says(json!({"connid": "42", "seq": ALL, "status": "ok"}))
        .await;
    // The connection has its turns, and the reader none.
    for _ in 0..10 * ALL {
        tokio::task::yield_now().await;
    }
    let expected: Vec<_> = (2..=ALL).map(|seq| (seq, seq)).collect();
    assert_eq!(seen(&mut job).await, expected);
    // Nothing had to be asked for again.
    start(&client, &mut peer, "43").await;
}

#[tokio::test]
async fn events_of_two_jobs_of_one_name_are_told_apart() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let other: JobId = JobId::parse("01970000-0000-7000-8000-000000000002").unwrap();
    let first = start(&client, &mut peer, "42").await;
    peer.says(output("42", 2)).await;
    let serve = async {
        let (id, _) = peer.hears().await;
        let mut reply = started(id, "42");
        reply["job"] = json!(other);
        peer.says(reply).await;
    };
    let (second, ()) = tokio::join!(client.start(named("42")), serve);
    let second = second.unwrap();
    for (seq, status) in [(3, "ok"), (2, "running"), (3, "killed")] {
        peer.says(json!({"connid": "42", "seq": seq, "status": status}))
            .await;
    }
    assert_eq!(first.outcome().await.unwrap().status.as_str(), "ok");
    assert_eq!(second.outcome().await.unwrap().status.as_str(), "killed");
}

/// The first is read on slowly, after it has ended and its name is another's.
#[tokio::test]
async fn frames_that_name_no_job_are_not_of_one_that_is_watched_by_it() {
    const ROOM: Seq = 64;
    let (_fake, client, mut peer) = Fake::with_client().await;
    let other: JobId = JobId::parse("01970000-0000-7000-8000-000000000002").unwrap();
    let first = start(&client, &mut peer, "42").await;
    for seq in 2..=ROOM + 2 {
        peer.says(output("42", seq)).await;
    }
    let serve = async {
        let (id, _) = peer.hears().await;
        peer.expects(json!({"route": "unwatch", "job": JOB})).await;
        let mut reply = started(id, "42");
        reply["job"] = json!(other);
        peer.says(reply).await;
    };
    let (second, ()) = tokio::join!(client.start(named("42")), serve);
    let mut second = second.unwrap();
    for seq in 2..=ROOM + 1 {
        peer.says(output("42", seq)).await;
        second.next().await.unwrap().unwrap();
    }
    let serve = async {
        let (id, frame) = peer.hears().await;
        assert_eq!(frame["after"], ROOM + 1, "{frame}");
        peer.says(watching(id, "42", ROOM + 2)).await;
        for (job, status) in [(None, "ok"), (Some(JOB), "killed")] {
            let mut end = json!({"connid": "42", "seq": ROOM + 2, "status": status});
            if let Some(job) = job {
                end["job"] = json!(job);
            }
            peer.says(end).await;
        }
    };
    let (ended, ()) = tokio::join!(first.outcome(), serve);
    assert_eq!(ended.unwrap().status.as_str(), "killed");
    assert_eq!(second.outcome().await.unwrap().status.as_str(), "ok");
}

#[tokio::test]
async fn a_server_that_leaves_events_out_is_asked_twice_and_given_up() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let mut job = start(&client, &mut peer, "42").await;
    let serve = async {
        peer.says(output("42", 3)).await;
        for _ in 0..2 {
            let id = peer
                .expects(json!({"route": "watch", "job": JOB, "after": 1}))
                .await;
            peer.says(watching(id, "42", 3)).await;
            peer.says(output_by_job("42", 3)).await;
        }
        peer.expects(json!({"route": "unwatch", "job": JOB})).await;
    };
    let (next, ()) = tokio::join!(job.next(), serve);
    let error = next.unwrap().unwrap_err();
    assert_eq!(error.code(), "unexpected_frame");
    assert!(
        error.to_string().contains("3 comes where 2 is due"),
        "{error}"
    );
}

#[tokio::test]
async fn handles_of_one_job_are_independent() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let mut first = start(&client, &mut peer, "42").await;
    let name = connid("42");
    peer.says(output("42", 2)).await;
    peer.says(output("42", 3)).await;
    let serve = async {
        let id = peer
            .expects(json!({"route": "watch", "connid": "42", "after": 2}))
            .await;
        peer.says(watching(id, "42", 3)).await;
        peer.says(output("42", 3)).await;
        peer.says(output("42", 4)).await;
    };
    let (second, ()) = tokio::join!(client.watch(&name, 2), serve);
    let mut second = second.unwrap();
    for (job, seqs) in [(&mut first, 2..=4), (&mut second, 3..=4)] {
        for seq in seqs {
            let next = job.next().await.unwrap().unwrap();
            assert!(matches!(next, Happening::Event(event) if event.seq == seq));
        }
    }
    drop(peer);

    let mut peer = fake.accept().await;
    let id = peer
        .expects(json!({"route": "watch", "job": JOB, "after": 4}))
        .await;
    peer.says(watching(id, "42", 5)).await;
    drop(second);
    peer.says(json!({"connid": "42", "job": JOB, "seq": 5, "status": "ok"}))
        .await;
    assert_eq!(seen(&mut first).await, [(5, 5)]);
}

#[tokio::test]
async fn a_result_is_read_as_what_is_asked_for_and_other_ends_are_errors_of_their_own() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    for (end, code, says) in [
        (json!({"status": "ok", "result": 7}), None, ""),
        (
            json!({"status": "ok", "result": "x"}),
            Some("json"),
            "invalid type: string \"x\", expected u32",
        ),
        (
            json!({"status": "ok"}),
            Some("json"),
            "invalid type: null, expected u32",
        ),
        (
            json!({"status": "failed", "error": {"code": "disk_full", "message": "no space is left"}}),
            Some("disk_full"),
            "42 failed: no space is left (disk_full)",
        ),
        (
            json!({"status": "killed", "kill": {"by": "ann", "reason": "old", "forced": false, "ms": 3}}),
            Some("killed"),
            "42 was killed by ann: old",
        ),
        (
            json!({"status": "timeout", "clock": "time"}),
            Some("timeout"),
            "42 ran out of time",
        ),
        (
            json!({"status": "lost", "error": {"code": "worker_lost", "message": "its worker is gone"}}),
            Some("lost"),
            "42 was lost: its worker is gone (worker_lost)",
        ),
    ] {
        let job = start(&client, &mut peer, "42").await;
        let mut frame = json!({"connid": "42", "seq": 2});
        frame
            .as_object_mut()
            .unwrap()
            .extend(end.as_object().unwrap().clone());
        peer.says(frame).await;
        for _ in 0..2 {
            match job.result::<u32>().await {
                Ok(result) => assert_eq!((result, code), (7, None)),
                Err(error) => {
                    assert_eq!(Some(error.code()), code);
                    assert!(error.to_string().starts_with(says), "{error}");
                    let is_end = error.last_event().is_some_and(|event| event.seq == 2);
                    assert_eq!(is_end, end["status"] != "ok", "{error}");
                }
            }
        }
        let refused = job.kill(None).await.unwrap_err();
        assert_eq!(refused.code(), "already_ended");
    }
}

#[tokio::test]
async fn a_job_that_dies_without_watchers_is_not_left_by_a_slow_reader() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let dies = named("42").on_disconnect(OnDisconnect::Kill);
    let serve = async {
        let (id, _) = peer.hears().await;
        peer.says(started(id, "42")).await;
    };
    let (job, ()) = tokio::join!(client.start(dies), serve);
    let mut job = job.unwrap();
    for seq in 2..=70 {
        peer.says(output("42", seq)).await;
    }
    let serve = async {
        let (id, _) = peer.hears().await;
        peer.says(json!({"id": id, "route": "kill", "connid": "42", "status": "ok", "seq": 66}))
            .await;
    };
    let (killed, ()) = tokio::join!(job.kill(None), serve);
    assert!(killed.is_ok());
    let serve = async {
        let id = peer
            .expects(json!({"route": "watch", "job": JOB, "after": 65}))
            .await;
        peer.says(watching(id, "42", 70)).await;
        peer.says(json!({"connid": "42", "job": JOB, "seq": 66, "status": "ok"}))
            .await;
    };
    let (seen, ()) = tokio::join!(seen(&mut job), serve);
    assert_eq!(seen.len(), 65);
}

#[tokio::test]
async fn leaving_a_job_ends_its_watch_and_leaving_all_closes_the_socket() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let job = start(&client, &mut peer, "42").await;
    drop(job);
    peer.expects(json!({"route": "unwatch", "job": JOB})).await;
    drop(client);
    assert!(
        peer.message()
            .await
            .is_none_or(|message| message.is_close())
    );
}

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

#[tokio::test]
async fn the_feed_tells_changes_and_gaps() {
    let (fake, client, mut peer) = Fake::with_client().await;
    let change = |number: Seq| json!({"feed": number, "at": "2026-01-31T12:00:00.000Z", "connid": "42", "job": JOB, "route": "request", "seq": 1, "status": "running", "left": 3});
    let serve = async {
        let id = peer.expects(json!({"route": "watch"})).await;
        peer.says(json!({"id": id, "route": "watch", "status": "ok", "feed": 7}))
            .await;
        peer.says(change(8)).await;
        peer.says(change(10)).await;
    };
    let (feed, ()) = tokio::join!(client.feed(), serve);
    let mut feed = feed.unwrap();
    for expected in [8, 10] {
        let Some(Ok(FeedHappening::Change(change))) = feed.next().await else {
            panic!("a change");
        };
        assert_eq!(change.feed, expected);
    }
    drop(peer);
    let mut peer = fake.accept().await;
    let id = peer.expects(json!({"route": "watch", "after": 10})).await;
    peer.says(json!({"id": id, "route": "watch", "status": "ok", "feed": 30}))
        .await;
    peer.says(json!({"gap": {"from": 11, "to": 20}})).await;
    let gap = feed.next().await.unwrap().unwrap();
    assert!(matches!(gap, FeedHappening::Gap(gap) if (gap.from, gap.to) == (11, 20)));
}

#[tokio::test]
async fn a_watch_by_number_starts_there() {
    let (_fake, client, mut peer) = Fake::with_client().await;
    let id = JobId::parse(JOB).unwrap();
    let serve = async {
        let id = peer
            .expects(json!({"route": "watch", "job": JOB, "after": 17}))
            .await;
        peer.says(watching(id, "42", 18)).await;
        peer.says(json!({"connid": "42", "job": JOB, "seq": 18, "status": "ok"}))
            .await;
    };
    let (job, ()) = tokio::join!(client.watch(Target::Job(id), 17), serve);
    let mut job = job.unwrap();
    assert_eq!(job.seen(), 17);
    assert_eq!(seen(&mut job).await, [(18, 18)]);
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
    let options = crate::Options {
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
        let options = crate::Options {
            patience: Some(Duration::from_millis(100)),
            backoff: crate::Backoff {
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
    let options = crate::Options {
        write_timeout: Duration::from_millis(200),
        ..quick()
    };
    let (client, peer) = tokio::join!(Client::connect_with(&fake.url, options), fake.accept());
    let _client = client.unwrap();
    // What the system's buffers hold, and what waits in the client.
    assert!(peer.pings_until_left().await < 64 * 1024 * 1024);
    fake.accept().await;
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
