//! Keeps everything on disk, inside this process: nothing beside the binary is needed, and any stop of it loses nothing.
//!
//! What is known is in memory, as in every store, and what is in memory is on disk: a change is first written, together with
//! all others that wait, and only then is it there for anyone to see. So no reader is ever told what a power cut can take
//! back. One task writes, and nothing else does.
//!
//! Whoever asks for a job that is just being written waits for that, so that a client that sends a start and a kill in one
//! breath is understood. Not while the disk is full: then what was written is all that is told.

mod bytes;
mod disk;
mod disk_error;
mod offline;
mod read_only;
mod record;
mod table;
mod writer;

use std::{
    collections::{BTreeMap, hash_map::Entry},
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
};

use longwire_engine::{
    Answer, Counts, Due, Events, FeedPage, Found, Job, Listing, Mailbox, Name, NotAppended,
    NotCreated, Page, Query, Retention, RouteRetention, Store, Unavailable,
};
use longwire_protocol::{Change, Connid, JobId, Seconds, Seq, Timestamp};
use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::{
    Notify,
    mpsc::{self, error::TrySendError},
    oneshot, watch,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    bytes::Flushes,
    table::{Rows, Tables},
    writer::{Order, Writer},
};
pub use self::{
    disk::{Disk, Folder},
    disk_error::DiskError,
    offline::{Found as FoundOnDisk, Offline},
};
use super::state::{NameHash, State, rouse};

/// Changes that wait to be written before whoever brings more has to wait.
const ORDERS: usize = 4096;

/// What a store on disk is told about how to keep things.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is kept at most.
    pub retention: Retention,
    /// How long output and progress may wait for others to be written together with them.
    pub output_wait: Seconds,
}

/// The store that keeps everything on a disk.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    orders: mpsc::Sender<Order>,
    tasks: TaskTracker,
}

/// What the store and its writer both see.
struct Shared {
    kept: Mutex<Kept>,
    /// Something that was under way is done.
    done: Notify,
    /// Somebody waits for what is under way.
    hurry: Notify,
    /// Something was let go of that is still on disk.
    untidy: Notify,
    health: watch::Sender<Health>,
    closing: CancellationToken,
}

struct Kept {
    state: State,
    /// Jobs that are in memory only. It is a job that is so, whatever its route says by now.
    fleeting: FxHashSet<JobId>,
    underway: Underway,
}

/// How writing goes.
#[derive(Clone, Debug, PartialEq)]
enum Health {
    Well,
    /// For now nothing new is taken.
    Full(Unavailable),
    /// For now not even what was set aside is left: nothing that is asked for is done.
    Stuck(Unavailable),
    /// Nothing is written any more.
    Broken(Unavailable),
}

impl Health {
    fn trouble(&self) -> Option<Unavailable> {
        match self {
            Self::Well => None,
            Self::Full(why) | Self::Stuck(why) | Self::Broken(why) => Some(why.clone()),
        }
    }
}

/// What is being written, by name.
#[derive(Default)]
struct Underway {
    /// Two names that are taken for the same wait for one another, and no more.
    connids: FxHashMap<NameHash, usize>,
    jobs: FxHashMap<JobId, usize>,
}

impl Underway {
    fn add(&mut self, connid: Option<NameHash>, job: JobId) {
        *self.jobs.entry(job).or_default() += 1;
        if let Some(connid) = connid {
            *self.connids.entry(connid).or_default() += 1;
        }
    }

    fn remove(&mut self, connid: Option<NameHash>, job: JobId) {
        take_one(&mut self.jobs, job);
        if let Some(connid) = connid {
            take_one(&mut self.connids, connid);
        }
    }
}

fn take_one<K: Eq + Hash>(counts: &mut FxHashMap<K, usize>, key: K) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

impl Kept {
    /// Whether something was let go of that is still on disk.
    fn has_dropped(&self) -> bool {
        let dropped = self.state.dropped();
        dropped.is_some_and(|dropped| !dropped.is_empty())
    }

    /// Whether what that name stands for may be about to change.
    fn is_underway(&self, name: &Name) -> bool {
        let is_written = |job: &JobId| self.underway.jobs.contains_key(job);
        match name {
            Name::Job(job) => is_written(job),
            Name::Connid(connid) => {
                let known = self.state.named(connid);
                let hash = self.state.expired.of_connid(connid);
                self.underway.connids.contains_key(&hash)
                    || known.is_some_and(|job| is_written(&job.id()))
            }
        }
    }
}

/// A change that is under way, until this is lifted or dropped.
struct Mark {
    /// None once it was lifted.
    shared: Option<Arc<Shared>>,
    /// Of a new job.
    connid: Option<NameHash>,
    job: JobId,
}

impl Mark {
    fn new(shared: &Arc<Shared>, connid: Option<&Connid>, job: JobId) -> Self {
        let mut kept = shared.kept.lock();
        let connid = connid.map(|connid| kept.state.expired.of_connid(connid));
        kept.underway.add(connid, job);
        drop(kept);
        Self {
            shared: Some(Arc::clone(shared)),
            connid,
            job,
        }
    }

    /// For who holds the lock already. Whoever waits is still to be told.
    fn lift(mut self, kept: &mut Kept) {
        self.shared = None;
        kept.underway.remove(self.connid, self.job);
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            let mut kept = shared.kept.lock();
            kept.underway.remove(self.connid, self.job);
            drop(kept);
            shared.done.notify_waiters();
        }
    }
}

/// How long to wait for what is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    /// Until it is done, however long that takes.
    Endless,
    /// As long as the disk can be written. After that it may take for ever.
    WhileWell,
}

/// Why a change was not written.
enum NotWritten {
    Created(NotCreated),
    Appended(NotAppended),
}

impl From<Unavailable> for NotWritten {
    fn from(why: Unavailable) -> Self {
        Self::Appended(NotAppended::Unavailable(why))
    }
}

impl From<NotWritten> for NotCreated {
    fn from(why: NotWritten) -> Self {
        match why {
            NotWritten::Created(why) => why,
            NotWritten::Appended(NotAppended::Unavailable(why)) => Self::Unavailable(why),
            // A log that does not exist yet cannot have grown.
            NotWritten::Appended(NotAppended::Grown) => Self::Unavailable(closed()),
        }
    }
}

impl From<NotWritten> for NotAppended {
    fn from(why: NotWritten) -> Self {
        match why {
            NotWritten::Appended(why) => why,
            NotWritten::Created(_) => Self::Unavailable(closed()),
        }
    }
}

fn closed() -> Unavailable {
    Unavailable("the store is closed".into())
}

impl EmbeddedStore {
    /// Opens what is on a disk, reads all of it, and starts to write on the current tokio runtime.
    ///
    /// # Errors
    /// Where the disk cannot be read or written, is in use, or what is on it cannot be understood.
    pub fn open(disk: Arc<dyn Disk>, settings: Settings) -> Result<Self, DiskError> {
        let chance = RandomState::new();
        let names = settings.retention.expired_names as u64 / 2;
        let key = [chance.hash_one(0), chance.hash_one(1)];
        let flushes = Flushes::default();
        let (table, state) = disk_error::or_damaged(|| {
            let table = Tables::open(&*disk, &flushes, names, key)?;
            let state = load(&table, settings.retention.clone())?;
            Ok((table, state))
        })?;
        let aside = disk.set_aside();
        let shared = Arc::new(Shared {
            kept: Mutex::new(Kept {
                state,
                fleeting: FxHashSet::default(),
                underway: Underway::default(),
            }),
            done: Notify::new(),
            hurry: Notify::new(),
            untidy: Notify::new(),
            health: watch::Sender::new(Health::Well),
            closing: CancellationToken::new(),
        });
        if let Err(error) = aside {
            writer::tell_full(&shared, &error.to_string());
        }
        let (orders, taken) = mpsc::channel(ORDERS);
        let writer = Writer::new(Arc::clone(&shared), taken, (disk, flushes, table), settings);
        let tasks = TaskTracker::new();
        tasks.spawn(writer.run());
        tasks.close();
        Ok(Self {
            shared,
            orders,
            tasks,
        })
    }

    /// Brings a change to the writer. The answer is there once it is on the disk, or is refused.
    fn order<E: From<NotWritten> + Send + 'static>(
        &self,
        after: Option<Seq>,
        job: Job,
        events: Events,
    ) -> Answer<Result<(), E>> {
        let connid = after.is_none().then(|| job.connid());
        let (answer, answered) = oneshot::channel();
        let order = Order {
            rows: Some(Rows::of_events(job.id(), &events)),
            urgent: events.iter().any(is_urgent),
            mark: Mark::new(&self.shared, connid, job.id()),
            after,
            job,
            events,
            answer,
        };
        let answered = async move {
            let answer = answered.await;
            answer
                .unwrap_or_else(|_| Err(closed().into()))
                .map_err(E::from)
        };
        match self.orders.try_send(order) {
            Ok(()) => Answer::later(answered),
            Err(TrySendError::Closed(_)) => Answer::now(Err(NotWritten::from(closed()).into())),
            Err(TrySendError::Full(order)) => {
                let orders = self.orders.clone();
                // Rare, and large.
                Answer::later(async move {
                    if orders.send(order).await.is_err() {
                        return Err(NotWritten::from(closed()).into());
                    }
                    answered.await
                })
            }
        }
    }

    /// Creates a job that is kept in memory only.
    fn create_fleeting(&self, job: Job, events: Events) -> Answer<Result<(), NotCreated>> {
        let name = Name::Connid(job.connid().clone());
        let id = job.id();
        let created = self.once_done(&name, Patience::Endless, move |kept| {
            let created = kept.state.create_in_room(job, events)?;
            kept.fleeting.insert(id);
            Ok(created)
        });
        created.map(move |created| created.map(|wakes| wakes.tell(id)))
    }

    /// Does it at once where nothing of that name is under way, or as soon as that is so.
    fn once_done<T: Send + 'static>(
        &self,
        name: &Name,
        patience: Patience,
        act: impl FnOnce(&mut Kept) -> T + Send + 'static,
    ) -> Answer<T> {
        if let Some(mut kept) = self.shared.unless_underway(name, patience) {
            return Answer::now(act(&mut kept));
        }
        let (shared, name) = (Arc::clone(&self.shared), name.clone());
        Answer::later(async move {
            loop {
                let done = shared.done.notified();
                tokio::pin!(done);
                // From here on no end of anything is missed.
                done.as_mut().enable();
                if let Some(mut kept) = shared.unless_underway(&name, patience) {
                    return act(&mut kept);
                }
                shared.hurry.notify_one();
                done.await;
            }
        })
    }
}

impl Shared {
    fn unless_underway(
        &self,
        name: &Name,
        patience: Patience,
    ) -> Option<parking_lot::MutexGuard<'_, Kept>> {
        let is_well = *self.health.borrow() == Health::Well;
        let kept = self.kept.lock();
        let waits = kept.is_underway(name) && (is_well || patience == Patience::Endless);
        (!waits).then_some(kept)
    }
}

/// What is seen of others: not how far a job has come, which can wait a moment.
fn is_urgent(event: &longwire_protocol::Event) -> bool {
    !matches!(event.change, Change::Output(_) | Change::Progress(_))
}

/// What somebody asks for, and can be refused. All else is the case, and is written once it can be.
fn is_asked(events: &Events) -> bool {
    let is_asked = |event: &longwire_protocol::Event| {
        matches!(
            event.change,
            Change::Accepted(_) | Change::Wished(_) | Change::Extended(_)
        )
    };
    events.iter().any(is_asked)
}

/// Everything that is on the disk.
fn load(table: &Tables, retention: Retention) -> Result<State, DiskError> {
    let mut state = State::new(retention, table.hash_key()?).written_elsewhere();
    table.load_expired(|name| state.remember(name))?;
    let (mut ended, mut live) = (Vec::new(), Vec::new());
    table.load(|loaded| {
        let side = if loaded.job.status().has_ended() {
            &mut ended
        } else {
            &mut live
        };
        side.push(loaded);
    })?;
    // Who ended first goes first; and a name is its last job's.
    ended.sort_by_key(|loaded| loaded.turn);
    for loaded in ended.into_iter().chain(live) {
        state.restore(loaded.job, loaded.events);
    }
    // The limits may be lower than they were.
    state.forget_surplus();
    Ok(state)
}

impl Store for EmbeddedStore {
    fn create(&self, job: Job, events: Events) -> Answer<Result<(), NotCreated>> {
        if !self.outlives(&job.spec().route) {
            return self.create_fleeting(job, events);
        }
        if let Some(why) = self.trouble() {
            return Answer::now(Err(NotCreated::Unavailable(why)));
        }
        self.order(None, job, events)
    }

    fn append(&self, after: Seq, job: Job, events: Events) -> Answer<Result<(), NotAppended>> {
        let id = job.id();
        let mut kept = self.shared.kept.lock();
        if kept.fleeting.contains(&id) {
            let fits = kept.state.has_not_grown(id, after);
            let appended = fits.map(|()| kept.state.append(job, events));
            drop(kept);
            return Answer::now(appended.map(|wakes| wakes.tell(id)));
        }
        drop(kept);
        if let Health::Stuck(why) = &*self.shared.health.borrow()
            && is_asked(&events)
        {
            return Answer::now(Err(NotAppended::Unavailable(why.clone())));
        }
        self.order(Some(after), job, events)
    }

    fn find(&self, name: &Name) -> Answer<Found> {
        let asked = name.clone();
        self.once_done(name, Patience::WhileWell, move |kept| {
            kept.state.find(&asked)
        })
    }

    fn read(
        &self,
        job: JobId,
        after: Seq,
        bytes: usize,
        reader: Option<&Arc<Mailbox>>,
    ) -> Answer<Option<Page>> {
        Answer::now(
            self.shared
                .kept
                .lock()
                .state
                .read(job, after, bytes, reader),
        )
    }

    fn list(&self, query: &Query) -> Answer<Listing> {
        Answer::now(self.shared.kept.lock().state.list(query))
    }

    fn due(&self, now: Timestamp, most: usize, reader: &Arc<Mailbox>) -> Answer<Due> {
        let mut kept = self.shared.kept.lock();
        let due = kept.state.due(now, most, reader);
        if kept.has_dropped() {
            self.shared.untidy.notify_one();
        }
        Answer::now(due)
    }

    fn queued(&self, route: &Arc<str>, most: usize, reader: &Arc<Mailbox>) -> Answer<Vec<Job>> {
        Answer::now(self.shared.kept.lock().state.queued(route, most, reader))
    }

    fn position(&self, job: &Job) -> Answer<Option<u64>> {
        Answer::now(self.shared.kept.lock().state.position(job))
    }

    fn feed(&self, after: Seq, most: usize, reader: Option<&Arc<Mailbox>>) -> Answer<FeedPage> {
        Answer::now(self.shared.kept.lock().state.feed.page(after, most, reader))
    }

    fn feed_head(&self) -> Answer<Seq> {
        Answer::now(self.shared.kept.lock().state.feed.head())
    }

    fn counts(&self) -> Answer<Counts> {
        Answer::now(self.shared.kept.lock().state.counts())
    }

    fn keep(&self, routes: BTreeMap<Arc<str>, RouteRetention>) {
        let mut kept = self.shared.kept.lock();
        let sleeper = kept.state.keep(routes);
        if kept.has_dropped() {
            self.shared.untidy.notify_one();
        }
        drop(kept);
        rouse(sleeper.as_ref());
    }

    fn outlives(&self, route: &str) -> bool {
        !self.shared.kept.lock().state.is_fleeting(route)
    }

    fn trouble(&self) -> Option<Unavailable> {
        self.shared.health.borrow().trouble()
    }

    fn broken(&self) -> Answer<Unavailable> {
        let mut health = self.shared.health.subscribe();
        Answer::later(async move {
            let broken = health.wait_for(|health| matches!(health, Health::Broken(_)));
            match broken.await.map(|health| health.trouble()) {
                Ok(Some(why)) => why,
                // The store is gone, and with it who could break.
                Ok(None) | Err(_) => std::future::pending().await,
            }
        })
    }

    fn close(&self) -> Answer<()> {
        self.shared.closing.cancel();
        let tasks = self.tasks.clone();
        Answer::later(async move { tasks.wait().await })
    }
}
