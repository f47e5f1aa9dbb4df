//! Who waits for a place, and comes to it.

use std::sync::atomic::Ordering;

use longwire_protocol::{Code, Start, Status};

use crate::bench::{Bench, EPOCH, ms, pass, start};

#[tokio::test(start_paused = true)]
async fn who_came_first_is_served_first() {
    for concurrency in [1, 2, 3] {
        for route in ["narrow", "tick"] {
            let bench = Bench::with(concurrency).await;
            for number in 0..8u64 {
                let asked = Start {
                    time: Some(ms(50_000)),
                    ..start(route, &number.to_string(), "wait 1000; ok")
                };
                let opened = bench.try_start(asked).await.unwrap();
                let place = (number + 1)
                    .checked_sub(concurrency as u64)
                    .filter(|place| *place > 0);
                assert_eq!(opened.reply.position, place);
                assert_eq!(opened.reply.status == Status::Queued, place.is_some());
                assert!(bench.at_work.load(Ordering::SeqCst) <= concurrency);
            }
            let names: Vec<_> = bench.queue().await;
            let expected: Vec<_> = (concurrency..8)
                .zip(1..)
                .map(|(n, place)| (n.to_string(), place))
                .collect();
            assert_eq!(names, expected);
            if route == "tick" {
                continue;
            }
            for number in 0..8 {
                let begins = number / concurrency as u64 * 1000;
                let story = bench.story(&number.to_string()).await;
                let expected = match begins {
                    0 => "0 running, 1000 ok".to_owned(),
                    _ => format!("0 queued, {begins} running taken, {} ok", begins + 1000),
                };
                assert_eq!(story, expected, "{concurrency} at once");
            }
        }
    }
}

/// However a job ends, who waits behind it comes to its place at once.
#[tokio::test(start_paused = true)]
async fn every_end_frees_its_place() {
    for (route, script, time, killed_at, freed_at) in [
        ("narrow", "wait 300; ok", 9000, None, 300),
        ("narrow", "wait 300; fail", 9000, None, 300),
        ("narrow", "wait 300; panic", 9000, None, 300),
        ("narrow", "panic", 9000, None, 0),
        ("narrow", "wait 300; stop", 9000, None, 300),
        ("narrow", "until told; stop", 9000, Some(400), 400),
        ("narrow", "hang", 9000, Some(400), 1400),
        ("narrow", "panic when dropped; hang", 9000, Some(400), 1400),
        ("narrow", "hang", 500, None, 1500),
        ("tick", "", 500, None, 500),
        ("tick", "", 9000, Some(400), 400),
        ("tick", "", 0, None, 0),
    ] {
        let bench = Bench::new().await;
        bench
            .try_start(Start {
                time: Some(ms(time)),
                ..start(route, "first", script)
            })
            .await
            .unwrap();
        let opened = bench.start(route, "second", "ok").await;
        if let Some(at) = killed_at {
            pass(at).await;
            bench.kill("first").await.unwrap();
        }
        let log = bench.log("second").await;
        let begun = log
            .iter()
            .find(|event| event.status == Status::Running)
            .unwrap();
        assert_eq!(
            begun.at.since(EPOCH).as_micros() / 1000,
            freed_at,
            "{route} {script:?} {:?}",
            opened.reply.status
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_may_end_before_its_turn() {
    let bench = Bench::new().await;
    bench.start("narrow", "first", "wait 20000; ok").await;
    let asked = |connid, time, queue_time| Start {
        time: Some(ms(time)),
        queue_time,
        ..start("narrow", connid, "ok")
    };
    for start in [
        asked("impatient", 9000, Some(ms(700))),
        asked("out of time", 800, Some(ms(900))),
        asked("no time", 0, None),
        asked("killed", 9000, None),
        asked("last", 50_000, Some(ms(30_000))),
    ] {
        bench.try_start(start).await.unwrap();
    }
    pass(100).await;
    bench.kill("killed").await.unwrap();
    for (connid, story) in [
        (
            "impatient",
            "0 queued, 700 ending queue_time, 700 timeout queue_time",
        ),
        ("out of time", "0 queued, 800 ending time, 800 timeout time"),
        ("no time", "0 queued, 0 ending time, 0 timeout time"),
        (
            "killed",
            "0 queued, 100 ending by anonymous, 100 killed willing in 0",
        ),
        ("last", "0 queued, 20000 running taken, 20000 ok"),
    ] {
        assert_eq!(bench.story(connid).await, story, "{connid}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses() {
    let bench = Bench::new().await;
    bench.start("narrow", "first", "hang").await;
    for number in 0..1000 {
        bench.start("narrow", &number.to_string(), "hang").await;
    }
    assert_eq!(
        bench.try_start(start("narrow", "more", "ok")).await.err(),
        Some(Code::TooMany)
    );
    bench.kill("500").await.unwrap();
    assert_eq!(
        bench
            .try_start(start("narrow", "more", "ok"))
            .await
            .unwrap()
            .reply
            .position,
        Some(1000)
    );
}
