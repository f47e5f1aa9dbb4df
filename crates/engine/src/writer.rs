//! The one way into a log.

use std::sync::Arc;

use longwire_protocol::Timestamp;

use crate::{
    Answer, Clock, Events, Job, Name, NotCreated, Observer, Store,
    store::{Found, Grown},
};

/// Proposes events for a job, writes them down, and proposes anew where the log has grown meanwhile.
#[derive(Clone)]
pub(crate) struct Writer {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
}

impl Writer {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Begins a log.
    pub(crate) async fn create(&self, job: &Job, events: Events) -> Result<(), NotCreated> {
        self.store.create(job.clone(), events).await?;
        self.observer.accepted(job);
        if job.status().has_ended() {
            self.observer.ended(job);
        }
        Ok(())
    }

    /// Writes down what `propose` makes of the job as it stands, and says how it stands then. Nothing is written where it
    /// proposes nothing; a job that is gone stays as it was.
    pub(crate) async fn change<E>(
        &self,
        mut job: Job,
        mut propose: impl FnMut(&mut Job, Timestamp) -> Result<Events, E>,
    ) -> Result<Job, E> {
        loop {
            let after = job.seq();
            let had_ended = job.status().has_ended();
            let mut next = job.clone();
            let events = propose(&mut next, self.now())?;
            if events.is_empty() {
                return Ok(job);
            }
            match self.store.append(after, next.clone(), events).await {
                Ok(()) => {
                    if next.status().has_ended() && !had_ended {
                        self.observer.ended(&next);
                    }
                    return Ok(next);
                }
                Err(Grown) => match self.reload(&job).await {
                    Some(grown) => job = grown,
                    None => return Ok(job),
                },
            }
        }
    }

    /// The job as it stands now; none where it is no longer kept.
    pub(crate) fn reload(&self, job: &Job) -> impl Future<Output = Option<Job>> + Send + use<> {
        let found: Answer<Found> = self.store.find(&Name::Job(job.id()));
        async move {
            match found.await {
                Found::Job(job) => Some(job),
                Found::Expired | Found::Unknown => None,
            }
        }
    }
}
