//! Logs that grow faster than they are read.

use std::sync::Arc;

use longwire_engine::{
    Consumer, Engine, Lead, Mailbox, Parts, Principal, Retention, RouteSettings, RuntimeClock,
    Seeded, Serving, Task, Unobserved, Work,
};
use longwire_protocol::{JobId, Seq, Stream};
use longwire_server::stores::memory::MemoryStore;

use tokio::{
    task::{JoinSet, yield_now},
    time::sleep,
};

use crate::bench::{EPOCH, ROOMY, ms, name, nobody, settings, start};

const LINE_BYTES: usize = 1_000;
const LINES: usize = 1_000;

/// Prints so many lines.
struct Flood(usize);

impl Consumer for Flood {
    fn serve(&self, task: Task) -> Serving {
        let lines = self.0;
        Box::pin(async move {
            let line = "x".repeat(LINE_BYTES);
            for _ in 0..lines {
                // The job is over where it takes no more.
                let _ = task.output(Stream::Stdout, line.as_str()).await;
            }
            Work::Done(None)
        })
    }
}

/// An engine whose logs keep a tenth of what is printed, and may be ahead by half of that.
async fn flooded(lines: usize) -> (Engine, JobId) {
    let kept = LINES * LINE_BYTES / 10;
    let store = MemoryStore::new(Retention {
        log_bytes_per_job: kept,
        ..ROOMY
    });
    let lead = Lead {
        bytes: kept / 2,
        events: 1_000_000,
    };
    let terms = RouteSettings { lead, ..settings() };
    let engine = Engine::start_up(Parts {
        store: Arc::new(store),
        router: nobody().with("flood", terms, Arc::new(Flood(lines))),
        clock: Arc::new(RuntimeClock::starting_at(EPOCH)),
        random: Arc::new(Seeded::new(1)),
        observer: Arc::new(Unobserved),
    })
    .await;
    let who = Principal::anonymous();
    let started = engine.start(&who, &start("flood", "1", "")).await.unwrap();
    let job = started.spec.job;
    (engine, job)
}

/// The number of the last event that there is to read, and whether something is missing.
async fn read_all(engine: Engine, job: JobId) -> (Seq, bool) {
    let mut follow = engine.follow(job, 0);
    let (mut last, mut missed) = (0, false);
    while let Some(page) = follow.next().await {
        // It takes its time, as a socket does.
        for _ in 0..20 {
            yield_now().await;
        }
        missed |= page.gap.is_some();
        last = page.events.last().map_or(last, |event| event.seq);
    }
    (last, missed)
}

fn millis(engine: &Engine) -> u64 {
    engine.now().since(EPOCH).as_micros() / 1_000
}

/// A reader that takes a page and no more.
async fn stalled(engine: &Engine, job: JobId) -> Arc<Mailbox> {
    let mailbox = Mailbox::new();
    while engine
        .read(job, 1, 1, &mailbox)
        .await
        .unwrap()
        .events
        .is_empty()
    {
        drop(mailbox.take().await);
    }
    drop(engine.read(job, 2, 1, &mailbox).await);
    mailbox
}

#[tokio::test(start_paused = true)]
async fn who_keeps_reading_misses_nothing() {
    let (engine, job) = flooded(LINES).await;
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        readers.spawn(read_all(engine.clone(), job));
    }
    let all = (LINES as u64 + 2, false);
    assert_eq!(readers.join_all().await, [all, all]);
    assert_eq!(millis(&engine), 0, "nobody waited");
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_is_waited_for_once() {
    let (engine, job) = flooded(LINES).await;
    let mut readers = JoinSet::new();
    readers.spawn(read_all(engine.clone(), job));
    let _stalled = stalled(&engine, job).await;
    assert_eq!(readers.join_all().await, [(LINES as u64 + 2, false)]);
    assert_eq!(millis(&engine), 100);
}

#[tokio::test(start_paused = true)]
async fn a_kill_does_not_wait_for_readers() {
    let (engine, job) = flooded(LINES).await;
    let _stalled = stalled(&engine, job).await;
    sleep(ms(50).as_duration()).await;
    let (who, connid) = (Principal::anonymous(), name("1"));
    let killed = engine.kill_and_wait(&who, &connid, None).await.unwrap();
    // It had more to say, and said it: the work ends as it likes.
    assert_eq!(killed.job.seq(), LINES as u64 + 3);
    assert_eq!(millis(&engine), 50);
}
