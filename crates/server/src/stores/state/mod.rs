//! What a store knows of its jobs, in memory: their logs, what those add up to, and indexes over that, by name, by alarm, by
//! queue, those that have not ended, those that have.
//!
//! Whoever owns it guards it with one lock, which is never held across an `await` or a wake-up.

mod expired;
mod feed;
mod jobs;
mod log;
mod routes;
mod sorted;

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Weak},
};

use longwire_engine::{
    Counts, Due, Events, Found, Job, Listing, Mailbox, Name, NotAppended, NotCreated, Page, Query,
    Retention, RouteRetention,
};
use longwire_protocol::{Connid, JobId, Seq, Status, Timestamp};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

pub(super) use self::expired::{HashKey, NameHash};
use self::{
    expired::Expired,
    feed::Feed,
    jobs::{Jobs, Place},
    log::{Log, Readers},
    routes::{Ended, RouteJobs, RouteNumber, Routes},
    sorted::Sorted,
};

/// Jobs looked at for one page of a list at most, so that a filter that fits nothing does not hold everybody up.
const LOOKED_AT_PER_PAGE: usize = 10_000;
/// Ended jobs that are let go of together, at most.
const TOGETHER: usize = 32;

struct Entry {
    job: Job,
    /// Its connid.
    name: NameHash,
    log: Log,
    route: RouteNumber,
    readers: Readers,
}

/// Which job, for as much as the indexes know of it.
#[derive(Clone, Copy)]
struct Which {
    id: JobId,
    name: NameHash,
    place: Place,
    route: RouteNumber,
}

/// How a job stands, for as much as the indexes know of it.
#[derive(Clone, Copy)]
struct Stand {
    status: Status,
    alarm: Option<Timestamp>,
    last_at: Timestamp,
    /// What its log weighs.
    bytes: usize,
}

impl Entry {
    fn stand(&self) -> Stand {
        Stand {
            status: self.job.status(),
            alarm: self.job.alarm().map(|(at, _)| at),
            last_at: self.job.last_at(),
            bytes: self.log.bytes(),
        }
    }
}

pub(super) struct State {
    retention: Retention,
    jobs: Jobs,
    live: Sorted<JobId>,
    alarms: Sorted<(Timestamp, JobId)>,
    routes: Routes,
    ended: usize,
    last_end: u64,
    ended_bytes: usize,
    live_bytes: usize,
    pub(super) expired: Expired,
    pub(super) feed: Feed,
    /// None where nothing is written elsewhere.
    dropped: Option<Dropped>,
    /// Who waits for alarms, and the next it knows of.
    sleeper: Option<(Option<Timestamp>, Weak<Mailbox>)>,
}

/// What was let go of here, and is still to go where it was also written.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    /// Jobs that ended and are no longer kept.
    pub(super) jobs: Vec<Gone>,
    /// Jobs whose logs have lost their beginning.
    pub(super) beginnings: FxHashSet<JobId>,
}

/// A job that is no longer kept.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) job: JobId,
    /// Its connid and its id, for as much as is remembered of them.
    pub(super) names: [NameHash; 2],
}

/// New jobs that are about to be created beside one that asks for room.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside {
    pub(super) jobs: usize,
    pub(super) queued_on_route: usize,
}

impl Dropped {
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.beginnings.is_empty()
    }
}

/// Who is to be told of what was written, once the lock is free.
#[derive(Default)]
pub(super) struct Wakes {
    job: Readers,
    feed: Readers,
    queue: Readers,
    sleeper: Option<Weak<Mailbox>>,
}

impl Wakes {
    pub(super) fn tell(self, job: JobId) {
        self.job.tell(|word| word.jobs.push(job));
        self.feed.tell(|word| word.feed = true);
        self.queue.tell(|word| word.queues = true);
        rouse(self.sleeper.as_ref());
    }
}

/// Has a sleeper ask for the next alarm anew.
pub(super) fn rouse(sleeper: Option<&Weak<Mailbox>>) {
    if let Some(sleeper) = sleeper.and_then(Weak::upgrade) {
        sleeper.tell(|word| word.alarms = true);
    }
}

impl State {
    /// An empty one that keeps so much. Names that are no longer kept are remembered by hashes of that key.
    pub(super) fn new(retention: Retention, key: HashKey) -> Self {
        Self {
            jobs: Jobs::default(),
            live: Sorted::default(),
            alarms: Sorted::default(),
            routes: Routes::default(),
            ended: 0,
            last_end: 0,
            ended_bytes: 0,
            live_bytes: 0,
            expired: Expired::new(retention.expired_names, key),
            feed: Feed::new(retention.feed_events),
            dropped: None,
            sleeper: None,
            retention,
        }
    }

    /// The same for who writes it elsewhere too, and asks what is to go there: see [`State::take_dropped`].
    pub(super) fn written_elsewhere(mut self) -> Self {
        self.dropped = Some(Dropped::default());
        self
    }

    pub(super) fn find(&self, name: &Name) -> Found {
        let (hash, entry) = match name {
            Name::Connid(connid) => {
                let hash = self.expired.of_connid(connid);
                (hash, self.jobs.named(hash, connid))
            }
            Name::Job(job) => (self.expired.of_job(*job), self.jobs.get(*job)),
        };
        if let Some(entry) = entry {
            return Found::Job(entry.job.clone());
        }
        if self.expired.contains(hash) {
            Found::Expired
        } else {
            Found::Unknown
        }
    }

    /// The job that a name stands for, whether or not it has ended.
    pub(super) fn named(&self, connid: &Connid) -> Option<&Job> {
        let hash = self.expired.of_connid(connid);
        self.jobs.named(hash, connid).map(|entry| &entry.job)
    }

    /// Whether a new job could be created, beside so many others that are about to be.
    pub(super) fn room_for(&self, job: &Job, beside: Beside) -> Result<(), NotCreated> {
        self.room_for_named(self.expired.of_connid(job.connid()), job, beside)
    }

    fn room_for_named(&self, name: NameHash, job: &Job, beside: Beside) -> Result<(), NotCreated> {
        let other = self.jobs.named(name, job.connid()).map(|entry| &entry.job);
        if let Some(other) = other.filter(|other| !other.status().has_ended()) {
            return Err(NotCreated::InUse(other.clone()));
        }
        if self.live.len() + beside.jobs >= self.retention.jobs {
            return Err(NotCreated::Full);
        }
        let queued = || {
            let route = self.routes.named(&job.spec().route);
            route.map_or(0, |route| route.queued.len())
        };
        if job.status() == Status::Queued
            && queued() + beside.queued_on_route >= self.retention.queued_jobs_per_route
        {
            return Err(NotCreated::QueueFull);
        }
        Ok(())
    }

    /// Adds a job where there is room for it.
    pub(super) fn create_in_room(&mut self, job: Job, events: Events) -> Result<Wakes, NotCreated> {
        let name = self.expired.of_connid(job.connid());
        self.room_for_named(name, &job, Beside::default())?;
        Ok(self.create_named(name, job, events))
    }

    /// Adds a job for which there is room.
    pub(super) fn create(&mut self, job: Job, events: Events) -> Wakes {
        self.create_named(self.expired.of_connid(job.connid()), job, events)
    }

    fn create_named(&mut self, name: NameHash, job: Job, events: Events) -> Wakes {
        let mut wakes = Wakes {
            feed: self.feed.add(&job, &events),
            ..Wakes::default()
        };
        self.insert(name, job, Log::new(events), &mut wakes);
        self.forget_surplus();
        wakes
    }

    /// Adds a job as it was when the server last stopped, with what is kept of its log.
    pub(super) fn restore(&mut self, job: Job, events: Events) {
        let mut log = Log::new(events);
        if log.trim(&job, &self.retention) {
            note(&mut self.dropped, |dropped| {
                dropped.beginnings.insert(job.id())
            });
        }
        let name = self.expired.of_connid(job.connid());
        // Nobody waits for anything yet.
        self.insert(name, job, log, &mut Wakes::default());
    }

    fn insert(&mut self, name: NameHash, job: Job, log: Log, wakes: &mut Wakes) {
        let id = job.id();
        let route = self.routes.number(&job.spec().route, &self.retention);
        let entry = Entry {
            job,
            name,
            log,
            route,
            readers: Readers::default(),
        };
        let stand = entry.stand();
        let place = self.jobs.insert(entry);
        let which = Which {
            id,
            name,
            place,
            route,
        };
        self.index(which, None, stand, wakes);
    }

    /// Whether a log is still as long as that.
    pub(super) fn has_not_grown(&self, id: JobId, after: Seq) -> Result<(), NotAppended> {
        match self.jobs.get(id) {
            Some(entry) if entry.job.seq() == after => Ok(()),
            Some(_) | None => Err(NotAppended::Grown),
        }
    }

    /// Adds events to a log that has not grown. A job that is gone stays gone.
    pub(super) fn append(&mut self, job: Job, events: Events) -> Wakes {
        let id = job.id();
        let place = self.jobs.place(id);
        let known = place.and_then(|place| Some((place, self.jobs.at_mut(place)?)));
        let Some((place, entry)) = known else {
            return Wakes::default();
        };
        let mut wakes = Wakes {
            job: entry.readers.take(),
            feed: self.feed.add(&job, &events),
            ..Wakes::default()
        };
        let before = entry.stand();
        entry.job = job;
        entry.log.extend(events);
        if entry.log.trim(&entry.job, &self.retention) {
            note(&mut self.dropped, |dropped| dropped.beginnings.insert(id));
        }
        let which = Which {
            id,
            name: entry.name,
            place,
            route: entry.route,
        };
        let after = entry.stand();
        self.index(which, Some(before), after, &mut wakes);
        self.forget_surplus();
        wakes
    }

    /// What was let go of since this was last asked.
    pub(super) fn take_dropped(&mut self) -> Dropped {
        self.dropped
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The same, and it stays to be asked for.
    pub(super) const fn dropped(&self) -> Option<&Dropped> {
        self.dropped.as_ref()
    }

    /// A job and the number of the oldest event of it that is kept.
    pub(super) fn kept(&self, id: JobId) -> Option<(&Job, Seq)> {
        let entry = self.jobs.get(id)?;
        Some((&entry.job, entry.log.first()))
    }

    /// A name that was known before the server last stopped.
    pub(super) fn remember(&mut self, name: NameHash) {
        self.expired.add(name);
    }

    /// Brings every index from how the job stood to how it stands.
    fn index(&mut self, which: Which, before: Option<Stand>, after: Stand, wakes: &mut Wakes) {
        let id = which.id;
        let old_alarm = before.and_then(|before| before.alarm);
        if old_alarm != after.alarm {
            if let Some(at) = old_alarm {
                self.alarms.remove(&(at, id));
            }
            if let Some(at) = after.alarm {
                self.alarms.insert((at, id));
                wakes.sleeper = self.rouse(at);
            }
        }
        self.live_bytes -= before.map_or(0, |before| before.bytes);
        if !after.status.has_ended() {
            self.live_bytes += after.bytes;
        }
        let old = before.map(|before| before.status);
        if old != Some(after.status) {
            self.index_status(which, old, after, wakes);
        }
    }

    fn index_status(&mut self, which: Which, old: Option<Status>, after: Stand, wakes: &mut Wakes) {
        let (id, new) = (which.id, after.status);
        let runs = |status| matches!(status, Status::Running | Status::Ending);
        self.last_end += u64::from(new.has_ended());
        let end = self.last_end;
        let route = self.routes.get_mut(which.route);
        if old == Some(Status::Queued) {
            route.queued.remove(&id);
        }
        if new == Status::Queued {
            route.queued.insert(id);
            wakes.queue = route.readers.take();
        }
        route.running += u64::from(runs(new));
        route.running -= u64::from(old.is_some_and(runs));
        if new.has_ended() {
            route.ended.push_back(Ended {
                end,
                job: id,
                name: which.name,
                place: which.place,
            });
            route.ended_bytes += after.bytes;
            let (is_first, time) = (route.ended.len() == 1, route.retention.ended_time);
            self.ended += 1;
            self.ended_bytes += after.bytes;
            if old.is_some() {
                self.live.remove(&id);
            }
            // The first to go: whoever sleeps until an alarm must know that this comes before it.
            if is_first && wakes.sleeper.is_none() {
                let time = time.unwrap_or(self.retention.ended_time);
                wakes.sleeper = self.rouse(after.last_at.after(time));
            }
        } else if old.is_none() {
            self.live.insert(id);
        }
    }

    /// Keeps the jobs of routes so from now on.
    pub(super) fn keep(
        &mut self,
        routes: BTreeMap<Arc<str>, RouteRetention>,
    ) -> Option<Weak<Mailbox>> {
        for route in self.routes.iter_mut() {
            route.retention = routes.get(&route.name).copied().unwrap_or_default();
        }
        self.retention.routes = routes;
        self.forget_surplus();
        // Some may have to go earlier than whoever sleeps knows.
        self.sleeper.take().map(|(_, sleeper)| sleeper)
    }

    /// Whether new jobs of that route are kept in memory alone.
    pub(super) fn is_fleeting(&self, route: &str) -> bool {
        let retention = self.retention.routes.get(route);
        retention.is_some_and(|retention| retention.fleeting)
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
    pub(super) fn forget_surplus(&mut self) {
        while let Some(route) = self.routes.find(RouteJobs::has_too_many) {
            self.forget_oldest_of(route);
        }
        while self.ended > self.retention.ended_jobs
            || self.ended_bytes > self.retention.ended_bytes
        {
            let oldest = (0..self.together()).map_while(|_| self.routes.pop_oldest());
            let oldest: SmallVec<[Ended; TOGETHER]> = oldest.collect();
            if oldest.is_empty() {
                return;
            }
            self.forget(&oldest);
        }
    }

    /// Where many are kept, some more go than must. Nobody has looked at them for long, so the processor waits for the memory of each,
    /// but for that of several together about as long as for that of one.
    fn together(&self) -> usize {
        const OF_SO_MANY_ONE: usize = 128;
        (self.ended / OF_SO_MANY_ONE).clamp(1, TOGETHER)
    }

    /// When the first of a route's ended jobs is to go.
    fn first_to_go(&self, route: &RouteJobs) -> Option<Timestamp> {
        let oldest = self.jobs.at(route.ended.front()?.place)?;
        let time = route.retention.ended_time;
        let time = time.unwrap_or(self.retention.ended_time);
        Some(oldest.job.last_at().after(time))
    }

    /// Lets go of ended jobs that have been kept long enough. Says when the next is due to go.
    fn forget_old(&mut self, now: Timestamp) -> Option<Timestamp> {
        loop {
            let due = |(number, route)| Some((self.first_to_go(route)?, number));
            let (at, route) = self.routes.iter().filter_map(due).min()?;
            if at > now {
                return Some(at);
            }
            self.forget_oldest_of(route);
        }
    }

    fn forget_oldest_of(&mut self, route: RouteNumber) {
        let oldest = self.routes.get_mut(route).ended.pop_front();
        self.forget(oldest.as_slice());
    }

    /// Lets go of jobs that are no longer in the line of their routes.
    fn forget(&mut self, oldest: &[Ended]) {
        self.ended -= oldest.len();
        self.jobs.remove(oldest, |gone| {
            let bytes = gone.log.bytes();
            self.routes.get_mut(gone.route).ended_bytes -= bytes;
            self.ended_bytes -= bytes;
        });
        for gone in oldest {
            let (job, names) = (gone.job, [gone.name, self.expired.of_job(gone.job)]);
            names.into_iter().for_each(|name| self.expired.add(name));
            note(&mut self.dropped, |dropped| {
                dropped.beginnings.remove(&job);
                dropped.jobs.push(Gone { job, names });
            });
        }
    }

    pub(super) fn read(
        &mut self,
        job: JobId,
        after: Seq,
        bytes: usize,
        reader: Option<&Arc<Mailbox>>,
    ) -> Option<Page> {
        let entry = self.jobs.get_mut(job)?;
        let page = entry.log.page(&entry.job, after, bytes);
        if let Some(reader) = reader.filter(|_| page.events.is_empty()) {
            entry.readers.add(reader);
        }
        Some(page)
    }

    pub(super) fn due(&mut self, now: Timestamp, most: usize, reader: &Arc<Mailbox>) -> Due {
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
            .filter_map(|id| self.jobs.get(*id))
            .map(|entry| entry.job.clone())
            .collect();
        let next_alarm = self.alarms.iter().nth(due.len()).map(|(at, _)| *at);
        let next = next_alarm.into_iter().chain(next_to_go).min();
        self.sleeper = Some((next, Arc::downgrade(reader)));
        Due { jobs, next }
    }

    pub(super) fn list(&self, query: &Query) -> Listing {
        let mut places = Places::default();
        let mut listing = Listing {
            jobs: Vec::new(),
            total: self.total(query),
            next: None,
        };
        let mut last = None;
        for (looked_at, id) in self.live.after(query.after).enumerate() {
            if listing.jobs.len() == query.limit || looked_at == LOOKED_AT_PER_PAGE {
                listing.next = last;
                break;
            }
            last = Some(*id);
            let Some(entry) = self.jobs.get(*id).filter(|entry| fits(&entry.job, query)) else {
                continue;
            };
            let place = places.of(&entry.job, &self.routes);
            listing.jobs.push((entry.job.clone(), place));
        }
        listing
    }

    /// The jobs that have waited longest on a route, or whom to tell of the first.
    pub(super) fn queued(
        &mut self,
        route: &Arc<str>,
        most: usize,
        reader: &Arc<Mailbox>,
    ) -> Vec<Job> {
        let number = self.routes.number(route, &self.retention);
        let jobs = self.routes.get_mut(number);
        if jobs.queued.is_empty() {
            jobs.readers.add(reader);
        }
        let first: Vec<JobId> = jobs.queued.iter().take(most).copied().collect();
        let jobs = first.iter().filter_map(|id| self.jobs.get(*id));
        jobs.map(|entry| entry.job.clone()).collect()
    }

    /// The place of a job in its route's queue, from 1.
    pub(super) fn position(&self, job: &Job) -> Option<u64> {
        Places::default().of(job, &self.routes)
    }

    fn total(&self, query: &Query) -> Option<u64> {
        match (&query.route, &query.tag) {
            (None, None) => u64::try_from(self.live.len()).ok(),
            (Some(route), None) => Some(
                self.routes
                    .named(route)
                    .map_or(0, |route| route.queued.len() as u64 + route.running),
            ),
            (_, Some(_)) => None,
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let routes = self.routes.by_name();
        Counts {
            routes: routes
                .map(|jobs| {
                    (
                        Arc::clone(&jobs.name),
                        jobs.queued.len() as u64,
                        jobs.running,
                    )
                })
                .collect(),
            ended: self.ended as u64,
            bytes: (self.live_bytes + self.ended_bytes) as u64,
        }
    }
}

/// Notes what was dropped, where somebody asks for it.
fn note<T>(dropped: &mut Option<Dropped>, note: impl FnOnce(&mut Dropped) -> T) {
    dropped.as_mut().map(note);
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
    fn of(&mut self, job: &Job, routes: &Routes) -> Option<u64> {
        if job.status() != Status::Queued {
            return None;
        }
        let route = &job.spec().route;
        // Whoever asks may hold an old copy.
        let queued = &routes.named(route)?.queued;
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
