//! Keeps everything in memory: nothing outlives the process.
//!
//! One lock guards all of it and is never held across an `await` or a wake-up. Beside the jobs there are only indexes over
//! what they add up to: by name, by alarm, by queue, those that have not ended, those that have.

mod expired;
mod feed;
mod log;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    ops::Bound,
    sync::{Arc, Weak},
};

use longwire_engine::{
    Answer, Counts, Due, Events, FeedPage, Found, Grown, Job, Listing, Mailbox, Name, NotCreated,
    Page, Query, Retention, Store,
};
use longwire_protocol::{Connid, JobId, Seq, Status, Timestamp};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use self::{
    expired::Expired,
    feed::Feed,
    log::{Log, Readers},
};

/// Jobs looked at for one page of a list at most, so that a filter that fits nothing does not hold everybody up.
const LOOKED_AT_PER_PAGE: usize = 10_000;

/// The store that keeps everything in memory.
pub struct MemoryStore(Mutex<State>);

struct Entry {
    job: Job,
    log: Log,
    readers: Readers,
}

/// The jobs of one route that have not ended.
#[derive(Default)]
struct RouteJobs {
    queued: BTreeSet<JobId>,
    running: u64,
    /// Who waits for the queue to hold something.
    readers: Readers,
}

struct State {
    retention: Retention,
    jobs: FxHashMap<JobId, Box<Entry>>,
    names: HashMap<Connid, JobId>,
    live: BTreeSet<JobId>,
    alarms: BTreeSet<(Timestamp, JobId)>,
    routes: BTreeMap<Arc<str>, RouteJobs>,
    ended: VecDeque<JobId>,
    ended_bytes: usize,
    live_bytes: usize,
    expired: Expired,
    feed: Feed,
    /// Who waits for alarms, and the next it knows of.
    sleeper: Option<(Option<Timestamp>, Weak<Mailbox>)>,
}

/// Who is to be told of what was written, once the lock is free.
#[derive(Default)]
struct Wakes {
    job: Readers,
    feed: Readers,
    queue: Readers,
    sleeper: Option<Weak<Mailbox>>,
}

impl Wakes {
    fn tell(self, job: JobId) {
        self.job.tell(|word| word.jobs.push(job));
        self.feed.tell(|word| word.feed = true);
        self.queue.tell(|word| word.queues = true);
        if let Some(sleeper) = self.sleeper.and_then(|sleeper| sleeper.upgrade()) {
            sleeper.tell(|word| word.alarms = true);
        }
    }
}

impl MemoryStore {
    /// An empty store that keeps so much.
    #[must_use]
    pub fn new(retention: Retention) -> Self {
        Self(Mutex::new(State {
            retention,
            jobs: FxHashMap::default(),
            names: HashMap::new(),
            live: BTreeSet::new(),
            alarms: BTreeSet::new(),
            routes: BTreeMap::new(),
            ended: VecDeque::new(),
            ended_bytes: 0,
            live_bytes: 0,
            expired: Expired::new(retention.expired_names),
            feed: Feed::new(retention.feed_events),
            sleeper: None,
        }))
    }
}

impl State {
    fn find(&self, name: &Name) -> Found {
        let (id, expired) = match name {
            Name::Connid(connid) => (
                self.names.get(connid).copied(),
                self.expired.contains(connid),
            ),
            Name::Job(job) => (Some(*job), self.expired.contains(job)),
        };
        match id.and_then(|id| self.jobs.get(&id)) {
            Some(entry) => Found::Job(entry.job.clone()),
            None if expired => Found::Expired,
            None => Found::Unknown,
        }
    }

    fn room_for(&self, job: &Job) -> Result<(), NotCreated> {
        if let Found::Job(other) = self.find(&Name::Connid(job.connid().clone()))
            && !other.status().has_ended()
        {
            return Err(NotCreated::InUse(other));
        }
        if self.live.len() >= self.retention.jobs {
            return Err(NotCreated::Full);
        }
        let queued = self
            .routes
            .get(&job.spec().route)
            .map_or(0, |route| route.queued.len());
        if job.status() == Status::Queued && queued >= self.retention.queued_jobs_per_route {
            return Err(NotCreated::QueueFull);
        }
        Ok(())
    }

    fn create(&mut self, job: Job, events: Events) -> Result<Wakes, NotCreated> {
        self.room_for(&job)?;
        let id = job.id();
        self.names.insert(job.connid().clone(), id);
        let mut wakes = Wakes::default();
        self.index(None, &job, &mut wakes);
        self.feed_with(&job, &events, &mut wakes);
        let mut log = Log::new();
        log.extend(events);
        self.weigh(&job, 0, log.bytes());
        let entry = Entry {
            job,
            log,
            readers: Readers::default(),
        };
        self.jobs.insert(id, Box::new(entry));
        self.forget_surplus();
        Ok(wakes)
    }

    fn append(&mut self, after: Seq, job: Job, events: Events) -> Result<Wakes, Grown> {
        let id = job.id();
        // Taken out while the indexes are brought up to date, then put back.
        let Some(mut entry) = self.jobs.remove(&id) else {
            return Err(Grown);
        };
        if entry.job.seq() != after {
            self.jobs.insert(id, entry);
            return Err(Grown);
        }
        let mut wakes = Wakes {
            job: entry.readers.take(),
            ..Wakes::default()
        };
        self.index(Some(&entry.job), &job, &mut wakes);
        self.feed_with(&job, &events, &mut wakes);
        let before = entry.log.bytes();
        entry.log.extend(events);
        entry.log.trim(
            self.retention.log_bytes_per_job,
            self.retention.log_events_per_job,
        );
        self.weigh(&job, before, entry.log.bytes());
        entry.job = job;
        self.jobs.insert(id, entry);
        self.forget_surplus();
        Ok(wakes)
    }

    fn feed_with(&mut self, job: &Job, events: &Events, wakes: &mut Wakes) {
        let mut changed = false;
        for event in events {
            changed |= self.feed.add(job, event);
        }
        if changed {
            wakes.feed = self.feed.take_readers();
        }
    }

    /// Brings every index from how the job stood to how it stands.
    fn index(&mut self, before: Option<&Job>, after: &Job, wakes: &mut Wakes) {
        let id = after.id();
        let alarm = |job: &Job| job.alarm().map(|(at, _)| at);
        let (old_alarm, new_alarm) = (before.and_then(alarm), alarm(after));
        if old_alarm != new_alarm {
            if let Some(at) = old_alarm {
                self.alarms.remove(&(at, id));
            }
            if let Some(at) = new_alarm {
                self.alarms.insert((at, id));
                wakes.sleeper = self.rouse(at);
            }
        }
        let old = before.map(Job::status);
        let new = after.status();
        if old != Some(new) {
            self.index_status(after, old, new, wakes);
        }
    }

    fn index_status(&mut self, job: &Job, old: Option<Status>, new: Status, wakes: &mut Wakes) {
        let id = job.id();
        let runs = |status| matches!(status, Status::Running | Status::Ending);
        if !self.routes.contains_key(&job.spec().route) {
            self.routes
                .insert(Arc::clone(&job.spec().route), RouteJobs::default());
        }
        if let Some(route) = self.routes.get_mut(&job.spec().route) {
            if old == Some(Status::Queued) {
                route.queued.remove(&id);
            }
            if new == Status::Queued {
                route.queued.insert(id);
                wakes.queue = route.readers.take();
            }
            route.running += u64::from(runs(new));
            route.running -= u64::from(old.is_some_and(runs));
        }
        if new.has_ended() {
            self.live.remove(&id);
            self.ended.push_back(id);
            // The first to go: whoever sleeps until an alarm must know that this comes before it.
            if self.ended.len() == 1 && wakes.sleeper.is_none() {
                wakes.sleeper = self.rouse(job.last_at().after(self.retention.ended_time));
            }
        } else if old.is_none() {
            self.live.insert(id);
        }
    }

    /// Keeps the sums of bytes: what a log weighed and weighs, and on which side it is counted.
    const fn weigh(&mut self, job: &Job, before: usize, after: usize) {
        self.live_bytes -= before;
        if job.status().has_ended() {
            self.ended_bytes += after;
        } else {
            self.live_bytes += after;
        }
    }

    /// Whoever sleeps until an alarm later than this one.
    fn rouse(&mut self, at: Timestamp) -> Option<Weak<Mailbox>> {
        let (next, _) = self.sleeper.as_ref()?;
        if next.is_some_and(|next| next <= at) {
            return None;
        }
        self.sleeper.take().map(|(_, sleeper)| sleeper)
    }

    /// Lets go of the oldest ended jobs over the bounds of number and bytes.
    fn forget_surplus(&mut self) {
        while self.ended.len() > self.retention.ended_jobs
            || self.ended_bytes > self.retention.ended_bytes
        {
            if !self.forget_oldest() {
                break;
            }
        }
    }

    /// Lets go of ended jobs that have been kept long enough. Says when the next is due to go.
    fn forget_old(&mut self, now: Timestamp) -> Option<Timestamp> {
        loop {
            let oldest = self.ended.front().and_then(|id| self.jobs.get(id))?;
            let at = oldest.job.last_at().after(self.retention.ended_time);
            if at > now {
                return Some(at);
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) -> bool {
        let Some(id) = self.ended.pop_front() else {
            return false;
        };
        if let Some(entry) = self.jobs.remove(&id) {
            self.ended_bytes -= entry.log.bytes();
            let connid = entry.job.connid();
            if self.names.get(connid) == Some(&id) {
                self.names.remove(connid);
            }
            self.expired.add(connid);
            self.expired.add(id);
        }
        true
    }

    fn read(
        &mut self,
        job: JobId,
        after: Seq,
        bytes: usize,
        reader: Option<&Arc<Mailbox>>,
    ) -> Option<Page> {
        let entry = self.jobs.get_mut(&job)?;
        let page = entry.log.page(after, bytes);
        if let Some(reader) = reader.filter(|_| page.events.is_empty()) {
            entry.readers.add(reader);
        }
        Some(page)
    }

    fn due(&mut self, now: Timestamp, most: usize, reader: &Arc<Mailbox>) -> Due {
        let next_to_go = self.forget_old(now);
        let due: Vec<JobId> = self
            .alarms
            .iter()
            .take_while(|(at, _)| *at <= now)
            .take(most)
            .map(|(_, id)| *id)
            .collect();
        let jobs: Vec<Job> = due
            .iter()
            .filter_map(|id| self.jobs.get(id))
            .map(|entry| entry.job.clone())
            .collect();
        let next_alarm = self.alarms.iter().nth(due.len()).map(|(at, _)| *at);
        let next = next_alarm.into_iter().chain(next_to_go).min();
        self.sleeper = Some((next, Arc::downgrade(reader)));
        Due { jobs, next }
    }

    fn list(&self, query: &Query) -> Listing {
        let from = query.after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut places = Places::default();
        let mut listing = Listing {
            jobs: Vec::new(),
            total: self.total(query),
            next: None,
        };
        let mut last = None;
        for (looked_at, id) in self.live.range((from, Bound::Unbounded)).enumerate() {
            if listing.jobs.len() == query.limit || looked_at == LOOKED_AT_PER_PAGE {
                listing.next = last;
                break;
            }
            last = Some(*id);
            let Some(entry) = self.jobs.get(id).filter(|entry| fits(&entry.job, query)) else {
                continue;
            };
            let place = places.of(&entry.job, &self.routes);
            listing.jobs.push((entry.job.clone(), place));
        }
        listing
    }

    fn total(&self, query: &Query) -> Option<u64> {
        match (&query.route, &query.tag) {
            (None, None) => u64::try_from(self.live.len()).ok(),
            (Some(route), None) => Some(
                self.routes
                    .get(&**route)
                    .map_or(0, |route| route.queued.len() as u64 + route.running),
            ),
            (_, Some(_)) => None,
        }
    }

    fn counts(&self) -> Counts {
        let routes = self.routes.iter();
        Counts {
            routes: routes
                .map(|(name, jobs)| (Arc::clone(name), jobs.queued.len() as u64, jobs.running))
                .collect(),
            ended: self.ended.len() as u64,
            bytes: (self.live_bytes + self.ended_bytes) as u64,
        }
    }
}

fn fits(job: &Job, query: &Query) -> bool {
    let spec = job.spec();
    query
        .route
        .as_ref()
        .is_none_or(|route| **route == *spec.route)
        && query.tag.as_ref().is_none_or(|tag| spec.tags.contains(tag))
}

/// Counts places in queues for jobs that are asked about in the order of their ids, walking each queue once.
#[derive(Default)]
struct Places(BTreeMap<Arc<str>, (Option<JobId>, u64)>);

impl Places {
    fn of(&mut self, job: &Job, routes: &BTreeMap<Arc<str>, RouteJobs>) -> Option<u64> {
        if job.status() != Status::Queued {
            return None;
        }
        let route = &job.spec().route;
        // Whoever asks may hold an old copy.
        let queued = &routes.get(route)?.queued;
        if !queued.contains(&job.id()) {
            return None;
        }
        let (last, place) = self.0.entry(Arc::clone(route)).or_default();
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        *place += queued.range((from, Bound::Included(job.id()))).count() as u64;
        *last = Some(job.id());
        Some(*place)
    }
}

impl Store for MemoryStore {
    fn create(&self, job: Job, events: Events) -> Answer<Result<(), NotCreated>> {
        let id = job.id();
        let created = self.0.lock().create(job, events);
        Answer::now(created.map(|wakes| wakes.tell(id)))
    }

    fn append(&self, after: Seq, job: Job, events: Events) -> Answer<Result<(), Grown>> {
        let id = job.id();
        let appended = self.0.lock().append(after, job, events);
        Answer::now(appended.map(|wakes| wakes.tell(id)))
    }

    fn find(&self, name: &Name) -> Answer<Found> {
        Answer::now(self.0.lock().find(name))
    }

    fn read(
        &self,
        job: JobId,
        after: Seq,
        bytes: usize,
        reader: Option<&Arc<Mailbox>>,
    ) -> Answer<Option<Page>> {
        Answer::now(self.0.lock().read(job, after, bytes, reader))
    }

    fn list(&self, query: &Query) -> Answer<Listing> {
        Answer::now(self.0.lock().list(query))
    }

    fn due(&self, now: Timestamp, most: usize, reader: &Arc<Mailbox>) -> Answer<Due> {
        Answer::now(self.0.lock().due(now, most, reader))
    }

    fn first_queued(&self, route: &Arc<str>, reader: &Arc<Mailbox>) -> Answer<Option<Job>> {
        let mut state = self.0.lock();
        let state = &mut *state;
        if !state.routes.contains_key(route) {
            state.routes.insert(Arc::clone(route), RouteJobs::default());
        }
        let first = state.routes.get_mut(route).and_then(|jobs| {
            let first = jobs.queued.first();
            if first.is_none() {
                jobs.readers.add(reader);
            }
            first
        });
        let job = first
            .and_then(|id| state.jobs.get(id))
            .map(|entry| entry.job.clone());
        Answer::now(job)
    }

    fn position(&self, job: &Job) -> Answer<Option<u64>> {
        Answer::now(Places::default().of(job, &self.0.lock().routes))
    }

    fn feed(&self, after: Seq, most: usize, reader: Option<&Arc<Mailbox>>) -> Answer<FeedPage> {
        Answer::now(self.0.lock().feed.page(after, most, reader))
    }

    fn feed_head(&self) -> Answer<Seq> {
        Answer::now(self.0.lock().feed.head())
    }

    fn counts(&self) -> Answer<Counts> {
        Answer::now(self.0.lock().counts())
    }
}
