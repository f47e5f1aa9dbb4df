//! Which job a frame is about that names none but by its connid.

use std::collections::HashMap;

use longwire_protocol::{Connid, JobId};

/// Jobs by name, oldest first, of which frames say no more. Of one that was asked for by its own name every frame says that.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<Connid, Vec<JobId>>);

impl Names {
    /// Frames of that job say its name alone, or no longer.
    pub(crate) fn know(&mut self, job: JobId, connid: &Connid, is_known: bool) {
        self.forget(job, connid);
        if is_known {
            self.0.entry(connid.clone()).or_default().push(job);
        }
    }

    pub(crate) fn forget(&mut self, job: JobId, connid: &Connid) {
        if let Some(jobs) = self.0.get_mut(connid) {
            jobs.retain(|named| *named != job);
            if jobs.is_empty() {
                self.0.remove(connid);
            }
        }
    }

    /// The job of that name, where it is the only one.
    pub(crate) fn find(&self, connid: &Connid) -> Option<JobId> {
        match self.of(connid) {
            [job] => Some(*job),
            _ => None,
        }
    }

    /// The jobs of that name.
    pub(crate) fn of(&self, connid: &Connid) -> &[JobId] {
        self.0.get(connid).map_or(&[], Vec::as_slice)
    }
}
