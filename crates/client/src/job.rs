//! A watched job.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::Stream;
use longwire_protocol::{
    Connid, Done, EventFrame, Gap, JobId, Payload, Seconds, Seq, ServerFrame, Started, Status,
};
use serde::de::DeserializeOwned;

use crate::{
    Error,
    ask::unexpected,
    desk::Opened,
    ending::{End, EndListener},
    handle::Handle,
    reader::Reader,
};

/// Something that happened to a watched job.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// An event of its log. The one whose status is an outcome is the last.
    Event(Box<EventFrame>),
    /// Events that are no longer kept.
    Gap(Gap),
}

/// A job that is watched: its events, each once and in order, across lost connections. It is a [`Stream`] of them.
///
/// Several handles of one job, in one client or in many, are independent: each has a position of its own. A handle that is not read holds
/// 64 events at most; the rest is asked for once these have been read.
///
/// Dropping it ends the watch and leaves the job alone, unless it was started to die with its last watcher.
#[derive(Debug)]
pub struct Job {
    handle: Handle,
    reader: Reader<Happening>,
    id: JobId,
    connid: Connid,
    started: Option<Started>,
    seen: Seq,
    ending: EndListener,
    /// Its last event, or an error, was handed out, or there was nothing left to be.
    is_over: bool,
}

impl Job {
    pub(crate) fn new(handle: Handle, opened: Opened, after: Seq) -> Result<Self, Error> {
        let Opened {
            frame,
            reader,
            ending,
        } = opened;
        let mut is_over = false;
        let (id, connid, started) = if let ServerFrame::Started(mut started) = frame {
            started.id = None;
            (started.job, started.connid.clone(), Some(started))
        } else if let ServerFrame::Done(done) = &frame
            && let Some((job, connid)) = done.job.zip(done.connid.clone())
        {
            is_over = done.ended.is_some();
            (job, connid, None)
        } else {
            return Err(unexpected(&frame));
        };
        Ok(Self {
            handle,
            reader,
            id,
            connid,
            seen: started.as_ref().map_or(after, |started| started.seq),
            started,
            ending,
            is_over,
        })
    }

    /// The server's name for it.
    #[must_use]
    pub const fn id(&self) -> JobId {
        self.id
    }

    /// The client's name for it.
    #[must_use]
    pub const fn connid(&self) -> &Connid {
        &self.connid
    }

    /// The reply to its start: none where it is only watched, or where the reply was lost and made up for.
    #[must_use]
    pub const fn started(&self) -> Option<&Started> {
        self.started.as_ref()
    }

    /// The number of the last event that was seen here: what to watch on after.
    #[must_use]
    pub const fn seen(&self) -> Seq {
        self.seen
    }

    /// What happened next; waits for it. None after the outcome, and after an error. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Happening, Error>> {
        poll_fn(|cx| self.poll_happening(cx)).await
    }

    /// Waits for the end, and gives what the job came to; what comes without a result is read as `null`, so `()` and an `Option` will do.
    ///
    /// It reads none of the events: they may be read beside it and after it, as the future does not borrow the handle. It may be asked for
    /// again; dropping the future loses nothing.
    ///
    /// ```no_run
    /// # async fn run(mut job: longwire_client::Job) -> Result<(), longwire_client::Error> {
    /// let mut result = std::pin::pin!(job.result::<u64>());
    /// let pages = loop {
    ///     tokio::select! {
    ///         pages = &mut result => break pages?,
    ///         Some(happening) = job.next() => println!("{happening:?}"),
    ///     }
    /// };
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Killed`], [`Error::TimedOut`], [`Error::Lost`], with the last event, where the job ended so;
    /// [`Error::Json`] where the result is no `T`; and as [`Job::outcome`].
    pub fn result<T: DeserializeOwned>(
        &self,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
        let end = self.end();
        async move {
            let last = end.await?;
            if last.status != Status::Ok {
                return Err(Error::of_end(last));
            }
            let result = last.result.as_ref().map_or("null", Payload::as_str);
            Ok(serde_json::from_str(result)?)
        }
    }

    /// Waits for the last event, which tells how the job ended. It reads none of them, as [`Job::result`].
    ///
    /// # Errors
    /// Where the events end before that, such as in a server that was started anew and no longer knows the job.
    pub fn outcome(&self) -> impl Future<Output = Result<EventFrame, Error>> + Send + use<> {
        let end = self.end();
        async move { end.await.map(|last| *last) }
    }

    fn end(&self) -> impl Future<Output = End> + Send + use<> {
        let (mut ending, stay) = (self.ending.clone(), self.reader.stay());
        let handle = self.handle.clone();
        async move {
            if let Some(end) = ending.now() {
                return end;
            }
            stay.want_end();
            let told = ending.told().await;
            told.unwrap_or_else(|| Err(handle.links.why_closed()))
        }
    }

    /// Kills it. Returns when the kill was accepted: the job is told to end, and forced after its route's grace.
    ///
    /// It is the server's name for it that is said, so that no other job of the same connid is met.
    ///
    /// # Errors
    /// Where the server does not know the job or it has ended, or the connection is gone for good.
    pub async fn kill(&self, reason: Option<&str>) -> Result<Done, Error> {
        self.handle.kill(self.id.into(), reason, false).await
    }

    /// Kills it and returns when it is dead, with how it ended and the kill receipt.
    ///
    /// # Errors
    /// As [`Job::kill`].
    pub async fn kill_and_wait(&self, reason: Option<&str>) -> Result<Done, Error> {
        self.handle.kill(self.id.into(), reason, true).await
    }

    /// Moves its deadline to so long from now.
    ///
    /// # Errors
    /// Where the server refuses it, the job has ended, or the connection is gone for good.
    pub async fn extend(&self, time: impl Into<Seconds>) -> Result<Done, Error> {
        self.handle.extend(self.id.into(), time.into()).await
    }

    /// Another handle of the same job, from after that number on.
    ///
    /// # Errors
    /// Where the server no longer keeps the job, or the connection is gone for good.
    pub async fn watch(&self, after: Seq) -> Result<Self, Error> {
        let opened = self.handle.watch(self.id.into(), after).await?;
        Self::new(self.handle.clone(), opened, after)
    }

    fn poll_happening(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Happening, Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let next = ready!(self.reader.poll_next(cx));
        let next = next.unwrap_or_else(|| Err(self.handle.links.why_closed()));
        match &next {
            Ok(Happening::Event(event)) => {
                self.seen = event.seq;
                self.is_over = event.status.has_ended();
            }
            Ok(Happening::Gap(gap)) => self.seen = gap.to,
            Err(_) => self.is_over = true,
        }
        Poll::Ready(Some(next))
    }
}

impl Stream for Job {
    type Item = Result<Happening, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_happening(cx)
    }
}
