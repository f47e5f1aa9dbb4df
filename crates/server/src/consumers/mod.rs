//! Who serves routes: a file each, and this table.

pub(crate) mod exec;
pub(crate) mod output;
pub(crate) mod template;
mod timer;

use std::{collections::BTreeMap, sync::Arc};

use longwire_engine::Consumer;

use crate::{
    BindError,
    config::{ConsumerConfig, RouteConfig},
};

/// The consumer of each of these routes.
///
/// # Errors
/// The first route that cannot be served.
pub(crate) fn of_routes(
    routes: &BTreeMap<String, RouteConfig>,
) -> Result<BTreeMap<String, Arc<dyn Consumer>>, BindError> {
    let of_route = |(name, route): (&String, &RouteConfig)| {
        let consumer = consumer(&route.consumer).map_err(|why| BindError::Route {
            route: name.clone(),
            why,
        })?;
        Ok((name.clone(), consumer))
    };
    routes.iter().map(of_route).collect()
}

/// The consumer that a route's configuration names.
fn consumer(config: &ConsumerConfig) -> Result<Arc<dyn Consumer>, String> {
    Ok(match config {
        ConsumerConfig::Timer => Arc::new(timer::Timer),
        ConsumerConfig::Exec(exec) => Arc::new(exec::Exec::new(exec)?),
    })
}
