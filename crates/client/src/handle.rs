//! The way to a client's connection.

use std::sync::Arc;

use longwire_protocol::{
    Connid, Done, Extend, JobId, Kill, Request, Seconds, Seq, ServerFrame, Target, Watch, Where,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::DropGuard;

use crate::{
    Error, Links,
    ask::{Ask, Reply, Then, unexpected},
    desk::Opened,
};

/// What every handle of a client has. The connection ends with the last of them.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    pub(crate) commands: mpsc::Sender<Ask>,
    pub(crate) links: Links,
    pub(crate) _alive: Arc<DropGuard>,
}

impl Handle {
    /// Asks, and waits for the answer.
    pub(crate) async fn ask<T>(
        &self,
        request: Request,
        then: impl FnOnce(Reply<T>) -> Then,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Ask::new(request, then(reply))).await;
        sent.map_err(|_| self.links.why_closed())?;
        answer.await.map_err(|_| self.links.why_closed())?
    }

    /// A position in a job's log.
    pub(crate) async fn watch(&self, target: Target, after: Seq) -> Result<Opened, Error> {
        let (connid, job) = names(target);
        let watch = Watch {
            connid,
            job,
            after: Some(after),
        };
        let open = |reply| Then::OpenJob {
            reply,
            made: false,
            keeps: false,
        };
        self.ask(Request::Watch(watch), open).await
    }

    pub(crate) async fn kill(
        &self,
        target: Target,
        reason: Option<&str>,
        wait: bool,
    ) -> Result<Done, Error> {
        let (connid, job) = names(target);
        let kill = Kill {
            connid,
            job,
            filter: None,
            reason: reason.map(Into::into),
            wait,
        };
        done(self.ask(Request::Kill(kill), Then::Tell).await?)
    }

    pub(crate) async fn kill_all(&self, filter: Where, reason: Option<&str>) -> Result<u64, Error> {
        let kill = Kill {
            connid: None,
            job: None,
            filter: Some(filter),
            reason: reason.map(Into::into),
            wait: false,
        };
        let done = done(self.ask(Request::Kill(kill), Then::Tell).await?)?;
        Ok(done.killed.unwrap_or_default())
    }

    pub(crate) async fn extend(&self, target: Target, time: Seconds) -> Result<Done, Error> {
        let (connid, job) = names(target);
        let extend = Extend { connid, job, time };
        done(self.ask(Request::Extend(extend), Then::Tell).await?)
    }
}

fn names(target: Target) -> (Option<Connid>, Option<JobId>) {
    match target {
        Target::Connid(connid) => (Some(connid), None),
        Target::Job(job) => (None, Some(job)),
    }
}

fn done(frame: ServerFrame) -> Result<Done, Error> {
    if let ServerFrame::Done(mut done) = frame {
        done.id = None;
        return Ok(done);
    }
    Err(unexpected(&frame))
}
