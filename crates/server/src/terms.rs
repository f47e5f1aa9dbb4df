//! From what was configured to the terms that the engine and the stores are given.

use std::{collections::BTreeMap, sync::Arc};

use longwire_engine::{Lead, OnLost, Retention, RouteRetention, RouteSettings};
use longwire_protocol::Seconds;

use crate::{
    config::{Config, Limits, OnLostConfig, RouteConfig, ServedBy},
    stores::embedded::Settings,
};

/// The terms of a route.
pub(crate) fn of_route(route: &RouteConfig, config: &Config) -> RouteSettings {
    RouteSettings {
        description: route.description.as_str().into(),
        time: route.time_seconds.into(),
        max_time: route.longest_time(&config.limits).into(),
        idle_time: route.idle_seconds.map(Seconds::from),
        queue_time: route.queue_seconds.map(Seconds::from),
        concurrency: route.concurrency.map(std::num::NonZeroUsize::get),
        kill_grace: route.kill_grace_seconds.into(),
        disconnect_grace: route.disconnect_grace_seconds.into(),
        output_bytes_per_event: config.limits.output_bytes_per_event,
        // Half of what is kept: then a reader who is waited for still finds in the log what it has not read.
        lead: Lead {
            bytes: config.limits.log_bytes_per_job / 2,
            events: config.limits.log_events_per_job / 2,
        },
        on_lost: match route.on_lost {
            OnLostConfig::Lost => OnLost::Lose,
            OnLostConfig::Again => OnLost::Again,
        },
        max_attempts: route.max_attempts,
        lease: match &route.served_by {
            ServedBy::Workers(workers) => workers.lease_seconds.into(),
            ServedBy::Consumer(_) => RouteSettings::default().lease,
        },
    }
}

/// What is kept.
pub(crate) fn of_retention(config: &Config) -> Retention {
    Retention {
        routes: of_routes_kept(config),
        ..Retention::from(&config.limits)
    }
}

/// What is kept of all routes together; no route has bounds of its own.
impl From<&Limits> for Retention {
    fn from(limits: &Limits) -> Self {
        Self {
            jobs: limits.jobs,
            queued_jobs_per_route: limits.queued_jobs_per_route,
            log_bytes_per_job: limits.log_bytes_per_job,
            log_events_per_job: limits.log_events_per_job,
            ended_jobs: limits.ended_jobs_kept,
            ended_time: limits.ended_seconds_kept.into(),
            ended_bytes: limits.ended_bytes_kept,
            expired_names: limits.expired_names_kept,
            feed_events: limits.feed_events_kept,
            routes: BTreeMap::new(),
        }
    }
}

/// What is kept of each route's jobs.
pub(crate) fn of_routes_kept(config: &Config) -> BTreeMap<Arc<str>, RouteRetention> {
    let of_route = |route: &RouteConfig| RouteRetention {
        ended_jobs: route.ended_jobs_kept,
        ended_time: route.ended_seconds_kept.map(Seconds::from),
        ended_bytes: route.ended_bytes_kept,
        fleeting: !route.durable,
    };
    let routes = config.routes.iter();
    routes
        .map(|(name, route)| (name.as_str().into(), of_route(route)))
        .collect()
}

/// How a store on disk keeps it.
pub(crate) fn of_store(config: &Config) -> Settings {
    Settings {
        retention: of_retention(config),
        output_wait: config.store.output_wait_seconds.into(),
    }
}
