//! A configuration that is read again while the server runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use longwire_engine::{Consumer, Engine, Random, Router, Workers};
use tokio::sync::{mpsc, oneshot};

use crate::{
    BindError,
    config::{Config, RouteConfig, ServedBy},
    consumers::{self, Means, http::LookUps, schema::Schema},
    doubts, terms,
    transports::stdio::{self, Crew},
};

/// The way to a server that runs, to give it another configuration. Cheap to clone.
#[derive(Clone)]
pub struct Reloader(mpsc::Sender<Reload>);

/// A configuration to take over, and where to say what came of it.
pub(crate) struct Reload {
    pub(crate) config: Config,
    pub(crate) answer: oneshot::Sender<Result<Reloaded, BindError>>,
}

/// What came of a configuration that was read again, each by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Routes that were not there before.
    pub added: Vec<String>,
    /// Routes that new jobs are served by otherwise from now on. Those that run are not touched.
    pub changed: Vec<String>,
    /// Routes that are there no more: what they had accepted is served, and nothing new.
    pub removed: Vec<String>,
    /// What differs and was left as it is, until the server is started anew: keys outside of the routes, how processes are started, and routes that would
    /// be served in another way: by a clock, by workers, or by work of the server's own.
    pub needs_restart: Vec<String>,
}

impl Reloader {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Reload>) {
        let (reloads, taken) = mpsc::channel(1);
        (Self(reloads), taken)
    }

    /// Has the server take over the routes of a configuration, all of them or, where one cannot be served, none.
    ///
    /// # Errors
    /// Where the configuration is not valid, or a route of it cannot be served: then everything is as before. None where the server
    /// does not run.
    pub async fn reload(&self, config: Config) -> Option<Result<Reloaded, BindError>> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Reload { config, answer }).await.ok()?;
        answered.await.ok()
    }
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("added", &self.added),
            ("changed", &self.changed),
            ("removed", &self.removed),
            ("needs a restart", &self.needs_restart),
        ];
        let said = parts.iter().filter(|(_, names)| !names.is_empty());
        let said: Vec<String> = said
            .map(|(what, names)| format!("{what}: {}", names.join(", ")))
            .collect();
        if said.is_empty() {
            return f.write_str("nothing has changed");
        }
        f.write_str(&said.join("; "))
    }
}

/// The routes of a server: how they are configured, and who serves them.
pub(crate) struct Routes {
    pub(crate) config: Config,
    pub(crate) means: Means,
    consumers: BTreeMap<String, Arc<dyn Consumer>>,
    /// Of the inputs of the routes that have one, whoever serves them.
    schemas: BTreeMap<String, Arc<Schema>>,
    /// Processes that serve routes, until they are kept.
    crews: Vec<Arc<Crew>>,
    /// Those that a Rust program serves itself, whatever the configuration says.
    own: BTreeSet<String>,
}

impl Routes {
    pub(crate) fn new(config: Config, random: Arc<dyn Random>) -> Result<Self, BindError> {
        config.validate()?;
        let means = Means {
            random,
            look_ups: LookUps::new(),
        };
        Ok(Self {
            consumers: consumers::of_routes(&config.routes, &means)?,
            schemas: consumers::schemas(&config.routes)?,
            crews: crews(&config.routes)?,
            config,
            means,
            own: BTreeSet::new(),
        })
    }

    /// Has a consumer of a program's own serve a route.
    pub(crate) fn add(&mut self, route: &str, consumer: Arc<dyn Consumer>) {
        self.config.routes.entry(route.to_owned()).or_default();
        self.consumers.insert(route.to_owned(), consumer);
        self.own.insert(route.to_owned());
    }

    pub(crate) fn router(&self, workers: Arc<Workers>) -> Router {
        let mut router = Router::new(workers);
        for (name, route) in &self.config.routes {
            let terms = terms::of_route(route, &self.config);
            let checked = |consumer| consumers::checked(consumer, self.schemas.get(name));
            router = match (self.consumers.get(name), &route.served_by) {
                (Some(consumer), _) => router.with(name, terms, checked(Arc::clone(consumer))),
                (None, ServedBy::Workers(_)) => router.with_workers(name, terms, checked),
                (None, ServedBy::Consumer(_)) => router,
            };
        }
        router
    }

    /// The processes to be kept, from now on.
    pub(crate) fn crews(&mut self) -> Vec<Arc<Crew>> {
        std::mem::take(&mut self.crews)
    }

    /// Takes over the routes of another configuration. Returns the processes that are to be kept beside those that are.
    pub(crate) fn reload(
        &mut self,
        mut new: Config,
        engine: &Engine,
    ) -> Result<(Reloaded, Vec<Arc<Crew>>), BindError> {
        new.validate()?;
        for name in &self.own {
            new.routes.entry(name.clone()).or_default();
        }
        let mut needs_restart = other_keys(&self.config, &new);
        needs_restart.extend(self.keep_processes(&mut new.routes));
        let consumers = self.consumers_of(&new.routes)?;
        let added = new.routes.iter();
        let added = added.filter(|(name, _)| !self.config.routes.contains_key(*name));
        let crews = crews(added)?;
        self.schemas = consumers::schemas(&new.routes)?;
        let mut reloaded = differences(&self.config.routes, &new.routes);
        reloaded.needs_restart = needs_restart;
        let before = std::mem::replace(&mut self.config.routes, new.routes);
        let served_before = std::mem::replace(&mut self.consumers, consumers);
        for left in engine.set_routes(self.router(Arc::clone(engine.router().workers()))) {
            self.keep_as_it_was(&left, &before, &served_before);
            reloaded.changed.retain(|name| **name != *left);
            reloaded.needs_restart.push(format!("routes.{left}"));
        }
        engine.keep(terms::of_routes_kept(&self.config));
        doubts::log(&doubts::of(&self.config));
        Ok((reloaded, crews))
    }

    /// Processes that are kept stay as they are, whatever a configuration says now of how they are started. Returns the routes of which
    /// it says something else.
    fn keep_processes(&self, new: &mut BTreeMap<String, RouteConfig>) -> Vec<String> {
        let mut left = Vec::new();
        for (name, route) in new {
            let before = self.config.routes.get(name);
            if let (Some(kept), ServedBy::Workers(workers)) =
                (before.and_then(RouteConfig::workers), &mut route.served_by)
                && *kept != **workers
            {
                **workers = kept.clone();
                left.push(format!("routes.{name}"));
            }
        }
        left
    }

    /// Who serves these routes: those that did, where nothing has changed.
    fn consumers_of(
        &self,
        routes: &BTreeMap<String, RouteConfig>,
    ) -> Result<BTreeMap<String, Arc<dyn Consumer>>, BindError> {
        let stays = |name: &String, route: &RouteConfig| {
            self.own.contains(name) || self.config.routes.get(name) == Some(route)
        };
        let (same, other): (BTreeMap<_, _>, BTreeMap<_, _>) = routes
            .clone()
            .into_iter()
            .partition(|(name, route)| stays(name, route));
        let mut consumers = consumers::of_routes(&other, &self.means)?;
        let same = same.into_keys();
        consumers.extend(same.filter_map(|name| {
            let consumer = Arc::clone(self.consumers.get(&name)?);
            Some((name, consumer))
        }));
        Ok(consumers)
    }

    fn keep_as_it_was(
        &mut self,
        name: &str,
        routes: &BTreeMap<String, RouteConfig>,
        consumers: &BTreeMap<String, Arc<dyn Consumer>>,
    ) {
        if let (Some(route), Some(consumer)) = (routes.get(name), consumers.get(name)) {
            self.config.routes.insert(name.to_owned(), route.clone());
            self.consumers.insert(name.to_owned(), Arc::clone(consumer));
        }
    }
}

fn crews<'a>(
    routes: impl IntoIterator<Item = (&'a String, &'a RouteConfig)>,
) -> Result<Vec<Arc<Crew>>, BindError> {
    let crews = stdio::crews(routes).map_err(|(route, why)| BindError::Route { route, why })?;
    Ok(crews.into_iter().map(Arc::new).collect())
}

fn differences(
    old: &BTreeMap<String, RouteConfig>,
    new: &BTreeMap<String, RouteConfig>,
) -> Reloaded {
    let without = |these: &BTreeMap<String, RouteConfig>, those: &BTreeMap<String, RouteConfig>| {
        let names = these.keys().filter(|name| !those.contains_key(*name));
        names.cloned().collect()
    };
    let changed = new.iter().filter(|(name, route)| {
        let before = old.get(*name);
        before.is_some_and(|before| before != *route)
    });
    Reloaded {
        added: without(new, old),
        changed: changed.map(|(name, _)| name.clone()).collect(),
        removed: without(old, new),
        needs_restart: Vec::new(),
    }
}

/// The keys outside of the routes that differ.
fn other_keys(old: &Config, new: &Config) -> Vec<String> {
    let table = |config: &Config| toml::Table::try_from(config).unwrap_or_default();
    let (old, new) = (table(old), table(new));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differs = keys
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key));
    differs.filter(|key| *key != "routes").cloned().collect()
}
