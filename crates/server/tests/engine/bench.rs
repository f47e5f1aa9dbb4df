//! A bench: an engine over the memory store, consumers that play scripts, and what there is to see of it.

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
    Clock, Consumer, Engine, Found, Job, Name, OnLost, Opened, Parts, Principal, Random, Retention,
    RouteSettings, Router, RuntimeClock, Seeded, Serving, Stopped, Store, Task, Told, Unobserved,
    Work, Workers,
};
use longwire_protocol::{
    Change, Code, Connid, Event, Failure, Payload, Progress, Seconds, Start, StatusQuery, Stream,
    Timestamp,
};
use longwire_server::stores::memory::MemoryStore;

pub(crate) const EPOCH: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

pub(crate) const fn ms(millis: u64) -> Seconds {
    Seconds::from_micros(millis * 1000)
}

/// Plays what its job's input says, step by step:
/// `print X`, `progress N`, `wait MS`, `until told`, `ok`, `fail`, `stop`, `panic`, `hang`, `panic when dropped`.
#[derive(Default)]
pub(crate) struct Player {
    at_work: Arc<AtomicUsize>,
}

pub(crate) struct AtWork(Arc<AtomicUsize>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(crate) struct PanicsWhenDropped;

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

pub(crate) async fn play(mut task: Task) -> Work {
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
pub(crate) struct Forcer(Player);

impl Consumer for Forcer {
    fn serve(&self, task: Task) -> Serving {
        self.0.serve(task)
    }

    fn force_time(&self) -> Option<Seconds> {
        Some(Seconds::from_secs(3))
    }
}

/// Its clock is all that serves it.
pub(crate) struct Timer;

impl Consumer for Timer {
    fn serve(&self, _: Task) -> Serving {
        panic!("never called")
    }

    fn is_clock(&self) -> bool {
        true
    }
}

/// An engine, and what there is to see of it.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) at_work: Arc<AtomicUsize>,
}

pub(crate) const ROOMY: Retention = Retention {
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

pub(crate) fn settings() -> RouteSettings {
    RouteSettings {
        time: Seconds::from_secs(60),
        max_time: Seconds::from_secs(100),
        kill_grace: Seconds::from_secs(1),
        disconnect_grace: Seconds::from_secs(2),
        ..RouteSettings::default()
    }
}

/// A router without workers.
pub(crate) fn nobody() -> Router {
    let clock = Arc::new(RuntimeClock::starting_at(EPOCH));
    Router::new(Workers::new(clock, Arc::new(Seeded::new(1))))
}

pub(crate) fn again() -> RouteSettings {
    RouteSettings {
        on_lost: OnLost::Again,
        max_attempts: 2,
        ..settings()
    }
}

/// A job that dies with its last watcher dies soon.
pub(crate) fn quick() -> RouteSettings {
    RouteSettings {
        disconnect_grace: ms(10),
        ..settings()
    }
}

pub(crate) fn bounded(concurrency: usize) -> RouteSettings {
    RouteSettings {
        concurrency: Some(concurrency),
        ..settings()
    }
}

impl Bench {
    /// `work` plays scripts and `request` waits for its clock, both without a bound; `narrow` and `tick` are bounded.
    pub(crate) async fn new() -> Self {
        Self::with(1).await
    }

    pub(crate) async fn with(concurrency: usize) -> Self {
        Self::over(Arc::new(MemoryStore::new(ROOMY)), concurrency).await
    }

    /// An engine that finds a store as an earlier one left it. What was being served on `again` is served once more.
    pub(crate) async fn over(store: Arc<dyn Store>, concurrency: usize) -> Self {
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

    pub(crate) fn millis(&self) -> u64 {
        self.engine.now().since(EPOCH).as_micros() / 1000
    }

    pub(crate) async fn start(&self, route: &str, connid: &str, script: &str) -> Opened {
        self.try_start(start(route, connid, script)).await.unwrap()
    }

    pub(crate) async fn try_start(&self, start: Start) -> Result<Opened, Code> {
        let started = self.engine.start(&Principal::anonymous(), &start).await;
        started.map_err(|refusal| refusal.code)
    }

    pub(crate) async fn kill(&self, connid: &str) -> Result<u64, Code> {
        let killed = self
            .engine
            .kill(&Principal::anonymous(), &name(connid), Some("why not"))
            .await;
        killed
            .map(|killed| killed.seq)
            .map_err(|refusal| refusal.code)
    }

    pub(crate) async fn extend(&self, connid: &str, millis: u64) -> Result<u64, Code> {
        let extended = self
            .engine
            .extend(&Principal::anonymous(), &name(connid), ms(millis))
            .await;
        extended
            .map(|done| done.left.unwrap().as_micros() / 1000)
            .map_err(|refusal| refusal.code)
    }

    pub(crate) async fn status(&self, connid: &str) -> &'static str {
        match self.store.find(&Name::Connid(name(connid))).await {
            Found::Job(job) => job.status().as_str(),
            Found::Expired => "expired",
            Found::Unknown => "unknown",
        }
    }

    /// The places of the queued jobs, in the order of the list.
    pub(crate) async fn queue(&self) -> Vec<(String, u64)> {
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
    pub(crate) async fn log(&self, connid: &str) -> Vec<Event> {
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

    pub(crate) async fn story(&self, connid: &str) -> String {
        let log = tokio::time::timeout(Duration::from_secs(3600), self.log(connid));
        tell(&log.await.unwrap_or_else(|_| panic!("{connid} never ends")))
    }
}

pub(crate) fn start(route: &str, connid: &str, script: &str) -> Start {
    Start {
        connid: Some(name(connid)),
        input: Some(Payload::new(&script).unwrap()),
        ..Start::new(route)
    }
}

pub(crate) fn name(connid: &str) -> Connid {
    Connid::new(connid).unwrap()
}

/// A log in words: each event with the milliseconds since the engine began.
pub(crate) fn tell(log: &[Event]) -> String {
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

pub(crate) fn tell_end(story: &mut String, end: &longwire_protocol::End) {
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

pub(crate) async fn pass(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

pub(crate) fn progressed(event: &Event) -> Option<(Timestamp, f64)> {
    if let Change::Progress(progress) = &event.change {
        return Some((event.at, progress.done?));
    }
    None
}

pub(crate) fn printed(event: &Event) -> Option<u32> {
    if let Change::Output(output) = &event.change {
        return output.text.parse().ok();
    }
    None
}
