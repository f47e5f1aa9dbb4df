//! Many at once, and jobs that nobody serves.

use std::{sync::Arc, time::Duration};

use longwire_engine::{Events, Job};
use longwire_protocol::{Seconds, Start, Status};
use proptest::prelude::*;

use crate::bench::{Bench, EPOCH, ms, name, start};

#[tokio::test(start_paused = true)]
async fn ten_thousand_timers_are_due_at_once() {
    let bench = Bench::new().await;
    for number in 0..10_000 {
        let asked = Start {
            time: Some(ms(5000)),
            ..start("request", &number.to_string(), "")
        };
        bench.try_start(asked).await.unwrap();
    }
    let last = bench.story("9999").await;
    assert_eq!(last, "0 running, 5000 ok");
    for number in 0..10_000 {
        assert_eq!(bench.status(&number.to_string()).await, "ok", "{number}");
    }
    assert_eq!(bench.engine.counts().await.ended, 10_000);
}

/// A job in the store whose route is gone from the configuration must not keep the dispatcher busy for ever.
#[tokio::test(start_paused = true)]
async fn a_job_that_nobody_serves_is_lost_when_it_is_due() {
    let bench = Bench::new().await;
    let opened = bench.start("request", "a", "").await;
    let mut spec = (*opened.spec).clone();
    spec.route = "gone".into();
    spec.connid = name("orphan");
    spec.job = longwire_protocol::JobId::from_bits(1);
    let (job, first) = Job::accept(Arc::new(spec), false, EPOCH);
    bench
        .store
        .create(job, Events::from_iter([first]))
        .await
        .unwrap();
    assert_eq!(
        bench.story("orphan").await,
        "0 running, 60000 lost unserved"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Never early, and late by no more than the runtime's clock counts in.
    #[test]
    fn a_timer_never_ends_early(times in prop::collection::vec(0..3_000_000u64, 1..40), pause in 0..5000u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new().await;
            for (number, time) in times.iter().enumerate() {
                let time = Some(Seconds::from_micros(*time));
                bench.try_start(Start { time, ..start("request", &number.to_string(), "") }).await.unwrap();
                tokio::time::sleep(Duration::from_micros(pause)).await;
            }
            for (number, time) in times.iter().enumerate() {
                let log = bench.log(&number.to_string()).await;
                let took = log[1].at.since(log[0].at).as_micros();
                prop_assert!(took >= *time, "{took} of {time}");
                prop_assert!(took <= time + 2_000, "{took} of {time}");
                prop_assert_eq!(log[1].status, Status::Ok);
            }
            Ok(())
        })?;
    }
}
