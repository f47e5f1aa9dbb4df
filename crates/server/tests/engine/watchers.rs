//! Who watches, from where on, and what dies with the last of them.

use longwire_engine::Principal;
use longwire_protocol::{Code, OnDisconnect, Start, Target};

use crate::bench::{Bench, name, pass, start};

#[tokio::test(start_paused = true)]
async fn a_job_dies_with_its_last_watcher_after_the_grace() {
    for (route, script) in [("work", "until told; stop"), ("request", "")] {
        let bench = Bench::new().await;
        let asked = Start {
            on_disconnect: OnDisconnect::Kill,
            ..start(route, "a", script)
        };
        let spec = bench.try_start(asked).await.unwrap().spec;
        let watch = || bench.engine.present(&spec).unwrap();
        let (one, two) = (watch(), watch());
        drop(one);
        pass(5000).await;
        assert_eq!(bench.status("a").await, "running", "one is still there");
        drop(two);
        pass(1900).await;
        let back = watch();
        pass(5000).await;
        assert_eq!(
            bench.status("a").await,
            "running",
            "one came back in the grace"
        );
        drop(back);
        pass(1000).await;
        // Comes and goes: the grace begins anew.
        drop(watch());
        pass(1900).await;
        assert_eq!(bench.status("a").await, "running");
        assert_eq!(
            bench.story("a").await,
            "0 running, 14900 ending by longwire, 14900 killed willing in 0"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_kept_does_not_mind_who_watches() {
    let bench = Bench::new().await;
    let opened = bench.start("request", "a", "").await;
    assert!(bench.engine.present(&opened.spec).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_watch_begins_where_the_log_has_come_to() {
    let bench = Bench::new().await;
    let opened = bench.start("work", "a", "print x; print y; hang").await;
    pass(1).await;
    let who = Principal::anonymous();
    for target in [Target::Connid(name("a")), Target::Job(opened.reply.job)] {
        for (after, expected) in [
            (0, Ok((3, 0))),
            (2, Ok((3, 2))),
            (3, Ok((3, 3))),
            (4, Err(Code::InvalidField)),
            (u64::MAX, Err(Code::InvalidField)),
        ] {
            let watched = bench.engine.watch(&who, &target, after).await;
            let got = watched
                .map(|watched| (watched.seq, watched.after))
                .map_err(|refusal| refusal.code);
            assert_eq!(got, expected, "after {after}");
        }
    }
    let unknown = Target::Connid(name("b"));
    assert_eq!(
        bench
            .engine
            .watch(&who, &unknown, 0)
            .await
            .unwrap_err()
            .code,
        Code::UnknownConnid
    );
}
