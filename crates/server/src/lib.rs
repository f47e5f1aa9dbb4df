//! The Longwire server: everything that touches the outside, and the one place where its parts meet.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use longwire_server::{Server, config::Config};
//!
//! let server = Server::bind(Config::default()).await?;
//! println!("listening on http://{}", server.local_addr());
//! let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
//! server.run(ctrl_c, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```

pub mod config;
mod consumers;
mod doubts;
mod half_hash;
pub mod handler;
mod http;
mod keeper;
mod metrics;
mod modules;
mod reload;
mod specs;
mod stopping;
pub mod stores;
mod terms;
mod transports;
mod write_timeout;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use config::Config;
use longwire_engine::{
    Clock, Consumer, Engine, Parts, Random, RuntimeClock, Store, Unavailable, Workers,
};
use longwire_protocol::{ParseLimits, Seconds};
use parking_lot::Mutex;
use stores::embedded::DiskError;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc, watch},
};
use tokio_util::task::TaskTracker;

use crate::{
    http::Http,
    metrics::Metrics,
    modules::{Bounds, Configured, Files, Modules},
    reload::{Reload, Routes},
    stopping::{Phase, Stopping},
    transports::{
        console,
        rest::{self, Rest},
        socket::{self, Frames, SocketContext},
        stdio::{self, StdioContext},
    },
};

pub use doubts::Doubt;
pub use reload::{Reloaded, Reloader};
pub use specs::{SCHEMAS, SchemaFile, asyncapi, openapi};

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address could not be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The configuration contradicts itself.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// A route cannot be served.
    #[error("route {route:?} cannot be served: {why}")]
    Route {
        /// The route.
        route: String,
        /// Why not.
        why: String,
    },
    /// The folder that jobs are kept in could not be used.
    #[error("cannot keep jobs in {}: {source}", dir.display())]
    Store {
        /// The folder.
        dir: PathBuf,
        /// What was wrong.
        source: DiskError,
    },
}

/// The disk failed while the server ran. What was accepted is on it, as far as it could be written: a server that is started
/// anew comes back from that.
#[derive(Debug, thiserror::Error)]
#[error("stopped, as {}", why.0)]
pub struct StoreFailed {
    why: Unavailable,
}

/// How long connections have to close once every job has ended: a request that was sent by half, or an answer that is not read,
/// must not keep the server.
const CLOSE_TIME: Duration = Duration::from_secs(8);

/// A server that listens. It answers once [`Server::run`] is called.
pub struct Server {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    store: Arc<dyn Store>,
    routes: Routes,
    reloader: Reloader,
    reloads: mpsc::Receiver<Reload>,
}

impl Server {
    /// Takes the address of a configuration, and opens its folder: with `store.dir` set jobs are kept there, and else in memory.
    ///
    /// # Errors
    /// Where the configuration is not valid, or its address or its folder cannot be had.
    pub async fn bind(config: Config) -> Result<Self, BindError> {
        let routes = Routes::new(config, Arc::new(SystemRandom::default()))?;
        doubts::log(&doubts::of(&routes.config));
        let asked = routes.config.listen;
        let refused = |source| BindError::Listen {
            address: asked,
            source,
        };
        let listener = TcpListener::bind(asked).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let store = stores::open(&routes.config).await?;
        let (reloader, reloads) = Reloader::new();
        Ok(Self {
            listener: Arc::new(listener),
            address,
            store,
            routes,
            reloader,
            reloads,
        })
    }

    /// Whether a server could be bound to this configuration, as far as that can be said without doing it: each value, and each
    /// route. Returns what they rely on and is not there now; a server starts without it, and says so in its log.
    ///
    /// # Errors
    /// Where the configuration is not valid, or a route cannot be served.
    pub fn check(config: Config) -> Result<Vec<Doubt>, BindError> {
        let routes = Routes::new(config, Arc::new(SystemRandom::default()))?;
        Ok(doubts::of(&routes.config))
    }

    /// The address it listens on; with port 0 configured, the one it was given.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves a route with a consumer of your own, such as a [`handler()`](handler::handler), on the terms that the configuration has
    /// for that name, or the defaults.
    ///
    /// # Errors
    /// Where the name is none that a route can have.
    pub fn with_consumer(
        mut self,
        route: &str,
        consumer: impl Consumer,
    ) -> Result<Self, BindError> {
        self.routes.add(route, Arc::new(consumer))?;
        Ok(self)
    }

    /// The way to give this server another configuration while it runs.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// Takes up what an earlier server left, then serves until `drain` ends; then takes no new jobs and gives those that run the
    /// grace of the configuration, or until `now` ends. What has not ended by then, and cannot be taken up later, is killed,
    /// and is `lost`.
    ///
    /// # Errors
    /// Where the disk fails for good.
    pub async fn run(
        mut self,
        drain: impl Future<Output = ()> + Send,
        now: impl Future<Output = ()> + Send,
    ) -> Result<(), StoreFailed> {
        let store = Arc::clone(&self.store);
        tokio::select! {
            () = self.serve_until(drain) => tracing::info!("stopped"),
            () = now => tracing::warn!("stopped at once: what ran is cut off"),
            why = store.broken() => return Err(StoreFailed { why }),
        }
        Ok(())
    }

    async fn serve_until(&mut self, drain: impl Future<Output = ()> + Send) {
        let mut drain = std::pin::pin!(drain);
        let metrics = Arc::new(Metrics::new());
        let engine = tokio::select! {
            engine = self.engine(&metrics) => Some(engine),
            () = drain.as_mut() => None,
        };
        match engine {
            Some(engine) => self.serve(&engine, &metrics, drain).await,
            None => tracing::info!("stopped before it had taken up what an earlier server left"),
        }
        self.store.close().await;
    }

    async fn serve(
        &mut self,
        engine: &Engine,
        metrics: &Arc<Metrics>,
        drain: impl Future<Output = ()>,
    ) {
        let grace = Seconds::from(self.routes.config.shutdown_grace_seconds);
        let (phase, phases) = watch::channel(Phase::Serving);
        let tasks = TaskTracker::new();
        let stopping = Stopping::new(phases);
        let stdio = Arc::new(self.stdio(engine, metrics, &stopping));
        stdio::keep(&stdio, self.routes.crews(), &tasks);
        let modules = Modules::new();
        let (configured, taken) = watch::channel(self.routes.config.modules.clone());
        let bounds = Bounds::from(&self.routes.config.limits);
        let files = Files::new(modules.clone(), taken, bounds);
        tasks.spawn(files.keep(stopping.clone()));
        let http = self.http(engine, modules, metrics, stopping, &tasks);
        let serving = tasks.spawn(http.serve(Arc::clone(&self.listener)));
        self.reload_until(engine, drain, &configured, |crews| {
            stdio::keep(&stdio, crews, &tasks);
        })
        .await;
        tracing::info!(
            grace_seconds = grace.as_f64(),
            "draining: no new jobs are taken"
        );
        phase.send_replace(Phase::Draining(engine.now().after(grace)));
        engine.drain(grace).await;
        phase.send_replace(Phase::Closing);
        let closed = async {
            // Ends when every connection has; how it ended is in the log.
            drop(serving.await);
            tasks.close();
            tasks.wait().await;
        };
        if tokio::time::timeout(CLOSE_TIME, closed).await.is_err() {
            tracing::warn!("connections that did not end in time are cut off");
        }
    }

    /// Takes over what is read again, until then.
    async fn reload_until(
        &mut self,
        engine: &Engine,
        drain: impl Future<Output = ()>,
        configured: &watch::Sender<Configured>,
        keep: impl Fn(Vec<Arc<stdio::Crew>>),
    ) {
        let mut drain = std::pin::pin!(drain);
        loop {
            tokio::select! {
                () = drain.as_mut() => return,
                Some(reload) = self.reloads.recv() => {
                    let reloaded = self.routes.reload(reload.config, engine);
                    let reloaded = reloaded.map(|(reloaded, crews)| {
                        keep(crews);
                        configured.send_replace(self.routes.config.modules.clone());
                        reloaded
                    });
                    // Whoever asked may have gone.
                    drop(reload.answer.send(reloaded));
                }
            }
        }
    }

    async fn engine(&self, metrics: &Arc<Metrics>) -> Engine {
        let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::system());
        let random = Arc::clone(&self.routes.means.random);
        let workers = Workers::new(Arc::clone(&clock), Arc::clone(&random));
        let parts = Parts {
            store: Arc::clone(&self.store),
            router: self.routes.router(workers),
            clock,
            random,
            observer: Arc::<Metrics>::clone(metrics),
        };
        Engine::start_up(parts).await
    }

    fn parse_limits(&self) -> ParseLimits {
        let limits = &self.routes.config.limits;
        ParseLimits {
            connid_bytes: limits.connid_bytes,
            tags_per_job: limits.tags_per_job,
            tag_bytes: limits.tag_bytes,
            reason_bytes: limits.reason_bytes,
            note_bytes: limits.note_bytes,
            slots_per_claim: limits.slots_per_claim,
        }
    }

    fn stdio(&self, engine: &Engine, metrics: &Arc<Metrics>, stopping: &Stopping) -> StdioContext {
        StdioContext {
            engine: engine.clone(),
            metrics: Arc::clone(metrics),
            random: Arc::clone(&self.routes.means.random),
            parse_limits: self.parse_limits(),
            stopping: stopping.clone(),
            frame_bytes: self.routes.config.limits.frame_bytes,
            frames_in_flight: self.routes.config.limits.frames_in_flight_per_socket,
        }
    }

    fn http(
        &self,
        engine: &Engine,
        modules: Modules,
        metrics: &Arc<Metrics>,
        stopping: Stopping,
        tasks: &TaskTracker,
    ) -> Http {
        let config = &self.routes.config;
        let limits = &config.limits;
        let parse_limits = self.parse_limits();
        let allowed_origins: Arc<[String]> = config.allowed_origins.clone().into();
        let sockets = SocketContext {
            engine: engine.clone(),
            modules: modules.clone(),
            metrics: Arc::clone(metrics),
            limits: limits.clone(),
            parse_limits,
            settings: config.socket.clone(),
            allowed_origins: Arc::clone(&allowed_origins),
            stopping: stopping.clone(),
            places: Arc::new(Semaphore::new(limits.sockets)),
            tasks: tasks.clone(),
            frames: Frames::default(),
        };
        let rest = Rest {
            engine: engine.clone(),
            modules,
            metrics: Arc::clone(metrics),
            limits: limits.clone(),
            parse_limits,
            allowed_origins,
            stopping: stopping.clone(),
        };
        Http {
            router: socket::routes(Arc::new(sockets)).merge(rest::routes(rest, console::routes())),
            limits: limits.clone(),
            stalled: config.socket.stalled_seconds,
            stopping,
            tasks: tasks.clone(),
        }
    }
}

/// Chance from the operating system, some of it at a time: asking is a call into the kernel, and every job's name needs some.
#[derive(Default)]
struct SystemRandom(Mutex<Chance>);

/// What was asked for and is not used yet.
struct Chance {
    bytes: [u8; Self::AT_ONCE],
    used: usize,
}

impl Chance {
    const AT_ONCE: usize = 512;
}

impl Default for Chance {
    fn default() -> Self {
        Self {
            bytes: [0; Self::AT_ONCE],
            used: Self::AT_ONCE,
        }
    }
}

impl Random for SystemRandom {
    fn bits(&self) -> u64 {
        let mut chance = self.0.lock();
        if chance.used == Chance::AT_ONCE {
            chance.used = 0;
            // It fails only where the system has no randomness at all; names of jobs are unique without it.
            getrandom::fill(&mut chance.bytes).unwrap_or_default();
        }
        let (from, to) = (chance.used, chance.used + size_of::<u64>());
        chance.used = to;
        let bits = chance.bytes[from..to].iter_mut().map(std::mem::take);
        bits.fold(0, |bits, byte| bits << 8 | u64::from(byte))
    }
}
