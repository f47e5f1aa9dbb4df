//! The one who writes: takes what waits, writes it in one step, and only then shows it.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use longwire_engine::{Events, Job, Unavailable};
use longwire_protocol::{JobId, Seconds, Seq, Status};
use rustc_hash::FxHashSet;
use tokio::{
    sync::{mpsc, oneshot},
    task::{spawn_blocking, yield_now},
    time::{Instant, sleep, sleep_until},
};

use super::{
    Health, Kept, Mark, NotWritten, Settings, Shared,
    bytes::Flushes,
    disk::Disk,
    disk_error::DiskError,
    is_asked,
    table::{Commit, Rows, Tables},
};
use crate::stores::state::{Beside, Dropped, NameHash, Wakes};

/// Changes written in one step at most.
const MOST_AT_ONCE: usize = 2048;
/// Bytes written in one step at most, about.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// How many jobs that were let go of may stay on the disk for a while.
const TIDY_AT_ONCE: usize = 64;
/// How long they may.
const TIDY_AFTER: Duration = Duration::from_secs(1);
/// How long to wait for space where there is none.
const ROOM_AFTER: Duration = Duration::from_secs(1);
/// How often to see whether there is space to set aside again.
const ASIDE_AFTER: Duration = Duration::from_secs(5);

/// A change that is to be written.
pub(super) struct Order {
    /// The number of the log's last event; none for a new job.
    pub(super) after: Option<Seq>,
    pub(super) job: Job,
    pub(super) events: Events,
    /// None once they are in a step.
    pub(super) rows: Option<Rows>,
    /// Whether somebody waits for it now.
    pub(super) urgent: bool,
    pub(super) mark: Mark,
    pub(super) answer: oneshot::Sender<Result<(), NotWritten>>,
}

impl Order {
    fn bytes(&self) -> usize {
        self.rows.as_ref().map_or(0, Rows::len)
    }

    fn refuse(self, why: NotWritten) {
        // Whoever no longer waits for the answer has given up.
        drop(self.answer.send(Err(why)));
    }
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    orders: mpsc::Receiver<Order>,
    disk: Arc<dyn Disk>,
    flushes: Flushes,
    /// None while it is opened again.
    table: Option<Tables>,
    settings: Settings,
    /// Changes of jobs that were in the last step: they come first in the next.
    carried: VecDeque<Order>,
    /// What was let go of in steps for which there was no room.
    owed: Commit,
    /// When there is something to be done though nothing is to be written.
    chore_at: Option<Instant>,
    /// Whether several changes came at once the last time.
    is_busy: bool,
}

/// Nothing can be written any more.
struct Broken;

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        orders: mpsc::Receiver<Order>,
        (disk, flushes, table): (Arc<dyn Disk>, Flushes, Tables),
        settings: Settings,
    ) -> Self {
        // What there is to do was left by the opening.
        let is_well = *shared.health.borrow() == Health::Well;
        let is_tidy = !shared.kept.lock().has_dropped();
        Self {
            shared,
            orders,
            disk,
            flushes,
            table: Some(table),
            settings,
            carried: VecDeque::new(),
            owed: Commit::default(),
            chore_at: (!is_well || !is_tidy).then(Instant::now),
            is_busy: false,
        }
    }

    /// Writes until the store is closed, or nothing can be written any more.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.gather().await {
            if let Err(Broken) = self.write(batch).await {
                return self.refuse_the_rest();
            }
        }
        let table = self.table.take();
        // Closing is writing too. How it went is told at the next opening.
        drop(blocking(move || drop(table)).await);
    }

    /// What is to be written next; nothing where there are only chores. None once there will be no more.
    async fn gather(&mut self) -> Option<Vec<Order>> {
        let mut batch: Vec<Order> = self.carried.drain(..).collect();
        while batch.is_empty() {
            let shared = Arc::clone(&self.shared);
            tokio::select! {
                biased;
                order = self.orders.recv() => batch.push(order?),
                () = shared.untidy.notified() => self.remember_chore(TIDY_AFTER),
                () = until(self.chore_at) => return Some(batch),
                () = shared.closing.cancelled() => self.orders.close(),
            }
        }
        if self.is_busy {
            // Others that are ready bring what they have first.
            yield_now().await;
        }
        self.fill(&mut batch);
        self.is_busy = batch.len() > 1;
        let may_wait = self.settings.output_wait > Seconds::ZERO;
        if may_wait && !batch.iter().any(|order| order.urgent) {
            self.linger(&mut batch).await;
        }
        Some(batch)
    }

    /// Takes what waits, as much as fits one step.
    fn fill(&mut self, batch: &mut Vec<Order>) {
        let mut bytes: usize = batch.iter().map(Order::bytes).sum();
        batch.reserve(self.orders.len().min(MOST_AT_ONCE));
        while batch.len() < MOST_AT_ONCE
            && bytes < MOST_BYTES
            && let Ok(order) = self.orders.try_recv()
        {
            bytes += order.bytes();
            batch.push(order);
        }
    }

    /// Lets output and progress wait a moment for more.
    async fn linger(&mut self, batch: &mut Vec<Order>) {
        let until = Instant::now() + self.settings.output_wait.as_duration();
        let shared = Arc::clone(&self.shared);
        while batch.len() < MOST_AT_ONCE && !batch.iter().any(|order| order.urgent) {
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => batch.push(order),
                    None => return,
                },
                () = shared.hurry.notified() => return,
                () = shared.closing.cancelled() => return,
                () = sleep_until(until) => return,
            }
        }
        self.fill(batch);
    }

    fn remember_chore(&mut self, after: Duration) {
        let at = Instant::now() + after;
        self.chore_at = Some(self.chore_at.map_or(at, |chore| chore.min(at)));
    }

    async fn write(&mut self, batch: Vec<Order>) -> Result<(), Broken> {
        let (accepted, commit) = self.judge(batch);
        if !commit.is_empty() {
            let commit = Arc::new(commit);
            match self.commit(&commit).await {
                Ok(()) => self.get_unstuck(),
                Err(DiskError::Full) => return self.put_off(accepted, commit).await,
                Err(error) => {
                    self.break_down(&error, accepted);
                    return Err(Broken);
                }
            }
        }
        self.publish(accepted);
        self.do_chores().await;
        Ok(())
    }

    /// Refuses what does not fit, puts off what must come after something in this step, and takes the rest.
    fn judge(&mut self, batch: Vec<Order>) -> (Vec<Order>, Commit) {
        let shared = Arc::clone(&self.shared);
        let mut kept = shared.kept.lock();
        let (mut step, mut refused) = (Step::default(), Vec::new());
        step.commit = std::mem::take(&mut self.owed);
        step.accepted.reserve(batch.len());
        for order in batch {
            let name = kept.state.expired.of_connid(order.job.connid());
            if step.is_about(&order, name) {
                self.carried.push_back(order);
            } else if let Err(why) = step.fits(&order, &kept) {
                refused.push((order, why));
            } else {
                step.take(order, name);
            }
        }
        if self.is_to_tidy(&kept) {
            let dropped = kept.state.take_dropped();
            let_go(dropped, &mut kept, &mut step.commit);
        }
        drop(kept);
        for (order, why) in refused {
            order.refuse(why);
        }
        (step.accepted, step.commit)
    }

    /// Whether what was let go of goes from the disk now: that touches pages of its own, and does many at once as easily as one.
    fn is_to_tidy(&self, kept: &Kept) -> bool {
        let dropped = kept.state.dropped();
        // What a log has lost may be as much as its job says in the meantime.
        dropped.is_some_and(|dropped| {
            dropped.jobs.len() >= TIDY_AT_ONCE || !dropped.beginnings.is_empty()
        }) || self.chore_at.is_some_and(|at| at <= Instant::now())
            || *self.shared.health.borrow() != Health::Well
    }

    /// Writes, if need be to the space that was set aside. The disk is full once that is used up too.
    async fn commit(&mut self, commit: &Arc<Commit>) -> Result<(), DiskError> {
        loop {
            let written = match self.opened().await {
                Ok(mut table) => {
                    let commit = Arc::clone(commit);
                    let (table, written) = blocking(move || {
                        let written = table.commit(&commit);
                        // A database that has failed once is opened anew.
                        (written.is_ok().then_some(table), written)
                    })
                    .await?;
                    self.table = table;
                    written
                }
                Err(error) => Err(error),
            };
            match written {
                Err(DiskError::Full) if self.make_room().await => {}
                other => return other,
            }
        }
    }

    async fn opened(&mut self) -> Result<Tables, DiskError> {
        if let Some(table) = self.table.take() {
            return Ok(table);
        }
        let (disk, flushes) = (Arc::clone(&self.disk), self.flushes.clone());
        let names = self.settings.retention.expired_names as u64 / 2;
        blocking(move || Tables::open(&*disk, &flushes, names, [0, 0])).await?
    }

    /// Says whether there was something to make it with.
    async fn make_room(&mut self) -> bool {
        tell_full(&self.shared, &DiskError::Full.to_string());
        self.remember_chore(ASIDE_AFTER);
        let disk = Arc::clone(&self.disk);
        blocking(move || disk.give_back()).await.unwrap_or(false)
    }

    /// There is no room at all. Whoever asked for something is told so; what is the case waits for room, unless the store is
    /// closed.
    async fn put_off(&mut self, step: Vec<Order>, commit: Arc<Commit>) -> Result<(), Broken> {
        let why = tell_stuck(&self.shared);
        // Whoever else has it has failed.
        self.owed = Arc::try_unwrap(commit).unwrap_or_default();
        self.owed.rows.clear();
        self.owed.turns.clear();
        self.chore_at = Some(Instant::now() + ASIDE_AFTER);
        let carried = std::mem::take(&mut self.carried);
        for mut order in step.into_iter().chain(carried) {
            if is_asked(&order.events) {
                order.refuse(why.clone().into());
            } else {
                order.rows = Some(Rows::of_events(order.job.id(), &order.events));
                self.carried.push_back(order);
            }
        }
        if self.carried.is_empty() {
            return Ok(());
        }
        tokio::select! {
            () = self.shared.closing.cancelled() => Err(Broken),
            () = sleep(ROOM_AFTER) => Ok(()),
        }
    }

    /// Something could be written.
    fn get_unstuck(&self) {
        self.shared.health.send_if_modified(|health| {
            let Health::Stuck(why) = health else {
                return false;
            };
            *health = Health::Full(why.clone());
            true
        });
    }

    /// Does what was to be done by now, and remembers what there is to do later.
    async fn do_chores(&mut self) {
        if self.chore_at.is_some_and(|at| at <= Instant::now()) {
            self.chore_at = None;
            self.look_for_space().await;
        }
        if self.shared.kept.lock().has_dropped() {
            self.remember_chore(TIDY_AFTER);
        }
    }

    /// Sees whether there is space again.
    async fn look_for_space(&mut self) {
        if *self.shared.health.borrow() == Health::Well {
            return;
        }
        let disk = Arc::clone(&self.disk);
        match blocking(move || disk.set_aside()).await {
            Ok(Ok(())) => {
                tracing::info!("there is space on the disk again: new jobs are taken");
                self.shared.health.send_replace(Health::Well);
            }
            Ok(Err(_)) | Err(_) => {
                // There may be enough to go on with.
                self.get_unstuck();
                self.remember_chore(ASIDE_AFTER);
            }
        }
    }

    /// What was written is there for all to see.
    fn publish(&self, accepted: Vec<Order>) {
        let mut told: Vec<(Wakes, JobId, _)> = Vec::with_capacity(accepted.len());
        let mut kept = self.shared.kept.lock();
        for order in accepted {
            let id = order.job.id();
            let wakes = match order.after {
                None => kept.state.create(order.job, order.events),
                Some(_) => kept.state.append(order.job, order.events),
            };
            order.mark.lift(&mut kept);
            told.push((wakes, id, order.answer));
        }
        drop(kept);
        self.shared.done.notify_waiters();
        for (wakes, id, answer) in told {
            // Whoever no longer waits for the answer has given up; it is written all the same.
            drop(answer.send(Ok(())));
            wakes.tell(id);
        }
    }

    fn break_down(&self, error: &DiskError, accepted: Vec<Order>) {
        tracing::error!(%error, "the disk cannot be written any more");
        let text = format!(
            "the disk cannot be written any more ({error}); whether this was written is known once the server is back"
        );
        let why = Unavailable(text.into());
        self.shared.health.send_replace(Health::Broken(why.clone()));
        for order in accepted {
            order.refuse(why.clone().into());
        }
    }

    fn refuse_the_rest(mut self) {
        self.orders.close();
        let why = self.shared.health.borrow().trouble();
        let why = why.unwrap_or_else(super::closed);
        for order in self.carried.drain(..) {
            order.refuse(why.clone().into());
        }
        while let Ok(order) = self.orders.try_recv() {
            order.refuse(why.clone().into());
        }
    }
}

/// What goes into one step: of each job and each name at most one change, so that each is judged by what is written.
#[derive(Default)]
struct Step {
    accepted: Vec<Order>,
    commit: Commit,
    jobs: FxHashSet<JobId>,
    names: FxHashSet<NameHash>,
    /// New jobs, but those that are over as they begin.
    live: usize,
    queued: HashMap<Arc<str>, usize>,
}

impl Step {
    fn is_about(&self, order: &Order, name: NameHash) -> bool {
        let names = order.after.is_none() && self.names.contains(&name);
        names || self.jobs.contains(&order.job.id())
    }

    fn fits(&self, order: &Order, kept: &Kept) -> Result<(), NotWritten> {
        let job = &order.job;
        if let Some(after) = order.after {
            let fits = kept.state.has_not_grown(job.id(), after);
            return fits.map_err(NotWritten::Appended);
        }
        let beside = Beside {
            jobs: self.live,
            queued_on_route: self.queued.get(&job.spec().route).copied().unwrap_or(0),
        };
        let room = kept.state.room_for(job, beside);
        room.map_err(NotWritten::Created)
    }

    fn take(&mut self, mut order: Order, name: NameHash) {
        let job = &order.job;
        self.jobs.insert(job.id());
        if order.after.is_none() {
            self.names.insert(name);
            self.live += usize::from(!job.status().has_ended());
        }
        if order.after.is_none() && job.status() == Status::Queued {
            *self
                .queued
                .entry(Arc::clone(&job.spec().route))
                .or_default() += 1;
        }
        if order.after.is_none() || job.status().has_ended() {
            self.commit.turns.push(job.id());
        }
        self.commit.rows.extend(order.rows.take());
        self.accepted.push(order);
    }
}

/// What is no longer kept goes from the disk as well.
fn let_go(dropped: Dropped, kept: &mut Kept, commit: &mut Commit) {
    for id in dropped.beginnings {
        if let Some((job, first)) = kept.state.kept(id)
            && !kept.fleeting.contains(&id)
        {
            commit.cuts.push((Rows::of_job(job), first));
        }
    }
    for gone in dropped.jobs {
        if !kept.fleeting.remove(&gone.job) {
            commit.gone.push((gone.job, gone.names));
        }
    }
}

/// New jobs are refused from now on, until there is space.
pub(super) fn tell_full(shared: &Shared, why: &str) {
    let text = format!(
        "the disk of the data folder is full ({why}), so nothing was done; try again later"
    );
    let full = Health::Full(Unavailable(text.into()));
    let is_news = shared.health.send_if_modified(|health| {
        let is_news = *health == Health::Well;
        if is_news {
            *health = full;
        }
        is_news
    });
    if is_news {
        // Whoever waits for what is under way waits no longer.
        shared.done.notify_waiters();
        tracing::error!(
            why,
            "the disk is full: no new jobs are taken until there is space"
        );
    }
}

/// Nothing that is asked for is done from now on, until something could be written.
fn tell_stuck(shared: &Shared) -> Unavailable {
    let text = "the disk of the data folder is full, also what was set aside on it, so nothing was done; try again later";
    let why = Unavailable(text.into());
    shared.health.send_replace(Health::Stuck(why.clone()));
    why
}

/// Does what takes the disk its time where that holds up nobody. A panic of it is an error of the database. The pool has one thread
/// of this at a time, and nothing of the server's beside it, so nothing that hangs keeps a write waiting; and in tests a clock
/// that stands still waits for it.
#[expect(clippy::disallowed_methods, reason = "this is the store")]
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DiskError> {
    let done = spawn_blocking(work).await;
    done.map_err(|error| DiskError::Database(error.to_string()))
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
