//! The one way into a log.

use std::{convert::Infallible, sync::Arc};

use longwire_protocol::{Event, Timestamp};

use crate::{
    Answer, Clock, Events, Job, Name, NotCreated, Observer, Store,
    store::{Found, NotAppended, Unavailable},
};

/// Why a job was not changed.
pub(crate) enum Unchanged<E> {
    /// It cannot be.
    Refused(E),
    /// It cannot be written down.
    Unavailable(Unavailable),
}

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
    ///
    /// # Errors
    /// What `propose` refuses, and where it could not be written down.
    pub(crate) async fn change<E>(
        &self,
        mut job: Job,
        mut propose: impl FnMut(&mut Job, Timestamp) -> Result<Events, E>,
    ) -> Result<Job, Unchanged<E>> {
        loop {
            let after = job.seq();
            let had_ended = job.status().has_ended();
            let mut next = job.clone();
            let events = propose(&mut next, self.now()).map_err(Unchanged::Refused)?;
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
                Err(NotAppended::Grown) => match self.reload(&job).await {
                    Some(grown) => job = grown,
                    None => return Ok(job),
                },
                Err(NotAppended::Unavailable(why)) => return Err(Unchanged::Unavailable(why)),
            }
        }
    }

    /// The same for what is the case, and so cannot be refused. Where it cannot be written down the server is about to go, and
    /// this never returns: the log tells the next server.
    pub(crate) async fn settle<I: IntoIterator<Item = Event>>(
        &self,
        job: Job,
        mut propose: impl FnMut(&mut Job, Timestamp) -> I,
    ) -> Job {
        let settled = self.change(job, |job, now| {
            Ok::<Events, Infallible>(propose(job, now).into_iter().collect())
        });
        match settled.await {
            Ok(job) => job,
            Err(Unchanged::Refused(never)) => match never {},
            Err(Unchanged::Unavailable(_)) => std::future::pending().await,
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
