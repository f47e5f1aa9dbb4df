//! What a start comes to, and whose name is in use.

use std::sync::{Arc, atomic::Ordering};

use longwire_engine::Principal;
use longwire_protocol::{Code, OnConflict, OnDisconnect, Start, Status};

use crate::bench::{Bench, ms, name, start};

#[tokio::test(start_paused = true)]
async fn a_start_that_cannot_be_says_why() {
    let bench = Bench::new().await;
    for (route, time, code) in [
        ("nobody", None, Code::UnknownRoute),
        ("kill", None, Code::UnknownRoute),
        ("", None, Code::UnknownRoute),
        ("request", Some(100_001), Code::InvalidField),
    ] {
        let asked = Start {
            time: time.map(ms),
            ..Start::new(route)
        };
        assert_eq!(bench.try_start(asked).await.err(), Some(code), "{route}");
    }
    let longest = Start {
        time: Some(ms(100_000)),
        ..Start::new("request")
    };
    let opened = bench.try_start(longest).await.unwrap();
    assert_eq!(
        opened.reply.connid.as_str(),
        opened.reply.job.to_string(),
        "a name is made"
    );
    let refused = bench
        .engine
        .start(&Principal::anonymous(), &Start::new("requst"))
        .await
        .unwrap_err();
    assert!(
        refused.message.contains("did you mean \"request\"?"),
        "{refused}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_start_brings_the_end_that_came_with_it_and_no_other() {
    let bench = Bench::new().await;
    let at_once = |connid| Start::new("request").connid(name(connid)).time(ms(0));
    let brief = Start::new("request").connid(name("brief")).time(ms(1));
    let work = start("work", "work", "ok").time(ms(0));
    // Of these not all that was written is the end.
    let idle = at_once("idle").time(ms(9)).idle_time(ms(0));
    let alone = at_once("alone").on_disconnect(OnDisconnect::Kill);
    for (start, end, is_watched) in [
        (at_once("ok"), Some((2, Status::Ok)), false),
        (alone, Some((2, Status::Ok)), false),
        (brief.clone(), None, false),
        (
            brief
                .connid(name("watched"))
                .on_disconnect(OnDisconnect::Kill),
            None,
            true,
        ),
        (idle, None, false),
        (work, None, false),
    ] {
        let connid = start.connid.clone();
        let opened = bench.try_start(start).await.unwrap();
        let came = opened.end.map(|end| (end.seq, end.status));
        assert_eq!(came, end, "{connid:?}");
        assert_eq!(opened.presence.is_some(), is_watched, "{connid:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connid_in_use_is_refused_joined_or_replaced() {
    let bench = Bench::new().await;
    let first = bench.start("work", "a", "until told; wait 300; stop").await;
    let again = |route, script, on_conflict| Start {
        on_conflict,
        ..start(route, "a", script)
    };
    let same = "until told; wait 300; stop";
    assert_eq!(
        bench
            .try_start(again("work", same, OnConflict::Reject))
            .await
            .err(),
        Some(Code::ConnidInUse)
    );
    let joined = bench
        .try_start(again("work", same, OnConflict::Attach))
        .await
        .unwrap();
    assert_eq!(
        (joined.reply.job, joined.reply.attached, joined.reply.seq),
        (first.reply.job, true, 1)
    );
    for (route, script) in [("work", "ok"), ("request", same), ("narrow", same)] {
        let refused = bench
            .try_start(again(route, script, OnConflict::Attach))
            .await;
        assert_eq!(refused.err(), Some(Code::ConnidInUse), "{route} {script}");
    }
    let replaced = bench
        .try_start(again("request", "", OnConflict::Replace))
        .await
        .unwrap();
    assert_ne!(replaced.reply.job, first.reply.job);
    assert_eq!(
        bench.millis(),
        300,
        "the old one is dead before the new one starts"
    );
    let old = bench
        .engine
        .follow(first.reply.job, 0)
        .ended()
        .await
        .unwrap();
    assert_eq!(old.status(), Status::Killed);
    assert_eq!(bench.story("a").await, "300 running, 60300 ok");
    // Where nothing runs, all three just start.
    for on_conflict in [OnConflict::Reject, OnConflict::Attach, OnConflict::Replace] {
        let opened = bench
            .try_start(again("work", "ok", on_conflict))
            .await
            .unwrap();
        assert!(!opened.reply.attached);
        bench.story("a").await;
    }
}

#[tokio::test(start_paused = true)]
async fn replacing_on_a_full_route_takes_the_place_that_it_frees() {
    let bench = Bench::new().await;
    bench.start("narrow", "a", "until told; stop").await;
    let again = Start {
        on_conflict: OnConflict::Replace,
        ..start("narrow", "a", "ok")
    };
    bench.try_start(again).await.unwrap();
    let story = bench.story("a").await;
    assert!(story.ends_with("0 ok"), "{story}");
}

#[tokio::test(start_paused = true)]
async fn of_many_who_replace_each_runs_alone() {
    let bench = Arc::new(Bench::new().await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let bench = Arc::clone(&bench);
        tasks.spawn(async move {
            let asked = Start {
                on_conflict: OnConflict::Replace,
                ..start("work", "a", "until told; wait 10; stop")
            };
            bench.try_start(asked).await.unwrap();
            bench.at_work.load(Ordering::SeqCst)
        });
    }
    while let Some(at_work) = tasks.join_next().await {
        assert!(at_work.unwrap() <= 1);
    }
    assert_eq!(bench.engine.counts().await.ended, 9);
    assert_eq!(bench.status("a").await, "running");
}
