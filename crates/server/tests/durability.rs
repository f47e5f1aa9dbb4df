//! What was acknowledged is there, whatever the disk does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod disk;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use disk::{FakeDisk, ROOMY};
use futures_util::{FutureExt, future::join_all};
use longwire_engine::{
    Events, Found, Job, Mailbox, Name, NotAppended, NotCreated, Query, Random, Retention,
    RouteRetention, Seeded, Store, Work,
};
use longwire_protocol::{
    Change, Connid, Event, JobId, OnDisconnect, Output, Progress, Seconds, Seq, Spec, Stream,
    Timestamp, Wish,
};
use longwire_server::stores::embedded::{DiskError, EmbeddedStore, Folder, Offline, Settings};

const fn at(millis: u64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + millis * 1_000)
}

fn spec(number: u64) -> Spec {
    Spec {
        job: JobId::from_bits(u128::from(number)),
        connid: Connid::new(&number.to_string()).unwrap(),
        route: "r".into(),
        time: Seconds::from_secs(900),
        idle_time: None,
        queue_time: Some(Seconds::from_secs(90)),
        input: Some(serde_json::from_str(r#"{"a":[1,2]}"#).unwrap()),
        tags: Arc::new(["x".into()]),
        on_disconnect: OnDisconnect::Kill,
        by: "me".into(),
    }
}

fn accept(number: u64, queued: bool) -> (Job, Events) {
    let mut spec = spec(number);
    if number >= LARGE {
        spec.input = Some(serde_json::from_str(&format!("\"{}\"", "x".repeat(20_000))).unwrap());
    }
    let (job, first) = Job::accept(Arc::new(spec), queued, at(0));
    (job, [first].into_iter().collect())
}

/// Jobs from this number on have a large input.
const LARGE: u64 = 100;

fn printed(text: &str) -> Change {
    Change::Output(Output::of_text(Stream::Stderr, text))
}

fn wish() -> Wish {
    Wish {
        by: "me".into(),
        reason: Some("why".into()),
    }
}

/// A job as its writer knows it: what it wanted to write, and up to where that was acknowledged.
struct Written {
    job: Job,
    events: Vec<Event>,
    acknowledged: Seq,
}

/// Writes to a store, and remembers what was said of it.
struct Client {
    store: EmbeddedStore,
    jobs: BTreeMap<u64, Written>,
}

impl Client {
    fn new(disk: &FakeDisk, retention: Retention) -> Self {
        Self {
            store: disk::open(disk, retention).unwrap(),
            jobs: BTreeMap::new(),
        }
    }

    async fn create(&mut self, number: u64, queued: bool) -> Result<(), NotCreated> {
        let (job, events) = accept(number, queued);
        let written = Written {
            job: job.clone(),
            events: events.to_vec(),
            acknowledged: 0,
        };
        self.jobs.insert(number, written);
        let created = self.store.create(job, events).await;
        if let Some(written) = self.jobs.get_mut(&number) {
            written.acknowledged = u64::from(created.is_ok());
        }
        created
    }

    async fn write<I: IntoIterator<Item = Event>>(
        &mut self,
        number: u64,
        propose: impl FnOnce(&mut Job) -> I,
    ) -> Result<(), NotAppended> {
        let written = self.jobs.get_mut(&number).unwrap();
        let after = written.job.seq();
        let events: Events = propose(&mut written.job).into_iter().collect();
        written.events.extend(events.iter().cloned());
        let appended = self.store.append(after, written.job.clone(), events).await;
        if appended.is_ok() {
            written.acknowledged = written.job.seq();
        }
        appended
    }

    /// Some of everything. Ends where the disk does.
    async fn work(&mut self) -> Result<(), NotAppended> {
        let failed = |why: NotCreated| match why {
            NotCreated::Unavailable(why) => NotAppended::Unavailable(why),
            NotCreated::InUse(_) | NotCreated::Full | NotCreated::QueueFull => panic!("{why:?}"),
        };
        for number in 1..=6 {
            self.create(number, number % 2 == 0).await.map_err(failed)?;
        }
        for number in [2, 4] {
            self.write(number, |job| job.begin(at(1))).await?;
        }
        for number in [1, 2, 3] {
            let progress = Progress {
                done: Some(0.5),
                total: Some(2.0),
                note: Some("page".into()),
            };
            let progress = Change::Progress(Arc::new(progress));
            self.write(number, |job| job.report(at(2), progress))
                .await?;
            for line in 0..12 {
                let text = format!("line {line} of {number} {}", "x".repeat(700));
                self.write(number, |job| job.report(at(3), printed(&text)))
                    .await?;
            }
        }
        self.write(3, |job| job.kill(wish(), at(4)).unwrap())
            .await?;
        self.write(6, |job| job.kill(wish(), at(4)).unwrap())
            .await?;
        self.write(4, |job| job.extend(Seconds::from_secs(5), at(5)))
            .await?;
        let result = serde_json::from_str("[null,\"\\u0000\"]").unwrap();
        self.write(1, |job| job.end(Work::Done(Some(result)), at(6)))
            .await?;
        self.write(2, |job| job.again(at(7))).await?;
        self.write(4, |job| job.time_up(longwire_protocol::Clock::Time, at(8)))
            .await?;
        self.create(7, false).await.map_err(failed)
    }
}

/// All that a store answers of a job: how it stands, and what is kept of its log.
async fn kept(store: &dyn Store, number: u64) -> Option<(Job, Vec<Event>)> {
    let id = JobId::from_bits(u128::from(number));
    let Found::Job(job) = store.find(&Name::Job(id)).await else {
        return None;
    };
    let page = store.read(id, 0, usize::MAX, None).await.unwrap();
    Some((job, page.events.to_vec()))
}

/// Of each job there is what was acknowledged and nothing that was not at least asked for, and it adds up.
async fn check(store: &dyn Store, jobs: &BTreeMap<u64, Written>, when: &str) {
    for (number, written) in jobs {
        let Some((job, events)) = kept(store, *number).await else {
            assert_eq!(written.acknowledged, 0, "{when}: job {number} is gone");
            continue;
        };
        assert!(
            job.seq() >= written.acknowledged,
            "{when}: job {number} is back at {}, {} was acknowledged",
            job.seq(),
            written.acknowledged
        );
        let asked: Vec<Event> = written.events[..usize::try_from(job.seq()).unwrap()].to_vec();
        assert_eq!(Job::fold(&asked).unwrap(), job, "{when}: job {number}");
        let from = asked.len() - events.len();
        assert_eq!(events, asked[from..], "{when}: the log of job {number}");
    }
    let all = Query {
        limit: usize::MAX,
        ..Query::all()
    };
    let listed = store.list(&all).await.jobs.len();
    let live = jobs.keys().map(|number| kept(store, *number));
    let live = join_all(live).await;
    let live = live.iter().flatten();
    let live = live.filter(|(job, _)| !job.status().has_ended()).count();
    assert_eq!(listed, live, "{when}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Logs lose their beginnings here.
fn tight() -> Retention {
    Retention {
        log_events_per_job: 8,
        log_bytes_per_job: 6_000,
        ..ROOMY
    }
}

#[test]
fn all_of_it_is_there_after_a_stop() {
    for retention in [ROOMY, tight()] {
        let disk = FakeDisk::default();
        let jobs = runtime().block_on(async {
            let mut client = Client::new(&disk, retention.clone());
            client.work().await.unwrap();
            client.store.close().await;
            client.jobs
        });
        assert!(jobs.values().all(|written| written.acknowledged > 0));
        runtime().block_on(async {
            let store = disk::open(&disk, retention).unwrap();
            check(&store, &jobs, "after a stop").await;
        });
    }
}

/// The power goes at every single act of the disk, three times with other luck each.
#[test]
fn a_power_cut_takes_nothing_that_was_acknowledged() {
    let acts = {
        let disk = FakeDisk::default();
        runtime().block_on(async {
            Client::new(&disk, tight()).work().await.unwrap();
        });
        disk.acts()
    };
    assert!(acts > 100, "{acts} acts are few");
    let chance = Seeded::new(1);
    let (mut were_there, mut cut_short) = (BTreeSet::new(), 0);
    for cut in 0..acts {
        let disk = FakeDisk::default();
        disk.cut_power_at(cut);
        let jobs = runtime().block_on(async {
            // Without power there may not even be a database yet.
            let Ok(store) = disk::open(&disk, tight()) else {
                return BTreeMap::new();
            };
            let jobs = BTreeMap::new();
            let mut client = Client { store, jobs };
            // The last acts are those of closing.
            cut_short += usize::from(client.work().await.is_err());
            client.jobs
        });
        for luck in 0..3 {
            let after = disk.after_power_cut(|| chance.bits());
            let when = format!("power cut at act {cut} of {acts}, luck {luck}");
            runtime().block_on(async {
                let store = match disk::open(&after, tight()) {
                    Ok(store) => store,
                    // Before it was ever opened whole: a folder makes it under another name and then renames it.
                    Err(_) if jobs.is_empty() => return,
                    Err(error) => panic!("{when}: {error}"),
                };
                check(&store, &jobs, &when).await;
                were_there.insert(store.counts().await.bytes);
            });
        }
    }
    assert!(were_there.len() > 20, "it always went at the same place");
    assert!(cut_short > acts / 2, "{cut_short} of {acts}");
}

/// The test above can fail: a disk that forgets what was synced is found out.
#[test]
#[should_panic(expected = "job 2 is gone")]
fn a_disk_that_lies_is_found_out() {
    let disk = FakeDisk::default();
    let jobs = runtime().block_on(async {
        let mut client = Client::new(&disk, ROOMY);
        client.create(1, false).await.unwrap();
        disk.lie();
        client.create(2, false).await.unwrap();
        client.jobs
    });
    let after = disk.after_power_cut(|| 1);
    runtime().block_on(async {
        let store = disk::open(&after, ROOMY).unwrap();
        check(&store, &jobs, "after a lie").await;
    });
}

async fn fill(client: &mut Client) -> u64 {
    let mut number = LARGE;
    loop {
        match client.create(number, false).await {
            Ok(()) => number += 1,
            Err(NotCreated::Unavailable(why)) => {
                assert!(why.0.contains("full"), "{why:?}");
                client.jobs.remove(&number);
                return number;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_full_disk_takes_nothing_new_and_lets_what_there_is_go_on() {
    let disk = FakeDisk::with_capacity(3 << 20, 1 << 20);
    let jobs = runtime().block_on(async {
        let mut client = Client::new(&disk, ROOMY);
        let full_at = fill(&mut client).await;
        assert!(client.store.trouble().is_some());
        for number in LARGE..full_at {
            client
                .write(number, |job| job.kill(wish(), at(1)).unwrap())
                .await
                .unwrap();
        }
        let refused = client.create(1, false).await;
        assert!(matches!(refused, Err(NotCreated::Unavailable(_))));
        client.jobs.remove(&1);
        disk.grow(64 << 20);
        // On the paused clock: no time at all.
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(client.store.trouble(), None);
        client.create(2, false).await.unwrap();
        client.store.close().await;
        client.jobs
    });
    runtime().block_on(async {
        let store = disk::open(&disk, ROOMY).unwrap();
        check(&store, &jobs, "after the disk was full").await;
    });
}

#[test]
fn a_store_that_was_opened_on_a_full_disk_is_well_once_there_is_space() {
    let disk = FakeDisk::with_capacity(3 << 20, 3 << 20);
    runtime().block_on(async {
        let mut client = Client::new(&disk, ROOMY);
        assert!(client.store.trouble().is_some());
        disk.grow(64 << 20);
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(client.store.trouble(), None);
        client.create(1, false).await.unwrap();
    });
}

#[test]
fn on_a_disk_without_any_space_everyone_is_answered_and_what_is_the_case_waits() {
    // Nothing is set aside here, so there is nothing to fall back on.
    let disk = FakeDisk::with_capacity(3 << 20, 0);
    let now = Duration::from_millis(100);
    let jobs = runtime().block_on(async {
        let mut client = Client::new(&disk, ROOMY);
        client.create(1, false).await.unwrap();
        client.create(2, true).await.unwrap();
        fill(&mut client).await;
        let large = "x".repeat(20_000);
        let job = client.jobs.get_mut(&1).unwrap();
        let after = job.job.seq();
        let output: Events = job.job.report(at(1), printed(&large)).into_iter().collect();
        job.events.extend(output.iter().cloned());
        let mut waits = client.store.append(after, job.job.clone(), output);
        assert!(tokio::time::timeout(now, &mut waits).await.is_err());
        for number in [1, 2] {
            let found = tokio::time::timeout(now, kept(&client.store, number)).await;
            assert_eq!(found.unwrap().unwrap().0.seq(), 1);
        }
        let kill = client.write(2, |job| job.kill(wish(), at(1)).unwrap());
        let refused = tokio::time::timeout(now, kill).await.unwrap();
        assert!(
            matches!(refused, Err(NotAppended::Unavailable(_))),
            "{refused:?}"
        );
        client.jobs.remove(&2);
        disk.grow(64 << 20);
        waits.await.unwrap();
        client.jobs.get_mut(&1).unwrap().acknowledged = 2;
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(client.store.trouble(), None);
        client.create(3, false).await.unwrap();
        client.store.close().await;
        client.jobs
    });
    runtime().block_on(async {
        let store = disk::open(&disk, ROOMY).unwrap();
        let all: Vec<u64> = jobs.keys().copied().collect();
        for number in all {
            let (job, _) = kept(&store, number).await.unwrap();
            assert_eq!(job.seq(), jobs[&number].acknowledged, "job {number}");
        }
    });
}

#[test]
fn a_store_on_a_disk_without_any_space_closes_at_once() {
    let disk = FakeDisk::with_capacity(3 << 20, 0);
    runtime().block_on(async {
        let mut client = Client::new(&disk, ROOMY);
        client.create(1, false).await.unwrap();
        fill(&mut client).await;
        let large = "x".repeat(20_000);
        let job = client.jobs.get_mut(&1).unwrap();
        let after = job.job.seq();
        let output: Events = job.job.report(at(1), printed(&large)).into_iter().collect();
        let waits = client.store.append(after, job.job.clone(), output);
        tokio::time::sleep(Duration::from_secs(3)).await;
        let closed = tokio::time::timeout(Duration::from_millis(100), client.store.close());
        closed.await.unwrap();
        assert!(matches!(waits.await, Err(NotAppended::Unavailable(_))));
    });
}

#[test]
fn a_disk_that_does_not_sync_stops_the_store_and_takes_nothing_that_was_acknowledged() {
    let disk = FakeDisk::default();
    let jobs = runtime().block_on(async {
        let mut client = Client::new(&disk, ROOMY);
        client.work().await.unwrap();
        let mut broken = client.store.broken();
        let pending = poll_fn(|cx| Poll::Ready(broken.poll_unpin(cx))).await;
        assert!(pending.is_pending());
        disk.fail_to_sync();
        let refused = client.create(8, false).await;
        assert!(matches!(refused, Err(NotCreated::Unavailable(_))));
        let refused = client
            .write(5, |job| job.kill(wish(), at(9)).unwrap())
            .await;
        assert!(matches!(refused, Err(NotAppended::Unavailable(_))));
        assert!(broken.await.0.contains("did not answer"));
        // What could not be written is not shown either.
        assert!(kept(&client.store, 8).await.is_none());
        client.jobs
    });
    let chance = Seeded::new(2);
    runtime().block_on(async {
        let store = disk::open(&disk.after_power_cut(|| chance.bits()), ROOMY).unwrap();
        check(&store, &jobs, "after a sync that failed").await;
    });
}

/// The system drops what a flush had no space for, and says of the next that all is well.
#[test]
fn a_flush_that_finds_the_disk_full_is_final() {
    let disk = FakeDisk::with_capacity(1 << 26, 4096);
    let jobs = runtime().block_on(async {
        let mut client = Client::new(&disk, ROOMY);
        for number in 1..=80 {
            client.create(number, false).await.unwrap();
        }
        let broken = client.store.broken();
        disk.be_full_at_next_sync();
        for number in 81..=83 {
            let refused = client.create(number, false).await;
            assert!(matches!(refused, Err(NotCreated::Unavailable(_))));
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        assert!(broken.now_or_never().is_some());
        client.jobs
    });
    runtime().block_on(async {
        let store = disk::open(&disk.after_power_cut(|| 1), ROOMY).unwrap();
        check(&store, &jobs, "after a flush without space").await;
    });
}

#[test]
fn what_expired_is_still_told_from_what_never_was() {
    let disk = FakeDisk::default();
    let few = Retention {
        ended_jobs: 2,
        expired_names: 6,
        ..ROOMY
    };
    let known = async |store: &EmbeddedStore| {
        let mut known = Vec::new();
        for number in 0..=7u64 {
            let connid = Connid::new(&number.to_string()).unwrap();
            known.push(match store.find(&Name::Connid(connid)).await {
                Found::Job(_) => "job",
                Found::Expired => "expired",
                Found::Unknown => "unknown",
            });
        }
        known
    };
    // Three names are remembered, by connid and by job.
    let expected = [
        "unknown", "unknown", "unknown", "expired", "expired", "expired", "job", "job",
    ];
    runtime().block_on(async {
        let mut client = Client::new(&disk, few.clone());
        for number in 1..=7 {
            client.create(number, false).await.unwrap();
            let end = |job: &mut Job| job.end(Work::Done(None), at(1));
            client.write(number, end).await.unwrap();
        }
        // What was let go of goes from the disk too, though nothing more is written.
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(known(&client.store).await, expected);
        client.store.close().await;
    });
    let on_disk = Offline::open(&disk).unwrap().check().unwrap();
    assert_eq!((on_disk.ended_jobs, on_disk.expired_jobs), (2, 3));
    runtime().block_on(async {
        let store = disk::open(&disk, few).unwrap();
        assert_eq!(known(&store).await, expected);
    });
}

/// A job that prints and ends.
async fn comes_and_goes(store: &EmbeddedStore, number: u64) {
    let (mut job, events) = accept(number, false);
    store.create(job.clone(), events).await.unwrap();
    let text = "x".repeat(2_000);
    let print = |job: &mut Job| job.report(at(1), printed(&text));
    let end = |job: &mut Job| job.end(Work::Done(None), at(1));
    for propose in [&print as &dyn Fn(&mut Job) -> Option<Event>, &end] {
        let after = job.seq();
        let events: Events = propose(&mut job).into_iter().collect();
        store.append(after, job.clone(), events).await.unwrap();
    }
}

#[test]
fn the_disk_stops_growing_under_steady_load() {
    let disk = FakeDisk::default();
    let few = Retention {
        ended_jobs: 100,
        expired_names: 200,
        ..ROOMY
    };
    runtime().block_on(async {
        let store = disk::open(&disk, few).unwrap();
        let mut sizes = Vec::new();
        for number in (1..=3_000).step_by(10) {
            // Ten share their flushes, which are what takes long here.
            join_all((number..number + 10).map(|number| comes_and_goes(&store, number))).await;
            sizes.push(disk.len());
        }
        assert_eq!(sizes[100], sizes[299], "it went on growing");
    });
}

#[test]
fn a_start_and_a_kill_in_one_breath_are_understood() {
    runtime().block_on(async {
        let store = disk::open(&FakeDisk::default(), ROOMY).unwrap();
        let (job, events) = accept(1, false);
        let created = store.create(job.clone(), events);
        let connid = Name::Connid(job.connid().clone());
        let found = store.find(&connid);
        let (created, found) = tokio::join!(created, found);
        created.unwrap();
        assert!(matches!(found, Found::Job(found) if found == job));
    });
}

#[test]
fn of_two_that_start_under_one_name_one_is_refused() {
    runtime().block_on(async {
        let store = disk::open(&FakeDisk::default(), ROOMY).unwrap();
        let (one, events) = accept(1, false);
        let (other, first) = Job::accept(
            Arc::new(Spec {
                job: JobId::from_bits(2),
                ..spec(1)
            }),
            false,
            at(0),
        );
        let created = store.create(one.clone(), events);
        let refused = store.create(other, [first].into_iter().collect());
        let (created, refused) = tokio::join!(created, refused);
        created.unwrap();
        assert!(matches!(refused, Err(NotCreated::InUse(running)) if running == one));
    });
}

fn settings() -> Settings {
    Settings {
        retention: ROOMY,
        output_wait: Seconds::ZERO,
    }
}

fn scratch(name: &str) -> std::path::PathBuf {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It need not be there.
    let _ = std::fs::remove_dir_all(&dir);
    let _ = std::fs::remove_file(&dir);
    dir
}

#[test]
fn a_folder_is_used_by_one_at_a_time() {
    let dir = scratch("one_at_a_time");
    let open =
        || Folder::new(&dir, 4096).and_then(|it| EmbeddedStore::open(Arc::new(it), settings()));
    runtime().block_on(async {
        let store = open().unwrap();
        assert!(matches!(open(), Err(DiskError::InUse)));
        assert!(matches!(Folder::to_read(&dir), Err(DiskError::InUse)));
        store.close().await;
        open().unwrap();
    });
}

/// Whoever has the folder keeps what it wrote, however many tried to have it at the same moment.
#[test]
fn of_many_that_begin_on_a_new_folder_one_has_it() {
    for round in 0..20 {
        let dir = scratch("new_for_many").join("in").join("there");
        let start = std::sync::Barrier::new(4);
        let stores: Vec<u64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=4)
                .map(|number| {
                    scope.spawn({
                        let (dir, start) = (&dir, &start);
                        move || begin(dir, start, number)
                    })
                })
                .collect();
            let ends = threads.into_iter().map(|it| it.join().unwrap());
            ends.flatten().collect()
        });
        assert!(!stores.is_empty(), "round {round}: nobody has it");
        runtime().block_on(async {
            let folder = Folder::new(&dir, 4096).unwrap();
            let store = EmbeddedStore::open(Arc::new(folder), settings()).unwrap();
            for number in stores {
                let is_there = kept(&store, number).await.is_some();
                assert!(is_there, "round {round}: job {number} is gone");
            }
        });
    }
}

/// Opens a folder at the same moment as others, and writes a job where that works: its number.
fn begin(dir: &std::path::Path, start: &std::sync::Barrier, number: u64) -> Option<u64> {
    start.wait();
    runtime().block_on(async {
        let store = Folder::new(dir, 4096)
            .and_then(|folder| EmbeddedStore::open(Arc::new(folder), settings()));
        let store = match store {
            Ok(store) => store,
            Err(DiskError::InUse) => return None,
            Err(error) => panic!("{error}"),
        };
        let (job, events) = accept(number, false);
        store.create(job, events).await.unwrap();
        store.close().await;
        Some(number)
    })
}

#[test]
fn a_folder_of_a_later_version_is_left_alone() {
    let dir = scratch("later_version");
    std::fs::create_dir_all(&dir).unwrap();
    {
        let about: redb::TableDefinition<'_, &str, (u64, u64)> =
            redb::TableDefinition::new("about");
        let database = redb::Database::create(Folder::database(&dir)).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(about).unwrap();
        table.insert("version", (99, 0)).unwrap();
        drop(table);
        transaction.commit().unwrap();
    }
    let folder = Arc::new(Folder::new(&dir, 0).unwrap());
    runtime().block_on(async {
        let refused = EmbeddedStore::open(folder, settings()).map(drop);
        let Err(DiskError::Version { found: 99 }) = refused else {
            panic!("{refused:?}")
        };
    });
}

#[test]
fn what_is_no_database_is_left_alone() {
    let dir = scratch("no_database");
    std::fs::create_dir_all(&dir).unwrap();
    let text = "somebody else's file ".repeat(1000);
    std::fs::write(Folder::database(&dir), &text).unwrap();
    let folder = Arc::new(Folder::new(&dir, 0).unwrap());
    runtime().block_on(async {
        let refused = EmbeddedStore::open(folder, settings()).map(drop);
        assert!(matches!(refused, Err(DiskError::Damaged(_))), "{refused:?}");
    });
    let left = std::fs::read_to_string(Folder::database(&dir)).unwrap();
    assert_eq!(left, text);
}

#[test]
fn a_database_that_was_cut_short_is_damaged_and_left_alone() {
    let dir = scratch("cut_short");
    runtime().block_on(async {
        let folder = Folder::new(&dir, 0).unwrap();
        let store = EmbeddedStore::open(Arc::new(folder), settings()).unwrap();
        let (job, events) = accept(LARGE, false);
        store.create(job, events).await.unwrap();
        store.close().await;
    });
    let whole = std::fs::read(Folder::database(&dir)).unwrap();
    for left in [0, 1, 100, 512, 4096, 30_000, whole.len() / 2] {
        std::fs::write(Folder::database(&dir), &whole[..left]).unwrap();
        let folder = Folder::new(&dir, 0).unwrap();
        let refused = runtime()
            .block_on(async { EmbeddedStore::open(Arc::new(folder), settings()).map(drop) });
        let Err(error @ DiskError::Damaged(_)) = refused else {
            panic!("{left} bytes: {refused:?}")
        };
        assert!(error.advice().unwrap().contains("backup"), "{error}");
        let refused = Offline::open(&Folder::to_read(&dir).unwrap()).map(drop);
        assert!(
            matches!(refused, Err(DiskError::Damaged(_))),
            "{left} bytes: {refused:?}"
        );
        let size = std::fs::metadata(Folder::database(&dir)).unwrap().len();
        assert_eq!(size, left as u64);
    }
}

#[test]
fn a_file_is_no_folder_and_that_is_said() {
    let file = scratch("a_file");
    std::fs::write(&file, "x").unwrap();
    for dir in [file.clone(), file.join("below")] {
        let refused = Folder::new(&dir, 0).unwrap_err();
        assert!(refused.advice().unwrap().contains("is a file"), "{refused}");
    }
}

/// These routes are kept in memory only.
fn fleeting(names: &[&str]) -> BTreeMap<Arc<str>, RouteRetention> {
    let fleeting = RouteRetention {
        fleeting: true,
        ..RouteRetention::default()
    };
    let names = names.iter();
    names.map(|name| ((*name).into(), fleeting)).collect()
}

#[test]
fn jobs_of_a_fleeting_route_are_not_written_and_share_the_names() {
    let disk = FakeDisk::default();
    let open = || {
        let store = EmbeddedStore::open(Arc::new(disk.clone()), settings()).unwrap();
        store.keep(fleeting(&["r"]));
        store
    };
    let lasting = || {
        let spec = Spec {
            route: "lasting".into(),
            job: JobId::from_bits(2),
            ..spec(1)
        };
        let (job, first) = Job::accept(Arc::new(spec), false, at(0));
        (job, [first].into_iter().collect::<Events>())
    };
    runtime().block_on(async {
        let store = open();
        assert!(!store.outlives("r") && store.outlives("lasting"));
        let (job, events) = accept(1, false);
        store.create(job, events).await.unwrap();
        let (other, first) = lasting();
        let refused = store.create(other, first).await;
        assert!(matches!(refused, Err(NotCreated::InUse(_))));
        store.close().await;
    });
    runtime().block_on(async {
        let store = open();
        assert!(kept(&store, 1).await.is_none());
        let (job, events) = lasting();
        store.create(job, events).await.unwrap();
        store.due(at(0), 1, &Mailbox::new()).await;
        assert!(kept(&store, 2).await.is_some());
    });
}

/// Whether a job is on the disk is decided when it is accepted.
#[test]
fn a_job_on_disk_stays_there_when_its_route_becomes_fleeting() {
    let disk = FakeDisk::default();
    let open = |names: &[&str], ended_jobs| {
        let settings = Settings {
            retention: Retention {
                ended_jobs,
                routes: fleeting(names),
                ..ROOMY
            },
            ..settings()
        };
        EmbeddedStore::open(Arc::new(disk.clone()), settings).unwrap()
    };
    runtime().block_on(async {
        let mut client = Client {
            store: open(&[], 9),
            jobs: BTreeMap::new(),
        };
        client.create(1, false).await.unwrap();
        client.create(2, true).await.unwrap();
        client.store.close().await;
        client.store = open(&["r"], 9);
        let kill = |job: &mut Job| job.kill(wish(), at(1)).unwrap();
        client.write(1, kill).await.unwrap();
        client.write(2, kill).await.unwrap();
        client.store.close().await;
        client.store = open(&[], 9);
        check(&client.store, &client.jobs, "once durable again").await;
        client.store.close().await;
        // And it can be let go of.
        client.store = open(&["r"], 0);
        let done = |job: &mut Job| job.end(Work::Done(None), at(2));
        client.write(1, done).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        client.store.close().await;
    });
    let found = Offline::open(&disk).unwrap().check().unwrap();
    assert_eq!((found.live_jobs, found.ended_jobs), (0, 0));
}

/// A byte of a record that turned is found out, or the record is one that was let go of: what is told is what was written.
#[test]
fn what_is_damaged_is_not_told_as_truth() {
    let disk = FakeDisk::default();
    let jobs = runtime().block_on(async {
        let mut client = Client::new(&disk, tight());
        client.work().await.unwrap();
        client.store.close().await;
        client.jobs
    });
    let bytes = disk.bytes();
    let marks: [&[u8]; 3] = [b"line 11 of 2", b"page", b"{\"a\":[1,2]}"];
    let mut found_out = 0;
    let all_of = |mark: &[u8]| {
        let windows = bytes.windows(mark.len()).enumerate();
        let at: Vec<usize> = windows
            .filter(|(_, it)| *it == mark)
            .map(|(at, _)| at)
            .collect();
        at
    };
    let in_records = marks.into_iter().flat_map(all_of);
    for at in in_records {
        let mut turned = bytes.clone();
        turned[at] ^= 1;
        runtime().block_on(async {
            match disk::open(&FakeDisk::of(turned), tight()) {
                Ok(store) => check(&store, &jobs, &format!("byte {at}")).await,
                Err(DiskError::Damaged(_)) => found_out += 1,
                Err(other) => panic!("byte {at}: {other:?}"),
            }
        });
    }
    assert!(found_out > 2, "{found_out}");
}

/// Of the jobs of one name the last is told, and the first to end is the first to go, whatever the clock said.
#[test]
fn the_order_of_jobs_is_kept_though_the_clock_was_set_back() {
    let disk = FakeDisk::default();
    let name = Name::Connid(Connid::new("x").unwrap());
    let found = async |store: &EmbeddedStore| match store.find(&name).await {
        Found::Job(job) => job.id(),
        other @ (Found::Expired | Found::Unknown) => panic!("{other:?}"),
    };
    // Neither ids nor times are in the order in which it was.
    let ids = [7, 3, 5].map(JobId::from_bits);
    runtime().block_on(async {
        let store = disk::open(&disk, ROOMY).unwrap();
        for (id, when) in ids.into_iter().zip([900, 500, 100]) {
            let spec = Spec {
                job: id,
                connid: Connid::new("x").unwrap(),
                ..spec(1)
            };
            let (mut job, first) = Job::accept(Arc::new(spec), false, at(when));
            store
                .create(job.clone(), [first].into_iter().collect())
                .await
                .unwrap();
            let end = job
                .end(Work::Done(None), at(when + 1))
                .into_iter()
                .collect();
            store.append(1, job, end).await.unwrap();
        }
        assert_eq!(found(&store).await, ids[2]);
        store.close().await;
    });
    let few = Retention {
        ended_jobs: 2,
        ..ROOMY
    };
    runtime().block_on(async {
        let store = disk::open(&disk, few).unwrap();
        assert_eq!(found(&store).await, ids[2]);
        let (job, first) = accept(9, false);
        store.create(job, first).await.unwrap();
        assert!(matches!(
            store.find(&Name::Job(ids[0])).await,
            Found::Expired
        ));
        assert!(matches!(
            store.find(&Name::Job(ids[1])).await,
            Found::Job(_)
        ));
    });
}

#[test]
fn limits_that_were_lowered_hold_from_the_next_start_on() {
    let disk = FakeDisk::default();
    runtime().block_on(async {
        let mut client = Client::new(&disk, ROOMY);
        for number in 1..=5 {
            client.create(number, false).await.unwrap();
            for _ in 0..5 {
                let print = |job: &mut Job| job.report(at(1), printed("line"));
                client.write(number, print).await.unwrap();
            }
            let end = |job: &mut Job| job.end(Work::Done(None), at(1));
            client.write(number, end).await.unwrap();
        }
        client.store.close().await;
    });
    let lower = Retention {
        ended_jobs: 2,
        log_events_per_job: 3,
        ..ROOMY
    };
    runtime().block_on(async {
        let store = disk::open(&disk, lower).unwrap();
        assert!(kept(&store, 3).await.is_none());
        for number in [4, 5] {
            assert_eq!(kept(&store, number).await.unwrap().1.len(), 3);
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        store.close().await;
    });
    let found = Offline::open(&disk).unwrap().check().unwrap();
    assert_eq!(
        (found.ended_jobs, found.events, found.expired_jobs),
        (2, 6, 3)
    );
}
