//! Who watches the jobs that die with their last watcher.

use std::{
    fmt,
    sync::{Arc, Weak},
};

use longwire_protocol::{JobId, Seconds};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::Engine;

/// How many watch each job of that kind. A job is in it from its first watcher on until it was left for good.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<FxHashMap<JobId, Presence>>);

#[derive(Default)]
struct Presence {
    watching: usize,
    /// Counts how often the last one left, so that a grace that ends knows whether someone came meanwhile.
    left: u64,
}

/// One who watches a job that dies with its last watcher. Dropping it is leaving.
pub struct Watcher {
    job: JobId,
    grace: Seconds,
    watchers: Weak<Watchers>,
    engine: Engine,
}

impl Watchers {
    pub(crate) fn enter(self: &Arc<Self>, job: JobId, grace: Seconds, engine: Engine) -> Watcher {
        self.0.lock().entry(job).or_default().watching += 1;
        Watcher {
            job,
            grace,
            watchers: Arc::downgrade(self),
            engine,
        }
    }

    /// One leaves. The number of this leaving, if it was the last.
    fn leave(&self, job: JobId) -> Option<u64> {
        let mut all = self.0.lock();
        let presence = all.get_mut(&job)?;
        presence.watching -= 1;
        (presence.watching == 0).then(|| {
            presence.left += 1;
            presence.left
        })
    }

    /// Whether nobody came back since that leaving; then the job is forgotten here.
    pub(crate) fn forget(&self, job: JobId, left: u64) -> bool {
        let mut all = self.0.lock();
        let still = all
            .get(&job)
            .is_some_and(|p| p.watching == 0 && p.left == left);
        if still {
            all.remove(&job);
        }
        still
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watcher").field(&self.job).finish()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let left = self
            .watchers
            .upgrade()
            .and_then(|watchers| watchers.leave(self.job));
        if let Some(left) = left {
            self.engine.left_alone(self.job, left, self.grace);
        }
    }
}
