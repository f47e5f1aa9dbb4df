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
    config::{Config, ModuleConfig, RouteConfig, ServedBy, wrong_with_name},
    consumers::{self, Means, schema::Schema},
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
    /// Routes that were not there before, and catalogues, as `modules.NAME`.
    pub added: Vec<String>,
    /// Routes that new jobs are served by otherwise from now on, and catalogues. Jobs that run are not touched.
    pub changed: Vec<String>,
    /// Routes that are there no more: what they had accepted is served, and nothing new. And catalogues.
    pub removed: Vec<String>,
    /// What differs and was left as it is, until the server is started anew: keys outside of the routes and the catalogues, how processes are started, and routes that would
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
    /// How routes were configured that are no more: they serve what they had accepted, and their processes are kept.
    retired: BTreeMap<String, RouteConfig>,
}

impl Routes {
    pub(crate) fn new(config: Config, random: Arc<dyn Random>) -> Result<Self, BindError> {
        config.validate()?;
        let means = Means::new(random);
        Ok(Self {
            consumers: consumers::of_routes(&config.routes, &means)?,
            schemas: consumers::schemas(&config.routes)?,
            crews: crews(&config.routes)?,
            config,
            means,
            own: BTreeSet::new(),
            retired: BTreeMap::new(),
        })
    }

    /// Has a consumer of a program's own serve a route.
    ///
    /// # Errors
    /// Where the name is none that a route can have.
    pub(crate) fn add(
        &mut self,
        route: &str,
        consumer: Arc<dyn Consumer>,
    ) -> Result<(), BindError> {
        if let Some(why) = wrong_with_name(route) {
            let route = route.to_owned();
            return Err(BindError::Route { route, why });
        }
        self.config.routes.entry(route.to_owned()).or_default();
        self.consumers.insert(route.to_owned(), consumer);
        self.own.insert(route.to_owned());
        Ok(())
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

    /// Takes over the routes of another configuration, all of them or none. Returns the processes that are to be kept beside those that
    /// are.
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
        for (name, route) in &mut new.routes {
            needs_restart.extend(self.leave_as_it_is(name, route));
        }
        let consumers = self.consumers_of(&new.routes)?;
        let schemas = consumers::schemas(&new.routes)?;
        let unknown = |(name, _): &(&String, &RouteConfig)| self.known(name).is_none();
        let crews = crews(new.routes.iter().filter(unknown))?;
        let mut reloaded = Reloaded {
            needs_restart,
            ..differences(&self.config.routes, &new.routes)
        };
        let modules = std::mem::replace(&mut self.config.modules, new.modules);
        reloaded.of_modules(&modules, &self.config.modules);
        let before = std::mem::replace(&mut self.config.routes, new.routes);
        self.retired.extend(before);
        let there = &self.config.routes;
        self.retired.retain(|name, _| !there.contains_key(name));
        (self.consumers, self.schemas) = (consumers, schemas);
        for name in engine.set_routes(self.router(Arc::clone(engine.router().workers()))) {
            // What could be left so was left so above.
            tracing::error!(route = &*name, "a route is not served as it is configured");
        }
        engine.keep(terms::of_routes_kept(&self.config));
        doubts::log(&doubts::of(&self.config));
        Ok((reloaded, crews))
    }

    /// How a route is configured, or was when it still was: what it had accepted it serves so.
    fn known(&self, name: &str) -> Option<&RouteConfig> {
        let configured = self.config.routes.get(name);
        configured.or_else(|| self.retired.get(name))
    }

    /// Puts back what of a route cannot change while the server runs, and says what that was: how it is served, and how processes
    /// that are kept were started.
    fn leave_as_it_is(&self, name: &str, route: &mut RouteConfig) -> Option<String> {
        let before = self.known(name).filter(|_| !self.own.contains(name))?;
        if before.served_by.way() != route.served_by.way() {
            route.clone_from(before);
            return Some(format!("routes.{name}"));
        }
        let (ServedBy::Workers(kept), ServedBy::Workers(workers)) =
            (&before.served_by, &mut route.served_by)
        else {
            return None;
        };
        let changed = workers.keep_processes(kept);
        changed.then(|| format!("routes.{name}.command and what goes with it"))
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
}

fn crews<'a>(
    routes: impl IntoIterator<Item = (&'a String, &'a RouteConfig)>,
) -> Result<Vec<Arc<Crew>>, BindError> {
    let crews = stdio::crews(routes).map_err(|(route, why)| BindError::Route { route, why })?;
    Ok(crews.into_iter().map(Arc::new).collect())
}

impl Reloaded {
    /// Adds what differs between catalogues.
    fn of_modules(
        &mut self,
        old: &BTreeMap<String, ModuleConfig>,
        new: &BTreeMap<String, ModuleConfig>,
    ) {
        let of_modules = differences(old, new);
        for (all, more) in [
            (&mut self.added, of_modules.added),
            (&mut self.changed, of_modules.changed),
            (&mut self.removed, of_modules.removed),
        ] {
            all.extend(more.into_iter().map(|name| format!("modules.{name}")));
        }
    }
}

fn differences<T: PartialEq>(old: &BTreeMap<String, T>, new: &BTreeMap<String, T>) -> Reloaded {
    let without = |these: &BTreeMap<String, T>, those: &BTreeMap<String, T>| {
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

/// The keys that differ outside of what can be taken over.
fn other_keys(old: &Config, new: &Config) -> Vec<String> {
    let table = |config: &Config| toml::Table::try_from(config).unwrap_or_default();
    let (old, new) = (table(old), table(new));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differs = keys
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key));
    let taken_over = |key: &&String| matches!(key.as_str(), "routes" | "modules");
    differs.filter(|key| !taken_over(key)).cloned().collect()
}
