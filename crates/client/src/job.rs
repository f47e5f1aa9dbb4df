//! A watched job, and the watched feed.

use longwire_protocol::{Connid, EventFrame, FeedFrame, Gap, JobId, Seq, ServerFrame, Started};
use tokio::sync::mpsc;

use crate::{
    Error,
    ask::unexpected,
    client::Handle,
    cursor::Delivery,
    desk::{Command, Opened, Place},
};

/// Something that happened to a watched job.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// An event of its log. The one whose status is an outcome is the last.
    Event(Box<EventFrame>),
    /// Events that are no longer kept.
    Gap(Gap),
}

/// Something that happened to some job.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedHappening {
    /// A change of its state.
    Change(Box<FeedFrame>),
    /// Changes that are no longer kept.
    Gap(Gap),
}

/// A job that is watched: its events, each once and in order, across lost connections.
///
/// Dropping it ends the watch and leaves the job alone, unless it was started to die with its last watcher. A second
/// handle of the same job from the same client takes the place of the first.
#[derive(Debug)]
pub struct Job {
    reader: Reader<Happening>,
    id: JobId,
    connid: Connid,
    started: Option<Started>,
    seen: Seq,
    ended: bool,
}

impl Job {
    pub(crate) fn new(
        handle: Handle,
        opened: Opened<Happening>,
        after: Seq,
    ) -> Result<Self, Error> {
        let frame = opened.frame.clone();
        let (id, connid, started) = match opened.frame {
            ServerFrame::Started(mut started) => {
                started.id = None;
                (started.job, started.connid.clone(), Some(started))
            }
            ServerFrame::Done(done) => {
                let named = done.job.zip(done.connid);
                let (job, connid) = named.ok_or_else(|| unexpected(&frame))?;
                (job, connid, None)
            }
            ServerFrame::Status(_)
            | ServerFrame::Routes(_)
            | ServerFrame::Found(_)
            | ServerFrame::Modules(_)
            | ServerFrame::Claimed(_)
            | ServerFrame::HandOver(_)
            | ServerFrame::Refused(_)
            | ServerFrame::Event(_)
            | ServerFrame::Feed(_)
            | ServerFrame::Gap(_)
            | ServerFrame::Notice(_) => return Err(unexpected(&frame)),
        };
        let place = Place::Job(id);
        Ok(Self {
            seen: started.as_ref().map_or(after, |started| started.seq),
            reader: Reader::new(handle, place, opened.handle, opened.deliveries),
            id,
            connid,
            started,
            ended: false,
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
        if self.ended {
            return None;
        }
        let next = self.reader.next().await;
        match &next {
            Ok(Happening::Event(event)) => {
                self.seen = event.seq;
                self.ended = event.status.has_ended();
            }
            Ok(Happening::Gap(gap)) => self.seen = gap.to,
            Err(_) => self.ended = true,
        }
        Some(next)
    }

    /// Reads on to the last event, which tells how the job ended.
    ///
    /// # Errors
    /// Where the events end before that, such as in a server that was started anew and no longer knows the job.
    pub async fn outcome(&mut self) -> Result<EventFrame, Error> {
        while let Some(next) = self.next().await {
            match next? {
                Happening::Event(event) if event.status.has_ended() => return Ok(*event),
                Happening::Event(_) | Happening::Gap(_) => {}
            }
        }
        Err(Error::Closed)
    }
}

/// The changes of state of all jobs that may be seen, from when it was opened.
///
/// A second feed from the same client takes the place of the first.
#[derive(Debug)]
pub struct Feed {
    reader: Reader<FeedHappening>,
    ended: bool,
}

impl Feed {
    pub(crate) fn new(handle: Handle, opened: Opened<FeedHappening>) -> Self {
        Self {
            reader: Reader::new(handle, Place::Feed, opened.handle, opened.deliveries),
            ended: false,
        }
    }

    /// What happened next; waits for it. None after an error. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<FeedHappening, Error>> {
        if self.ended {
            return None;
        }
        let next = self.reader.next().await;
        self.ended = next.is_err();
        Some(next)
    }
}

/// Reads what a cursor hands on, and asks for more where there was no place for it.
#[derive(Debug)]
struct Reader<T> {
    handle: Handle,
    place: Place,
    number: u64,
    deliveries: mpsc::Receiver<Delivery<T>>,
    behind: bool,
}

impl<T> Reader<T> {
    fn new(
        handle: Handle,
        place: Place,
        number: u64,
        deliveries: mpsc::Receiver<Delivery<T>>,
    ) -> Self {
        Self {
            handle,
            place,
            number,
            deliveries,
            behind: false,
        }
    }

    async fn next(&mut self) -> Result<T, Error> {
        loop {
            if self.behind {
                self.handle.command(Command::More(self.place)).await?;
                self.behind = false;
            }
            match self.deliveries.recv().await {
                Some(Delivery::Happening(happening)) => return Ok(happening),
                Some(Delivery::Behind) => self.behind = true,
                Some(Delivery::Failed(error)) => return Err(error),
                None => return Err(self.handle.why_closed()),
            }
        }
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        self.handle.leave(self.place, self.number);
    }
}
