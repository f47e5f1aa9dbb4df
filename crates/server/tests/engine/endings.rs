//! How work comes back, what its clocks and a kill make of it: logs in words.

use std::sync::atomic::Ordering;

use longwire_engine::Principal;
use longwire_protocol::{Code, Start, Status};

use crate::bench::{Bench, ms, name, pass, start};

/// What is done to a job from outside, at some millisecond.
#[derive(Clone, Copy)]
enum Deed {
    Kill,
    Extend(u64),
}

struct Case<'a> {
    route: &'a str,
    script: &'a str,
    time: Option<u64>,
    idle: Option<u64>,
    deeds: &'a [(u64, Deed)],
    story: &'a str,
}

const CASE: Case<'_> = Case {
    route: "work",
    script: "",
    time: None,
    idle: None,
    deeds: &[],
    story: "",
};

async fn check(cases: &[Case<'_>]) {
    for case in cases {
        let bench = Bench::new().await;
        let asked = Start {
            time: case.time.map(ms),
            idle_time: case.idle.map(ms),
            ..start(case.route, "a", case.script)
        };
        bench.try_start(asked).await.unwrap();
        for (at, deed) in case.deeds {
            pass(at - bench.millis()).await;
            match deed {
                Deed::Kill => drop(bench.kill("a").await),
                Deed::Extend(millis) => drop(bench.extend("a", *millis).await),
            }
        }
        assert_eq!(
            bench.story("a").await,
            case.story,
            "{} {:?}",
            case.route,
            case.script
        );
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            bench.at_work.load(Ordering::SeqCst),
            0,
            "nothing of it is left: {:?}",
            case.script
        );
    }
}

#[tokio::test(start_paused = true)]
async fn work_comes_back_in_every_way() {
    check(&[
        Case {
            script: "ok",
            story: "0 running, 0 ok",
            ..CASE
        },
        Case {
            script: "wait 300; fail",
            story: "0 running, 300 failed broke",
            ..CASE
        },
        Case {
            script: "wait 300; panic",
            story: "0 running, 300 failed panic",
            ..CASE
        },
        Case {
            script: "panic",
            story: "0 running, 0 failed panic",
            ..CASE
        },
        Case {
            script: "wait 300; stop",
            story: "0 running, 300 failed gave_up",
            ..CASE
        },
        Case {
            script: "print a; wait 5; print b; ok",
            story: "0 running, 0 running \"a\", 5 running \"b\", 5 ok",
            ..CASE
        },
        Case {
            script: "print a; panic",
            story: "0 running, 0 running \"a\", 0 failed panic",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_forces_its_work_itself_has_its_time_for_that() {
    let kill = &[(500, Deed::Kill)];
    check(&[
        Case {
            route: "force",
            script: "until told; wait 300; leave 0",
            deeds: kill,
            story: "0 running, 500 ending by anonymous, 800 killed forced in 300 by TERM KILL",
            ..CASE
        },
        Case {
            route: "force",
            script: "until-forced; wait 2900; leave 2",
            deeds: kill,
            story: "0 running, 500 ending by anonymous, 4400 killed forced in 3900 by TERM KILL leaving 2",
            ..CASE
        },
        // Nobody can say what is left then.
        Case {
            route: "force",
            script: "until-forced; hang",
            deeds: kill,
            story: "0 running, 500 ending by anonymous, 4500 killed forced in 4000 unseen",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn kill_asks_and_forces_only_after_the_grace() {
    use Deed::Kill;
    let kill = &[(500, Kill)][..];
    check(&[
        Case { script: "hang", deeds: kill, story: "0 running, 500 ending by anonymous, 1500 killed forced in 1000 unseen", ..CASE },
        Case { script: "until told; stop", deeds: kill, story: "0 running, 500 ending by anonymous, 500 killed willing in 0", ..CASE },
        Case { script: "until-kill; wait 300; stop", deeds: kill, story: "0 running, 500 ending by anonymous, 800 killed willing in 300", ..CASE },
        Case { script: "until told; wait 300; ok", deeds: kill, story: "0 running, 500 ending by anonymous, 800 ok", ..CASE },
        Case { script: "until told; wait 300; fail", deeds: kill, story: "0 running, 500 ending by anonymous, 800 killed broke willing in 300 unseen", ..CASE },
        Case { script: "until told; panic", deeds: kill, story: "0 running, 500 ending by anonymous, 500 killed panic willing in 0 unseen", ..CASE },
        Case { script: "until told; print bye; stop", deeds: kill, story: "0 running, 500 ending by anonymous, 500 ending \"bye\", 500 killed willing in 0", ..CASE },
        Case { script: "until told; print bye; hang", deeds: kill, story: "0 running, 500 ending by anonymous, 500 ending \"bye\", 1500 killed forced in 1000 unseen", ..CASE },
        Case { script: "panic when dropped; hang", deeds: kill, story: "0 running, 500 ending by anonymous, 1500 killed forced in 1000 unseen", ..CASE },
        // A second kill neither says anything nor starts the grace anew.
        Case { script: "hang", deeds: &[(500, Kill), (1200, Kill)], story: "0 running, 500 ending by anonymous, 1500 killed forced in 1000 unseen", ..CASE },
        // What is ending can be given no more time.
        Case { script: "hang", deeds: &[(500, Kill), (600, Deed::Extend(9000))], story: "0 running, 500 ending by anonymous, 1500 killed forced in 1000 unseen", ..CASE },
        // A kill on the way out for being out of time: killed, and the grace is still the first.
        Case { script: "hang", time: Some(500), deeds: &[(900, Kill)], story: "0 running, 500 ending time, 900 ending by anonymous, 1500 killed forced in 600 unseen", ..CASE },
        Case { route: "request", deeds: kill, story: "0 running, 500 ending by anonymous, 500 killed willing in 0", ..CASE },
        Case { route: "tick", deeds: kill, story: "0 running, 500 ending by anonymous, 500 killed willing in 0", ..CASE },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_runs_out_is_named() {
    check(&[
        Case {
            route: "request",
            time: Some(700),
            story: "0 running, 700 ok",
            ..CASE
        },
        Case {
            route: "request",
            time: Some(0),
            story: "0 running, 0 ok",
            ..CASE
        },
        Case {
            route: "tick",
            time: Some(0),
            story: "0 running, 0 ok",
            ..CASE
        },
        Case {
            route: "request",
            time: Some(700),
            idle: Some(300),
            story: "0 running, 300 ending idle_time, 300 timeout idle_time",
            ..CASE
        },
        Case {
            script: "until told; stop",
            time: Some(700),
            story: "0 running, 700 ending time, 700 timeout time",
            ..CASE
        },
        Case {
            script: "until told; wait 200; ok",
            time: Some(700),
            story: "0 running, 700 ending time, 900 ok",
            ..CASE
        },
        Case {
            script: "hang",
            time: Some(700),
            story: "0 running, 700 ending time, 1700 timeout time",
            ..CASE
        },
        Case {
            script: "hang",
            time: Some(0),
            story: "0 running, 0 ending time, 1000 timeout time",
            ..CASE
        },
        Case {
            script: "hang",
            idle: Some(300),
            story: "0 running, 300 ending idle_time, 1300 timeout idle_time",
            ..CASE
        },
        Case {
            script: "until told; fail",
            idle: Some(300),
            story: "0 running, 300 ending idle_time, 300 timeout idle_time broke",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_moves_the_idle_clock_and_not_the_deadline() {
    check(&[
        Case {
            script: "wait 200; progress 1; wait 200; progress 2; hang",
            idle: Some(300),
            story: "0 running, 200 running 1, 400 running 2, 700 ending idle_time, 1700 timeout idle_time",
            ..CASE
        },
        Case {
            script: "wait 200; progress 1; wait 200; print x; hang",
            time: Some(500),
            idle: Some(300),
            story: "0 running, 200 running 1, 400 running \"x\", 500 ending time, 1500 timeout time",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn extend_moves_the_deadline() {
    use Deed::Extend;
    check(&[
        Case { route: "request", time: Some(700), deeds: &[(500, Extend(1000))], story: "0 running, 500 running until 1500, 1500 ok", ..CASE },
        Case { route: "request", time: Some(700), deeds: &[(500, Extend(0))], story: "0 running, 500 running until 500, 500 ok", ..CASE },
        Case { route: "request", time: Some(7000), deeds: &[(500, Extend(100))], story: "0 running, 500 running until 600, 600 ok", ..CASE },
        Case {
            script: "until told; stop",
            time: Some(700),
            deeds: &[(500, Extend(1000)), (1000, Extend(1000))],
            story: "0 running, 500 running until 1500, 1000 running until 2000, 2000 ending time, 2000 timeout time",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_extended_or_killed_says_why() {
    let bench = Bench::new().await;
    bench.start("work", "a", "hang").await;
    pass(40_000).await;
    // 100 s are allowed in all, 40 s were had.
    for (millis, expected) in [
        (60_001, Err(Code::InvalidField)),
        (60_000, Ok(60_000)),
        (u64::MAX / 1000, Err(Code::InvalidField)),
    ] {
        assert_eq!(bench.extend("a", millis).await, expected, "{millis}");
    }
    let wished = bench.kill("a").await.unwrap();
    assert_eq!(
        bench.kill("a").await,
        Ok(wished),
        "killing twice is harmless, and the same wish"
    );
    assert_eq!(
        bench.extend("a", 1).await,
        Err(Code::AlreadyEnded),
        "it is ending"
    );
    bench.story("a").await;
    assert_eq!(bench.extend("a", 1).await, Err(Code::AlreadyEnded));
    let refused = bench
        .engine
        .kill(&Principal::anonymous(), &name("a"), None)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::AlreadyEnded);
    assert_eq!(
        refused.ended.map(|ended| ended.status),
        Some(Status::Killed),
        "and how"
    );
    for connid in ["b", "..."] {
        assert_eq!(bench.kill(connid).await, Err(Code::UnknownConnid));
        assert_eq!(bench.extend(connid, 1).await, Err(Code::UnknownConnid));
    }
    let refused = bench
        .engine
        .kill(&Principal::anonymous(), &name("99"), None)
        .await
        .unwrap_err();
    assert_eq!(refused.message, "invalid connection id: 99");
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_its_own_job_only() {
    let bench = Bench::new().await;
    bench.start("work", "good", "wait 500; ok").await;
    bench.start("work", "bad", "wait 100; panic").await;
    bench.start("request", "timer", "").await;
    assert_eq!(bench.story("bad").await, "0 running, 100 failed panic");
    assert_eq!(bench.story("good").await, "0 running, 500 ok");
    assert_eq!(bench.story("timer").await, "0 running, 60000 ok");
    bench.start("work", "later", "ok").await;
    assert_eq!(bench.story("later").await, "60000 running, 60000 ok");
}
