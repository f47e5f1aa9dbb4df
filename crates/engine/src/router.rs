//! Which consumer serves a route, and on what terms.

use std::{collections::BTreeMap, sync::Arc};

use longwire_protocol::{Attempt, Code, RESERVED, Refusal, Seconds, VERBS, nearest};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Consumer, Mailbox};

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
    /// What becomes of a job that was being served when the server died.
    pub on_lost: OnLost,
    /// How often a job is served at most, where another attempt is asked for.
    pub max_attempts: Attempt,
}

/// What becomes of a job that was being served when the server died, and cannot be gone on with.
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
            on_lost: OnLost::Lose,
            max_attempts: 3,
        }
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
    slots: Option<Arc<Semaphore>>,
    freed: Arc<Mailbox>,
}

/// A place of a route. Dropping it gives it back, and word of that to the router's mailbox.
#[derive(Debug)]
pub struct Slot(Option<(OwnedSemaphorePermit, Arc<Mailbox>)>);

impl Slot {
    /// A place beyond those that the route has: for who had one before the server was started anew.
    pub(crate) const fn beyond() -> Self {
        Self(None)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some((permit, freed)) = self.0.take() {
            drop(permit);
            freed.tell(|word| word.queues = true);
        }
    }
}

impl Route {
    /// A free place, if there is one.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        let Some(slots) = &self.slots else {
            return Some(Slot(None));
        };
        let permit = Arc::clone(slots).try_acquire_owned().ok()?;
        Some(Slot(Some((permit, Arc::clone(&self.freed)))))
    }

    /// How many places are free; as many as can be where there is no bound.
    #[must_use]
    pub fn free_places(&self) -> usize {
        self.slots
            .as_ref()
            .map_or(usize::MAX, |slots| slots.available_permits())
    }

    /// Whether its jobs may have to wait.
    #[must_use]
    pub const fn has_queue(&self) -> bool {
        self.slots.is_some()
    }
}

/// All routes by name.
#[derive(Default)]
pub struct Router {
    routes: BTreeMap<Arc<str>, Arc<Route>>,
    freed: Arc<Mailbox>,
}

impl Router {
    /// Adds a route; one of the same name is replaced.
    #[must_use]
    pub fn with(
        mut self,
        name: &str,
        settings: RouteSettings,
        consumer: Arc<dyn Consumer>,
    ) -> Self {
        let name: Arc<str> = name.into();
        let slots = settings
            .concurrency
            .map(|most| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))));
        let route = Route {
            name: Arc::clone(&name),
            settings,
            consumer,
            slots,
            freed: Arc::clone(&self.freed),
        };
        self.routes.insert(name, Arc::new(route));
        self
    }

    /// The route of that name.
    ///
    /// # Errors
    /// `unknown_route`, naming the nearest.
    pub fn find(&self, name: &str) -> Result<&Arc<Route>, Refusal> {
        self.routes.get(name).ok_or_else(|| self.unknown(name))
    }

    /// Told of every place that becomes free.
    pub(crate) const fn freed(&self) -> &Arc<Mailbox> {
        &self.freed
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
