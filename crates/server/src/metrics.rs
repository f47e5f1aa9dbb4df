//! What is counted, in the text format of Prometheus.

use std::{
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicU64},
};

use longwire_engine::{Counts, Job, Observer};
use longwire_protocol::{Code, Outcome};
use parking_lot::RwLock;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use rustc_hash::FxHashMap;

/// Everything this server counts. Shared by whoever has something to count.
pub(crate) struct Metrics {
    registry: Registry,
    started: Family<OfRoute, Counter>,
    ended: Family<OfOutcome, Counter>,
    /// Counters of each route, found without making their labels anew for every job.
    of_routes: RwLock<FxHashMap<Arc<str>, OfJobs>>,
    kill_seconds: Histogram,
    refusals: Family<OfCode, Counter>,
    sockets: Gauge,
    received: Counter,
    sent: Counter,
    queued: Family<OfRoute, Gauge>,
    running: Family<OfRoute, Gauge>,
    kept: Gauge<i64>,
    held: Gauge<u64, AtomicU64>,
}

/// The counters of one route's jobs, those that have counted something.
#[derive(Default)]
struct OfJobs {
    started: OnceLock<Counter>,
    ended: [OnceLock<Counter>; Outcome::ALL.len()],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRoute {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    route: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCode {
    code: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Everything at zero.
    #[must_use]
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("longwire"),
            started: Family::default(),
            ended: Family::default(),
            of_routes: RwLock::default(),
            // From a millisecond to half a minute.
            kill_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
            refusals: Family::default(),
            sockets: Gauge::default(),
            received: Counter::default(),
            sent: Counter::default(),
            queued: Family::default(),
            running: Family::default(),
            kept: Gauge::default(),
            held: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("jobs_started", "Jobs accepted", self.started.clone());
        registry.register("jobs_ended", "Jobs ended", self.ended.clone());
        registry.register(
            "jobs_queued",
            "Jobs that wait for a place",
            self.queued.clone(),
        );
        registry.register(
            "jobs_running",
            "Jobs that run or are ending",
            self.running.clone(),
        );
        registry.register(
            "jobs_kept",
            "Jobs that ended and are kept",
            self.kept.clone(),
        );
        let kill = self.kill_seconds.clone();
        registry.register_with_unit(
            "kill",
            "From an accepted kill to the end",
            Unit::Seconds,
            kill,
        );
        registry.register("refusals", "Requests refused", self.refusals.clone());
        registry.register("sockets", "Open sockets", self.sockets.clone());
        registry.register_with_unit(
            "socket_received",
            "Read from sockets",
            Unit::Bytes,
            self.received.clone(),
        );
        registry.register_with_unit(
            "socket_sent",
            "Written to sockets",
            Unit::Bytes,
            self.sent.clone(),
        );
        registry.register_with_unit("logs", "Held in logs", Unit::Bytes, self.held.clone());
    }

    /// A request was refused.
    pub(crate) fn refused(&self, code: Code) {
        self.refusals
            .get_or_create(&OfCode {
                code: code.as_str(),
            })
            .inc();
    }

    /// A socket was opened.
    pub(crate) fn socket_opened(&self) {
        self.sockets.inc();
    }

    /// A socket was closed.
    pub(crate) fn socket_closed(&self) {
        self.sockets.dec();
    }

    /// So many bytes were read from and written to sockets.
    pub(crate) fn socket_bytes(&self, received: u64, sent: u64) {
        self.received.inc_by(received);
        self.sent.inc_by(sent);
    }

    /// The text for Prometheus (text format of OpenMetrics 1.0), with these counts of what is kept now.
    #[must_use]
    pub(crate) fn encode(&self, counts: &Counts) -> String {
        for (route, queued, running) in &counts.routes {
            let route = OfRoute {
                route: route.to_string(),
            };
            self.queued.get_or_create(&route).set(signed(*queued));
            self.running.get_or_create(&route).set(signed(*running));
        }
        self.kept.set(signed(counts.ended));
        self.held.set(counts.bytes);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Metrics {
    fn of_route(&self, route: &Arc<str>, count: impl Fn(&OfJobs)) {
        if let Some(jobs) = self.of_routes.read().get(route) {
            return count(jobs);
        }
        count(self.of_routes.write().entry(Arc::clone(route)).or_default());
    }
}

impl Observer for Metrics {
    fn accepted(&self, job: &Job) {
        let route = &job.spec().route;
        let labels = || OfRoute {
            route: route.to_string(),
        };
        let of_route = || self.started.get_or_create_owned(&labels());
        self.of_route(route, |jobs| {
            jobs.started.get_or_init(of_route).inc();
        });
    }

    fn ended(&self, job: &Job) {
        let Some(outcome) = job.status().outcome() else {
            return;
        };
        let route = &job.spec().route;
        let labels = || OfOutcome {
            route: route.to_string(),
            outcome: outcome.as_str(),
        };
        let of_outcome = || self.ended.get_or_create_owned(&labels());
        self.of_route(route, |jobs| {
            jobs.ended[outcome as usize].get_or_init(of_outcome).inc();
        });
        if outcome == Outcome::Killed
            && let Some(ending) = job.ending()
        {
            self.kill_seconds
                .observe(job.last_at().since(ending.at).as_f64());
        }
    }
}
