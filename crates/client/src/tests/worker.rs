//! A worker against scripted dialogues.

use std::{future::pending, time::Duration};

use longwire_protocol::{Failure, Progress, Stream};
use serde_json::{Value, json};

use super::{
    JOB,
    fake::{Fake, Peer, quick},
};
use crate::{Error, Running, Task, Unfinished, Why, Worker};

/// There is nothing to read in a lease.
const LEASE: &str = "a00000000000000000000000000000000000000000000000000000000000001f";

type Done = Result<Value, Unfinished>;

/// Does what a job's input says, in one word.
async fn work(task: Task) -> Done {
    let word: String = task.input()?;
    match word.as_str() {
        "print" => {
            task.output(Stream::Stdout, "one\n").await?;
            task.print(Stream::Stderr, b"\xff").await?;
            for page in 1..=3_u32 {
                task.progress(Progress::of(page, 3_u32)).await?;
            }
            Ok(json!({"pages": 3}))
        }
        "lines" => {
            for line in 1..=100 {
                task.output(Stream::Stdout, format!("{line}\n")).await?;
            }
            Ok(Value::Null)
        }
        "fail" => Err(Failure::new("disk_full", "no space is left").into()),
        "break" => Err(std::io::Error::other("the pipe broke").into()),
        "panic" => panic!("of the test"),
        "wait" => task.unless_cancelled(pending()).await?,
        "tidy" => {
            task.output(Stream::Stdout, "ready\n").await?;
            let stopped = task.cancelled().await;
            assert!(matches!(stopped.why(), Why::Killed(wish) if &*wish.by == "ann"));
            task.output(Stream::Stdout, "tidied\n").await?;
            Err(stopped.into())
        }
        "finish" => {
            task.output(Stream::Stdout, "ready\n").await?;
            task.cancelled().await;
            Ok(json!(7))
        }
        "linger" => {
            task.output(Stream::Stdout, "ready\n").await?;
            task.cancelled().await;
            task.output(Stream::Stdout, "no\n").await?;
            pending().await
        }
        other => Err(Failure::new("unknown", other).into()),
    }
}

fn worker(fake: &Fake) -> Worker {
    Worker::new(&fake.url)
        .name("w")
        .slots(2)
        .options(quick())
        .route("render", work)
}

fn claim(slots: u32, leases: &[&str]) -> Value {
    let mut claim = json!({"route": "claim", "routes": ["render"], "slots": slots, "worker": "w"});
    if !leases.is_empty() {
        claim["leases"] = json!(leases);
    }
    claim
}

async fn claimed(peer: &mut Peer, slots: u32, leases: &[&str], lost: &[&str]) {
    let id = peer.expects(claim(slots, leases)).await;
    let mut reply = json!({"id": id, "route": "claim", "status": "ok", "slots": slots});
    if !lost.is_empty() {
        reply["lost"] = json!(lost);
    }
    peer.says(reply).await;
}

async fn at_work() -> (Fake, Running, Peer) {
    at_work_as(|worker| worker).await
}

async fn at_work_as(what: impl FnOnce(Worker) -> Worker) -> (Fake, Running, Peer) {
    let fake = Fake::new().await;
    let serve = async {
        let mut peer = fake.accept().await;
        let (id, claim) = peer.hears().await;
        peer.says(json!({"id": id, "route": "claim", "status": "ok", "slots": claim["slots"]}))
            .await;
        peer
    };
    let (running, peer) = tokio::join!(what(worker(&fake)).start(), serve);
    (fake, running.unwrap(), peer)
}

async fn hand_over(peer: &mut Peer, word: &str) {
    peer.says(json!({"lease": LEASE, "job": JOB, "connid": "42", "route": "render", "seq": 2, "status": "running",
        "time": 60, "left": 60, "input": word, "grace": 5, "lease_time": 15, "attempt": 1}))
        .await;
}

async fn event(peer: &mut Peer, seq: u64, fields: Value) {
    let mut event = json!({"lease": LEASE, "connid": "42", "seq": seq});
    event
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    peer.says(event).await;
}

async fn ready(peer: &mut Peer, word: &str) {
    hand_over(peer, word).await;
    takes(peer, "append", json!({"output": "ready\n"})).await;
}

async fn killed(peer: &mut Peer) {
    event(peer, 3, json!({"status": "ending", "kill": {"by": "ann"}})).await;
}

/// A frame of the worker about the job, with these fields.
fn about(verb: &str, fields: &Value) -> Value {
    let mut frame = json!({"route": verb, "lease": LEASE});
    frame
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    frame
}

async fn takes(peer: &mut Peer, verb: &str, fields: Value) {
    let id = peer.expects(about(verb, &fields)).await;
    peer.says(json!({"id": id, "route": verb, "status": "ok", "seq": 9}))
        .await;
}

#[tokio::test]
async fn a_job_is_handed_over_told_of_and_ended() {
    let (_fake, _running, mut peer) = at_work().await;
    hand_over(&mut peer, "print").await;
    takes(&mut peer, "append", json!({"output": "one\n"})).await;
    let stderr = json!({"output": "/w==", "encoding": "base64", "stream": "stderr"});
    takes(&mut peer, "append", stderr).await;
    let progress = |done: f64| about("append", &json!({"progress": {"done": done, "total": 3.0}}));
    // Of what is said before that is answered the last counts.
    let first = peer.expects(progress(1.0)).await;
    peer.expects(progress(3.0)).await;
    peer.says(json!({"id": first, "route": "append", "status": "ok", "seq": 5}))
        .await;
    takes(&mut peer, "end", json!({"result": {"pages": 3}})).await;
}

#[tokio::test]
async fn what_a_function_comes_to_is_the_end_of_its_job() {
    let (_fake, _running, mut peer) = at_work().await;
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}});
    let panicked = "the worker failed unexpectedly; what it wrote to stderr says how";
    for (word, end) in [
        ("fail", error("disk_full", "no space is left")),
        ("break", error("failed", "the pipe broke")),
        ("panic", error("panic", panicked)),
    ] {
        hand_over(&mut peer, word).await;
        takes(&mut peer, "end", end).await;
    }
    // What ends by being told to has nothing to say; what returns a value had finished first.
    hand_over(&mut peer, "wait").await;
    killed(&mut peer).await;
    takes(&mut peer, "end", json!({})).await;
    ready(&mut peer, "finish").await;
    killed(&mut peer).await;
    takes(&mut peer, "end", json!({"result": 7})).await;
    ready(&mut peer, "tidy").await;
    killed(&mut peer).await;
    takes(&mut peer, "append", json!({"output": "tidied\n"})).await;
    takes(&mut peer, "end", json!({})).await;
}

#[tokio::test]
async fn what_does_not_look_is_dropped_when_its_grace_is_over() {
    let (_fake, _running, mut peer) = at_work().await;
    ready(&mut peer, "linger").await;
    killed(&mut peer).await;
    takes(&mut peer, "append", json!({"output": "no\n"})).await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    takes(&mut peer, "end", json!({})).await;
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn what_was_not_answered_is_said_again_on_a_new_connection() {
    let (fake, _running, mut peer) = at_work().await;
    hand_over(&mut peer, "lines").await;
    let line = |line: u32| about("append", &json!({"output": format!("{line}\n")}));
    let first = peer.expects(line(1)).await;
    peer.says(json!({"id": first, "route": "append", "status": "ok", "seq": 3}))
        .await;
    // As many as may be said before one is answered.
    for n in 2..=65 {
        peer.expects(line(n)).await;
    }
    drop(peer);

    let mut peer = fake.accept().await;
    claimed(&mut peer, 2, &[LEASE], &[]).await;
    for n in 2..=100 {
        let id = peer.expects(line(n)).await;
        peer.says(json!({"id": id, "route": "append", "status": "ok", "seq": n}))
            .await;
    }
    takes(&mut peer, "end", json!({})).await;
}

#[tokio::test]
async fn a_job_that_is_no_longer_its_own_is_left_before_another_is_begun() {
    let (fake, _running, mut peer) = at_work().await;
    hand_over(&mut peer, "wait").await;
    drop(peer);
    let mut peer = fake.accept().await;
    claimed(&mut peer, 2, &[LEASE], &[LEASE]).await;
    // Nothing more is said of it; and the same lease would be another's.
    hand_over(&mut peer, "fail").await;
    let error = json!({"error": {"code": "disk_full", "message": "no space is left"}});
    takes(&mut peer, "end", error).await;

    hand_over(&mut peer, "lines").await;
    let (id, _) = peer.hears().await;
    peer.says(json!({"id": id, "route": "append", "status": "error", "code": "lease_lost", "message": "gone", "lease": LEASE}))
        .await;
    hand_over(&mut peer, "break").await;
    let mut unheard = 0;
    while peer.hears().await.1["route"] == "append" {
        unheard += 1;
    }
    // What was under way when it was told.
    assert!(unheard < 64, "{unheard}");
}

/// It had the only place.
#[tokio::test]
async fn work_that_waits_to_be_heard_ends_when_it_no_longer_is() {
    let (_fake, _running, mut peer) = at_work_as(|worker| worker.slots(1)).await;
    hand_over(&mut peer, "lines").await;
    let (id, _) = peer.hears().await;
    for _ in 2..=64 {
        peer.hears().await;
    }
    peer.says(json!({"id": id, "route": "append", "status": "error", "code": "lease_lost", "message": "gone", "lease": LEASE}))
        .await;
    let next = async {
        hand_over(&mut peer, "lines").await;
        peer.expects(about("append", &json!({"output": "1\n"})))
            .await;
    };
    let soon = Duration::from_secs(2);
    tokio::time::timeout(soon, next)
        .await
        .expect("before its grace is over");
}

#[tokio::test]
async fn what_the_server_cannot_take_now_is_said_again() {
    let (_fake, _running, mut peer) = at_work().await;
    hand_over(&mut peer, "fail").await;
    let error = json!({"error": {"code": "disk_full", "message": "no space is left"}});
    let id = peer.expects(about("end", &error)).await;
    tokio::time::pause();
    peer.says(json!({"id": id, "route": "end", "status": "error", "code": "unavailable", "message": "the disk is full"}))
        .await;
    takes(&mut peer, "end", error).await;
}

#[tokio::test]
async fn what_the_server_never_takes_is_the_functions_failure() {
    let (_fake, _running, mut peer) = at_work().await;
    let refusal = |id: u64, verb: &str| json!({"id": id, "route": verb, "status": "error", "code": "invalid_field", "message": "no"});
    ready(&mut peer, "finish").await;
    killed(&mut peer).await;
    let id = peer.expects(about("end", &json!({"result": 7}))).await;
    peer.says(refusal(id, "end")).await;
    let (id, end) = peer.hears().await;
    let error = json!({"code": "invalid_field", "message": "no"});
    assert_eq!(end["error"], error, "{end}");
    peer.says(json!({"id": id, "route": "end", "status": "ok", "seq": 4}))
        .await;
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_claims_nothing_more_and_ends_what_it_holds() {
    let (_fake, running, mut peer) = at_work().await;
    ready(&mut peer, "finish").await;
    let serve = async {
        claimed(&mut peer, 0, &[], &[]).await;
        killed(&mut peer).await;
        takes(&mut peer, "end", json!({"result": 7})).await;
        let last = peer.message().await;
        assert!(last.is_none_or(|message| message.is_close()));
    };
    tokio::join!(running.stop(), serve);
}

#[cfg(unix)]
#[tokio::test]
async fn a_worker_that_runs_leaves_well_on_a_signal() {
    let fake = Fake::new().await;
    let serve = async {
        let mut peer = fake.accept().await;
        claimed(&mut peer, 2, &[], &[]).await;
        ready(&mut peer, "finish").await;
        let pid = std::process::id().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-s", "TERM", &pid])
            .status();
        assert!(kill.unwrap().success());
        claimed(&mut peer, 0, &[], &[]).await;
        killed(&mut peer).await;
        takes(&mut peer, "end", json!({"result": 7})).await;
        while peer.message().await.is_some() {}
    };
    let (run, ()) = tokio::join!(worker(&fake).run(), serve);
    assert_eq!(run, Ok(()));
}

#[tokio::test]
async fn what_has_not_ended_in_the_grace_of_a_stop_is_left() {
    let grace = Duration::from_millis(50);
    let (_fake, running, mut peer) = at_work_as(|worker| worker.grace(grace)).await;
    ready(&mut peer, "linger").await;
    let serve = async {
        claimed(&mut peer, 0, &[], &[]).await;
        let last = peer.message().await;
        assert!(last.is_none_or(|message| message.is_close()), "no end");
    };
    tokio::join!(running.stop(), serve);
}

#[tokio::test]
async fn a_claim_that_is_refused_is_an_error_and_so_is_a_server_that_is_not_there() {
    let fake = Fake::new().await;
    let serve = async {
        let mut peer = fake.accept().await;
        let (id, _) = peer.hears().await;
        peer.says(json!({"id": id, "route": "claim", "status": "error", "code": "invalid_field", "message": "no such route", "field": "routes"}))
            .await;
        peer
    };
    let (started, _peer) = tokio::join!(worker(&fake).run_until(pending::<()>()), serve);
    assert_eq!(started.unwrap_err().code(), "invalid_field");
    let worker = worker(&fake);
    drop(fake);
    assert!(matches!(
        worker.start().await,
        Err(Error::Unreachable { .. })
    ));
}
