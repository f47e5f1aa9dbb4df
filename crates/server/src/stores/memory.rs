//! Keeps everything in memory: nothing outlives the process.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use longwire_engine::{
    Answer, Counts, Due, Events, FeedPage, Found, Job, Listing, Mailbox, Name, NotAppended,
    NotCreated, Page, Query, Retention, RouteRetention, Store,
};
use longwire_protocol::{JobId, Seq, Timestamp};
use parking_lot::Mutex;

use super::state::{State, rouse};

/// The store that keeps everything in memory.
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    /// An empty store that keeps so much.
    #[must_use]
    pub fn new(retention: Retention) -> Self {
        // Nobody outside may know which names are taken for the same.
        let chance = RandomState::new();
        let key = [chance.hash_one(0), chance.hash_one(1)];
        Self(Mutex::new(State::new(retention, key)))
    }
}

impl Store for MemoryStore {
    fn create(&self, job: Job, events: Events) -> Answer<Result<(), NotCreated>> {
        let id = job.id();
        let created = self.0.lock().create_in_room(job, events);
        Answer::now(created.map(|wakes| wakes.tell(id)))
    }

    fn append(&self, after: Seq, job: Job, events: Events) -> Answer<Result<(), NotAppended>> {
        let id = job.id();
        let appended = {
            let mut state = self.0.lock();
            let fits = state.has_not_grown(id, after);
            fits.map(|()| state.append(job, events))
        };
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

    fn queued(&self, route: &Arc<str>, most: usize, reader: &Arc<Mailbox>) -> Answer<Vec<Job>> {
        Answer::now(self.0.lock().queued(route, most, reader))
    }

    fn position(&self, job: &Job) -> Answer<Option<u64>> {
        Answer::now(self.0.lock().position(job))
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

    fn keep(&self, routes: BTreeMap<Arc<str>, RouteRetention>) {
        let sleeper = self.0.lock().keep(routes);
        rouse(sleeper.as_ref());
    }
}
