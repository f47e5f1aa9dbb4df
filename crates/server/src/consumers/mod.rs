//! Who serves routes: a file each, and this table.

pub(crate) mod exec;
pub(crate) mod http;
pub(crate) mod output;
pub(crate) mod schema;
pub(crate) mod template;
mod timer;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use longwire_engine::{Consumer, Random};
use schema::{Checked, Schema};

use crate::{
    BindError,
    config::{ConsumerConfig, RouteConfig, ServedBy},
};

/// What the consumers of a server have in common.
pub(crate) struct Means {
    pub(crate) random: Arc<dyn Random>,
    pub(crate) look_ups: http::LookUps,
    tls: OnceLock<http::Tls>,
}

impl Means {
    pub(crate) fn new(random: Arc<dyn Random>) -> Self {
        Self {
            random,
            look_ups: http::LookUps::new(),
            tls: OnceLock::new(),
        }
    }

    /// TLS that trusts the system's authorities, which are read when the first route needs them.
    ///
    /// # Errors
    /// Where there are none.
    fn tls(&self) -> Result<http::Tls, String> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let tls = http::tls()?;
        Ok(self.tls.get_or_init(|| tls).clone())
    }
}

/// The consumer of each of these routes that has one.
///
/// # Errors
/// The first route that cannot be served.
pub(crate) fn of_routes(
    routes: &BTreeMap<String, RouteConfig>,
    means: &Means,
) -> Result<BTreeMap<String, Arc<dyn Consumer>>, BindError> {
    let own = routes.iter().filter_map(|(name, route)| {
        if let ServedBy::Consumer(consumer) = &route.served_by {
            Some((name, consumer))
        } else {
            None
        }
    });
    let of_route = |(name, config): (&String, &ConsumerConfig)| {
        let consumer = consumer(config, means).map_err(|why| BindError::Route {
            route: name.clone(),
            why,
        })?;
        Ok((name.clone(), consumer))
    };
    own.map(of_route).collect()
}

/// The schema of every route that has one.
///
/// # Errors
/// The first that is none.
pub(crate) fn schemas(
    routes: &BTreeMap<String, RouteConfig>,
) -> Result<BTreeMap<String, Arc<Schema>>, BindError> {
    let routes = routes.iter();
    let with_schema = routes.filter_map(|(name, route)| Some((name, route.schema.as_ref()?)));
    let read = |(name, schema): (&String, _)| {
        let schema = Schema::new(schema).map_err(|wrong| BindError::Route {
            route: name.clone(),
            why: format!("schema.{} {}", wrong.path.join("."), wrong.what),
        })?;
        Ok((name.clone(), Arc::new(schema)))
    };
    with_schema.map(read).collect()
}

/// A consumer that is given only the inputs that fit, where there is a schema.
pub(crate) fn checked(
    consumer: Arc<dyn Consumer>,
    schema: Option<&Arc<Schema>>,
) -> Arc<dyn Consumer> {
    match schema {
        Some(schema) => Arc::new(Checked::new(Arc::clone(schema), consumer)),
        None => consumer,
    }
}

/// The consumer that a route's configuration names.
fn consumer(config: &ConsumerConfig, means: &Means) -> Result<Arc<dyn Consumer>, String> {
    Ok(match config {
        ConsumerConfig::Timer => Arc::new(timer::Timer),
        ConsumerConfig::Exec(exec) => Arc::new(exec::Exec::new(exec)?),
        ConsumerConfig::Http(http) => Arc::new(http::Http::new(http, means)?),
    })
}
