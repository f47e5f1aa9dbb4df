//! What an engine makes of the jobs that an earlier one left.

use std::sync::Arc;

use longwire_engine::{Events, Job, Store};
use longwire_protocol::{JobId, OnDisconnect, Payload, Seconds, Spec, Wish};
use longwire_server::stores::memory::MemoryStore;

use crate::bench::{Bench, EPOCH, ROOMY, name, pass, start};

/// What the earlier engine had done to a job.
type Past = fn(&mut Job) -> Events;

fn spec(number: u64, route: &str, connid: &str, script: &str) -> Spec {
    Spec {
        job: JobId::from_bits(number.into()),
        connid: name(connid),
        route: route.into(),
        time: Seconds::from_secs(5),
        idle_time: None,
        queue_time: None,
        input: Some(Payload::new(&script).unwrap()),
        tags: Arc::default(),
        on_disconnect: OnDisconnect::Keep,
        by: "anonymous".into(),
    }
}

async fn leave(store: &dyn Store, spec: Spec, queued: bool, past: Past) {
    let (mut job, first) = Job::accept(Arc::new(spec), queued, EPOCH);
    let mut events: Events = [first].into_iter().collect();
    events.extend(past(&mut job));
    store.create(job, events).await.unwrap();
}

fn killed(job: &mut Job) -> Events {
    let wish = Wish {
        by: "me".into(),
        reason: None,
    };
    job.kill(wish, EPOCH).unwrap()
}

fn out_of_time(job: &mut Job) -> Events {
    job.time_up(longwire_protocol::Clock::Time, EPOCH)
}

fn served_before(job: &mut Job) -> Events {
    [job.again(EPOCH), job.begin(EPOCH)]
        .into_iter()
        .flatten()
        .collect()
}

/// Each job: its route, whether it was queued, what had been done to it, and its story from then on.
#[tokio::test(start_paused = true)]
async fn every_job_is_taken_up_or_has_an_end_that_says_why_not() {
    const SCRIPT: &str = "wait 300; ok";
    let nothing: Past = |_| Events::new();
    let table: [(&str, bool, Past, &str); 12] = [
        // Its clock is all that serves it.
        ("request", false, nothing, "0 running, 5000 ok"),
        (
            "request",
            false,
            killed,
            "0 running, 0 ending by me, 0 killed willing in 0",
        ),
        (
            "request",
            false,
            out_of_time,
            "0 running, 0 ending time, 0 timeout time",
        ),
        // What served it is gone.
        ("work", false, nothing, "0 running, 0 lost server_died"),
        (
            "work",
            false,
            killed,
            "0 running, 0 ending by me, 0 killed forced in 0 unseen",
        ),
        (
            "work",
            false,
            out_of_time,
            "0 running, 0 ending time, 0 timeout time",
        ),
        // It is served once more, but not for ever, and not where it was to end.
        (
            "again",
            false,
            nothing,
            "0 running, 0 queued again, 0 running taken, 300 ok",
        ),
        (
            "again",
            false,
            served_before,
            "0 running, 0 queued again, 0 running taken, 0 lost server_died",
        ),
        (
            "again",
            false,
            killed,
            "0 running, 0 ending by me, 0 killed forced in 0 unseen",
        ),
        // It waits for its turn; a route without turns serves it at once.
        ("narrow", true, nothing, "0 queued, 0 running taken, 300 ok"),
        ("work", true, nothing, "0 queued, 0 running taken, 300 ok"),
        // Nobody serves it any more.
        ("gone", false, nothing, "0 running, 0 lost unserved"),
    ];
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(ROOMY));
    for (number, (route, queued, past, _)) in (1..).zip(table) {
        let spec = spec(number, route, &number.to_string(), SCRIPT);
        leave(&*store, spec, queued, past).await;
    }
    let bench = Bench::over(store, 1).await;
    for (number, (route, _, _, story)) in (1..).zip(table) {
        let told = bench.story(&format!("{number}")).await;
        assert_eq!(told, story, "{number} on {route}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_ran_keeps_its_place_and_who_waited_its_turn() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(ROOMY));
    for (number, queued) in [(1, false), (2, true), (3, true)] {
        let spec = spec(number, "tick", &number.to_string(), "");
        leave(&*store, spec, queued, |_| Events::new()).await;
    }
    let bench = Bench::over(store, 1).await;
    bench.start("tick", "4", "").await;
    let queue = bench.queue().await;
    let names: Vec<&str> = queue.iter().map(|(connid, _)| connid.as_str()).collect();
    assert_eq!(names, ["2", "3", "4"]);
    bench.kill("1").await.unwrap();
    pass(1).await;
    assert_eq!(bench.status("2").await, "running");
    assert_eq!(bench.status("3").await, "queued");
}

/// A job that dies with its last watcher has none after a restart, until someone comes back.
#[tokio::test(start_paused = true)]
async fn watchers_have_the_grace_to_come_back() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(ROOMY));
    for (number, connid) in [(1, "left"), (2, "kept")] {
        let spec = Spec {
            on_disconnect: OnDisconnect::Kill,
            time: Seconds::from_secs(60),
            ..spec(number, "request", connid, "")
        };
        leave(&*store, spec, false, |_| Events::new()).await;
    }
    let bench = Bench::over(store, 1).await;
    let kept = bench.engine.job(&name("kept")).await.unwrap();
    let watcher = bench.engine.present(kept.spec());
    assert!(watcher.is_some());
    pass(10_000).await;
    assert_eq!(bench.status("left").await, "killed");
    assert_eq!(bench.status("kept").await, "running");
}

#[tokio::test(start_paused = true)]
async fn new_jobs_are_taken_beside_what_was_left() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(ROOMY));
    leave(&*store, spec(1, "request", "a", ""), false, |_| {
        Events::new()
    })
    .await;
    let bench = Bench::over(store, 1).await;
    let refused = bench.try_start(start("request", "a", "")).await;
    assert_eq!(refused.err(), Some(longwire_protocol::Code::ConnidInUse));
    let opened = bench.start("request", "b", "").await;
    assert!(opened.spec.job > JobId::from_bits(1));
}
