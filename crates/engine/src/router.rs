//! Which consumer serves a route, and on what terms.

use std::{collections::BTreeMap, sync::Arc};

use longwire_protocol::{
    Attempt, Code, Event, Failure, RESERVED, Refusal, Seconds, Timestamp, VERBS, nearest,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    Consumer, Job, Mailbox,
    workers::{Place, PlaceId, Served, Workers},
};

/// The terms of a route.
#[derive(Clone, Debug)]
pub struct RouteSettings {
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
            time: Seconds::from_secs(60),
            max_time: Seconds::from_secs(7 * 86_400),
            idle_time: None,
            queue_time: None,
            concurrency: None,
            kill_grace: Seconds::from_secs(5),
            disconnect_grace: Seconds::from_secs(5),
            output_bytes_per_event: 64_000,
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
    /// As many as may run at once; none is no bound.
    bound: Option<Arc<Semaphore>>,
    /// Those whose places they are served in, where workers serve it.
    workers: Option<Arc<Workers>>,
    freed: Arc<Mailbox>,
}

/// A place of a route. Dropping it gives it back, and word of that to the router's mailbox.
#[derive(Debug)]
pub struct Slot(Option<Held>);

#[derive(Debug)]
struct Held {
    permit: Option<OwnedSemaphorePermit>,
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
            drop((held.place, held.permit));
            held.freed.tell(|word| word.queues = true);
        }
    }
}

impl Route {
    /// A free place, if there is one.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        if !self.has_queue() {
            return Some(Slot(None));
        }
        let permit = match &self.bound {
            Some(bound) => Some(Arc::clone(bound).try_acquire_owned().ok()?),
            None => None,
        };
        let place = match &self.workers {
            Some(workers) => Some(workers.place(&self.name)?),
            None => None,
        };
        Some(Slot(Some(Held {
            permit,
            place,
            freed: Arc::clone(&self.freed),
        })))
    }

    /// How many places are free; as many as can be where there is no bound.
    #[must_use]
    pub fn free_places(&self) -> usize {
        let bound = self.bound.as_ref().map(|bound| bound.available_permits());
        let workers = self.workers.as_ref();
        let offered = workers.map(|workers| workers.free_places(&self.name));
        bound.into_iter().chain(offered).min().unwrap_or(usize::MAX)
    }

    /// Whether its jobs may have to wait.
    #[must_use]
    pub const fn has_queue(&self) -> bool {
        self.bound.is_some() || self.workers.is_some()
    }

    /// Whether workers serve it.
    #[must_use]
    pub const fn is_served_by_workers(&self) -> bool {
        self.workers.is_some()
    }
}

/// All routes by name, and the workers that serve some of them.
pub struct Router {
    routes: BTreeMap<Arc<str>, Arc<Route>>,
    workers: Arc<Workers>,
}

impl Router {
    /// No routes yet.
    #[must_use]
    pub fn new(workers: Arc<Workers>) -> Self {
        Self {
            routes: BTreeMap::new(),
            workers,
        }
    }

    /// Adds a route; one of the same name is replaced.
    #[must_use]
    pub fn with(self, name: &str, settings: RouteSettings, consumer: Arc<dyn Consumer>) -> Self {
        self.add(name, settings, consumer, None)
    }

    /// Adds a route that workers serve; one of the same name is replaced. `behind` may put something before its consumer, such
    /// as what looks at inputs.
    #[must_use]
    pub fn with_workers(
        self,
        name: &str,
        settings: RouteSettings,
        behind: impl FnOnce(Arc<dyn Consumer>) -> Arc<dyn Consumer>,
    ) -> Self {
        let workers = Arc::clone(&self.workers);
        let consumer = Served::new(Arc::clone(&workers), settings.lease);
        self.add(name, settings, behind(Arc::new(consumer)), Some(workers))
    }

    fn add(
        mut self,
        name: &str,
        settings: RouteSettings,
        consumer: Arc<dyn Consumer>,
        workers: Option<Arc<Workers>>,
    ) -> Self {
        let name: Arc<str> = name.into();
        let bound = settings
            .concurrency
            .map(|most| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))));
        let route = Route {
            name: Arc::clone(&name),
            settings,
            consumer,
            bound,
            workers,
            freed: Arc::clone(self.workers.freed()),
        };
        self.routes.insert(name, Arc::new(route));
        self
    }

    pub(crate) const fn workers(&self) -> &Arc<Workers> {
        &self.workers
    }

    /// The route of that name.
    ///
    /// # Errors
    /// `unknown_route`, naming the nearest.
    pub fn find(&self, name: &str) -> Result<&Arc<Route>, Refusal> {
        self.routes.get(name).ok_or_else(|| self.unknown(name))
    }

    /// Told of every place that becomes free.
    pub(crate) fn freed(&self) -> &Arc<Mailbox> {
        self.workers.freed()
    }

    /// The routes, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.routes.values()
    }

    fn unknown(&self, name: &str) -> Refusal {
        let names = || self.routes.keys().map(|name| &**name).chain(VERBS);
        let advice = match nearest(name, names()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("the routes are {}", names().collect::<Vec<_>>().join(", ")),
        };
        let got: String = name.chars().take(64).collect();
        if RESERVED.contains(&name) {
            let message = format!("{got:?} is reserved for a verb that is not there yet");
            return Refusal::new(Code::UnknownRoute, message).about("route");
        }
        if VERBS.contains(&name) {
            let message = format!("{got:?} is a verb; no job can be started on it here");
            return Refusal::new(Code::UnknownRoute, message).about("route");
        }
        Refusal::new(
            Code::UnknownRoute,
            format!("unknown route {got:?}; {advice}"),
        )
        .about("route")
    }
}
