//! A server that stops.

use std::sync::atomic::Ordering;

use longwire_protocol::{Code, OnConflict, Seconds, Start};

use crate::bench::{Bench, ms, pass, start};

#[tokio::test(start_paused = true)]
async fn what_does_not_end_in_time_is_lost_when_the_server_stops() {
    let bench = Bench::new().await;
    for (route, connid, script) in [
        ("request", "timer", ""),
        ("work", "quick", "wait 500; ok"),
        ("work", "ends when told", "until told; stop"),
        ("work", "done when told", "until told; ok"),
        ("work", "stubborn", "hang"),
        ("narrow", "first", "wait 700; ok"),
        ("narrow", "gets its turn", "wait 100; ok"),
        ("narrow", "holds up", "hang"),
        ("narrow", "waits", "ok"),
        ("tick", "ticks", ""),
        ("tick", "waits to tick", ""),
        ("work", "killed", "until told; wait 1400; stop"),
    ] {
        bench.start(route, connid, script).await;
    }
    pass(1).await;
    let (draining, asking) = (bench.engine.drain(ms(1999)), async {
        pass(10).await;
        assert!(bench.engine.is_draining());
        assert_eq!(
            bench.try_start(start("request", "new", "")).await.err(),
            Some(Code::ShuttingDown)
        );
        pass(989).await;
        bench.kill("killed").await.unwrap();
    });
    tokio::join!(draining, asking);
    for (connid, story) in [
        ("timer", "0 running, 2000 lost shutting_down"),
        ("quick", "0 running, 500 ok"),
        ("ends when told", "0 running, 2000 lost shutting_down"),
        ("done when told", "0 running, 2000 ok"),
        ("stubborn", "0 running, 3000 lost shutting_down"),
        ("first", "0 running, 700 ok"),
        ("gets its turn", "0 queued, 700 running taken, 800 ok"),
        (
            "holds up",
            "0 queued, 800 running taken, 3000 lost shutting_down",
        ),
        ("waits", "0 queued, 2000 lost shutting_down"),
        ("ticks", "0 running, 2000 lost shutting_down"),
        ("waits to tick", "0 queued, 2000 lost shutting_down"),
        (
            "killed",
            "0 running, 1000 ending by anonymous, 2000 killed forced in 1000 unseen",
        ),
    ] {
        assert_eq!(bench.story(connid).await, story, "{connid}");
    }
    assert_eq!(bench.at_work.load(Ordering::SeqCst), 0);
}

/// A receipt tells what the work did, also where the server stops before it is dead.
#[tokio::test(start_paused = true)]
async fn a_kill_and_a_stop_may_come_in_either_order() {
    for (killed_at, story) in [
        (
            900,
            "0 running, 900 ending by anonymous, 1200 killed willing in 300",
        ),
        (
            1100,
            "0 running, 1100 ending by anonymous, 1300 killed willing in 200",
        ),
    ] {
        let bench = Bench::new().await;
        bench.start("work", "a", "until told; wait 300; stop").await;
        let kill = async {
            pass(killed_at).await;
            bench.kill("a").await.unwrap();
        };
        tokio::join!(bench.engine.drain(ms(1000)), kill);
        assert_eq!(bench.story("a").await, story);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_as_soon_as_nothing_runs() {
    let bench = Bench::new().await;
    bench.engine.drain(Seconds::from_secs(100)).await;
    assert_eq!(bench.millis(), 0);
    let bench = Bench::new().await;
    bench.start("work", "a", "wait 300; ok").await;
    bench.engine.drain(Seconds::from_secs(100)).await;
    assert_eq!(bench.millis(), 300);
}

/// A start that waits for the job it replaces is a new job too.
#[tokio::test(start_paused = true)]
async fn a_replacement_does_not_slip_in_while_the_server_stops() {
    let bench = Bench::new().await;
    bench.start("work", "a", "hang").await;
    let again = Start {
        on_conflict: OnConflict::Replace,
        ..start("request", "a", "")
    };
    let (_, replaced) = tokio::join!(
        async {
            pass(10).await;
            bench.engine.drain(Seconds::ZERO).await;
        },
        bench.try_start(again)
    );
    assert_eq!(replaced.err(), Some(Code::ShuttingDown));
    assert_eq!(bench.status("a").await, "killed");
}
