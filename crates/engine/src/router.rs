//! Which consumer serves a route, and on what terms.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{
            AtomicUsize,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
};

use longwire_protocol::{
    Attempt, Code, Event, Failure, Refusal, Seconds, Timestamp, VERBS, nearest, not_startable,
};
use parking_lot::RwLock;

use crate::{
    Consumer, Job, Lead, Mailbox,
    workers::{Place, PlaceId, Served, Workers},
};

/// The terms of a route.
#[derive(Clone, Debug)]
pub struct RouteSettings {
    /// What the route is for, in words for its users.
    pub description: Arc<str>,
    /// How long a job may take where its start does not say.
    pub time: Seconds,
    /// How long it may take at most.
    pub max_time: Seconds,
    /// How long it may go without an event where its start does not say; none is no bound.
    pub idle_time: Option<Seconds>,
    /// How long it may wait in the queue where its start does not say; none is no bound.
    pub queue_time: Option<Seconds>,
    /// How many may run at once on this node; none is no bound.
    pub concurrency: Option<usize>,
    /// How long a job has to end once told to.
    pub kill_grace: Seconds,
    /// How long after its last watcher left a job that dies with it is killed.
    pub disconnect_grace: Seconds,
    /// Bytes of output in one event, at most.
    pub output_bytes_per_event: usize,
    /// How far the log of a job may be ahead of those who read it before the work waits a moment for them: less than is kept of it.
    pub lead: Lead,
    /// What becomes of a job whose server or worker died while it was being served.
    pub on_lost: OnLost,
    /// How often a job is served at most, where another attempt is asked for.
    pub max_attempts: Attempt,
    /// How long a worker that is not heard of keeps its jobs, on a route that workers serve.
    pub lease: Seconds,
}

/// What becomes of a job that was being served when who served it died, and that cannot be gone on with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLost {
    /// It is lost, and says so: whoever started it knows whether it may be done twice.
    #[default]
    Lose,
    /// It is served once more, from its beginning.
    Again,
}

impl Default for RouteSettings {
    fn default() -> Self {
        Self {
            description: Arc::default(),
            time: Seconds::from_secs(60),
            max_time: Seconds::from_secs(7 * 86_400),
            idle_time: None,
            queue_time: None,
            concurrency: None,
            kill_grace: Seconds::from_secs(5),
            disconnect_grace: Seconds::from_secs(5),
            output_bytes_per_event: 64_000,
            lead: Lead::default(),
            on_lost: OnLost::Lose,
            max_attempts: 3,
            lease: Seconds::from_secs(15),
        }
    }
}

impl RouteSettings {
    /// What becomes of a job of this route when whoever served it is gone: it waits again, or is lost.
    pub(crate) fn give_up(&self, job: &mut Job, why: Failure, at: Timestamp) -> Option<Event> {
        let may = self.on_lost == OnLost::Again && job.attempt() < self.max_attempts;
        let again = may.then(|| job.again(at)).flatten();
        again.or_else(|| job.lose(why, at))
    }
}

/// A route: its name, its terms, who serves it, and its free places.
pub struct Route {
    /// Its name.
    pub name: Arc<str>,
    /// Its terms.
    pub settings: RouteSettings,
    /// Who serves it.
    pub consumer: Arc<dyn Consumer>,
    places: Arc<Places>,
    /// Those whose places its jobs are served in, where workers serve it.
    workers: Option<Arc<Workers>>,
    /// Its jobs may have to wait: it has a bound, or had one when some were accepted.
    queues: bool,
    /// It is configured no more, and serves what it had accepted before.
    retired: bool,
    freed: Arc<Mailbox>,
}

/// How many jobs may run at once, and how many do. It outlives a change of its route.
#[derive(Debug)]
struct Places {
    most: AtomicUsize,
    taken: AtomicUsize,
}

impl Places {
    fn take(self: &Arc<Self>) -> Option<Taken> {
        let most = self.most.load(Relaxed);
        let one_more = |taken: usize| Some(taken + 1).filter(|taken| *taken <= most);
        let taken = self.taken.try_update(AcqRel, Relaxed, one_more);
        taken.ok().map(|_| Taken(Arc::clone(self)))
    }

    fn free(&self) -> usize {
        let most = self.most.load(Relaxed);
        most.saturating_sub(self.taken.load(Acquire))
    }
}

/// One of the places that a route has; it is given back with this.
#[derive(Debug)]
struct Taken(Arc<Places>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, AcqRel);
    }
}

/// A place of a route. Dropping it gives it back, and word of that to the router's mailbox.
#[derive(Debug)]
pub struct Slot(Option<Held>);

#[derive(Debug)]
struct Held {
    taken: Taken,
    place: Option<Place>,
    freed: Arc<Mailbox>,
}

impl Slot {
    /// A place beyond those that the route has: for who had one before the server was started anew.
    pub(crate) const fn beyond() -> Self {
        Self(None)
    }

    /// Which place of a worker it is, where workers serve the route.
    pub(crate) fn place(&self) -> Option<PlaceId> {
        Some(self.0.as_ref()?.place.as_ref()?.id())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(held) = self.0.take() {
            drop((held.place, held.taken));
            held.freed.tell(|word| word.queues = true);
        }
    }
}

impl Route {
    /// A free place, if there is one.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        if !self.queues {
            return Some(Slot(None));
        }
        let taken = self.places.take()?;
        let place = match &self.workers {
            Some(workers) => Some(workers.place(&self.name)?),
            None => None,
        };
        Some(Slot(Some(Held {
            taken,
            place,
            freed: Arc::clone(&self.freed),
        })))
    }

    /// How many places are free; about as many as can be where there is no bound.
    #[must_use]
    pub fn free_places(&self) -> usize {
        let workers = self.workers.as_ref();
        let offered = workers.map(|workers| workers.free_places(&self.name));
        let free = self.places.free();
        offered.map_or(free, |offered| free.min(offered))
    }

    /// How many workers offer to serve it, where workers do.
    #[must_use]
    pub fn workers(&self) -> Option<usize> {
        let workers = self.workers.as_ref()?;
        Some(workers.offering(&self.name))
    }

    /// Whether workers serve it.
    #[must_use]
    pub const fn is_served_by_workers(&self) -> bool {
        self.workers.is_some()
    }

    /// Whether its jobs may have to wait.
    #[must_use]
    pub const fn has_queue(&self) -> bool {
        self.queues
    }

    /// Whether it is configured no more: it takes no new jobs, and serves those it has.
    #[must_use]
    pub const fn is_retired(&self) -> bool {
        self.retired
    }

    /// Who ends its jobs: their clock alone, workers, or a run of its consumer.
    fn way(&self) -> (bool, bool) {
        (self.consumer.is_clock(), self.is_served_by_workers())
    }

    /// Goes on with the places and the queue that the route of this name had before.
    fn succeeds(&mut self, before: &Self) {
        let most = self.places.most.load(Relaxed);
        before.places.most.store(most, Relaxed);
        self.places = Arc::clone(&before.places);
        self.queues |= before.queues;
    }

    /// The route as it was, for what it has accepted.
    fn retired(&self) -> Self {
        Self {
            name: Arc::clone(&self.name),
            settings: self.settings.clone(),
            consumer: Arc::clone(&self.consumer),
            places: Arc::clone(&self.places),
            workers: self.workers.clone(),
            queues: self.queues,
            retired: true,
            freed: Arc::clone(&self.freed),
        }
    }
}

type Routes = BTreeMap<Arc<str>, Arc<Route>>;

/// All routes by name, and the workers that serve some of them. They may be changed while jobs run.
pub struct Router {
    routes: RwLock<Routes>,
    workers: Arc<Workers>,
}

impl Router {
    /// No routes yet.
    #[must_use]
    pub fn new(workers: Arc<Workers>) -> Self {
        Self {
            routes: RwLock::default(),
            workers,
        }
    }

    /// Adds a route; one of the same name is replaced.
    #[must_use]
    pub fn with(self, name: &str, settings: RouteSettings, consumer: Arc<dyn Consumer>) -> Self {
        self.add(name, settings, consumer, None)
    }

    /// Adds a route that workers serve; one of the same name is replaced. `before` may put something before them, such as a look at
    /// inputs.
    #[must_use]
    pub fn with_workers(
        self,
        name: &str,
        settings: RouteSettings,
        before: impl FnOnce(Arc<dyn Consumer>) -> Arc<dyn Consumer>,
    ) -> Self {
        let workers = Arc::clone(&self.workers);
        let consumer = Served::new(Arc::clone(&workers), settings.lease);
        self.add(name, settings, before(Arc::new(consumer)), Some(workers))
    }

    fn add(
        mut self,
        name: &str,
        settings: RouteSettings,
        consumer: Arc<dyn Consumer>,
        workers: Option<Arc<Workers>>,
    ) -> Self {
        let name: Arc<str> = name.into();
        let route = Route {
            name: Arc::clone(&name),
            places: Arc::new(Places {
                most: AtomicUsize::new(settings.concurrency.unwrap_or(usize::MAX)),
                taken: AtomicUsize::new(0),
            }),
            queues: settings.concurrency.is_some() || workers.is_some(),
            workers,
            retired: false,
            settings,
            consumer,
            freed: Arc::clone(self.workers.freed()),
        };
        self.routes.get_mut().insert(name, Arc::new(route));
        self
    }

    /// Who serves routes from outside.
    #[must_use]
    pub const fn workers(&self) -> &Arc<Workers> {
        &self.workers
    }

    /// The route of that name.
    ///
    /// # Errors
    /// `unknown_route`, naming the nearest.
    pub fn find(&self, name: &str) -> Result<Arc<Route>, Refusal> {
        let routes = self.routes.read();
        let found = routes.get(name).cloned();
        found.ok_or_else(|| unknown(&routes, name))
    }

    /// The route of that name, where new jobs may be started on it.
    ///
    /// # Errors
    /// `unknown_route`, naming the nearest.
    pub fn find_open(&self, name: &str) -> Result<Arc<Route>, Refusal> {
        let routes = self.routes.read();
        let found = routes.get(name).filter(|route| !route.retired).cloned();
        found.ok_or_else(|| unknown(&routes, name))
    }

    /// Told of every place that becomes free.
    pub(crate) fn freed(&self) -> &Arc<Mailbox> {
        self.workers.freed()
    }

    /// The routes, by name.
    #[must_use]
    pub fn routes(&self) -> Vec<Arc<Route>> {
        self.routes.read().values().cloned().collect()
    }

    /// Has these routes from now on, which were made for the same workers. One that is there no more serves what it had accepted.
    /// One that would be served in another way stays as it is: nobody would be there to end its jobs. Returns the names of these.
    pub(crate) fn replace(&self, new: Self) -> Vec<Arc<str>> {
        let mut left = Vec::new();
        let mut routes = self.routes.write();
        let mut new = new.routes.into_inner();
        for (name, before) in &*routes {
            let Some(route) = new.get_mut(name) else {
                new.insert(Arc::clone(name), Arc::new(before.retired()));
                continue;
            };
            if route.way() != before.way() {
                left.push(Arc::clone(name));
                *route = Arc::clone(before);
            } else if let Some(route) = Arc::get_mut(route) {
                route.succeeds(before);
            }
        }
        *routes = new;
        drop(routes);
        // Some may have more places now.
        self.freed().tell(|word| word.queues = true);
        left
    }
}

fn unknown(routes: &Routes, name: &str) -> Refusal {
    if let Some(refusal) = not_startable(name) {
        return refusal;
    }
    let open = || routes.values().filter(|route| !route.retired);
    let names = || open().map(|route| &*route.name).chain(VERBS);
    let advice = match nearest(name, names()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("the routes are {}", names().collect::<Vec<_>>().join(", ")),
    };
    let got: String = name.chars().take(64).collect();
    Refusal::new(
        Code::UnknownRoute,
        format!("unknown route {got:?}; {advice}"),
    )
    .about("route")
}
