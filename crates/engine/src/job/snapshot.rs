//! A job without its log: for stores that let go of a log's beginning.

use std::sync::Arc;

use longwire_protocol::{Attempt, End, Progress, Seq, Spec, Status, Timestamp};

use super::{Ending, Job};

/// All that a job is, in the open. [`Job::restore`] makes the same job of it; the events that came after fold on from there.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    missing_docs,
    reason = "each is what the function of its name says of a job"
)]
pub struct Snapshot {
    pub spec: Arc<Spec>,
    pub seq: Seq,
    pub status: Status,
    pub attempt: Attempt,
    /// Whether it was queued at first.
    pub waited: bool,
    pub accepted_at: Timestamp,
    /// When it last began to wait for a place.
    pub queued_at: Timestamp,
    /// When it left the queue.
    pub started_at: Option<Timestamp>,
    pub last_at: Timestamp,
    pub deadline: Timestamp,
    /// How far it said it had come.
    pub progress: Option<Arc<Progress>>,
    pub ending: Option<Arc<Ending>>,
    pub end: Option<Arc<End>>,
}

impl Job {
    /// The job as it stands, without its log.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let job = self.clone();
        Snapshot {
            spec: job.spec,
            seq: job.seq,
            status: job.status,
            attempt: job.attempt,
            waited: job.waited,
            accepted_at: job.accepted_at,
            queued_at: job.queued_at,
            started_at: job.started_at,
            last_at: job.last_at,
            deadline: job.deadline,
            progress: job.progress,
            ending: job.ending,
            end: job.end,
        }
    }

    /// The job that a snapshot was taken of.
    #[must_use]
    pub fn restore(snapshot: Snapshot) -> Self {
        Self {
            spec: snapshot.spec,
            seq: snapshot.seq,
            status: snapshot.status,
            attempt: snapshot.attempt,
            waited: snapshot.waited,
            accepted_at: snapshot.accepted_at,
            queued_at: snapshot.queued_at,
            started_at: snapshot.started_at,
            last_at: snapshot.last_at,
            deadline: snapshot.deadline,
            progress: snapshot.progress,
            ending: snapshot.ending,
            end: snapshot.end,
        }
    }
}
