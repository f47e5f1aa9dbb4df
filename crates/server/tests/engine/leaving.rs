//! Whoever asks for something and does not wait for the answer: what was written down is served all the same.

use std::time::Duration;

use futures_util::FutureExt;
use longwire_engine::{Found, Name, Principal};
use longwire_protocol::{Code, OnConflict, OnDisconnect, Seconds, Start};
use tokio::{task::yield_now, time::timeout};

use crate::bench::{Bench, ROOMY, name, start};
use crate::disk;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

async fn on_disk() -> Bench {
    Bench::over(disk::store(ROOMY), 1).await
}

/// Asks for a start, and leaves before it is answered.
async fn ask_and_leave(bench: &Bench, asked: Start) {
    let before = jobs(bench).await;
    let answer = bench.try_start(asked).now_or_never();
    assert!(answer.is_none(), "it was answered at once");
    while jobs(bench).await == before {
        yield_now().await;
    }
}

async fn jobs(bench: &Bench) -> u64 {
    let counts = bench.engine.counts().await;
    let open = counts
        .routes
        .iter()
        .map(|(_, queued, running)| queued + running);
    counts.ended + open.sum::<u64>()
}

#[tokio::test]
async fn a_job_whose_starter_left_can_be_killed() {
    for (route, script) in [
        ("request", ""),
        ("work", "until told; stop"),
        ("narrow", "until told; stop"),
    ] {
        let bench = on_disk().await;
        ask_and_leave(&bench, start(route, "a", script)).await;
        let anyone = Principal::anonymous();
        let connid = name("a");
        let killed = timeout(LONG, bench.engine.kill_and_wait(&anyone, &connid, None));
        let killed = killed.await.expect(route).unwrap();
        assert_eq!(killed.job.status().as_str(), "killed", "{route}");
    }
}

#[tokio::test]
async fn a_job_whose_starter_left_holds_its_place() {
    let bench = on_disk().await;
    for connid in ["a", "b", "c"] {
        ask_and_leave(&bench, start("narrow", connid, "until told; stop")).await;
    }
    let mut running = Vec::new();
    for connid in ["a", "b", "c"] {
        running.push(bench.status(connid).await);
    }
    assert_eq!(running, ["running", "queued", "queued"]);
}

#[tokio::test]
async fn a_job_that_dies_with_its_last_watcher_dies_with_a_starter_that_left() {
    let bench = on_disk().await;
    let asked = Start {
        on_disconnect: OnDisconnect::Kill,
        ..start("quick", "a", "until told; stop")
    };
    ask_and_leave(&bench, asked).await;
    let Found::Job(job) = bench.store.find(&Name::Connid(name("a"))).await else {
        panic!("it is there");
    };
    let ended = timeout(LONG, bench.engine.follow(job.id(), 0).ended()).await;
    assert_eq!(ended.unwrap().unwrap().status().as_str(), "killed");
}

#[tokio::test]
async fn a_replacement_comes_though_its_starter_left() {
    let bench = on_disk().await;
    let first = bench.start("work", "a", "until told; stop").await;
    let asked = Start {
        on_conflict: OnConflict::Replace,
        ..start("work", "a", "until told; stop")
    };
    ask_and_leave(&bench, asked).await;
    let old = timeout(LONG, bench.engine.follow(first.spec.job, 0).ended()).await;
    assert_eq!(old.unwrap().unwrap().status().as_str(), "killed");
    assert_eq!(bench.status("a").await, "running");
}

#[tokio::test]
async fn a_replacement_that_waits_does_not_keep_a_server_that_stops() {
    let bench = on_disk().await;
    bench.start("request", "a", "").await;
    let asked = Start {
        on_conflict: OnConflict::Replace,
        ..start("request", "a", "")
    };
    let both = async { tokio::join!(bench.try_start(asked), bench.engine.drain(Seconds::ZERO)) };
    let (replaced, ()) = timeout(LONG, both).await.expect("it stops");
    // Nothing comes in its place.
    assert_eq!(replaced.unwrap_err(), Code::ShuttingDown);
    assert_eq!(bench.status("a").await, "killed");
}
