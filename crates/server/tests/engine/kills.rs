//! Kills of all, kills that are waited for, and kills that race with the end.

use std::{sync::Arc, time::Duration};

use longwire_engine::Principal;
use longwire_protocol::{Change, Code, Outcome, Seconds, Start, Status, StatusQuery, Where};

use crate::bench::{Bench, ms, name, start, tell};

#[tokio::test(start_paused = true)]
async fn a_kill_of_all_goes_through_every_page_and_spares_the_rest() {
    let bench = Bench::new().await;
    for number in 0..600 {
        let start = Start::new("request")
            .connid(name(&number.to_string()))
            .time(Seconds::from_secs(60))
            .tags(["odd"].into_iter().filter(|_| number % 2 == 1));
        bench
            .engine
            .start(&Principal::anonymous(), &start)
            .await
            .unwrap();
    }
    let odd = Where {
        route: None,
        tag: Some("odd".into()),
    };
    let anyone = Principal::anonymous();
    let killed = bench.engine.kill_all(&anyone, odd.clone(), None).await;
    assert_eq!(killed, Ok(300));
    assert_eq!(bench.engine.kill_all(&anyone, odd, None).await, Ok(0));
    let left = bench.engine.status(&anyone, StatusQuery::default()).await;
    assert_eq!(left.unwrap().total, Some(300));
}

#[tokio::test(start_paused = true)]
async fn kill_and_wait_answers_once_it_is_dead() {
    let bench = Bench::new().await;
    for (connid, script, millis, outcome) in [
        ("a", "hang", 1000, Outcome::Killed),
        ("b", "until told; wait 10; stop", 10, Outcome::Killed),
        ("c", "until told; wait 10; ok", 10, Outcome::Ok),
    ] {
        bench.start("work", connid, script).await;
        let before = bench.millis();
        let killed = bench
            .engine
            .kill_and_wait(&Principal::anonymous(), &name(connid), None)
            .await
            .unwrap();
        assert_eq!(killed.job.status(), outcome.status());
        assert_eq!(
            (bench.millis() - before, killed.seq),
            (millis, 3),
            "{script}"
        );
    }
}

/// Kills that come just as the work is done, on several threads: one end each, and whoever killed was told the truth.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_kill_and_the_end_of_the_work_race() {
    let bench = Arc::new(Bench::with(8).await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..1200 {
        let bench = Arc::clone(&bench);
        let route = ["work", "request", "narrow"][number % 3];
        tasks.spawn(async move {
            let connid = number.to_string();
            let time = (route == "request").then_some(ms(1));
            let asked = Start {
                time,
                ..start(route, &connid, "print a; print b; ok")
            };
            let job = bench.try_start(asked).await.unwrap().reply.job;
            for _ in 0..number % 7 {
                tokio::task::yield_now().await;
            }
            let killed = bench.kill(&connid).await;
            let log = tokio::time::timeout(Duration::from_secs(30), bench.log(&connid));
            let log = log.await.unwrap_or_else(|_| panic!("{connid} never ends"));
            let end = log.last().unwrap().status;
            let wished = log
                .iter()
                .any(|event| matches!(event.change, Change::Wished(_)));
            let fits = match killed {
                Ok(_) => wished && matches!(end, Status::Ok | Status::Killed),
                Err(code) => code == Code::AlreadyEnded && !wished && end == Status::Ok,
            };
            assert!(fits, "{job} {route}: {killed:?} and {}", tell(&log));
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let counts = bench.engine.counts().await;
    assert_eq!(counts.ended, 1200);
    assert!(
        counts
            .routes
            .iter()
            .all(|(_, queued, running)| queued + running == 0)
    );
}
