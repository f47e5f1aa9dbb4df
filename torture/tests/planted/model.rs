//! A tiny server that keeps its word, on a clock of its own, and the mistakes it can be told to make.
//!
//! It carries out a request at once, tells watchers at once, and its logs survive a crash. It is written from the description
//! of the protocol, not from the server, and only as far as the checker looks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use longwire_protocol::{JobId, Seconds};
use longwire_torture::{Entry, Fact, History, Setup};
use serde_json::{Value, json};

use crate::{
    bugs::{Bug, recover},
    verbs::refusal,
};

/// Microseconds between a request, what it does, and its reply.
const STEP: u64 = 100;
/// Jobs of `narrow` that run at once.
pub(crate) const WIDTH: usize = 2;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out and answered.
    Answered,
    /// It is carried out, and the answer is lost.
    Unheard,
    /// It is carried out, and refused as that could not be written down for sure.
    Doubtful,
    /// It never arrives.
    Lost,
}

/// The server, and what its clients saw of it.
pub(crate) struct Model {
    bug: Option<Bug>,
    pub(crate) now: u64,
    life: u32,
    entries: Vec<Entry>,
    pub(crate) jobs: Vec<Job>,
    forgotten: Vec<JobId>,
    pub(crate) made: u128,
    sockets: BTreeMap<u32, Socket>,
    opened: u32,
    asked: u64,
    looking: bool,
    told: BTreeSet<String>,
    /// Frames take their time, and are lost where the server dies before they arrive.
    pub(crate) slow: bool,
    /// Everything that happened to any job; and of those who watch that, how far.
    feed: Vec<Value>,
    feeds: BTreeMap<u32, usize>,
    under_way: BTreeMap<u32, VecDeque<Value>>,
}

/// A job: its log, and what moves it on.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) id: JobId,
    pub(crate) connid: String,
    pub(crate) route: String,
    pub(crate) deadline: u64,
    pub(crate) log: Vec<Value>,
    /// Its clock stands still.
    pub(crate) stuck: bool,
    /// Said in every event, from the second on.
    pub(crate) attempt: Option<u32>,
}

/// Of each job that is watched, how far it was sent, and whether by the server's name.
type Socket = BTreeMap<JobId, (usize, bool)>;

impl Job {
    pub(crate) fn status(&self) -> &str {
        self.log
            .last()
            .and_then(|event| event["status"].as_str())
            .unwrap()
    }

    pub(crate) fn seq(&self) -> &Value {
        &self.log.last().unwrap()["seq"]
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.status(), "queued" | "running" | "ending")
    }

    pub(crate) fn ended(&self) -> Value {
        let last = self.log.last().unwrap();
        let mut ended = json!({"status": last["status"], "seq": last["seq"]});
        if let Some(kill) = last.get("kill") {
            ended["kill"] = kill.clone();
        }
        ended
    }
}

impl Model {
    pub(crate) fn new(bug: Option<Bug>) -> Self {
        let mut model = Self {
            bug,
            now: 0,
            life: 0,
            entries: Vec::new(),
            jobs: Vec::new(),
            forgotten: Vec::new(),
            made: 0,
            sockets: BTreeMap::new(),
            opened: 0,
            asked: 0,
            looking: false,
            told: BTreeSet::new(),
            slow: false,
            feed: Vec::new(),
            feeds: BTreeMap::new(),
            under_way: BTreeMap::new(),
        };
        model.note(Fact::Setup(Setup {
            seed: 0,
            cycles: 1,
            timers: vec!["request".into(), "narrow".into()],
            bounds: BTreeMap::from([("narrow".into(), 2)]),
        }));
        model.spawn();
        model
    }

    pub(crate) fn history(self) -> History {
        History {
            entries: self.entries,
        }
    }

    pub(crate) fn note(&mut self, fact: Fact) {
        let (at, life) = (self.now, self.life);
        self.entries.push(Entry { at, life, fact });
    }

    pub(crate) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Whether it makes that mistake, which is one that it makes only once it has crashed.
    pub(crate) fn has_since(&self, bug: Bug) -> bool {
        self.has(bug) && self.life > 1
    }

    fn spawn(&mut self) {
        self.life += 1;
        self.note(Fact::Spawned { wall: 1 << 50 });
        self.now += if self.has_since(Bug::ComesBackLate) {
            11_000_000
        } else {
            10_000
        };
        self.note(Fact::Listens);
    }

    pub(crate) fn connect(&mut self) -> u32 {
        self.opened += 1;
        let socket = self.opened;
        self.sockets.insert(socket, Socket::new());
        self.note(Fact::Connected { client: 0, socket });
        socket
    }

    /// Every socket breaks, and another server takes up the logs.
    pub(crate) fn crash(&mut self) {
        self.note(Fact::Killed);
        self.under_way.clear();
        self.feeds.clear();
        for socket in std::mem::take(&mut self.sockets).into_keys() {
            self.note(Fact::Lost { socket });
        }
        self.now += 50_000;
        self.spawn();
        self.serve_again();
        if let Some(bug) = self.bug {
            recover(self, bug);
        }
        self.act_on_due();
    }

    /// What was served on a route that asks for another attempt has one.
    fn serve_again(&mut self) {
        let lost = |job: &&mut Job| job.route == "work" && job.is_live();
        let Some(job) = self.jobs.iter_mut().find(lost) else {
            return;
        };
        let id = job.id;
        job.attempt = Some(job.attempt.unwrap_or(1) + 1);
        self.append_to(id, json!({"status": "queued"}));
        self.append_to(id, json!({"status": "running"}));
    }

    /// Everything has come to rest: every log is read, on a socket of its own.
    pub(crate) fn look(&mut self) {
        if self.has(Bug::ForgetsTheUnheard) {
            self.forget("unheard");
        }
        let socket = self.connect();
        self.note(Fact::Look { socket });
        self.looking = true;
        let jobs = self
            .jobs
            .iter()
            .map(|job| job.id)
            .chain(self.forgotten.clone());
        for job in jobs.collect::<Vec<_>>() {
            self.ask(socket, json!({"route": "watch", "job": job, "after": 0}));
        }
    }

    /// Sends a frame, which is carried out and answered.
    pub(crate) fn ask(&mut self, socket: u32, request: Value) {
        self.ask_with(socket, request, Fate::Answered);
    }

    pub(crate) fn ask_with(&mut self, socket: u32, mut frame: Value, fate: Fate) {
        self.asked += 1;
        frame["id"] = self.asked.into();
        let request = frame.clone();
        self.note(Fact::Sent { socket, frame });
        self.pass(STEP);
        if fate == Fate::Lost {
            return;
        }
        let mut reply = self.carry_out(&request);
        let changes = !matches!(request["route"].as_str(), Some("status" | "watch"));
        if fate == Fate::Doubtful && changes {
            reply = refusal(&request, "unavailable");
        }
        reply["id"] = self.asked.into();
        let swallowed = self.has(Bug::NeverAnswers) && request["route"] == "extend";
        if fate != Fate::Unheard && !swallowed {
            self.answer(socket, &request, &reply);
        }
        self.tell();
        self.now += STEP;
    }

    fn answer(&mut self, socket: u32, request: &Value, reply: &Value) {
        self.receive(socket, reply.clone());
        if self.has(Bug::AnswersTwice) && request["route"] == "status" {
            self.receive(socket, reply.clone());
        }
        if let Some(head) = reply["feed"].as_u64() {
            self.feeds.insert(socket, usize::try_from(head).unwrap());
        }
        let Some(job) = reply["job"].as_str().and_then(JobId::parse) else {
            return;
        };
        let after = if request["route"] == "watch" {
            request["after"].as_u64()
        } else {
            Some(1)
        };
        let after = usize::try_from(after.unwrap_or(0)).unwrap();
        let watches = self.sockets.entry(socket).or_default();
        watches.insert(job, (after, request.get("job").is_some()));
    }

    fn receive(&mut self, socket: u32, frame: Value) {
        if self.slow {
            let under_way = self.under_way.entry(socket).or_default();
            under_way.push_back(frame);
        } else {
            self.hear(socket, frame);
        }
    }

    /// Of what is under way to a socket so many frames arrive, in their order.
    pub(crate) fn arrive(&mut self, socket: u32, count: usize) {
        for _ in 0..count {
            let under_way = self.under_way.get_mut(&socket);
            let Some(frame) = under_way.and_then(VecDeque::pop_front) else {
                return;
            };
            self.hear(socket, frame);
        }
    }

    fn hear(&mut self, socket: u32, frame: Value) {
        let jobs = frame["jobs"].as_array().into_iter().flatten();
        let names = jobs
            .chain([&frame])
            .filter_map(|said| said["connid"].as_str());
        self.told.extend(names.map(str::to_owned));
        self.note(Fact::Received { socket, frame });
    }

    /// The latest job of that name.
    pub(crate) fn named(&self, connid: &str) -> Option<&Job> {
        self.jobs.iter().rfind(|job| job.connid == connid)
    }

    /// The latest job of that name, to be moved on.
    pub(crate) fn job(&mut self, connid: &str) -> &mut Job {
        self.jobs
            .iter_mut()
            .rfind(|job| job.connid == connid)
            .unwrap()
    }

    /// Every name that a client has heard of.
    pub(crate) fn names(&self) -> Vec<String> {
        self.told.iter().cloned().collect()
    }

    pub(crate) fn forget(&mut self, connid: &str) {
        let id = self.job(connid).id;
        self.forgotten.push(id);
        self.jobs.retain(|job| job.connid != connid);
    }

    pub(crate) fn append(&mut self, connid: &str, event: Value) {
        let id = self.job(connid).id;
        self.append_to(id, event);
    }

    fn append_to(&mut self, id: JobId, mut event: Value) {
        let anew = self.has_since(Bug::NumbersAnew);
        let mut jobs = self.jobs.iter_mut();
        let job = jobs.find(|job| job.id == id).unwrap();
        let anew = anew && job.connid == "n3";
        event["seq"] = (job.log.len() + usize::from(!anew)).into();
        if let Some(attempt) = job.attempt {
            event["attempt"] = attempt.into();
        }
        job.log.push(event);
        let job = job.clone();
        self.feed(&job);
    }

    /// A job's last event is everyone's to hear.
    pub(crate) fn feed(&mut self, job: &Job) {
        self.feed.push(json!({
            "feed": self.feed.len() + 1, "at": "2026-01-01T00:00:00.000Z", "connid": job.connid,
            "job": job.id, "route": job.route, "seq": job.seq(), "status": job.status(),
        }));
    }

    pub(crate) fn head(&self) -> usize {
        self.feed.len()
    }

    pub(crate) fn end(&mut self, connid: &str, status: &str, more: Value) {
        let id = self.job(connid).id;
        self.end_of(id, status, more);
    }

    fn end_of(&mut self, id: JobId, status: &str, more: Value) {
        let mut event = more;
        event["status"] = status.into();
        self.append_to(id, event);
        while self.running("narrow") < WIDTH {
            let Some(next) = self.jobs.iter().find(|job| job.status() == "queued") else {
                return;
            };
            self.append_to(next.id, json!({"status": "running"}));
        }
    }

    /// Time goes by; what is due meanwhile ends just then.
    pub(crate) fn pass(&mut self, micros: u64) {
        let until = self.now + micros;
        while let Some(next) = self.next_due().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            self.act_on_due();
        }
        self.now = until;
    }

    fn next_due(&self) -> Option<u64> {
        let live = self.jobs.iter().filter(|job| job.is_live() && !job.stuck);
        live.map(|job| self.due(job)).min()
    }

    fn due(&self, job: &Job) -> u64 {
        let early = match job.connid.as_str() {
            "short" => self.has(Bug::EndsEarly),
            "n5" => self.has(Bug::TimesOutEarly),
            _ => false,
        };
        job.deadline - if early { 40_000 } else { 0 }
    }

    fn act_on_due(&mut self) {
        let now = self.now;
        let is_due = |job: &&Job| job.is_live() && !job.stuck && self.due(job) <= now;
        let due = self.jobs.iter().filter(is_due).map(|job| job.id);
        for id in due.collect::<Vec<_>>() {
            let queued = self
                .jobs
                .iter()
                .any(|job| job.id == id && job.status() == "queued");
            if queued {
                self.append_to(id, json!({"status": "ending", "clock": "time"}));
                self.end_of(id, "timeout", json!({"clock": "time"}));
            } else {
                self.end_of(id, "ok", json!({}));
            }
        }
        self.tell();
    }

    /// Every watcher is sent what it has not been sent.
    fn tell(&mut self) {
        let mut sockets = std::mem::take(&mut self.sockets);
        for (socket, watches) in &mut sockets {
            for (job, (position, by_job)) in &mut *watches {
                let job = self
                    .jobs
                    .iter()
                    .find(|known| known.id == *job)
                    .cloned()
                    .unwrap();
                self.tell_one(*socket, &job, position, *by_job);
            }
            let live = |job: &JobId| {
                self.jobs
                    .iter()
                    .any(|other| other.id == *job && other.is_live())
            };
            watches.retain(|job, _| live(job));
        }
        self.sockets = sockets;
        self.tell_feed();
    }

    fn tell_feed(&mut self) {
        let skips = self.has(Bug::SkipsAChange);
        let mut feeds = std::mem::take(&mut self.feeds);
        for (socket, position) in &mut feeds {
            for change in self.feed.clone().into_iter().skip(*position) {
                if !(skips && change["connid"] == "n2") {
                    self.receive(*socket, change);
                }
            }
            *position = self.feed.len();
        }
        self.feeds = feeds;
    }

    fn tell_one(&mut self, socket: u32, job: &Job, position: &mut usize, by_job: bool) {
        if self.has_since(Bug::FallsSilent) && job.connid == "long" && !self.looking {
            return;
        }
        let skips = self.has_since(Bug::SkipsAnEvent) && job.connid == "moved" && *position == 2;
        let after = *position + usize::from(skips && job.log.len() > 2);
        for event in job.log.iter().skip(after) {
            let mut event = event.clone();
            event["connid"] = job.connid.as_str().into();
            if by_job {
                event["job"] = job.id.to_string().into();
            }
            self.receive(socket, event);
        }
        if self.has(Bug::SaysTheEndTwice) && !job.is_live() {
            let mut event = job.log[job.log.len() - 1].clone();
            event["connid"] = job.connid.as_str().into();
            self.receive(socket, event);
        }
        *position = job.log.len().max(*position);
    }
}

pub(crate) fn micros(seconds: &Value) -> u64 {
    let seconds = seconds.as_f64().and_then(Seconds::from_f64);
    seconds.unwrap().as_micros()
}
