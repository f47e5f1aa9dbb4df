//! The jobs of each route.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use longwire_engine::{Retention, RouteRetention};
use longwire_protocol::JobId;

use super::{NameHash, jobs::Place, log::Readers};

/// The jobs of one route.
#[derive(Default)]
pub(super) struct RouteJobs {
    pub(super) name: Arc<str>,
    pub(super) queued: BTreeSet<JobId>,
    pub(super) running: u64,
    /// Who waits for the queue to hold something.
    pub(super) readers: Readers,
    /// Those that have ended, in that order.
    pub(super) ended: VecDeque<Ended>,
    pub(super) ended_bytes: usize,
    pub(super) retention: RouteRetention,
}

/// A job that has ended, and all that has to be known to let go of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    /// Its number among the ends of all routes.
    pub(super) end: u64,
    pub(super) job: JobId,
    /// Its connid.
    pub(super) name: NameHash,
    pub(super) place: Place,
}

impl RouteJobs {
    /// Whether more of its ended jobs are kept than its own terms allow.
    pub(super) fn has_too_many(&self) -> bool {
        let limits = &self.retention;
        limits
            .ended_jobs
            .is_some_and(|most| self.ended.len() > most)
            || limits
                .ended_bytes
                .is_some_and(|most| self.ended_bytes > most)
    }
}

/// Which of the routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RouteNumber(usize);

/// All routes that ever had a job, numbered, so that a name is looked up once a job.
#[derive(Default)]
pub(super) struct Routes {
    all: Vec<RouteJobs>,
    numbers: BTreeMap<Arc<str>, RouteNumber>,
}

impl Routes {
    /// The number of the route of that name, which is made where there is none.
    pub(super) fn number(&mut self, name: &Arc<str>, retention: &Retention) -> RouteNumber {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = RouteNumber(self.all.len());
        self.numbers.insert(Arc::clone(name), number);
        self.all.push(RouteJobs {
            name: Arc::clone(name),
            retention: retention.routes.get(name).copied().unwrap_or_default(),
            ..RouteJobs::default()
        });
        number
    }

    pub(super) fn get_mut(&mut self, number: RouteNumber) -> &mut RouteJobs {
        &mut self.all[number.0]
    }

    pub(super) fn named(&self, name: &str) -> Option<&RouteJobs> {
        self.all.get(self.numbers.get(name)?.0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (RouteNumber, &RouteJobs)> {
        let numbers = (0..).map(RouteNumber);
        numbers.zip(&self.all)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut RouteJobs> {
        self.all.iter_mut()
    }

    /// All routes in the order of their names.
    pub(super) fn by_name(&self) -> impl Iterator<Item = &RouteJobs> {
        self.numbers.values().map(|number| &self.all[number.0])
    }

    /// The first of which that is so.
    pub(super) fn find(&self, is_so: impl Fn(&RouteJobs) -> bool) -> Option<RouteNumber> {
        let mut routes = self.iter();
        routes
            .find(|(_, route)| is_so(route))
            .map(|(number, _)| number)
    }

    /// Takes the job that ended first of all that are kept out of the line of its route.
    pub(super) fn pop_oldest(&mut self) -> Option<Ended> {
        let oldest =
            |route: &&mut RouteJobs| route.ended.front().map_or(u64::MAX, |first| first.end);
        self.all.iter_mut().min_by_key(oldest)?.ended.pop_front()
    }
}
