//! Who serves routes: a file each, and this table.

pub(crate) mod exec;
pub(crate) mod http;
pub(crate) mod output;
pub(crate) mod template;
mod timer;

use std::{collections::BTreeMap, sync::Arc};

use longwire_engine::{Consumer, Random};

use crate::{
    BindError,
    config::{Config, ConsumerConfig},
};

/// The consumer of every route that is configured.
///
/// # Errors
/// The first route that cannot be served.
pub(crate) fn of_routes(
    config: &Config,
    random: &Arc<dyn Random>,
) -> Result<BTreeMap<String, Arc<dyn Consumer>>, BindError> {
    let of_route = |(name, route): (&String, &crate::config::RouteConfig)| {
        let consumer = consumer(&route.consumer, random).map_err(|why| BindError::Route {
            route: name.clone(),
            why,
        })?;
        Ok((name.clone(), consumer))
    };
    config.routes.iter().map(of_route).collect()
}

/// The consumer that a route's configuration names.
fn consumer(
    config: &ConsumerConfig,
    random: &Arc<dyn Random>,
) -> Result<Arc<dyn Consumer>, String> {
    Ok(match config {
        ConsumerConfig::Timer => Arc::new(timer::Timer),
        ConsumerConfig::Exec(exec) => Arc::new(exec::Exec::new(exec)?),
        ConsumerConfig::Http(http) => Arc::new(http::Http::new(http, random)?),
    })
}
