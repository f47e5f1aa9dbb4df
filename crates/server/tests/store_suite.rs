//! What every store does alike. A store is one line in the table at the end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use disk::ROOMY;
use longwire_engine::{
    Events, FeedPage, Found, Job, Listing, Mailbox, Name, NotAppended, NotCreated, Page, Query,
    Retention, RouteRetention, Stopped, Store, Word, Work,
};
use longwire_protocol::{
    Change, Connid, Event, Failure, Gap, JobId, OnDisconnect, Output, Payload, Seconds, Seq, Spec,
    Status, Stream, Tags, Timestamp, Wish,
};
use proptest::{collection::vec, prelude::*, sample::Index};

mod disk;

type Make = fn(Retention) -> Arc<dyn Store>;

const fn at(secs: u64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + secs * 1_000_000)
}

/// What a job is asked for as; its time is 1000 seconds plus its number.
fn spec(number: u64, connid: &str, route: &str) -> Spec {
    Spec {
        job: id(number),
        connid: Connid::new(connid).unwrap(),
        route: route.into(),
        time: Seconds::from_secs(1000 + number),
        idle_time: None,
        queue_time: None,
        input: None,
        tags: Tags::default(),
        on_disconnect: OnDisconnect::Keep,
        by: "anonymous".into(),
    }
}

fn id(number: u64) -> JobId {
    JobId::from_bits(u128::from(number))
}

fn events(events: impl IntoIterator<Item = Event>) -> Events {
    events.into_iter().collect()
}

/// A store under test, and the jobs in it as whoever wrote them last knows them.
struct Bench {
    store: Arc<dyn Store>,
    jobs: BTreeMap<JobId, Job>,
}

impl Bench {
    fn new(make: Make, retention: Retention) -> Self {
        Self {
            store: make(retention),
            jobs: BTreeMap::new(),
        }
    }

    async fn accept(&mut self, spec: Spec, queued: bool) -> Result<JobId, NotCreated> {
        let (job, first) = Job::accept(Arc::new(spec), queued, at(0));
        let id = job.id();
        self.store.create(job.clone(), events([first])).await?;
        self.jobs.insert(id, job);
        Ok(id)
    }

    async fn run(&mut self, number: u64, connid: &str) -> JobId {
        self.accept(spec(number, connid, "r"), false).await.unwrap()
    }

    async fn queue(&mut self, number: u64, connid: &str) -> JobId {
        self.accept(spec(number, connid, "r"), true).await.unwrap()
    }

    /// Appends what `propose` makes of the job.
    async fn write<I: IntoIterator<Item = Event>>(
        &mut self,
        id: JobId,
        propose: impl FnOnce(&mut Job) -> I,
    ) -> Result<(), NotAppended> {
        let mut next = self.jobs[&id].clone();
        let after = next.seq();
        let events = events(propose(&mut next));
        self.store.append(after, next.clone(), events).await?;
        self.jobs.insert(id, next);
        Ok(())
    }

    async fn print(&mut self, id: JobId, text: &str) {
        self.write(id, |job| job.report(at(1), printed(text)))
            .await
            .unwrap();
    }

    async fn end(&mut self, id: JobId, when: Timestamp) {
        self.write(id, |job| job.end(Work::Done(None), when))
            .await
            .unwrap();
    }

    async fn read(&self, id: JobId, after: Seq) -> Option<Page> {
        self.store.read(id, after, usize::MAX, None).await
    }

    async fn find(&self, name: &str) -> &'static str {
        known(&self.store.find(&connid(name)).await)
    }

    async fn find_job(&self, id: JobId) -> &'static str {
        known(&self.store.find(&Name::Job(id)).await)
    }

    async fn list(&self, query: Query) -> Listing {
        self.store.list(&query).await
    }
}

const fn known(found: &Found) -> &'static str {
    match found {
        Found::Job(_) => "job",
        Found::Expired => "expired",
        Found::Unknown => "unknown",
    }
}

fn connid(name: &str) -> Name {
    Name::Connid(Connid::new(name).unwrap())
}

fn printed(text: &str) -> Change {
    Change::Output(Output::of_text(Stream::Stdout, text))
}

fn wish() -> Wish {
    Wish {
        by: "me".into(),
        reason: None,
    }
}

const fn all() -> Query {
    Query {
        after: None,
        limit: 1000,
        route: None,
        tag: None,
    }
}

fn seqs(page: &Page) -> Vec<Seq> {
    page.events.iter().map(|event| event.seq).collect()
}

fn numbers(page: &FeedPage) -> Vec<Seq> {
    page.events.iter().map(|event| event.number).collect()
}

/// What lies in a mailbox now.
fn word(mailbox: &Mailbox) -> Option<Word> {
    match mailbox.poll_take(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(word) => Some(word),
        Poll::Pending => None,
    }
}

fn told_of(mailbox: &Mailbox) -> Vec<JobId> {
    word(mailbox).unwrap_or_default().jobs
}

// Names.

async fn a_name_is_free_until_it_is_used_and_after_the_end(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    assert_eq!(bench.find("a").await, "unknown");
    let first = bench.run(1, "a").await;
    let Err(NotCreated::InUse(job)) = bench.accept(spec(2, "a", "other"), false).await else {
        panic!("the name is in use")
    };
    assert_eq!(job, bench.jobs[&first], "and by whom");
    assert_eq!(
        bench.find_job(id(2)).await,
        "unknown",
        "what was refused is not there"
    );
    bench.end(first, at(5)).await;
    let second = bench.run(3, "a").await;
    let Found::Job(by_name) = bench.store.find(&connid("a")).await else {
        panic!()
    };
    assert_eq!(by_name.id(), second, "a name names the last job of it");
    let Found::Job(by_id) = bench.store.find(&Name::Job(first)).await else {
        panic!()
    };
    assert_eq!(by_id, bench.jobs[&first], "and the id still the one before");
    let log = bench.read(first, 0).await.unwrap();
    assert_eq!(Job::fold(&log.events).unwrap(), by_id);
}

async fn a_name_in_the_queue_or_on_its_way_out_is_in_use(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    bench.queue(1, "queued").await;
    let ending = bench.run(2, "ending").await;
    bench
        .write(ending, |job| job.kill(wish(), at(1)).unwrap())
        .await
        .unwrap();
    for name in ["queued", "ending"] {
        let refused = bench.accept(spec(9, name, "r"), false).await;
        assert!(matches!(refused, Err(NotCreated::InUse(_))), "{name}");
    }
}

async fn a_job_may_be_over_as_soon_as_it_is_created(make: Make) {
    let bench = Bench::new(make, ROOMY);
    let (mut job, first) = Job::accept(Arc::new(spec(1, "a", "r")), false, at(0));
    let last = job.end(Work::Done(None), at(0)).unwrap();
    bench
        .store
        .create(job.clone(), events([first, last]))
        .await
        .unwrap();
    assert_eq!(bench.find("a").await, "job");
    assert!(bench.list(all()).await.jobs.is_empty());
    assert_eq!(bench.store.counts().await.ended, 1);
    assert_eq!(seqs(&bench.read(job.id(), 0).await.unwrap()), [1, 2]);
    assert_eq!(numbers(&bench.store.feed(0, 9, None).await), [1, 2]);
    let due = bench.store.due(at(2000), 9, &Mailbox::new()).await;
    assert!(due.jobs.is_empty(), "its alarm does not ring");
}

async fn there_is_a_bound_on_jobs_and_on_queues(make: Make) {
    let retention = Retention {
        jobs: 4,
        queued_jobs_per_route: 2,
        ..ROOMY
    };
    let mut bench = Bench::new(make, retention);
    bench.queue(1, "a").await;
    bench.queue(2, "b").await;
    let refused = bench.accept(spec(3, "c", "r"), true).await;
    assert!(matches!(refused, Err(NotCreated::QueueFull)));
    let third = bench.run(4, "d").await;
    bench.accept(spec(5, "e", "other"), true).await.unwrap();
    for queued in [false, true] {
        let refused = bench.accept(spec(6, "f", "third"), queued).await;
        assert!(matches!(refused, Err(NotCreated::Full)));
    }
    // Whoever asks for a name in use is told so, even where there is no room.
    let refused = bench.accept(spec(7, "a", "r"), false).await;
    assert!(matches!(refused, Err(NotCreated::InUse(_))));
    bench.end(third, at(1)).await;
    bench.run(8, "g").await;
    bench.write(id(1), |job| job.begin(at(2))).await.unwrap();
    bench.end(id(1), at(3)).await;
    bench.queue(9, "h").await;
}

// Logs.

async fn a_log_grows_only_for_who_knows_its_end(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let job = bench.run(1, "a").await;
    let stale = bench.jobs[&job].clone();
    bench.print(job, "one").await;
    for after in [0, 1, 3, u64::MAX] {
        let mut other = stale.clone();
        let event = other.report(at(2), printed("two")).unwrap();
        let appended = bench.store.append(after, other, events([event])).await;
        assert_eq!(appended, Err(NotAppended::Grown), "after {after}");
    }
    let page = bench.read(job, 0).await.unwrap();
    assert_eq!(
        Job::fold(&page.events).unwrap(),
        bench.jobs[&job],
        "and nothing was written"
    );
    let (never, event) = Job::accept(Arc::new(spec(2, "b", "r")), false, at(0));
    let appended = bench.store.append(1, never, events([event])).await;
    assert_eq!(
        appended,
        Err(NotAppended::Grown),
        "nor of a job that is not there"
    );
}

async fn a_log_is_read_from_any_number_on(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let job = bench.run(1, "a").await;
    for text in ["one", "two", "three"] {
        bench.print(job, text).await;
    }
    for (after, expected) in [
        (0, vec![1, 2, 3, 4]),
        (1, vec![2, 3, 4]),
        (3, vec![4]),
        (4, vec![]),
        (5, vec![]),
        (u64::MAX, vec![]),
    ] {
        let page = bench.read(job, after).await.unwrap();
        assert_eq!((seqs(&page), page.gap), (expected, None), "after {after}");
    }
    assert!(
        bench.read(id(99), 0).await.is_none(),
        "there is no such log"
    );
}

async fn a_page_is_about_as_long_as_asked(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let job = bench.run(1, "a").await;
    for _ in 0..10 {
        bench.print(job, &"x".repeat(10_000)).await;
    }
    for (bytes, least, most) in [(0, 1, 1), (1, 1, 1), (25_000, 2, 4), (1 << 20, 10, 10)] {
        let page = bench.store.read(job, 1, bytes, None).await.unwrap();
        let got = page.events.len();
        assert!((least..=most).contains(&got), "{bytes} bytes: {got} events");
        assert_eq!(page.events[0].seq, 2);
    }
}

async fn what_is_trimmed_leaves_a_gap(make: Make) {
    let weight = |text: &str| {
        Event {
            seq: 1,
            at: at(0),
            attempt: 1,
            status: Status::Running,
            change: printed(text),
        }
        .weight()
    };
    let text = "x".repeat(1000);
    let by_bytes = Retention {
        log_bytes_per_job: 5 * weight(&text),
        ..ROOMY
    };
    let by_count = Retention {
        log_events_per_job: 5,
        ..ROOMY
    };
    for retention in [by_bytes, by_count] {
        let mut bench = Bench::new(make, retention);
        let job = bench.run(1, "a").await;
        for _ in 0..20 {
            bench.print(job, &text).await;
        }
        // 21 were written; the last 5 are kept.
        for (after, gap, from) in [
            (0, Some((1, 16)), 17),
            (7, Some((8, 16)), 17),
            (15, Some((16, 16)), 17),
            (16, None, 17),
            (18, None, 19),
            (21, None, 22),
        ] {
            let page = bench.read(job, after).await.unwrap();
            let expected: Vec<Seq> = (from..=21).collect();
            assert_eq!(seqs(&page), expected, "after {after}");
            assert_eq!(
                page.gap,
                gap.map(|(from, to)| Gap { from, to }),
                "after {after}"
            );
        }
        let Found::Job(found) = bench.store.find(&Name::Job(job)).await else {
            panic!()
        };
        assert_eq!(found, bench.jobs[&job], "what it adds up to is kept whole");
    }
}

async fn the_last_event_stays_however_large_it_is(make: Make) {
    let retention = Retention {
        log_bytes_per_job: 4096,
        ..ROOMY
    };
    let mut bench = Bench::new(make, retention);
    let job = bench.run(1, "a").await;
    bench.print(job, &"x".repeat(1 << 20)).await;
    assert_eq!(seqs(&bench.read(job, 0).await.unwrap()), [2]);
    bench.end(job, at(1)).await;
    let page = bench.read(job, 0).await.unwrap();
    assert_eq!(
        (seqs(&page), page.gap),
        (vec![3], Some(Gap { from: 1, to: 2 }))
    );
}

// Being told.

async fn a_reader_is_told_once_for_each_time_it_found_nothing(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let (job, other) = (bench.run(1, "a").await, bench.run(2, "b").await);
    let (one, two) = (Mailbox::new(), Mailbox::new());
    let ask = async |bench: &Bench, job, after, reader: &Arc<Mailbox>| {
        let page = bench.store.read(job, after, 9, Some(reader)).await.unwrap();
        page.events.len()
    };
    assert_eq!(ask(&bench, job, 0, &one).await, 1);
    bench.print(job, "x").await;
    assert!(
        word(&one).is_none(),
        "who got something is not told of more"
    );
    for _ in 0..3 {
        assert_eq!(ask(&bench, job, 2, &one).await, 0);
    }
    assert_eq!(ask(&bench, other, 1, &one).await, 0);
    assert_eq!(ask(&bench, job, 2, &two).await, 0);
    assert!(word(&one).is_none(), "nothing came yet");
    bench.print(job, "y").await;
    bench.print(job, "z").await;
    assert_eq!(
        told_of(&one),
        [job],
        "once, though it asked thrice and two came"
    );
    assert_eq!(told_of(&two), [job], "each reader");
    bench.print(job, "!").await;
    assert!(word(&one).is_none(), "and not again before it asks again");
    bench.end(other, at(1)).await;
    assert_eq!(told_of(&one), [other], "an end is told like anything else");
    drop(one);
    ask(&bench, job, 5, &two).await;
    bench.end(job, at(1)).await;
    assert_eq!(told_of(&two), [job]);
}

async fn a_reader_is_woken_and_not_only_told(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let job = bench.run(1, "a").await;
    let mailbox = Mailbox::new();
    bench.store.read(job, 1, 9, Some(&mailbox)).await;
    let mut waiting = Box::pin(mailbox.take());
    assert!(futures_util::poll!(waiting.as_mut()).is_pending());
    bench.print(job, "x").await;
    let Poll::Ready(word) = futures_util::poll!(waiting) else {
        panic!("nobody woke it")
    };
    assert_eq!(word.jobs, [job]);
}

/// Many readers and writers on many threads: nobody waits for what is there already.
async fn no_reader_misses_an_event(make: Make) {
    const JOBS: u64 = 8;
    const READERS_PER_JOB: usize = 3;
    const EVENTS: u64 = 300;
    let store = make(ROOMY);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 1..=JOBS {
        let (job, first) = Job::accept(
            Arc::new(spec(number, &number.to_string(), "r")),
            false,
            at(0),
        );
        store.create(job.clone(), events([first])).await.unwrap();
        for _ in 0..READERS_PER_JOB {
            let mut follow = longwire_engine::Follow::new(Arc::clone(&store), job.id(), 0);
            tasks.spawn(async move {
                let mut next = 1;
                while let Some(page) = follow.next().await {
                    assert_eq!(page.gap, None);
                    for event in page.events {
                        assert_eq!(event.seq, next);
                        next += 1;
                    }
                }
                assert_eq!(next, EVENTS + 1, "it read to the end");
            });
        }
        // Two writers a job: each must read on where the other was faster.
        for _ in 0..2 {
            let (store, job) = (Arc::clone(&store), job.clone());
            tasks.spawn(write_until_ended(store, job, EVENTS));
        }
    }
    let all = async {
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    };
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, all)
        .await
        .expect("nobody waits for ever");
}

async fn write_until_ended(store: Arc<dyn Store>, mut job: Job, events_in_all: Seq) {
    while !job.status().has_ended() {
        let mut next = job.clone();
        let event = if next.seq() + 1 == events_in_all {
            next.end(Work::Done(None), at(1))
        } else {
            next.report(at(1), printed("x"))
        };
        let appended = store.append(job.seq(), next.clone(), events(event)).await;
        job = match (appended, store.find(&Name::Job(job.id())).await) {
            (Ok(()), _) => next,
            (Err(NotAppended::Grown), Found::Job(grown)) => grown,
            (Err(NotAppended::Grown), other) => panic!("{other:?}"),
            (Err(NotAppended::Unavailable(why)), _) => panic!("{why:?}"),
        };
        tokio::task::yield_now().await;
    }
}

// Lists.

async fn a_list_is_cut_into_pages(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    for number in 1..=7 {
        bench.run(number, &number.to_string()).await;
    }
    bench.end(id(4), at(1)).await;
    for (limit, pages) in [
        (
            1,
            vec![vec![1], vec![2], vec![3], vec![5], vec![6], vec![7]],
        ),
        (2, vec![vec![1, 2], vec![3, 5], vec![6, 7]]),
        (4, vec![vec![1, 2, 3, 5], vec![6, 7]]),
        (6, vec![vec![1, 2, 3, 5, 6, 7]]),
        (1000, vec![vec![1, 2, 3, 5, 6, 7]]),
    ] {
        let mut query = Query { limit, ..all() };
        let mut got = Vec::new();
        loop {
            let listing = bench.list(query.clone()).await;
            assert_eq!(listing.total, Some(6), "of all, not of the page");
            got.push(ids(&listing));
            query.after = listing.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(got, pages, "{limit} at a time");
    }
    // A job that is gone, or never was, is still a place to go on from.
    let after_4 = Query {
        after: Some(id(4)),
        ..all()
    };
    assert_eq!(ids(&bench.list(after_4).await), [5, 6, 7]);
    let after_99 = Query {
        after: Some(id(99)),
        ..all()
    };
    assert_eq!(ids(&bench.list(after_99).await), [0; 0]);
}

fn ids(listing: &Listing) -> Vec<u64> {
    let bits = |job: &Job| u64::try_from(job.id().bits()).unwrap();
    listing.jobs.iter().map(|(job, _)| bits(job)).collect()
}

async fn a_list_is_narrowed_by_route_and_tag(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    for (number, route, tags) in [
        (1, "r", &["x"][..]),
        (2, "s", &["x", "y"]),
        (3, "r", &["y"]),
        (4, "r", &["x", "y"]),
        (5, "s", &[]),
    ] {
        let tags = tags.iter().map(|tag| (*tag).into()).collect();
        let spec = Spec {
            tags,
            ..spec(number, &number.to_string(), route)
        };
        bench.accept(spec, number % 2 == 0).await.unwrap();
    }
    for (route, tag, expected, total) in [
        (None, None, vec![1, 2, 3, 4, 5], Some(5)),
        (Some("r"), None, vec![1, 3, 4], Some(3)),
        (Some("s"), None, vec![2, 5], Some(2)),
        (Some("t"), None, vec![], Some(0)),
        (None, Some("x"), vec![1, 2, 4], None),
        (Some("r"), Some("y"), vec![3, 4], None),
        (Some("s"), Some("z"), vec![], None),
    ] {
        let query = Query {
            route: route.map(Into::into),
            tag: tag.map(Into::into),
            ..all()
        };
        let listing = bench.list(query).await;
        assert_eq!(ids(&listing), expected, "{route:?} {tag:?}");
        // A store may know more than it must, but nothing wrong.
        let counted = u64::try_from(expected.len()).unwrap();
        assert!(listing.total.is_none_or(|total| total == counted));
        assert!(
            total.is_none() || listing.total == total,
            "{route:?} {tag:?}"
        );
        assert_eq!(listing.next, None);
    }
}

/// A filter that fits few jobs among many still comes to each of them, in pages that may be empty.
async fn a_needle_is_found_in_a_haystack(make: Make) {
    let bench = Bench::new(make, ROOMY);
    let created = (1..=25_000).map(|number| {
        let tags: Tags = match number {
            1 | 12_000 | 25_000 => Tags::from(["needle".into()]),
            _ => Tags::default(),
        };
        let spec = Spec {
            tags,
            ..spec(number, &number.to_string(), "r")
        };
        let (job, first) = Job::accept(Arc::new(spec), false, at(0));
        bench.store.create(job, events([first]))
    });
    // All at once, as a store may write many in one step.
    for created in futures_util::future::join_all(created).await {
        created.unwrap();
    }
    let mut query = Query {
        tag: Some("needle".into()),
        ..all()
    };
    let mut found = Vec::new();
    for _ in 0..100 {
        let listing = bench.list(query.clone()).await;
        found.extend(ids(&listing));
        query.after = listing.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!((found, query.after), (vec![1, 12_000, 25_000], None));
}

async fn a_place_in_the_queue_is_counted_from_one(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    bench.run(1, "1").await;
    for number in 2..=5 {
        bench.queue(number, &number.to_string()).await;
    }
    bench.accept(spec(6, "6", "other"), true).await.unwrap();
    let stale = bench.jobs[&id(2)].clone();
    bench
        .write(id(3), |job| job.kill(wish(), at(1)).unwrap())
        .await
        .unwrap();
    let expected = [
        (1, None),
        (2, Some(1)),
        (4, Some(2)),
        (5, Some(3)),
        (6, Some(1)),
    ];
    let listing = bench.list(all()).await;
    let places: Vec<_> = ids(&listing)
        .into_iter()
        .zip(listing.jobs.iter().map(|(_, place)| *place))
        .collect();
    assert_eq!(places, expected);
    let after = bench
        .list(Query {
            after: Some(id(4)),
            ..all()
        })
        .await;
    assert_eq!(after.jobs[0].1, Some(3), "also on a later page");
    for (number, place) in expected {
        assert_eq!(
            bench.store.position(&bench.jobs[&id(number)]).await,
            place,
            "{number}"
        );
    }
    bench.write(id(2), |job| job.begin(at(1))).await.unwrap();
    assert_eq!(bench.store.position(&bench.jobs[&id(2)]).await, None);
    assert_eq!(
        bench.store.position(&stale).await,
        None,
        "who asks with an old copy is not told 0"
    );
    assert_eq!(bench.store.position(&bench.jobs[&id(4)]).await, Some(1));
}

// Queues and alarms.

async fn who_has_waited_longest_is_first(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let (route, reader) = (Arc::from("r"), Mailbox::new());
    assert!(bench.store.queued(&route, 9, &reader).await.is_empty());
    bench.run(1, "1").await;
    bench.accept(spec(2, "2", "other"), true).await.unwrap();
    assert!(word(&reader).is_none(), "neither waits for this route");
    bench.queue(4, "4").await;
    assert!(
        word(&reader).is_some_and(|word| word.queues),
        "now one does"
    );
    bench.queue(3, "3").await;
    assert!(word(&reader).is_none(), "told once");
    let both = [3, 4].map(|number| bench.jobs[&id(number)].clone());
    assert_eq!(bench.store.queued(&route, 9, &reader).await, both);
    for number in [3, 4] {
        let first = bench.store.queued(&route, 1, &reader).await;
        assert_eq!(first, [bench.jobs[&id(number)].clone()]);
        bench
            .write(id(number), |job| job.begin(at(1)))
            .await
            .unwrap();
    }
    assert!(
        word(&reader).is_none(),
        "who got something is not told of more"
    );
    assert!(bench.store.queued(&route, 9, &reader).await.is_empty());
    bench.queue(5, "5").await;
    assert!(word(&reader).is_some_and(|word| word.queues));
}

async fn alarms_ring_in_their_order(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let reader = Mailbox::new();
    let due = bench.store.due(at(0), 9, &reader).await;
    assert_eq!((due.jobs.len(), due.next), (0, None));
    for number in [3, 1, 2, 4] {
        bench.run(number, &number.to_string()).await;
    }
    // Their alarms are at 1001 to 1004.
    for (now, most, expected, next) in [
        (0, 9, vec![], Some(1001)),
        (1000, 9, vec![], Some(1001)),
        (1001, 9, vec![1], Some(1002)),
        (1003, 2, vec![1, 2], Some(1003)),
        (1003, 9, vec![1, 2, 3], Some(1004)),
        (9999, 9, vec![1, 2, 3, 4], None),
    ] {
        let due = bench.store.due(at(now), most, &reader).await;
        let jobs: Vec<_> = due.jobs.iter().map(Job::id).collect();
        assert_eq!(
            jobs,
            expected.into_iter().map(id).collect::<Vec<_>>(),
            "at {now}"
        );
        assert_eq!(due.next, next.map(at), "at {now}");
    }
    bench
        .write(id(1), |job| job.kill(wish(), at(9)).unwrap())
        .await
        .unwrap();
    bench
        .write(id(2), |job| job.extend(Seconds::from_secs(5000), at(9)))
        .await
        .unwrap();
    bench
        .write(id(3), |job| {
            job.time_up(longwire_protocol::Clock::Time, at(1003))
        })
        .await
        .unwrap();
    let due = bench.store.due(at(1004), 9, &reader).await;
    assert_eq!(due.jobs.iter().map(Job::id).collect::<Vec<_>>(), [id(4)]);
    assert_eq!(
        due.next,
        Some(at(5009)),
        "the one that was given more time; what is ending has none"
    );
}

async fn who_sleeps_is_roused_by_an_earlier_alarm_only(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let reader = Mailbox::new();
    let roused = |reader: &Mailbox| word(reader).is_some_and(|word| word.alarms);
    bench.store.due(at(0), 9, &reader).await;
    bench.run(5, "5").await;
    assert!(roused(&reader), "there was no alarm");
    assert_eq!(
        bench.store.due(at(0), 9, &reader).await.next,
        Some(at(1005))
    );
    bench.run(6, "6").await;
    bench
        .write(id(5), |job| job.extend(Seconds::from_secs(2000), at(1)))
        .await
        .unwrap();
    bench.print(id(5), "x").await;
    assert!(!roused(&reader), "a later one");
    bench.run(4, "4").await;
    assert!(roused(&reader), "an earlier one");
    bench.run(3, "3").await;
    assert!(!roused(&reader), "it is awake already");
    assert_eq!(
        bench.store.due(at(0), 9, &reader).await.next,
        Some(at(1003))
    );
    bench
        .write(id(6), |job| job.extend(Seconds::from_secs(10), at(1)))
        .await
        .unwrap();
    assert!(roused(&reader), "a deadline that was moved to the front");
}

// Letting go.

async fn what_ended_first_goes_first_when_there_are_too_many(make: Make) {
    let mut bench = Bench::new(
        make,
        Retention {
            ended_jobs: 2,
            ..ROOMY
        },
    );
    for number in 1..=4 {
        bench.run(number, &number.to_string()).await;
    }
    for (number, order) in [(3, 1), (1, 2), (4, 3)] {
        bench.end(id(number), at(order)).await;
    }
    for (number, expected) in [
        (3, "expired"),
        (1, "job"),
        (4, "job"),
        (2, "job"),
        (9, "unknown"),
    ] {
        assert_eq!(bench.find(&number.to_string()).await, expected, "{number}");
        assert_eq!(bench.find_job(id(number)).await, expected, "{number}");
    }
    assert!(bench.read(id(3), 0).await.is_none());
    let counts = bench.store.counts().await;
    assert_eq!(counts.ended, 2);
}

/// Where many are kept some go together, from several routes, and never more than one in a hundred too many.
async fn of_many_the_oldest_go_a_few_at_a_time(make: Make) {
    const KEPT: u64 = 512;
    let mut bench = Bench::new(
        make,
        Retention {
            ended_jobs: KEPT as usize,
            ..ROOMY
        },
    );
    for number in 1..=KEPT + 20 {
        let route = ["a", "b", "c"][number as usize % 3];
        let spec = spec(number, &number.to_string(), route);
        let job = bench.accept(spec, false).await.unwrap();
        bench.end(job, at(number)).await;
        let kept = bench.store.counts().await.ended;
        assert!(
            kept <= KEPT && 100 * kept >= 99 * number.min(KEPT),
            "{kept}"
        );
        // The latest are kept, and none before them.
        let oldest = number - kept + 1;
        assert_eq!(bench.find(&oldest.to_string()).await, "job");
        if oldest > 1 {
            let gone = oldest - 1;
            assert_eq!(bench.find(&gone.to_string()).await, "expired", "{number}");
            assert_eq!(bench.find_job(id(gone)).await, "expired", "{number}");
        }
    }
}

async fn a_name_that_was_used_again_outlives_its_first_job(make: Make) {
    let mut bench = Bench::new(
        make,
        Retention {
            ended_jobs: 1,
            ..ROOMY
        },
    );
    bench.run(1, "a").await;
    bench.end(id(1), at(1)).await;
    bench.run(2, "a").await;
    bench.run(3, "b").await;
    bench.end(id(3), at(2)).await;
    assert_eq!(bench.find_job(id(1)).await, "expired");
    assert_eq!(bench.find("a").await, "job", "the second of that name runs");
    bench.end(id(2), at(3)).await;
    assert_eq!(
        (bench.find("a").await, bench.find("b").await),
        ("job", "expired")
    );
}

/// What a route keeps goes by its own bounds, and what all keep together by those of all.
async fn a_route_may_keep_less_than_all_or_for_longer(make: Make) {
    let few = RouteRetention {
        ended_jobs: Some(1),
        ..RouteRetention::default()
    };
    let small = RouteRetention {
        ended_bytes: Some(1),
        ..RouteRetention::default()
    };
    let long = RouteRetention {
        ended_time: Some(Seconds::from_secs(7200)),
        ..RouteRetention::default()
    };
    let routes = [("few", few), ("small", small), ("long", long)];
    let retention = Retention {
        ended_time: Seconds::from_secs(3600),
        ..ROOMY
    };
    let mut bench = Bench::new(make, retention);
    // Told later than from the beginning: it is the same.
    let routes = routes.map(|(name, it)| (name.into(), it));
    bench.store.keep(routes.into());
    let mut number = 0;
    for route in ["few", "few", "small", "long", "other", "other"] {
        number += 1;
        let spec = spec(number, &number.to_string(), route);
        let job = bench.accept(spec, false).await.unwrap();
        bench.end(job, at(10)).await;
    }
    let mut known = Vec::new();
    for (when, name) in [10, 3609, 3610, 7209, 7210]
        .into_iter()
        .flat_map(|when| ["1", "2", "3", "4", "5"].map(|name| (when, name)))
    {
        bench.store.due(at(when), 1, &Mailbox::new()).await;
        known.push(if bench.find(name).await == "job" {
            name
        } else {
            "-"
        });
    }
    let expected = [
        "-", "2", "-", "4", "5", // at its end
        "-", "2", "-", "4", "5", // just before an hour later
        "-", "-", "-", "4", "-", // an hour later
        "-", "-", "-", "4", "-", // just before another
        "-", "-", "-", "-", "-",
    ];
    assert_eq!(known, expected);
}

/// A route that keeps less from now on lets go at once, and whoever sleeps until the next is to go is told.
async fn what_a_route_keeps_may_change(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    for number in 1..=3 {
        let spec = spec(number, &number.to_string(), "r");
        let job = bench.accept(spec, false).await.unwrap();
        bench.end(job, at(number)).await;
    }
    let sleeper = Mailbox::new();
    bench.store.due(at(3), 1, &sleeper).await;
    let two_for_a_minute = RouteRetention {
        ended_jobs: Some(2),
        ended_time: Some(Seconds::from_secs(60)),
        ..RouteRetention::default()
    };
    bench.store.keep([("r".into(), two_for_a_minute)].into());
    let known = [bench.find("1").await, bench.find("2").await];
    assert_eq!(known, ["expired", "job"]);
    assert!(sleeper.take().await.alarms);
    let due = bench.store.due(at(3), 1, &sleeper).await;
    assert_eq!(due.next, Some(at(62)));
    bench.store.keep([].into());
    bench.store.due(at(3000), 1, &sleeper).await;
    assert_eq!(bench.find("2").await, "job", "as all others are kept again");
}

async fn ended_logs_have_a_bound_in_bytes(make: Make) {
    let mut bench = Bench::new(
        make,
        Retention {
            ended_bytes: 100_000,
            ..ROOMY
        },
    );
    for number in 1..=10 {
        bench.run(number, &number.to_string()).await;
        bench.print(id(number), &"x".repeat(30_000)).await;
    }
    for number in 1..=10 {
        bench.end(id(number), at(number)).await;
    }
    let kept: Vec<u64> = {
        let mut kept = Vec::new();
        for number in 1..=10 {
            if bench.find_job(id(number)).await == "job" {
                kept.push(number);
            }
        }
        kept
    };
    assert_eq!(kept, [8, 9, 10], "three of them fit");
    assert!(bench.store.counts().await.bytes <= 100_000);
    // One that is larger than all that may be kept goes at once.
    bench.run(11, "11").await;
    bench.print(id(11), &"x".repeat(200_000)).await;
    bench.end(id(11), at(11)).await;
    assert_eq!(bench.find("11").await, "expired");
    assert_eq!(bench.store.counts().await.bytes, 0);
}

/// An input is part of a log's weight, so a bound in bytes bounds inputs too.
async fn inputs_weigh(make: Make) {
    let mut bench = Bench::new(
        make,
        Retention {
            ended_bytes: 50_000,
            ..ROOMY
        },
    );
    let input = Payload::new(&"x".repeat(40_000)).unwrap();
    for number in 1..=2 {
        let spec = Spec {
            input: Some(input.clone()),
            ..spec(number, &number.to_string(), "r")
        };
        bench.accept(spec, false).await.unwrap();
        bench.end(id(number), at(number)).await;
    }
    assert_eq!(
        (bench.find("1").await, bench.find("2").await),
        ("expired", "job")
    );
}

async fn ended_jobs_go_when_their_time_has_come(make: Make) {
    let mut bench = Bench::new(
        make,
        Retention {
            ended_time: Seconds::from_secs(100),
            ..ROOMY
        },
    );
    let reader = Mailbox::new();
    for number in 1..=3 {
        bench.run(number, &number.to_string()).await;
    }
    bench.store.due(at(0), 9, &reader).await;
    word(&reader);
    bench.end(id(2), at(10)).await;
    assert!(
        word(&reader).is_some_and(|word| word.alarms),
        "it is to go before the next alarm, so who sleeps until then must know"
    );
    assert_eq!(
        bench.store.due(at(10), 9, &reader).await.next,
        Some(at(110))
    );
    bench.end(id(1), at(20)).await;
    assert!(word(&reader).is_none(), "it goes later");
    for (now, next, kept) in [
        (109, Some(110), ["job", "job", "job"]),
        (110, Some(120), ["job", "expired", "job"]),
        (121, Some(1003), ["expired", "expired", "job"]),
    ] {
        assert_eq!(
            bench.store.due(at(now), 9, &reader).await.next,
            next.map(at),
            "at {now}"
        );
        let names = [
            bench.find("1").await,
            bench.find("2").await,
            bench.find("3").await,
        ];
        assert_eq!(names, kept, "at {now}");
    }
}

async fn only_so_many_names_are_remembered(make: Make) {
    let retention = Retention {
        ended_jobs: 1,
        expired_names: 4,
        ..ROOMY
    };
    let mut bench = Bench::new(make, retention);
    for number in 1..=20 {
        bench.run(number, &number.to_string()).await;
        bench.end(id(number), at(number)).await;
    }
    assert_eq!(bench.find("1").await, "unknown", "long forgotten");
    assert_eq!(bench.find("18").await, "expired", "not yet");
    assert_eq!(bench.find("19").await, "expired");
    assert_eq!(bench.find("20").await, "job");
}

/// A name that is used again and again is remembered from its last use, not from its first.
async fn a_name_is_remembered_from_its_last_use(make: Make) {
    let retention = Retention {
        ended_jobs: 1,
        expired_names: 8,
        ..ROOMY
    };
    let mut bench = Bench::new(make, retention);
    for number in 1..=40_u64 {
        let again = number.is_multiple_of(3);
        let name = if again {
            "again".to_owned()
        } else {
            number.to_string()
        };
        bench.run(number, &name).await;
        bench.end(id(number), at(number)).await;
        if number > 3 && !again {
            assert_eq!(bench.find("again").await, "expired", "job {number}");
        }
    }
}

// The feed.

async fn the_feed_tells_changes_of_state_in_their_order(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    assert_eq!(bench.store.feed_head().await, 0);
    let (one, two) = (bench.queue(1, "a").await, bench.run(2, "b").await);
    bench.print(two, "not a change of state").await;
    bench.write(one, |job| job.begin(at(1))).await.unwrap();
    bench
        .write(two, |job| job.kill(wish(), at(1)).unwrap())
        .await
        .unwrap();
    bench
        .write(two, |job| job.end(Work::Stopped(Stopped::WILLINGLY), at(2)))
        .await
        .unwrap();
    bench
        .write(one, |job| job.extend(Seconds::from_secs(5), at(3)))
        .await
        .unwrap();
    let page = bench.store.feed(0, 100, None).await;
    let told: Vec<_> = page
        .events
        .iter()
        .map(|e| (e.number, e.connid.as_str(), e.seq, e.status.as_str()))
        .collect();
    let expected = [
        (1, "a", 1, "queued"),
        (2, "b", 1, "running"),
        (3, "a", 2, "running"),
        (4, "b", 3, "ending"),
        (5, "b", 4, "killed"),
        (6, "a", 3, "running"),
    ];
    assert_eq!(told, expected);
    assert_eq!(bench.store.feed_head().await, 6);
    let last = page.events.last().unwrap();
    assert_eq!((last.job, &*last.route, last.deadline), (one, "r", at(8)));
    for (after, most, expected) in [
        (0, 2, vec![1, 2]),
        (2, 2, vec![3, 4]),
        (5, 9, vec![6]),
        (6, 9, vec![]),
        (60, 9, vec![]),
    ] {
        let page = bench.store.feed(after, most, None).await;
        assert_eq!(
            (numbers(&page), page.gap),
            (expected, None),
            "after {after}"
        );
    }
}

async fn the_feed_forgets_and_says_so(make: Make) {
    let mut bench = Bench::new(
        make,
        Retention {
            feed_events: 4,
            ..ROOMY
        },
    );
    for number in 1..=10 {
        bench.run(number, &number.to_string()).await;
    }
    for (after, gap, expected) in [
        (0, Some((1, 6)), vec![7, 8, 9, 10]),
        (5, Some((6, 6)), vec![7, 8, 9, 10]),
        (6, None, vec![7, 8, 9, 10]),
        (9, None, vec![10]),
        (10, None, vec![]),
    ] {
        let page = bench.store.feed(after, 100, None).await;
        assert_eq!(numbers(&page), expected, "after {after}");
        assert_eq!(
            page.gap,
            gap.map(|(from, to)| Gap { from, to }),
            "after {after}"
        );
    }
}

async fn the_feed_wakes_who_waits_for_it(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let reader = Mailbox::new();
    let told = |reader: &Mailbox| word(reader).is_some_and(|word| word.feed);
    assert!(
        bench
            .store
            .feed(0, 9, Some(&reader))
            .await
            .events
            .is_empty()
    );
    let job = bench.run(1, "a").await;
    assert!(told(&reader));
    assert_eq!(numbers(&bench.store.feed(0, 9, Some(&reader)).await), [1]);
    bench.end(job, at(1)).await;
    assert!(!told(&reader), "who got something is not told of more");
    assert!(
        bench
            .store
            .feed(2, 9, Some(&reader))
            .await
            .events
            .is_empty()
    );
    let job = bench.run(2, "b").await;
    assert!(told(&reader));
    assert!(
        bench
            .store
            .feed(3, 9, Some(&reader))
            .await
            .events
            .is_empty()
    );
    bench.print(job, "x").await;
    assert!(!told(&reader), "output is no change of state");
}

/// What is in front of a change must not hide it, nor what is behind.
async fn the_feed_finds_a_change_among_others(make: Make) {
    let mut bench = Bench::new(make, ROOMY);
    let reader = Mailbox::new();
    let told = |reader: &Mailbox| word(reader).is_some_and(|word| word.feed);
    let job = bench.run(1, "a").await;
    assert!(
        bench
            .store
            .feed(1, 9, Some(&reader))
            .await
            .events
            .is_empty()
    );
    let change_first = |job: &mut Job| {
        let extended = job.extend(Seconds::from_secs(9), at(2)).ok();
        extended
            .into_iter()
            .chain(job.report(at(2), printed("and more")))
            .collect::<Vec<_>>()
    };
    bench.write(job, change_first).await.unwrap();
    assert!(told(&reader));
    assert_eq!(numbers(&bench.store.feed(1, 9, Some(&reader)).await), [2]);
    assert!(
        bench
            .store
            .feed(2, 9, Some(&reader))
            .await
            .events
            .is_empty()
    );
    let both = |job: &mut Job| {
        let output = job.report(at(2), printed("last words"));
        output
            .into_iter()
            .chain(job.end(Work::Done(None), at(2)))
            .collect::<Vec<_>>()
    };
    bench.write(job, both).await.unwrap();
    assert!(told(&reader));
    assert_eq!(numbers(&bench.store.feed(2, 9, Some(&reader)).await), [3]);
}

// Everything at once, against a naive model.

#[derive(Clone, Debug)]
enum Op {
    Create { name: u8, route: u8, queued: bool },
    Begin(Index),
    Print(Index, u16),
    Kill(Index),
    End(Index),
    Lose(Index),
    Extend(Index, u16),
    Stale(Index),
    Pass(u16),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..6u8, 0..3u8, any::<bool>()).prop_map(|(name, route, queued)| Op::Create { name, route, queued }),
        3 => any::<Index>().prop_map(Op::Begin),
        4 => (any::<Index>(), 0..2000u16).prop_map(|(job, bytes)| Op::Print(job, bytes)),
        2 => any::<Index>().prop_map(Op::Kill),
        3 => any::<Index>().prop_map(Op::End),
        1 => any::<Index>().prop_map(Op::Lose),
        1 => (any::<Index>(), 0..3000u16).prop_map(|(job, secs)| Op::Extend(job, secs)),
        1 => any::<Index>().prop_map(Op::Stale),
        2 => (0..400u16).prop_map(Op::Pass),
    ]
}

/// Everything that was ever written, never trimmed, never indexed: each answer is looked for from scratch.
struct Naive {
    retention: Retention,
    logs: BTreeMap<JobId, (Job, Vec<Event>)>,
    /// Ended and kept, in the order of their ends.
    kept: Vec<JobId>,
    gone: BTreeSet<JobId>,
    feed: Vec<(JobId, Seq)>,
}

impl Naive {
    fn new(retention: Retention) -> Self {
        Self {
            retention,
            logs: BTreeMap::new(),
            kept: Vec::new(),
            gone: BTreeSet::new(),
            feed: Vec::new(),
        }
    }

    fn log(&mut self, job: &Job, events: &Events) {
        let id = job.id();
        let (kept, log) = self
            .logs
            .entry(id)
            .or_insert_with(|| (job.clone(), Vec::new()));
        *kept = job.clone();
        log.extend(events.iter().cloned());
        let state =
            |event: &&Event| !matches!(event.change, Change::Output(_) | Change::Progress(_));
        self.feed
            .extend(events.iter().filter(state).map(|event| (id, event.seq)));
        if job.status().has_ended() {
            self.kept.push(id);
        }
        while self.kept.len() > self.retention.ended_jobs
            || self.ended_bytes() > self.retention.ended_bytes
        {
            self.gone.insert(self.kept.remove(0));
        }
    }

    fn forget_old(&mut self, now: Timestamp) {
        let old = |naive: &Self, id| {
            naive.logs[&id]
                .0
                .last_at()
                .after(naive.retention.ended_time)
                <= now
        };
        while self.kept.first().is_some_and(|id| old(self, *id)) {
            self.gone.insert(self.kept.remove(0));
        }
    }

    /// The events that are kept of a log.
    fn trimmed(&self, id: JobId) -> &[Event] {
        let log = &self.logs[&id].1;
        let fits = |from: usize| {
            let bytes: usize = log[from..].iter().map(Event::weight).sum();
            log.len() - from <= self.retention.log_events_per_job
                && bytes <= self.retention.log_bytes_per_job
        };
        let from = (0..log.len())
            .find(|from| fits(*from))
            .unwrap_or(log.len() - 1);
        &log[from..]
    }

    fn bytes<'a>(&self, jobs: impl Iterator<Item = &'a JobId>) -> usize {
        jobs.flat_map(|id| self.trimmed(*id))
            .map(Event::weight)
            .sum()
    }

    fn ended_bytes(&self) -> usize {
        self.bytes(self.kept.iter())
    }

    fn live(&self) -> impl Iterator<Item = &Job> {
        self.logs
            .values()
            .map(|(job, _)| job)
            .filter(|job| !job.status().has_ended())
    }

    fn named(&self, connid: &Connid) -> Option<&Job> {
        let of_that_name = self
            .logs
            .values()
            .map(|(job, _)| job)
            .filter(|job| job.connid() == connid);
        of_that_name.max_by_key(|job| job.id())
    }
}

async fn check(store: &dyn Store, naive: &Naive, now: Timestamp) -> Result<(), TestCaseError> {
    check_names(store, naive).await?;
    check_logs(store, naive).await?;
    check_indexes(store, naive, now).await?;
    let counts = store.counts().await;
    let mut routes: BTreeMap<Arc<str>, (u64, u64)> = BTreeMap::new();
    for job in naive.live() {
        let (queued, running) = routes.entry(Arc::clone(&job.spec().route)).or_default();
        *if job.status() == Status::Queued {
            queued
        } else {
            running
        } += 1;
    }
    let counted = counts
        .routes
        .into_iter()
        .map(|(route, queued, running)| (route, (queued, running)));
    let counted: BTreeMap<_, _> = counted.filter(|(_, sums)| *sums != (0, 0)).collect();
    prop_assert_eq!(counted, routes);
    prop_assert_eq!(counts.ended, naive.kept.len() as u64);
    let live: Vec<JobId> = naive.live().map(Job::id).collect();
    prop_assert_eq!(
        counts.bytes,
        (naive.bytes(live.iter()) + naive.ended_bytes()) as u64
    );
    Ok(())
}

async fn check_names(store: &dyn Store, naive: &Naive) -> Result<(), TestCaseError> {
    for (id, (job, _)) in &naive.logs {
        let expected = if naive.gone.contains(id) {
            "expired"
        } else {
            "job"
        };
        let found = store.find(&Name::Job(*id)).await;
        prop_assert_eq!(known(&found), expected);
        if let Found::Job(found) = found {
            prop_assert_eq!(&found, job);
        }
        let last = naive.named(job.connid()).unwrap();
        match store.find(&Name::Connid(job.connid().clone())).await {
            Found::Job(found) => prop_assert_eq!(&found, last),
            Found::Expired => prop_assert!(naive.gone.contains(&last.id())),
            Found::Unknown => prop_assert!(false, "{} was there", job.connid()),
        }
    }
    Ok(())
}

async fn check_logs(store: &dyn Store, naive: &Naive) -> Result<(), TestCaseError> {
    for (id, (job, log)) in &naive.logs {
        for after in [0, job.seq() / 2, job.seq()] {
            let page = store.read(*id, after, usize::MAX, None).await;
            if naive.gone.contains(id) {
                prop_assert!(page.is_none());
                continue;
            }
            let (page, kept) = (page.unwrap(), naive.trimmed(*id));
            let expected: Vec<Event> = kept
                .iter()
                .filter(|event| event.seq > after)
                .cloned()
                .collect();
            prop_assert_eq!(page.events.to_vec(), expected);
            let first = kept[0].seq;
            let gap = (after + 1 < first).then_some(Gap {
                from: after + 1,
                to: first - 1,
            });
            prop_assert_eq!(page.gap, gap, "of {}", log.len());
        }
    }
    Ok(())
}

async fn check_indexes(
    store: &dyn Store,
    naive: &Naive,
    now: Timestamp,
) -> Result<(), TestCaseError> {
    let listing = store.list(&all()).await;
    let listed: Vec<&Job> = listing.jobs.iter().map(|(job, _)| job).collect();
    prop_assert_eq!(listed, naive.live().collect::<Vec<_>>());
    for (job, place) in &listing.jobs {
        let before = |other: &&Job| {
            other.status() == Status::Queued
                && other.spec().route == job.spec().route
                && other.id() <= job.id()
        };
        let expected =
            (job.status() == Status::Queued).then(|| naive.live().filter(before).count() as u64);
        prop_assert_eq!(*place, expected);
        prop_assert_eq!(store.position(job).await, expected);
    }
    for route in ["0", "1", "2"] {
        let first = store.queued(&route.into(), 2, &Mailbox::new()).await;
        let waits = |job: &&Job| job.status() == Status::Queued && &*job.spec().route == route;
        let expected: Vec<Job> = naive.live().filter(waits).take(2).cloned().collect();
        prop_assert_eq!(first, expected);
    }
    let due = store.due(now, usize::MAX, &Mailbox::new()).await;
    let due: BTreeSet<JobId> = due.jobs.iter().map(Job::id).collect();
    let expected = naive
        .live()
        .filter(|job| job.due(now).is_some())
        .map(Job::id);
    prop_assert_eq!(due, expected.collect::<BTreeSet<_>>());
    let from = naive.feed.len().saturating_sub(naive.retention.feed_events);
    let page = store.feed(0, usize::MAX, None).await;
    let fed: Vec<_> = page
        .events
        .iter()
        .map(|event| (event.job, event.seq))
        .collect();
    prop_assert_eq!(fed, &naive.feed[from..]);
    prop_assert_eq!(store.feed_head().await, naive.feed.len() as u64);
    Ok(())
}

async fn drive(make: Make, retention: Retention, ops: Vec<Op>) -> Result<(), TestCaseError> {
    let store = make(retention.clone());
    let mut naive = Naive::new(retention.clone());
    let (mut now, mut next_id) = (at(0), 1);
    for op in ops {
        match op {
            Op::Create {
                name,
                route,
                queued,
            } => {
                let spec = spec(next_id, &name.to_string(), &route.to_string());
                next_id += 1;
                let (job, first) = Job::accept(Arc::new(spec), queued, now);
                let events = events([first]);
                let in_use = naive
                    .named(job.connid())
                    .is_some_and(|job| !job.status().has_ended());
                let same_queue = |other: &&Job| {
                    other.status() == Status::Queued && other.spec().route == job.spec().route
                };
                let full = naive.live().count() >= retention.jobs;
                let queue_full = queued
                    && naive.live().filter(same_queue).count() >= retention.queued_jobs_per_route;
                match store.create(job.clone(), events.clone()).await {
                    Ok(()) => {
                        prop_assert!(!in_use && !full && !queue_full);
                        naive.log(&job, &events);
                    }
                    Err(NotCreated::InUse(_)) => prop_assert!(in_use),
                    Err(NotCreated::Full) => prop_assert!(full && !in_use),
                    Err(NotCreated::QueueFull) => prop_assert!(queue_full && !full && !in_use),
                    Err(NotCreated::Unavailable(why)) => prop_assert!(false, "{why:?}"),
                }
            }
            Op::Pass(secs) => {
                now = now.after(Seconds::from_secs(secs.into()));
                store.due(now, 1, &Mailbox::new()).await;
                naive.forget_old(now);
            }
            Op::Begin(_)
            | Op::Print(..)
            | Op::Kill(_)
            | Op::End(_)
            | Op::Lose(_)
            | Op::Extend(..)
            | Op::Stale(_) => {
                append(&*store, &mut naive, &op, now).await?;
            }
        }
        check(&*store, &naive, now).await?;
        naive.forget_old(now);
    }
    Ok(())
}

/// Which of the live jobs an operation is about; none where it makes one or is about none.
const fn about(op: &Op) -> Option<&Index> {
    match op {
        Op::Create { .. } | Op::Pass(_) => None,
        Op::Begin(job) | Op::Kill(job) | Op::End(job) | Op::Lose(job) | Op::Stale(job) => Some(job),
        Op::Print(job, _) | Op::Extend(job, _) => Some(job),
    }
}

fn proposed(op: &Op, job: &mut Job, now: Timestamp) -> Events {
    let lost = || Failure::new("x", "x");
    match op {
        Op::Create { .. } | Op::Pass(_) => Events::new(),
        Op::Begin(_) => events(job.begin(now)),
        Op::Print(_, bytes) => events(job.report(now, printed(&"x".repeat((*bytes).into())))),
        Op::Kill(_) => events(job.kill(wish(), now).unwrap_or_default()),
        Op::End(_) => events(job.end(Work::Done(None), now)),
        Op::Lose(_) => events(job.lose(lost(), now)),
        Op::Extend(_, secs) => events(job.extend(Seconds::from_secs((*secs).into()), now).ok()),
        Op::Stale(_) => events(job.extend(Seconds::ZERO, now).ok()),
    }
}

async fn append(
    store: &dyn Store,
    naive: &mut Naive,
    op: &Op,
    now: Timestamp,
) -> Result<(), TestCaseError> {
    let live: Vec<Job> = naive.live().cloned().collect();
    let Some(index) = about(op).filter(|_| !live.is_empty()) else {
        return Ok(());
    };
    let mut job = live[index.index(live.len())].clone();
    let after = job.seq();
    let events = proposed(op, &mut job, now);
    if events.is_empty() {
        return Ok(());
    }
    if matches!(op, Op::Stale(_)) {
        let appended = store.append(after - 1, job, events).await;
        prop_assert_eq!(appended, Err(NotAppended::Grown));
        return Ok(());
    }
    let appended = store.append(after, job.clone(), events.clone()).await;
    prop_assert_eq!(appended, Ok(()));
    naive.log(&job, &events);
    Ok(())
}

fn it_answers_like_one_that_looks_at_everything(make: Make) {
    let small = (
        1..8usize,
        1..4usize,
        200..4000usize,
        2..12usize,
        1..4usize,
        50..600u64,
        2000..20_000usize,
        1..40usize,
    );
    let retention = small.prop_map(
        |(jobs, queued, log_bytes, log_events, ended, secs, ended_bytes, feed)| Retention {
            jobs,
            queued_jobs_per_route: queued,
            log_bytes_per_job: log_bytes,
            log_events_per_job: log_events,
            ended_jobs: ended,
            ended_time: Seconds::from_secs(secs),
            ended_bytes,
            expired_names: 1000,
            feed_events: feed,
            routes: BTreeMap::new(),
        },
    );
    let config = ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(retention in retention, ops in vec(op(), 1..60))| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(drive(make, retention, ops))?;
    });
}

macro_rules! suite {
    ($store:ident, $make:expr, [$($test:ident),* $(,)?]) => {
        mod $store {
            $(#[tokio::test]
            async fn $test() {
                super::$test($make).await;
            })*

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn no_reader_misses_an_event() {
                super::no_reader_misses_an_event($make).await;
            }

            #[test]
            fn it_answers_like_one_that_looks_at_everything() {
                super::it_answers_like_one_that_looks_at_everything($make);
            }
        }
    };
}

macro_rules! stores {
    ($($store:ident: $make:expr,)*) => {
        $(suite!($store, $make, [
            a_name_is_free_until_it_is_used_and_after_the_end,
            a_name_in_the_queue_or_on_its_way_out_is_in_use,
            a_job_may_be_over_as_soon_as_it_is_created,
            there_is_a_bound_on_jobs_and_on_queues,
            a_log_grows_only_for_who_knows_its_end,
            a_log_is_read_from_any_number_on,
            a_page_is_about_as_long_as_asked,
            what_is_trimmed_leaves_a_gap,
            the_last_event_stays_however_large_it_is,
            a_reader_is_told_once_for_each_time_it_found_nothing,
            a_reader_is_woken_and_not_only_told,
            a_list_is_cut_into_pages,
            a_list_is_narrowed_by_route_and_tag,
            a_needle_is_found_in_a_haystack,
            a_place_in_the_queue_is_counted_from_one,
            who_has_waited_longest_is_first,
            alarms_ring_in_their_order,
            who_sleeps_is_roused_by_an_earlier_alarm_only,
            what_ended_first_goes_first_when_there_are_too_many,
            of_many_the_oldest_go_a_few_at_a_time,
            a_name_that_was_used_again_outlives_its_first_job,
            a_route_may_keep_less_than_all_or_for_longer,
            what_a_route_keeps_may_change,
            ended_logs_have_a_bound_in_bytes,
            inputs_weigh,
            ended_jobs_go_when_their_time_has_come,
            only_so_many_names_are_remembered,
            a_name_is_remembered_from_its_last_use,
            the_feed_tells_changes_of_state_in_their_order,
            the_feed_forgets_and_says_so,
            the_feed_wakes_who_waits_for_it,
            the_feed_finds_a_change_among_others,
        ]);)*
    };
}

stores! {
    memory: |retention| std::sync::Arc::new(longwire_server::stores::memory::MemoryStore::new(retention)),
    embedded: crate::disk::store,
}
