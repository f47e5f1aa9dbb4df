//! The routes, as clients see them, and others in their place.

use std::{collections::BTreeMap, sync::Arc};

use longwire_protocol::{RouteView, RoutesPage, Status};

use crate::{Engine, Principal, Route, RouteRetention, Router};

impl Engine {
    /// The routes on which jobs may be started, by name. The reply's `id` is for the transport to fill in.
    pub async fn routes(&self, _who: &Principal) -> RoutesPage {
        let counts = self.counts().await;
        let count_of = |route: &Route| {
            let mut counts = counts.routes.iter();
            let found = counts.find(|(name, ..)| *name == route.name);
            found.map_or((0, 0), |(_, queued, running)| (*queued, *running))
        };
        let routes = self.router().routes();
        let open = routes.iter().filter(|route| !route.is_retired());
        RoutesPage {
            id: None,
            route: "routes".into(),
            status: Status::Ok,
            routes: open
                .map(|route| self.route_view(route, count_of(route)))
                .collect(),
        }
    }

    /// Has these routes from now on; jobs that run are not touched. One that is there no more takes no new jobs, and serves those it has.
    /// A route that is to be served in another way (by its clock alone, by workers, or by a run of its consumer) stays as it is: the names
    /// of these are returned.
    pub fn set_routes(&self, routes: Router) -> Vec<Arc<str>> {
        self.router().replace(routes)
    }

    /// Keeps the jobs of routes so from now on.
    pub fn keep(&self, routes: BTreeMap<Arc<str>, RouteRetention>) {
        self.0.writer.store.keep(routes);
    }

    fn route_view(&self, route: &Route, (queued, running): (u64, u64)) -> RouteView {
        let settings = &route.settings;
        RouteView {
            route: route.name.clone(),
            description: settings.description.clone(),
            time: settings.time,
            max_time: settings.max_time,
            idle_time: settings.idle_time,
            queue_time: settings.queue_time,
            kill_grace: settings.kill_grace,
            concurrency: settings.concurrency.map(|most| most as u64),
            durable: self.0.writer.store.outlives(&route.name),
            queued,
            running,
            workers: route.workers().map(|workers| workers as u64),
            schema: route.consumer.schema(),
        }
    }
}
