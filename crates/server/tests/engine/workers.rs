//! Workers: what they are handed, what becomes of it, and that nothing is lost or done twice between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, StreamExt};
use longwire_engine::{Kept, News, Principal, Retention, Seat, Stopped, Store};
use longwire_protocol::{
    Append, Claim, Code, Encoding, EndJob, Failure, HandOver, JobId, Lease, Payload, Progress,
    Refusal, Seconds, Seq, Stream, WorkError,
};
use longwire_server::stores::memory::MemoryStore;
use proptest::prelude::*;
use tokio::task::{JoinSet, yield_now};

use crate::bench::{Bench, ROOMY, ms, name, pass, printed, progressed, start};

/// A worker, and what it holds.
struct Worker<'a> {
    bench: &'a Bench,
    seat: Seat,
}

/// A job that was handed over.
type Handed = Box<HandOver>;

fn anyone() -> Principal {
    Principal::anonymous()
}

fn claim(routes: &[&str], slots: u32) -> Claim {
    Claim {
        routes: routes.iter().map(|route| (*route).into()).collect(),
        slots,
        worker: Some("w".into()),
        leases: Box::default(),
    }
}

fn output(lease: Lease, text: &str) -> Append {
    Append {
        lease,
        output: Some(text.into()),
        encoding: Encoding::Text,
        stream: Stream::Stdout,
        progress: None,
    }
}

fn end(lease: Lease, result: Option<&str>, error: Option<&str>) -> EndJob {
    EndJob {
        lease,
        result: result.map(|result| Payload::new(&result).unwrap()),
        error: error.map(|code| WorkError {
            code: code.into(),
            message: "it broke".into(),
            detail: None,
        }),
    }
}

impl<'a> Worker<'a> {
    /// One that offers so many places of routes.
    fn of(bench: &'a Bench, routes: &[&str], slots: u32) -> Self {
        let mut worker = Self::kept(bench, Kept::Outside);
        worker.claim(&claim(routes, slots));
        worker
    }

    fn kept(bench: &'a Bench, kept: Kept) -> Self {
        let seat = bench.engine.seat(kept);
        Self { bench, seat }
    }

    /// Says which leases are gone.
    fn claim(&mut self, claim: &Claim) -> Vec<Lease> {
        let claimed = self.bench.engine.claim(&anyone(), &self.seat, claim);
        claimed.unwrap().lost
    }

    /// The next news; none where there is none within a minute.
    async fn news(&mut self) -> Option<News> {
        let news = tokio::time::timeout(Duration::from_secs(60), self.seat.next());
        news.await.ok().flatten()
    }

    async fn handed(&mut self) -> Handed {
        match self.news().await {
            Some(News::HandOver(handed)) => handed,
            other => panic!("expected a job, got {other:?}"),
        }
    }

    /// The job that is there, if one is.
    async fn handed_now(&mut self) -> Option<Handed> {
        pass(1).await;
        match self.seat.next().now_or_never()? {
            Some(News::HandOver(handed)) => Some(handed),
            other => panic!("expected a job, got {other:?}"),
        }
    }

    /// The next event, as a status and what it is about.
    async fn event(&mut self) -> String {
        match self.news().await {
            Some(News::Event(event)) => {
                assert!(event.lease.is_some());
                let attempt = event
                    .attempt
                    .map_or(String::new(), |n| format!(" attempt {n}"));
                format!("{} {}{attempt}", event.connid, event.status.as_str())
            }
            other => panic!("expected an event, got {other:?}"),
        }
    }

    async fn print(&self, lease: Lease, text: &str) -> Result<Option<Seq>, Refusal> {
        let said = output(lease, text);
        self.bench.engine.append(&anyone(), said, true).await
    }

    async fn end(
        &self,
        lease: Lease,
        result: Option<&str>,
        error: Option<&str>,
    ) -> Result<Option<Seq>, Refusal> {
        let said = end(lease, result, error);
        self.bench.engine.end(&anyone(), said, true).await
    }

    async fn done(&self, lease: Lease) {
        self.end(lease, None, None).await.unwrap();
    }
}

fn lost(refused: Result<Option<Seq>, Refusal>) -> String {
    let refusal = refused.expect_err("the lease is gone");
    assert_eq!(refusal.code, Code::LeaseLost);
    refusal.message.into_owned()
}

#[tokio::test(start_paused = true)]
async fn a_job_waits_for_a_worker_is_handed_over_and_ends_as_it_says() {
    let bench = Bench::new().await;
    let opened = bench.start("render", "a", "scene").await;
    assert_eq!(opened.reply.position, Some(1));
    pass(100).await;
    let mut worker = Worker::of(&bench, &["render"], 1);
    let job = worker.handed().await;
    assert_eq!((job.seq, job.attempt, &*job.route), (2, 1, "render"));
    assert_eq!((job.time, job.left), (Seconds::from_secs(60), ms(59_900)));
    assert_eq!((job.grace, job.lease_time), (ms(1000), ms(15_000)));
    assert_eq!(job.input, opened.spec.input);
    assert_eq!(worker.print(job.lease, "1").await, Ok(Some(3)));
    assert_eq!(worker.end(job.lease, Some("7"), None).await, Ok(Some(4)));
    assert_eq!(
        bench.story("a").await,
        "0 queued, 100 running taken, 100 running \"1\", 100 ok"
    );
    assert_eq!(worker.event().await, "a ok");
    assert!(lost(worker.print(job.lease, "2").await).starts_with("a has already ended: ok"));
    assert!(lost(worker.end(job.lease, None, None).await).starts_with("a has already ended: ok"));
}

#[tokio::test(start_paused = true)]
async fn an_end_says_how_it_went() {
    for (result, error, killed, story) in [
        (None, None, false, "0 running, 500 ok"),
        (Some("7"), None, false, "0 running, 500 ok"),
        (None, Some("broke"), false, "0 running, 500 failed broke"),
        // Within the grace: what was done counts as done, all else as killed.
        (
            None,
            None,
            true,
            "0 running, 0 ending by anonymous, 500 killed willing in 500 unseen",
        ),
        (
            Some("7"),
            None,
            true,
            "0 running, 0 ending by anonymous, 500 ok",
        ),
        (
            None,
            Some("broke"),
            true,
            "0 running, 0 ending by anonymous, 500 killed broke willing in 500 unseen",
        ),
    ] {
        let bench = Bench::new().await;
        let mut worker = Worker::of(&bench, &["render"], 1);
        bench.start("render", "a", "").await;
        let job = worker.handed().await;
        if killed {
            bench.kill("a").await.unwrap();
            assert_eq!(worker.event().await, "a ending");
        }
        pass(500).await;
        worker.end(job.lease, result, error).await.unwrap();
        assert_eq!(bench.story("a").await, story);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_does_not_end_in_its_grace_has_lost_the_job() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render"], 1);
    bench.start("render", "a", "").await;
    bench.start("render", "b", "").await;
    let job = worker.handed().await;
    bench.kill("a").await.unwrap();
    assert_eq!(worker.event().await, "a ending");
    // What comes within the grace is still in the log.
    pass(900).await;
    assert_eq!(worker.print(job.lease, "x").await, Ok(Some(3)));
    assert_eq!(worker.event().await, "a killed");
    assert_eq!(
        bench.story("a").await,
        "0 running, 0 ending by anonymous, 900 ending \"x\", 1000 killed forced in 1000 unseen"
    );
    let refused = worker.end(job.lease, Some("7"), None).await;
    let ended = refused.as_ref().unwrap_err().ended.clone().unwrap();
    assert_eq!(ended.status.as_str(), "killed");
    assert!(lost(refused).starts_with("a has already ended: killed"));
    assert_eq!(worker.handed().await.connid, name("b"));
}

#[tokio::test(start_paused = true)]
async fn a_worker_is_told_what_happens_to_its_job_but_not_what_it_said_itself() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render"], 1);
    bench.start("render", "a", "").await;
    let job = worker.handed().await;
    worker.print(job.lease, "x").await.unwrap();
    let said = Append {
        progress: Some(Progress::default()),
        output: None,
        ..output(job.lease, "")
    };
    bench.engine.append(&anyone(), said, true).await.unwrap();
    bench.extend("a", 2000).await.unwrap();
    assert_eq!(worker.event().await, "a running");
    // The time runs out, and then the grace.
    assert_eq!(worker.event().await, "a ending");
    assert_eq!(worker.event().await, "a timeout");
}

#[tokio::test(start_paused = true)]
async fn as_many_at_once_as_are_offered_and_as_the_route_takes() {
    let bench = Bench::new().await;
    for number in 0..6 {
        bench.start("render", &number.to_string(), "").await;
    }
    for number in 6..9 {
        bench.start("single", &number.to_string(), "").await;
    }
    let mut worker = Worker::of(&bench, &["render"], 2);
    let first = worker.handed().await;
    worker.handed().await;
    assert!(worker.handed_now().await.is_none());
    worker.done(first.lease).await;
    assert_eq!(worker.event().await, "0 ok");
    assert_eq!(worker.handed().await.connid, name("2"));
    // More; and then no more, but those that are held go on.
    worker.claim(&claim(&["render"], 3));
    let third = worker.handed().await;
    assert!(worker.handed_now().await.is_none());
    worker.claim(&claim(&[], 0));
    worker.done(third.lease).await;
    assert_eq!(worker.event().await, "3 ok");
    assert!(worker.handed_now().await.is_none());
    // The route's own bound, whatever is offered.
    let mut other = Worker::of(&bench, &["single"], 5);
    let only = other.handed().await;
    assert!(other.handed_now().await.is_none());
    other.done(only.lease).await;
    assert_eq!(other.event().await, "6 ok");
    assert_eq!(other.handed().await.connid, name("7"));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_has_begun_is_not_lost_with_its_worker() {
    let bench = Bench::new().await;
    let worker = Worker::of(&bench, &["render"], 2);
    // Both have a place, and neither was ever sent.
    bench.start("render", "a", "").await;
    bench.start("render", "b", "").await;
    pass(10).await;
    bench.start("render", "c", "").await;
    drop(worker);
    pass(10).await;
    bench.kill("b").await.unwrap();
    let mut other = Worker::of(&bench, &["render"], 1);
    let job = other.handed().await;
    assert_eq!((&job.connid, job.attempt), (&name("a"), 1));
    other.done(job.lease).await;
    assert_eq!(other.event().await, "a ok");
    assert_eq!(other.handed().await.connid, name("c"));
    assert_eq!(bench.story("a").await, "0 running, 20 ok");
    assert_eq!(
        bench.story("b").await,
        "0 running, 20 ending by anonymous, 20 killed willing in 0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_is_replaced_lets_go_of_what_it_was_not_handed() {
    let bench = Bench::new().await;
    let mut first = Worker::of(&bench, &["render", "encode"], 2);
    // Between the place and the hand-over: both happen once the claim below has been made.
    let (a, b) = tokio::join!(
        bench.try_start(start("render", "a", "")),
        bench.try_start(start("encode", "b", "")),
    );
    assert!(a.is_ok() && b.is_ok());
    first.claim(&claim(&["encode"], 2));
    assert_eq!(first.handed().await.connid, name("b"));
    assert!(first.handed_now().await.is_none());
    let mut second = Worker::of(&bench, &["render"], 1);
    assert_eq!(second.handed().await.connid, name("a"));
}

#[tokio::test(start_paused = true)]
async fn a_silent_worker_loses_its_jobs_when_the_lease_runs_out() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render", "encode"], 3);
    for (route, connid) in [("render", "a"), ("encode", "b"), ("render", "c")] {
        bench.start(route, connid, "").await;
    }
    let leases = [
        worker.handed().await.lease,
        worker.handed().await.lease,
        worker.handed().await.lease,
    ];
    // A sign of the session renews all, a frame that names a lease renews that.
    assert_eq!(worker.seat.pulse(), Some(Seconds::from_secs(5)));
    pass(10_000).await;
    worker.seat.heard();
    pass(10_000).await;
    worker.print(leases[2], "x").await.unwrap();
    pass(4_990).await;
    assert_eq!(bench.status("a").await, "running");
    pass(20).await;
    assert_eq!(bench.status("a").await, "lost");
    assert_eq!(bench.status("c").await, "running");
    assert_eq!(bench.story("a").await, "0 running, 25000 lost worker_lost");
    assert!(
        lost(worker.end(leases[0], Some("7"), None).await).starts_with("a has already ended: lost")
    );
    assert_eq!(
        bench.story("c").await,
        "0 running, 20000 running \"x\", 35000 lost worker_lost"
    );
    // Where the route asks for it another attempt waits: not for this worker, until it is heard of.
    assert_eq!(bench.status("b").await, "queued");
    bench.start("render", "d", "").await;
    while let Some(Some(news)) = worker.seat.next().now_or_never() {
        assert!(matches!(news, News::Event(_)), "{news:?}");
    }
    worker.seat.heard();
    let again = worker.handed().await;
    assert_eq!((&again.connid, again.attempt), (&name("b"), 2));
    assert_eq!(worker.handed().await.connid, name("d"));
    let refused = worker.print(leases[1], "late").await;
    assert_eq!(
        refused.as_ref().unwrap_err().lease.as_deref(),
        Some(&leases[1])
    );
    assert!(lost(refused).contains("b is running without it"));
}

#[tokio::test(start_paused = true)]
async fn another_attempt_is_another_workers_and_the_first_is_told() {
    let bench = Bench::new().await;
    let mut first = Worker::of(&bench, &["encode"], 1);
    bench.start("encode", "a", "").await;
    let job = first.handed().await;
    first.claim(&claim(&[], 0));
    let mut second = Worker::of(&bench, &["encode"], 1);
    pass(15_001).await;
    assert_eq!(first.event().await, "a queued attempt 2");
    let again = second.handed().await;
    assert_eq!((&again.connid, again.attempt), (&name("a"), 2));
    assert!(lost(first.print(job.lease, "late").await).contains("a is running without it"));
    assert!(lost(first.end(job.lease, Some("late"), None).await).contains("stop working on it"));
    second.done(again.lease).await;
    assert_eq!(
        bench.story("a").await,
        "0 running, 15000 queued again, 15000 running taken, 15001 ok"
    );
    // Nothing of the second attempt was told to the first worker.
    assert!(first.seat.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_was_away_hears_of_its_own_attempt_only() {
    let bench = Bench::new().await;
    let mut first = Worker::of(&bench, &["encode"], 1);
    bench.start("encode", "a", "").await;
    first.handed().await;
    first.claim(&claim(&[], 0));
    let mut second = Worker::of(&bench, &["encode"], 1);
    pass(15_001).await;
    let lease = second.handed().await.lease;
    bench.kill("a").await.unwrap();
    second.done(lease).await;
    assert_eq!(first.event().await, "a queued attempt 2");
    assert!(first.seat.next().now_or_never().is_none());
}

/// The end is the last word, also before it is in the log.
#[tokio::test(start_paused = true)]
async fn nothing_is_said_after_an_end() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render"], 1);
    bench.start("render", "a", "").await;
    let lease = worker.handed().await.lease;
    let who = anyone();
    let ended = bench.engine.end(&who, end(lease, None, None), false);
    assert_eq!(ended.await, Ok(None));
    let late = bench.engine.append(&who, output(lease, "late"), false);
    assert_eq!(late.await.unwrap_err().code, Code::LeaseLost);
    let twice = bench.engine.end(&who, end(lease, Some("7"), None), false);
    assert_eq!(twice.await.unwrap_err().code, Code::LeaseLost);
    assert_eq!(bench.story("a").await, "0 running, 0 ok");
}

/// The wish to kill it may be dropped with the beginning of its log before the worker has read so far.
#[tokio::test(start_paused = true)]
async fn a_kill_reaches_a_worker_that_floods_its_log() {
    let small = Retention {
        log_events_per_job: 16,
        ..ROOMY
    };
    let bench = Bench::over(Arc::new(MemoryStore::new(small)), 1).await;
    let mut worker = Worker::of(&bench, &["render"], 1);
    bench.start("render", "a", "").await;
    let lease = worker.handed().await.lease;
    bench.kill("a").await.unwrap();
    for _ in 0..40 {
        worker.print(lease, "x").await.unwrap();
    }
    assert_eq!(worker.event().await, "a ending");
    worker.done(lease).await;
    assert_eq!(worker.event().await, "a killed");
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_survived_by_a_worker_that_comes_back_soon() {
    for (after, story) in [
        (
            4_900,
            "0 running, 0 running \"x\", 4901 running \"y\", 4901 ok",
        ),
        (5_100, "0 running, 0 running \"x\", 5000 lost worker_lost"),
    ] {
        let bench = Bench::new().await;
        let mut worker = Worker::of(&bench, &["render"], 1);
        bench.start("render", "a", "").await;
        let job = worker.handed().await;
        worker.print(job.lease, "x").await.unwrap();
        drop(worker);
        pass(after).await;
        let mut back = Worker::kept(&bench, Kept::Outside);
        let lost = back.claim(&Claim {
            leases: [job.lease].into(),
            ..claim(&["render"], 1)
        });
        if lost.is_empty() {
            // It is counted, and what happens to it is told here now.
            bench.start("render", "b", "").await;
            assert!(back.handed_now().await.is_none());
            back.print(job.lease, "y").await.unwrap();
            back.done(job.lease).await;
            assert_eq!(back.event().await, "a ok");
            assert_eq!(back.handed().await.connid, name("b"));
        } else {
            assert_eq!(lost, [job.lease]);
        }
        assert_eq!(bench.story("a").await, story);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_comes_back_learns_what_it_missed() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render"], 1);
    bench.start("render", "a", "").await;
    let lease = worker.handed().await.lease;
    let mut thief = Worker::kept(&bench, Kept::Outside);
    let others = Lease::parse(&lease.to_string().replace(|c| c != '0', "1")).unwrap();
    assert_eq!(
        thief.claim(&Claim {
            leases: [others].into(),
            ..claim(&[], 0)
        }),
        [others]
    );
    drop(worker);
    bench.kill("a").await.unwrap();
    let mut back = Worker::kept(&bench, Kept::Outside);
    assert!(
        back.claim(&Claim {
            leases: [lease].into(),
            ..claim(&[], 0)
        })
        .is_empty()
    );
    assert_eq!(back.event().await, "a ending");
    back.done(lease).await;
    assert_eq!(
        bench.story("a").await,
        "0 running, 0 ending by anonymous, 0 killed willing in 0 unseen"
    );
}

#[tokio::test(start_paused = true)]
async fn taking_over_from_a_seat_that_is_still_there_frees_its_place() {
    let bench = Bench::new().await;
    let mut old = Worker::of(&bench, &["render"], 1);
    bench.start("render", "a", "").await;
    bench.start("render", "b", "").await;
    let lease = old.handed().await.lease;
    let mut new = Worker::kept(&bench, Kept::Outside);
    assert!(
        new.claim(&Claim {
            leases: [lease].into(),
            ..claim(&[], 0)
        })
        .is_empty()
    );
    assert_eq!(old.handed().await.connid, name("b"));
    bench.kill("a").await.unwrap();
    assert_eq!(new.event().await, "a ending");
    assert!(old.seat.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn two_workers_take_turns() {
    let bench = Bench::new().await;
    let mut workers = [
        Worker::of(&bench, &["render"], 3),
        Worker::of(&bench, &["render"], 3),
    ];
    let mut served = [0, 0];
    for number in 0..40 {
        bench.start("render", &number.to_string(), "").await;
        for (worker, served) in workers.iter_mut().zip(&mut served) {
            while let Some(job) = worker.handed_now().await {
                worker.done(job.lease).await;
                worker.event().await;
                *served += 1;
            }
        }
    }
    assert_eq!(served, [20, 20]);
}

#[tokio::test(start_paused = true)]
async fn only_routes_that_workers_serve_can_be_claimed() {
    let bench = Bench::new().await;
    let seat = bench.engine.seat(Kept::Outside);
    for (route, advice) in [
        ("rendr", "did you mean \"render\"?"),
        ("work", "they are encode, render, single"),
        ("", "they are encode, render, single"),
    ] {
        let refused = bench
            .engine
            .claim(&anyone(), &seat, &claim(&[route], 1))
            .unwrap_err();
        assert_eq!(
            (refused.code, refused.field.as_deref()),
            (Code::InvalidField, Some("routes"))
        );
        let says =
            format!("\"routes\" must name routes that workers serve; got {route:?}; {advice}");
        assert_eq!(refused.message, says);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_keeps_its_jobs_as_long_as_it_lives_and_gives_them_up_at_once() {
    let bench = Bench::new().await;
    let mut process = Worker::kept(&bench, Kept::Process);
    process.claim(&claim(&["render", "encode"], 2));
    bench.start("render", "a", "").await;
    bench.start("encode", "b", "").await;
    process.handed().await;
    process.handed().await;
    pass(40_000).await;
    bench.kill("a").await.unwrap();
    process
        .seat
        .give_up(Failure::new("worker_lost", "it exited"), Stopped::FORCED);
    assert_eq!(
        bench.story("a").await,
        "0 running, 40000 ending by anonymous, 40000 killed forced in 0"
    );
    let mut other = Worker::of(&bench, &["encode"], 1);
    assert_eq!(other.handed().await.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_serves_one_job_is_killed_for_its_sake() {
    for (survivors, says) in [(0, ""), (2, " leaving 2")] {
        let bench = Bench::new().await;
        let mut process = Worker::kept(&bench, Kept::Process);
        process.claim(&claim(&["render"], 1));
        bench.start("render", "a", "").await;
        let job = process.handed().await;
        bench.kill("a").await.unwrap();
        assert_eq!(process.event().await, "a ending");
        match process.news().await {
            Some(News::Force(lease)) => assert_eq!(lease, job.lease),
            other => panic!("expected to be told to force, got {other:?}"),
        }
        pass(300).await;
        let stopped = Stopped {
            survivors: Some(survivors),
            ..Stopped::FORCED
        };
        process.seat.forced(job.lease, stopped);
        let story = format!("0 running, 0 ending by anonymous, 1300 killed forced in 1300{says}");
        assert_eq!(bench.story("a").await, story);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_reads_nothing_is_killed_for_the_sake_of_its_job_all_the_same() {
    let bench = Bench::new().await;
    let mut process = Worker::kept(&bench, Kept::Process);
    process.claim(&claim(&["render"], 1));
    bench.start("render", "a", "").await;
    let job = process.handed().await;
    process.seat.hold_back(true);
    bench.kill("a").await.unwrap();
    assert_eq!(process.event().await, "a ending");
    match process.news().await {
        Some(News::Force(lease)) => assert_eq!(lease, job.lease),
        other => panic!("expected to be told to force, got {other:?}"),
    }
    process.seat.forced(job.lease, Stopped::FORCED);
    let story = "0 running, 0 ending by anonymous, 1000 killed forced in 1000";
    assert_eq!(bench.story("a").await, story);
}

/// Whoever speaks without a pause is no harder to kill for it, and what it said before is in the log.
#[tokio::test(start_paused = true)]
async fn a_worker_that_never_stops_speaking_is_forced_in_time() {
    for kept in [Kept::Process, Kept::Outside] {
        let bench = Bench::new().await;
        let mut worker = Worker::kept(&bench, kept);
        worker.claim(&claim(&["render"], 1));
        bench.start("render", "a", "").await;
        let lease = worker.handed().await.lease;
        let said = Arc::new(AtomicUsize::new(0));
        let mut flood = JoinSet::new();
        // Each says the next word as soon as there is room for it.
        for _ in 0..1000 {
            let (engine, said) = (bench.engine.clone(), Arc::clone(&said));
            flood.spawn(async move {
                let word = || output(lease, "x");
                while engine.append(&anyone(), word(), false).await.is_ok() {
                    said.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        bench.kill("a").await.unwrap();
        let mut ended = false;
        // The clock stands while anybody is at work. Five seconds in all: a grace, and less than a kill may take.
        for round in 0..1000 {
            if round % 20 == 0 {
                tokio::time::advance(Duration::from_millis(100)).await;
            }
            match worker.seat.next().now_or_never() {
                Some(Some(News::Force(_))) => worker.seat.forced(lease, Stopped::FORCED),
                Some(Some(News::Event(event))) => ended |= event.status.has_ended(),
                _ => yield_now().await,
            }
        }
        assert!(ended, "{kept:?}");
        while flood.join_next().await.is_some() {}
        let (story, said) = (bench.story("a").await, said.load(Ordering::Relaxed));
        assert!(story.contains("killed forced in"), "{story}");
        let printed = story.matches('x').count();
        assert!(
            said > 1000 && printed >= said,
            "{kept:?}: {printed} of {said}"
        );
    }
}

/// Nobody is killed for a job that was never sent: it ends as one that never began.
#[tokio::test(start_paused = true)]
async fn a_job_that_is_held_back_is_not_forced_but_taken_back() {
    for kept in [Kept::Process, Kept::Outside] {
        let bench = Bench::new().await;
        let mut worker = Worker::kept(&bench, kept);
        worker.claim(&claim(&["render"], 1));
        worker.seat.hold_back(true);
        bench.start("render", "a", "").await;
        pass(10).await;
        bench.kill("a").await.unwrap();
        assert!(worker.news().await.is_none(), "{kept:?}");
        assert_eq!(
            bench.story("a").await,
            "0 running, 10 ending by anonymous, 1010 killed willing in 1000",
            "{kept:?}"
        );
        // And it is handed the next one once it reads on.
        bench.start("render", "b", "").await;
        assert!(worker.handed_now().await.is_none(), "{kept:?}");
        worker.seat.hold_back(false);
        assert_eq!(worker.handed().await.connid, name("b"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_gives_workers_the_same_time_as_any_consumer() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render"], 2);
    for connid in ["a", "b", "c"] {
        bench.start("render", connid, "").await;
    }
    let (first, second) = (worker.handed().await, worker.handed().await);
    let stop = bench.engine.drain(Seconds::from_secs(3));
    let work = async {
        pass(1000).await;
        worker.done(first.lease).await;
        pass(2500).await;
        worker.end(second.lease, Some("7"), None).await.unwrap();
    };
    tokio::join!(stop, work);
    assert_eq!(bench.story("a").await, "0 running, 1000 ok");
    assert_eq!(bench.story("b").await, "0 running, 3500 ok");
    // It was handed over when the first had ended, and nobody ended it.
    assert_eq!(
        bench.story("c").await,
        "0 queued, 1000 running taken, 4000 lost shutting_down"
    );
}

/// A server that dies takes the leases with it; the next one says what became of the jobs.
#[tokio::test(start_paused = true)]
async fn leases_die_with_their_server() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(ROOMY));
    let leases = {
        let bench = Bench::over(Arc::clone(&store), 1).await;
        let mut worker = Worker::of(&bench, &["render", "encode"], 2);
        bench.start("render", "a", "").await;
        bench.start("encode", "b", "").await;
        [worker.handed().await.lease, worker.handed().await.lease]
    };
    let bench = Bench::over(store, 1).await;
    let mut worker = Worker::kept(&bench, Kept::Outside);
    let lost = worker.claim(&Claim {
        leases: leases.into(),
        ..claim(&["encode"], 1)
    });
    assert_eq!(lost, leases);
    let gone = |refused: Result<Option<Seq>, Refusal>| refused.unwrap_err().message.into_owned();
    assert!(gone(worker.print(leases[0], "late").await).starts_with("a has already ended: lost"));
    let again = worker.handed().await;
    assert_eq!((&again.connid, again.attempt), (&name("b"), 2));
    assert!(gone(worker.end(leases[1], None, None).await).contains("b is running without it"));
}

/// What the log of a job cannot hold it cannot be asked to: a worker that says too much at once waits.
#[tokio::test(start_paused = true)]
async fn what_is_said_is_in_order_however_much_it_is() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render"], 1);
    bench.start("render", "a", "").await;
    let lease = worker.handed().await.lease;
    // All are asked before any is answered, the end too.
    let who = anyone();
    let said: Vec<_> = (0..500)
        .map(|n| {
            bench
                .engine
                .append(&who, output(lease, &n.to_string()), false)
        })
        .collect();
    let said = futures_util::future::join_all(said);
    let ended = bench.engine.end(&who, end(lease, None, None), true);
    let (said, ended) = futures_util::future::join(said, ended).await;
    assert!(said.into_iter().all(|said| said == Ok(None)));
    assert_eq!(ended, Ok(Some(502)));
    let log = bench.log("a").await;
    let printed: Vec<u32> = log.iter().filter_map(printed).collect();
    assert!(printed.into_iter().eq(0..500));
}

/// The same where the job is served by other threads than those that speak: as sessions do, each frame is begun when it is read, and
/// waits beside the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_said_is_in_order_whoever_runs_first() {
    const LINES: u32 = 5000;
    let bench = Bench::new().await;
    for round in 0..4 {
        let mut worker = Worker::of(&bench, &["render"], 1);
        let connid = round.to_string();
        bench.start("render", &connid, "").await;
        let lease = worker.handed().await.lease;
        let mut waiting = futures_util::stream::FuturesUnordered::new();
        for n in 0..=LINES {
            let (engine, who) = (bench.engine.clone(), anyone());
            let mut said = async move {
                if n == LINES {
                    return engine.end(&who, end(lease, None, None), false).await;
                }
                let said = output(lease, &n.to_string());
                engine.append(&who, said, false).await
            }
            .boxed();
            match (&mut said).now_or_never() {
                Some(done) => assert_eq!(done, Ok(None)),
                None => waiting.push(said),
            }
            while waiting.len() >= 256 {
                assert_eq!(waiting.next().await, Some(Ok(None)));
            }
        }
        // Whoever said it leaves: it has been said.
        drop(waiting);
        let log = bench.log(&connid).await;
        let printed: Vec<u32> = log.iter().filter_map(printed).collect();
        assert!(
            printed.iter().copied().eq(0..LINES),
            "{} lines",
            printed.len()
        );
    }
}

/// What was not taken from a seat was not sent: its worker leaves with what it was told, and no more.
#[tokio::test(start_paused = true)]
async fn what_was_not_taken_has_not_begun() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render"], 3);
    for connid in ["a", "b", "c"] {
        bench.start("render", connid, "").await;
    }
    pass(10).await;
    assert_eq!(worker.handed().await.connid, name("a"));
    drop(worker);
    let mut other = Worker::of(&bench, &["render"], 2);
    for connid in ["b", "c"] {
        let job = other.handed().await;
        assert_eq!((&job.connid, job.attempt), (&name(connid), 1));
    }
    assert_eq!(bench.story("a").await, "0 running, 5010 lost worker_lost");
}

/// A worker that takes nothing is given nothing more, and is told of a kill.
#[tokio::test(start_paused = true)]
async fn a_kill_is_told_to_a_worker_that_is_held_back() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render"], 2);
    bench.start("render", "a", "").await;
    worker.handed().await;
    worker.seat.hold_back(true);
    bench.start("render", "b", "").await;
    assert!(worker.handed_now().await.is_none());
    bench.kill("a").await.unwrap();
    assert_eq!(worker.event().await, "a ending");
    worker.seat.hold_back(false);
    assert_eq!(worker.handed().await.connid, name("b"));
}

/// Nobody saw what the first attempt left.
#[tokio::test(start_paused = true)]
async fn a_kill_before_another_attempt_claims_nothing_of_the_first() {
    for waits in [false, true] {
        let bench = Bench::new().await;
        let mut first = Worker::of(&bench, &["encode"], 1);
        bench.start("encode", "a", "").await;
        first.handed().await;
        // Either there is no other, or there is one that leaves before it is told.
        let second = waits.then(|| Worker::of(&bench, &["encode"], 1));
        drop(first);
        pass(5_001).await;
        drop(second);
        bench.kill("a").await.unwrap();
        let story = bench.story("a").await;
        assert!(story.ends_with("killed willing in 0 unseen"), "{story}");
    }
}

/// What an acknowledgement says is in the log, though progress waits there for its turn.
#[tokio::test(start_paused = true)]
async fn progress_that_is_answered_is_in_the_log() {
    let bench = Bench::new().await;
    let mut worker = Worker::of(&bench, &["render"], 1);
    bench.start("render", "a", "").await;
    let lease = worker.handed().await.lease;
    for done in 1..=3_u32 {
        let said = Append {
            progress: Some(Progress::of(done, 3_u32)),
            output: None,
            ..output(lease, "")
        };
        let seq = bench.engine.append(&anyone(), said, true).await.unwrap();
        assert_eq!(seq, Some(u64::from(done) + 1));
    }
    worker.done(lease).await;
    // Ten a second at most all the same.
    let log = bench.log("a").await;
    let at: Vec<_> = log.iter().filter_map(progressed).collect();
    let times: Vec<_> = at.windows(2).map(|two| two[1].0.since(two[0].0)).collect();
    assert_eq!(times, [ms(100), ms(100)]);
}

/// What may happen to a few workers and jobs, in any order.
#[derive(Clone, Debug)]
enum Deed {
    Start(usize),
    Sit(usize, u32),
    Claim(usize, u32),
    Leave(usize),
    TakeOver(usize, usize),
    Print(usize),
    End(usize, bool),
    Kill(usize),
    Heard(usize),
    Pass(u64),
}

const ROUTES: [&str; 3] = ["render", "encode", "single"];

fn deed() -> impl Strategy<Value = Deed> {
    let few = 0..4usize;
    prop_oneof![
        4 => (0..3usize).prop_map(Deed::Start),
        2 => (few.clone(), 0..4u32).prop_map(|(w, n)| Deed::Sit(w, n)),
        1 => (few.clone(), 0..4u32).prop_map(|(w, n)| Deed::Claim(w, n)),
        1 => few.clone().prop_map(Deed::Leave),
        1 => (few.clone(), 0..100usize).prop_map(|(w, l)| Deed::TakeOver(w, l)),
        2 => (0..100usize).prop_map(Deed::Print),
        3 => (0..100usize, any::<bool>()).prop_map(|(l, ok)| Deed::End(l, ok)),
        1 => (0..100usize).prop_map(Deed::Kill),
        1 => few.prop_map(Deed::Heard),
        3 => prop_oneof![Just(0), 1..300u64, 1..6_000u64, 6_000..20_000u64].prop_map(Deed::Pass),
    ]
}

/// Plays deeds, and sees to it that no attempt is handed over twice and that a lease which is gone once is gone for ever.
struct Play<'a> {
    bench: &'a Bench,
    workers: BTreeMap<usize, Worker<'a>>,
    leases: Vec<Lease>,
    /// Which attempts were handed over.
    handed: BTreeSet<(JobId, u32)>,
    jobs: usize,
}

impl Play<'_> {
    async fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Start(route) => {
                let connid = self.jobs.to_string();
                self.jobs += 1;
                self.bench.start(ROUTES[route], &connid, "").await;
            }
            Deed::Sit(who, slots) => {
                self.workers
                    .insert(who, Worker::of(self.bench, &ROUTES, slots));
            }
            Deed::Claim(who, slots) => {
                if let Some(worker) = self.workers.get_mut(&who) {
                    worker.claim(&claim(&ROUTES[..2], slots));
                }
            }
            Deed::Leave(who) => drop(self.workers.remove(&who)),
            Deed::TakeOver(who, lease) => {
                let lease = self.lease(lease);
                if let Some((worker, lease)) = self.workers.get_mut(&who).zip(lease) {
                    worker.claim(&Claim {
                        leases: [lease].into(),
                        ..claim(&ROUTES, 2)
                    });
                }
            }
            Deed::Print(lease) => {
                if let Some(lease) = self.lease(lease) {
                    let said = output(lease, "x");
                    let said = self.bench.engine.append(&anyone(), said, true).await;
                    assert!(said.is_ok_and(|seq| seq.is_some()) || self.is_over(lease).await);
                }
            }
            Deed::End(lease, ok) => {
                if let Some(lease) = self.lease(lease) {
                    let said = end(lease, None, (!ok).then_some("broke"));
                    // It may be gone.
                    let _ = self.bench.engine.end(&anyone(), said, true).await;
                    assert!(self.is_over(lease).await);
                }
            }
            Deed::Kill(job) if self.jobs > 0 => {
                let _ = self.bench.kill(&(job % self.jobs).to_string()).await;
            }
            Deed::Kill(_) => {}
            Deed::Heard(who) => {
                if let Some(worker) = self.workers.get(&who) {
                    worker.seat.heard();
                }
            }
            Deed::Pass(millis) => pass(millis).await,
        }
        self.hear().await;
    }

    fn lease(&self, number: usize) -> Option<Lease> {
        let count = self.leases.len().max(1);
        self.leases.get(number % count).copied()
    }

    /// A lease that is refused once is refused for ever.
    async fn is_over(&self, lease: Lease) -> bool {
        let (who, late) = (anyone(), output(lease, "late"));
        let said = self.bench.engine.append(&who, late, true);
        said.await
            .is_err_and(|refusal| refusal.code == Code::LeaseLost)
    }

    async fn hear(&mut self) {
        for worker in self.workers.values_mut() {
            while let Some(Some(news)) = worker.seat.next().now_or_never() {
                if let News::HandOver(job) = news {
                    let new = self.handed.insert((job.job, job.attempt));
                    assert!(new, "{} was handed over twice at once", job.connid);
                    self.leases.push(job.lease);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever workers do, every job ends once, no attempt is handed over twice, and no place is lost.
    #[test]
    fn every_job_ends_once_whatever_workers_do(deeds in prop::collection::vec(deed(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new().await;
            let mut play = Play { bench: &bench, workers: BTreeMap::new(), leases: Vec::new(), handed: BTreeSet::new(), jobs: 0 };
            for deed in deeds {
                play.act(deed).await;
            }
            // All leave, and what they held is given up; then one comes that does its work.
            play.workers.clear();
            pass(200_000).await;
            let mut last = Worker::of(&bench, &ROUTES, 4);
            for number in 0..4 {
                bench.start("render", &format!("last {number}"), "").await;
            }
            for _ in 0..4 {
                let job = last.handed().await;
                prop_assert!(job.connid.as_str().starts_with("last"), "{} had not ended", job.connid);
            }
            for number in 0..play.jobs {
                // Adding up the log proves that there is one end.
                bench.story(&number.to_string()).await;
            }
            Ok(())
        })?;
    }
}
