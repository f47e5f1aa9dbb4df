//! Progress and output.

use std::{sync::Arc, time::Duration};

use longwire_engine::{
    Consumer, Engine, Parts, Principal, Retention, RuntimeClock, Seeded, Serving, Task, Unobserved,
};
use longwire_protocol::Stream;
use longwire_server::stores::memory::MemoryStore;

use crate::bench::{
    Bench, EPOCH, ROOMY, ms, name, nobody, pass, printed, progressed, settings, start,
};

#[tokio::test(start_paused = true)]
async fn progress_comes_ten_times_a_second_and_the_last_is_kept() {
    let bench = Bench::new().await;
    let script: String = (0..300).fold(String::new(), |script, n| {
        script + &format!("progress {n}; wait 7; ")
    });
    bench
        .start("work", "a", &format!("{script}progress 300; ok"))
        .await;
    let log = bench.log("a").await;
    let progress: Vec<_> = log.iter().filter_map(progressed).collect();
    assert!(progress.is_sorted_by(|(_, one), (_, other)| one < other));
    let gated = &progress[..progress.len() - 1];
    assert!(
        gated
            .windows(2)
            .all(|pair| pair[1].0.since(pair[0].0) >= ms(100)),
        "{progress:?}"
    );
    assert!(
        gated.len() >= 20,
        "and about as often as it may: {}",
        gated.len()
    );
    assert_eq!(progress.last().unwrap().1.to_bits(), 300f64.to_bits());
    // The last is not held back when nothing follows it.
    bench
        .start(
            "work",
            "b",
            "progress 1; progress 2; progress 3; wait 900; ok",
        )
        .await;
    let since = bench.millis();
    let story = bench.story("b").await;
    let expected = format!(
        "{since} running, {since} running 1, {} running 3, {} ok",
        since + 100,
        since + 900
    );
    assert_eq!(story, expected);
}

#[tokio::test(start_paused = true)]
async fn output_keeps_its_order_and_comes_before_the_end() {
    for end in ["ok", "fail", "panic", "stop"] {
        let bench = Bench::new().await;
        let script: String =
            (0..1000).fold(String::new(), |script, n| script + &format!("print {n}; "));
        bench.start("work", "a", &format!("{script}{end}")).await;
        let log = bench.log("a").await;
        let printed = log.iter().filter_map(printed);
        assert!(printed.eq(0..1000), "{end}");
        assert!(log.last().unwrap().status.has_ended());
    }
}

/// One that prints without end is killed like any other.
#[tokio::test(start_paused = true)]
async fn a_flood_of_output_does_not_hold_up_a_kill() {
    struct Flood;
    impl Consumer for Flood {
        fn serve(&self, task: Task) -> Serving {
            Box::pin(async move {
                while task.output(Stream::Stdout, "x").await.is_ok() {
                    tokio::time::sleep(Duration::from_micros(100)).await;
                }
                std::future::pending().await
            })
        }
    }
    let engine = Engine::start_up(Parts {
        store: Arc::new(MemoryStore::new(Retention {
            log_events_per_job: 100,
            ..ROOMY
        })),
        router: nobody().with("flood", settings(), Arc::new(Flood)),
        clock: Arc::new(RuntimeClock::starting_at(EPOCH)),
        random: Arc::new(Seeded::new(1)),
        observer: Arc::new(Unobserved),
    })
    .await;
    let who = Principal::anonymous();
    engine.start(&who, &start("flood", "a", "")).await.unwrap();
    pass(500).await;
    let killed = engine.kill_and_wait(&who, &name("a"), None).await.unwrap();
    let end = killed.job.ended().unwrap();
    assert_eq!(
        end.kill.as_ref().map(|kill| (kill.forced, kill.ms)),
        Some((true, 1000))
    );
    let page = engine.follow(killed.job.id(), 0).next().await.unwrap();
    assert!(
        page.gap.is_some() && page.events.len() == 100,
        "its log is bounded"
    );
}
