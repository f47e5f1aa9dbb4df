//! The engine over the memory store, on a clock that stands still: what a job's log says happened, and when.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![allow(clippy::too_many_lines, reason = "tables are as long as they are")]

#[path = "../disk/mod.rs"]
mod disk;
mod leaving;
mod paces;
mod recovery;
mod routes;
mod workers;

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use longwire_engine::{
    Clock, Consumer, Engine, Events, Found, Job, Name, OnLost, Opened, Parts, Principal, Random,
    Retention, RouteSettings, Router, RuntimeClock, Seeded, Serving, Stopped, Store, Task, Told,
    Unobserved, Work, Workers,
};
use longwire_protocol::{
    Change, Code, Connid, Event, Failure, OnConflict, OnDisconnect, Outcome, Payload, Progress,
    Seconds, Start, Status, StatusQuery, Stream, Target, Timestamp, Where,
};
use longwire_server::stores::memory::MemoryStore;
use proptest::prelude::*;

const EPOCH: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

const fn ms(millis: u64) -> Seconds {
    Seconds::from_micros(millis * 1000)
}

/// Plays what its job's input says, step by step:
/// `print X`, `progress N`, `wait MS`, `until told`, `ok`, `fail`, `stop`, `panic`, `hang`, `panic when dropped`.
#[derive(Default)]
struct Player {
    at_work: Arc<AtomicUsize>,
}

struct AtWork(Arc<AtomicUsize>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "dropped");
    }
}

impl Consumer for Player {
    fn serve(&self, task: Task) -> Serving {
        self.at_work.fetch_add(1, Ordering::SeqCst);
        let at_work = AtWork(Arc::clone(&self.at_work));
        Box::pin(async move {
            let _at_work = at_work;
            play(task).await
        })
    }
}

async fn play(mut task: Task) -> Work {
    let script: String = task
        .input()
        .map_or_else(String::new, |input| input.read().unwrap());
    let mut held = Vec::new();
    for step in script.split("; ") {
        let (verb, what) = step.split_once(' ').unwrap_or((step, ""));
        match (verb, what) {
            ("print", text) => {
                let _ = task.output(Stream::Stdout, text).await;
            }
            ("progress", done) => {
                let done = done.parse().ok();
                let progress = Progress {
                    done,
                    ..Progress::default()
                };
                let _ = task.progress(progress).await;
            }
            ("wait", millis) => {
                tokio::time::sleep(Duration::from_millis(millis.parse().unwrap())).await;
            }
            ("until", _) => drop(task.told_to_end().await),
            ("until-forced", _) => task.told_to_force().await,
            ("leave", survivors) => {
                return Work::Stopped(Stopped {
                    forced: true,
                    survivors: survivors.parse().ok(),
                    signals: vec!["TERM".into(), "KILL".into()],
                });
            }
            ("until-kill", _) => assert!(matches!(task.told_to_end().await, Told::Killed(_))),
            ("ok", _) => return Work::Done(None),
            ("fail", _) => {
                return Work::Failed(Failure::new("broke", "it broke"));
            }
            ("stop", _) => return Work::Stopped(Stopped::WILLINGLY),
            ("panic", "when dropped") => held.push(PanicsWhenDropped),
            ("panic", _) => panic!("as its script says"),
            ("hang", _) => std::future::pending().await,
            other => panic!("no such step: {other:?}"),
        }
    }
    panic!("a script without an end")
}

/// Plays likewise, and forces its work itself: it has three seconds for that.
struct Forcer(Player);

impl Consumer for Forcer {
    fn serve(&self, task: Task) -> Serving {
        self.0.serve(task)
    }

    fn force_time(&self) -> Option<Seconds> {
        Some(Seconds::from_secs(3))
    }
}

/// Its clock is all that serves it.
struct Timer;

impl Consumer for Timer {
    fn serve(&self, _: Task) -> Serving {
        panic!("never called")
    }

    fn is_clock(&self) -> bool {
        true
    }
}

/// An engine, and what there is to see of it.
struct Bench {
    engine: Engine,
    store: Arc<dyn Store>,
    at_work: Arc<AtomicUsize>,
}

const ROOMY: Retention = Retention {
    jobs: 1_000_000,
    queued_jobs_per_route: 1_000,
    log_bytes_per_job: 1 << 30,
    log_events_per_job: 1_000_000,
    ended_jobs: 1_000_000,
    ended_time: Seconds::from_secs(1_000_000),
    ended_bytes: 1 << 30,
    expired_names: 1_000_000,
    feed_events: 1_000_000,
    routes: BTreeMap::new(),
};

fn settings() -> RouteSettings {
    RouteSettings {
        time: Seconds::from_secs(60),
        max_time: Seconds::from_secs(100),
        kill_grace: Seconds::from_secs(1),
        disconnect_grace: Seconds::from_secs(2),
        ..RouteSettings::default()
    }
}

/// A router without workers.
fn nobody() -> Router {
    let clock = Arc::new(RuntimeClock::starting_at(EPOCH));
    Router::new(Workers::new(clock, Arc::new(Seeded::new(1))))
}

fn again() -> RouteSettings {
    RouteSettings {
        on_lost: OnLost::Again,
        max_attempts: 2,
        ..settings()
    }
}

/// A job that dies with its last watcher dies soon.
fn quick() -> RouteSettings {
    RouteSettings {
        disconnect_grace: ms(10),
        ..settings()
    }
}

fn bounded(concurrency: usize) -> RouteSettings {
    RouteSettings {
        concurrency: Some(concurrency),
        ..settings()
    }
}

impl Bench {
    /// `work` plays scripts and `request` waits for its clock, both without a bound; `narrow` and `tick` are bounded.
    async fn new() -> Self {
        Self::with(1).await
    }

    async fn with(concurrency: usize) -> Self {
        Self::over(Arc::new(MemoryStore::new(ROOMY)), concurrency).await
    }

    /// An engine that finds a store as an earlier one left it. What was being served on `again` is served once more.
    async fn over(store: Arc<dyn Store>, concurrency: usize) -> Self {
        let player = Player::default();
        let at_work = Arc::clone(&player.at_work);
        let forcer = Forcer(Player {
            at_work: Arc::clone(&at_work),
        });
        let player = Arc::new(player);
        let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::starting_at(EPOCH));
        let random: Arc<dyn Random> = Arc::new(Seeded::new(1));
        let router = Router::new(Workers::new(Arc::clone(&clock), Arc::clone(&random)))
            .with("force", settings(), Arc::new(forcer))
            .with("work", settings(), Arc::<Player>::clone(&player))
            .with("again", again(), Arc::<Player>::clone(&player))
            .with("quick", quick(), Arc::<Player>::clone(&player))
            .with("narrow", bounded(concurrency), player)
            .with("request", settings(), Arc::new(Timer))
            .with("tick", bounded(concurrency), Arc::new(Timer))
            .with_workers("render", settings(), |it| it)
            .with_workers("encode", again(), |it| it)
            .with_workers("single", bounded(1), |it| it);
        let engine = Engine::start_up(Parts {
            store: Arc::clone(&store),
            router,
            clock,
            random,
            observer: Arc::new(Unobserved),
        })
        .await;
        Self {
            engine,
            store,
            at_work,
        }
    }

    fn millis(&self) -> u64 {
        self.engine.now().since(EPOCH).as_micros() / 1000
    }

    async fn start(&self, route: &str, connid: &str, script: &str) -> Opened {
        self.try_start(start(route, connid, script)).await.unwrap()
    }

    async fn try_start(&self, start: Start) -> Result<Opened, Code> {
        let started = self.engine.start(&Principal::anonymous(), &start).await;
        started.map_err(|refusal| refusal.code)
    }

    async fn kill(&self, connid: &str) -> Result<u64, Code> {
        let killed = self
            .engine
            .kill(&Principal::anonymous(), &name(connid), Some("why not"))
            .await;
        killed
            .map(|killed| killed.seq)
            .map_err(|refusal| refusal.code)
    }

    async fn extend(&self, connid: &str, millis: u64) -> Result<u64, Code> {
        let extended = self
            .engine
            .extend(&Principal::anonymous(), &name(connid), ms(millis))
            .await;
        extended
            .map(|done| done.left.unwrap().as_micros() / 1000)
            .map_err(|refusal| refusal.code)
    }

    async fn status(&self, connid: &str) -> &'static str {
        match self.store.find(&Name::Connid(name(connid))).await {
            Found::Job(job) => job.status().as_str(),
            Found::Expired => "expired",
            Found::Unknown => "unknown",
        }
    }

    /// The places of the queued jobs, in the order of the list.
    async fn queue(&self) -> Vec<(String, u64)> {
        let page = self
            .engine
            .status(&Principal::anonymous(), StatusQuery::default())
            .await
            .unwrap();
        let place =
            |job: &longwire_protocol::JobView| Some((job.connid.to_string(), job.position?));
        page.jobs.iter().filter_map(place).collect()
    }

    /// Follows a job to its end: all of its log.
    async fn log(&self, connid: &str) -> Vec<Event> {
        let job = self.engine.job(&name(connid)).await.unwrap();
        let mut follow = self.engine.follow(job.id(), 0);
        let mut log = Vec::new();
        while let Some(page) = follow.next().await {
            assert_eq!(page.gap, None);
            log.extend(page.events);
        }
        Job::fold(&log).unwrap();
        log
    }

    async fn story(&self, connid: &str) -> String {
        let log = tokio::time::timeout(Duration::from_secs(3600), self.log(connid));
        tell(&log.await.unwrap_or_else(|_| panic!("{connid} never ends")))
    }
}

fn start(route: &str, connid: &str, script: &str) -> Start {
    Start {
        connid: Some(name(connid)),
        input: Some(Payload::new(&script).unwrap()),
        ..Start::new(route)
    }
}

fn name(connid: &str) -> Connid {
    Connid::new(connid).unwrap()
}

/// A log in words: each event with the milliseconds since the engine began.
fn tell(log: &[Event]) -> String {
    let mut story = String::new();
    for event in log {
        let millis = event.at.since(EPOCH).as_micros() / 1000;
        write!(story, "{millis} {}", event.status.as_str()).unwrap();
        match &event.change {
            Change::Accepted(_) => {}
            Change::Taken => story.push_str(" taken"),
            Change::Again => story.push_str(" again"),
            Change::Progress(progress) => write!(story, " {}", progress.done.unwrap()).unwrap(),
            Change::Output(output) => write!(story, " {:?}", output.text).unwrap(),
            Change::Wished(wish) => write!(story, " by {}", wish.by).unwrap(),
            Change::TimeUp(clock) => write!(story, " {}", clock.as_str()).unwrap(),
            Change::Extended(until) => {
                write!(story, " until {}", until.since(EPOCH).as_micros() / 1000).unwrap();
            }
            Change::Ended(end) => tell_end(&mut story, end),
        }
        story.push_str(", ");
    }
    story.trim_end_matches(", ").to_owned()
}

fn tell_end(story: &mut String, end: &longwire_protocol::End) {
    if let Some(clock) = end.clock {
        write!(story, " {}", clock.as_str()).unwrap();
    }
    if let Some(error) = &end.error {
        write!(story, " {}", error.code).unwrap();
    }
    if let Some(kill) = &end.kill {
        let how = if kill.forced { "forced" } else { "willing" };
        write!(story, " {how} in {}", kill.ms).unwrap();
        if !kill.signals.is_empty() {
            write!(story, " by {}", kill.signals.join(" ")).unwrap();
        }
        match kill.survivors {
            Some(0) => {}
            Some(survivors) => write!(story, " leaving {survivors}").unwrap(),
            None => story.push_str(" unseen"),
        }
    }
}

async fn pass(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

fn progressed(event: &Event) -> Option<(Timestamp, f64)> {
    if let Change::Progress(progress) = &event.change {
        return Some((event.at, progress.done?));
    }
    None
}

fn printed(event: &Event) -> Option<u32> {
    if let Change::Output(output) = &event.change {
        return output.text.parse().ok();
    }
    None
}

/// What is done to a job from outside, at some millisecond.
#[derive(Clone, Copy)]
enum Deed {
    Kill,
    Extend(u64),
}

struct Case<'a> {
    route: &'a str,
    script: &'a str,
    time: Option<u64>,
    idle: Option<u64>,
    deeds: &'a [(u64, Deed)],
    story: &'a str,
}

const CASE: Case<'_> = Case {
    route: "work",
    script: "",
    time: None,
    idle: None,
    deeds: &[],
    story: "",
};

async fn check(cases: &[Case<'_>]) {
    for case in cases {
        let bench = Bench::new().await;
        let asked = Start {
            time: case.time.map(ms),
            idle_time: case.idle.map(ms),
            ..start(case.route, "a", case.script)
        };
        bench.try_start(asked).await.unwrap();
        for (at, deed) in case.deeds {
            pass(at - bench.millis()).await;
            match deed {
                Deed::Kill => drop(bench.kill("a").await),
                Deed::Extend(millis) => drop(bench.extend("a", *millis).await),
            }
        }
        assert_eq!(
            bench.story("a").await,
            case.story,
            "{} {:?}",
            case.route,
            case.script
        );
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            bench.at_work.load(Ordering::SeqCst),
            0,
            "nothing of it is left: {:?}",
            case.script
        );
    }
}

#[tokio::test(start_paused = true)]
async fn work_comes_back_in_every_way() {
    check(&[
        Case {
            script: "ok",
            story: "0 running, 0 ok",
            ..CASE
        },
        Case {
            script: "wait 300; fail",
            story: "0 running, 300 failed broke",
            ..CASE
        },
        Case {
            script: "wait 300; panic",
            story: "0 running, 300 failed panic",
            ..CASE
        },
        Case {
            script: "panic",
            story: "0 running, 0 failed panic",
            ..CASE
        },
        Case {
            script: "wait 300; stop",
            story: "0 running, 300 failed gave_up",
            ..CASE
        },
        Case {
            script: "print a; wait 5; print b; ok",
            story: "0 running, 0 running \"a\", 5 running \"b\", 5 ok",
            ..CASE
        },
        Case {
            script: "print a; panic",
            story: "0 running, 0 running \"a\", 0 failed panic",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_forces_its_work_itself_has_its_time_for_that() {
    let kill = &[(500, Deed::Kill)];
    check(&[
        Case {
            route: "force",
            script: "until told; wait 300; leave 0",
            deeds: kill,
            story: "0 running, 500 ending by anonymous, 800 killed forced in 300 by TERM KILL",
            ..CASE
        },
        Case {
            route: "force",
            script: "until-forced; wait 2900; leave 2",
            deeds: kill,
            story: "0 running, 500 ending by anonymous, 4400 killed forced in 3900 by TERM KILL leaving 2",
            ..CASE
        },
        // Nobody can say what is left then.
        Case {
            route: "force",
            script: "until-forced; hang",
            deeds: kill,
            story: "0 running, 500 ending by anonymous, 4500 killed forced in 4000 unseen",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn kill_asks_and_forces_only_after_the_grace() {
    use Deed::Kill;
    let kill = &[(500, Kill)][..];
    check(&[
        Case { script: "hang", deeds: kill, story: "0 running, 500 ending by anonymous, 1500 killed forced in 1000 unseen", ..CASE },
        Case { script: "until told; stop", deeds: kill, story: "0 running, 500 ending by anonymous, 500 killed willing in 0", ..CASE },
        Case { script: "until-kill; wait 300; stop", deeds: kill, story: "0 running, 500 ending by anonymous, 800 killed willing in 300", ..CASE },
        Case { script: "until told; wait 300; ok", deeds: kill, story: "0 running, 500 ending by anonymous, 800 ok", ..CASE },
        Case { script: "until told; wait 300; fail", deeds: kill, story: "0 running, 500 ending by anonymous, 800 killed broke willing in 300 unseen", ..CASE },
        Case { script: "until told; panic", deeds: kill, story: "0 running, 500 ending by anonymous, 500 killed panic willing in 0 unseen", ..CASE },
        Case { script: "until told; print bye; stop", deeds: kill, story: "0 running, 500 ending by anonymous, 500 ending \"bye\", 500 killed willing in 0", ..CASE },
        Case { script: "until told; print bye; hang", deeds: kill, story: "0 running, 500 ending by anonymous, 500 ending \"bye\", 1500 killed forced in 1000 unseen", ..CASE },
        Case { script: "panic when dropped; hang", deeds: kill, story: "0 running, 500 ending by anonymous, 1500 killed forced in 1000 unseen", ..CASE },
        // A second kill neither says anything nor starts the grace anew.
        Case { script: "hang", deeds: &[(500, Kill), (1200, Kill)], story: "0 running, 500 ending by anonymous, 1500 killed forced in 1000 unseen", ..CASE },
        // What is ending can be given no more time.
        Case { script: "hang", deeds: &[(500, Kill), (600, Deed::Extend(9000))], story: "0 running, 500 ending by anonymous, 1500 killed forced in 1000 unseen", ..CASE },
        // A kill on the way out for being out of time: killed, and the grace is still the first.
        Case { script: "hang", time: Some(500), deeds: &[(900, Kill)], story: "0 running, 500 ending time, 900 ending by anonymous, 1500 killed forced in 600 unseen", ..CASE },
        Case { route: "request", deeds: kill, story: "0 running, 500 ending by anonymous, 500 killed willing in 0", ..CASE },
        Case { route: "tick", deeds: kill, story: "0 running, 500 ending by anonymous, 500 killed willing in 0", ..CASE },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_runs_out_is_named() {
    check(&[
        Case {
            route: "request",
            time: Some(700),
            story: "0 running, 700 ok",
            ..CASE
        },
        Case {
            route: "request",
            time: Some(0),
            story: "0 running, 0 ok",
            ..CASE
        },
        Case {
            route: "tick",
            time: Some(0),
            story: "0 running, 0 ok",
            ..CASE
        },
        Case {
            route: "request",
            time: Some(700),
            idle: Some(300),
            story: "0 running, 300 ending idle_time, 300 timeout idle_time",
            ..CASE
        },
        Case {
            script: "until told; stop",
            time: Some(700),
            story: "0 running, 700 ending time, 700 timeout time",
            ..CASE
        },
        Case {
            script: "until told; wait 200; ok",
            time: Some(700),
            story: "0 running, 700 ending time, 900 ok",
            ..CASE
        },
        Case {
            script: "hang",
            time: Some(700),
            story: "0 running, 700 ending time, 1700 timeout time",
            ..CASE
        },
        Case {
            script: "hang",
            time: Some(0),
            story: "0 running, 0 ending time, 1000 timeout time",
            ..CASE
        },
        Case {
            script: "hang",
            idle: Some(300),
            story: "0 running, 300 ending idle_time, 1300 timeout idle_time",
            ..CASE
        },
        Case {
            script: "until told; fail",
            idle: Some(300),
            story: "0 running, 300 ending idle_time, 300 timeout idle_time broke",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_moves_the_idle_clock_and_not_the_deadline() {
    check(&[
        Case {
            script: "wait 200; progress 1; wait 200; progress 2; hang",
            idle: Some(300),
            story: "0 running, 200 running 1, 400 running 2, 700 ending idle_time, 1700 timeout idle_time",
            ..CASE
        },
        Case {
            script: "wait 200; progress 1; wait 200; print x; hang",
            time: Some(500),
            idle: Some(300),
            story: "0 running, 200 running 1, 400 running \"x\", 500 ending time, 1500 timeout time",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn extend_moves_the_deadline() {
    use Deed::Extend;
    check(&[
        Case { route: "request", time: Some(700), deeds: &[(500, Extend(1000))], story: "0 running, 500 running until 1500, 1500 ok", ..CASE },
        Case { route: "request", time: Some(700), deeds: &[(500, Extend(0))], story: "0 running, 500 running until 500, 500 ok", ..CASE },
        Case { route: "request", time: Some(7000), deeds: &[(500, Extend(100))], story: "0 running, 500 running until 600, 600 ok", ..CASE },
        Case {
            script: "until told; stop",
            time: Some(700),
            deeds: &[(500, Extend(1000)), (1000, Extend(1000))],
            story: "0 running, 500 running until 1500, 1000 running until 2000, 2000 ending time, 2000 timeout time",
            ..CASE
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_extended_or_killed_says_why() {
    let bench = Bench::new().await;
    bench.start("work", "a", "hang").await;
    pass(40_000).await;
    // 100 s are allowed in all, 40 s were had.
    for (millis, expected) in [
        (60_001, Err(Code::InvalidField)),
        (60_000, Ok(60_000)),
        (u64::MAX / 1000, Err(Code::InvalidField)),
    ] {
        assert_eq!(bench.extend("a", millis).await, expected, "{millis}");
    }
    let wished = bench.kill("a").await.unwrap();
    assert_eq!(
        bench.kill("a").await,
        Ok(wished),
        "killing twice is harmless, and the same wish"
    );
    assert_eq!(
        bench.extend("a", 1).await,
        Err(Code::AlreadyEnded),
        "it is ending"
    );
    bench.story("a").await;
    assert_eq!(bench.extend("a", 1).await, Err(Code::AlreadyEnded));
    let refused = bench
        .engine
        .kill(&Principal::anonymous(), &name("a"), None)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::AlreadyEnded);
    assert_eq!(
        refused.ended.map(|ended| ended.status),
        Some(Status::Killed),
        "and how"
    );
    for connid in ["b", "..."] {
        assert_eq!(bench.kill(connid).await, Err(Code::UnknownConnid));
        assert_eq!(bench.extend(connid, 1).await, Err(Code::UnknownConnid));
    }
    let refused = bench
        .engine
        .kill(&Principal::anonymous(), &name("99"), None)
        .await
        .unwrap_err();
    assert_eq!(refused.message, "invalid connection id: 99");
}

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

// The queue.

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

#[tokio::test(start_paused = true)]
async fn a_panic_fails_its_own_job_only() {
    let bench = Bench::new().await;
    bench.start("work", "good", "wait 500; ok").await;
    bench.start("work", "bad", "wait 100; panic").await;
    bench.start("request", "timer", "").await;
    assert_eq!(bench.story("bad").await, "0 running, 100 failed panic");
    assert_eq!(bench.story("good").await, "0 running, 500 ok");
    assert_eq!(bench.story("timer").await, "0 running, 60000 ok");
    bench.start("work", "later", "ok").await;
    assert_eq!(bench.story("later").await, "60000 running, 60000 ok");
}

// Reports.

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

// A connid in use.

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

// Watchers.

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

// Stopping.

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

// Crowds.

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
