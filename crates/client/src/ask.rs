//! One request: what to send for it, and what its answer means.

use longwire_protocol::{
    Connid, Done, JobId, OnConflict, Refusal, Request, Seq, ServerFrame, Status,
};
use tokio::{sync::oneshot, time::Instant};

use crate::{
    Error, FeedHappening,
    desk::{Opened, Place},
    lost,
    reader::Reader,
};

/// How often a request is sent before its server is given up.
const MOST_TRIES: u32 = 5;

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// What to do with the answer.
#[derive(Debug)]
pub(crate) enum Then {
    /// Hand it on.
    Tell(Reply<ServerFrame>),
    /// A job was started or is to be watched: open a position in its log.
    OpenJob {
        reply: Reply<Opened>,
        /// Its connid was made for this one start, so whatever has it is this job.
        made: bool,
        /// It was asked for as one that goes on without watchers.
        keeps: bool,
    },
    /// Open a position in the feed.
    OpenFeed(Reply<Reader<FeedHappening>>),
    /// A position hears again.
    WatchOn(Place),
    /// Nobody waits for it.
    Nothing,
}

/// A position to open in a job's log.
pub(crate) struct Opening {
    pub(crate) job: JobId,
    pub(crate) connid: Connid,
    /// Whether it was asked for by the server's name for it, so that every frame says that.
    pub(crate) by_job: bool,
    /// Whether it is known that nothing becomes of it when nobody watches.
    pub(crate) keeps: bool,
    pub(crate) last: Seq,
    /// The number of its last event, where nothing is left to be sent.
    pub(crate) ended: Option<Seq>,
    pub(crate) frame: ServerFrame,
    pub(crate) reply: Reply<Opened>,
}

/// A position to open in the feed.
pub(crate) struct FeedOpening {
    pub(crate) last: Seq,
    pub(crate) reply: Reply<Reader<FeedHappening>>,
}

/// What an answer comes to.
pub(crate) enum Answer {
    /// It was handed on.
    Done,
    /// It says to ask once more, for something else.
    AskAgain(Ask),
    /// A job is watched from now on.
    Opened(Opening),
    /// The feed is watched from now on.
    FeedOpened(FeedOpening),
    /// A position hears again, or cannot.
    WatchedOn(Place, Result<(), Error>),
}

/// A request that is not answered yet.
#[derive(Debug)]
pub(crate) struct Ask {
    request: Request,
    then: Then,
    /// How often it was sent.
    tries: u32,
    /// When that was first done.
    since: Option<Instant>,
    /// The job of a start was looked for just now: how to send the start after all.
    looked: Option<OnConflict>,
}

impl Ask {
    pub(crate) fn new(request: Request, then: Then) -> Self {
        Self {
            request,
            then,
            tries: 0,
            since: None,
            looked: None,
        }
    }

    /// What to send now. A start that may have been heard is not simply sent again, so that no work is done twice.
    pub(crate) fn next_try(&mut self) -> Request {
        self.tries += 1;
        self.since.get_or_insert_with(Instant::now);
        let made = matches!(self.then, Then::OpenJob { made: true, .. });
        if let Request::Start(start) = &self.request
            && self.tries > 1
        {
            return lost::repeated(start, made, self.looked.take());
        }
        self.request.clone()
    }

    /// Nobody waits for its answer any more: what was not sent yet is not to be done.
    pub(crate) fn is_abandoned(&self) -> bool {
        match &self.then {
            Then::Tell(reply) => reply.is_closed(),
            Then::OpenJob { reply, .. } => reply.is_closed(),
            Then::OpenFeed(reply) => reply.is_closed(),
            Then::WatchOn(_) | Then::Nothing => false,
        }
    }

    /// Whether to send it on a new connection, too.
    pub(crate) fn again(&self) -> Result<bool, Error> {
        let is_of_its_connection = matches!(self.then, Then::WatchOn(_) | Then::Nothing);
        let wanted = !is_of_its_connection && !self.is_abandoned();
        if wanted && self.tries >= MOST_TRIES {
            return Err(Error::NoReply(self.tries));
        }
        Ok(wanted)
    }

    /// There will be no answer.
    pub(crate) fn fail(self, error: Error) {
        match self.then {
            Then::Tell(reply) => drop(reply.send(Err(error))),
            Then::OpenJob { reply, .. } => drop(reply.send(Err(error))),
            Then::OpenFeed(reply) => drop(reply.send(Err(error))),
            Then::WatchOn(_) | Then::Nothing => {}
        }
    }

    /// What the server's answer comes to.
    pub(crate) fn answer(mut self, frame: ServerFrame) -> Answer {
        if let Some(on_conflict) = self.found(&frame) {
            if self.tries >= MOST_TRIES {
                let tries = self.tries;
                return self.not_done(Error::NoReply(tries));
            }
            self.looked = Some(on_conflict);
            return Answer::AskAgain(self);
        }
        let frame = if let ServerFrame::Refused(refused) = frame {
            match self.killed_before(&refused.refusal) {
                Some(done) => ServerFrame::Done(done),
                None => return self.not_done(Error::Refused(Box::new(refused.refusal))),
            }
        } else {
            frame
        };
        match self.then {
            Then::Tell(reply) => {
                drop(reply.send(Ok(frame)));
                Answer::Done
            }
            Then::OpenJob { reply, keeps, made } => {
                // What was joined was started by somebody else, with terms of theirs; but for a name that nobody else has.
                let joined = matches!(&frame, ServerFrame::Started(it) if it.attached);
                let keeps = keeps && (made || !joined);
                opened_job(&self.request, frame, keeps, reply)
            }
            Then::OpenFeed(reply) => opened_feed(&self.request, &frame, reply),
            Then::WatchOn(place) => Answer::WatchedOn(place, Ok(())),
            Then::Nothing => Answer::Done,
        }
    }

    /// The answer is that it is not done.
    pub(crate) fn not_done(self, error: Error) -> Answer {
        if let Then::WatchOn(place) = self.then {
            return Answer::WatchedOn(place, Err(error));
        }
        self.fail(error);
        Answer::Done
    }

    /// How a start is to be sent after all, where this is what came of looking for its job.
    fn found(&self, frame: &ServerFrame) -> Option<OnConflict> {
        let Request::Start(start) = &self.request else {
            return None;
        };
        let since = self.since.filter(|_| self.tries > 1)?;
        lost::found(start, since.elapsed(), frame)
    }

    /// A kill that is sent again may come after the death it caused.
    fn killed_before(&self, refusal: &Refusal) -> Option<Done> {
        let Request::Kill(kill) = &self.request else {
            return None;
        };
        let ended = refusal.ended.clone()?;
        (self.tries > 1 && ended.status == Status::Killed).then(|| Done {
            connid: kill.connid.clone(),
            job: kill.job,
            seq: Some(ended.seq),
            ended: Some(ended),
            ..Done::new("kill")
        })
    }
}

fn opened_job(request: &Request, frame: ServerFrame, keeps: bool, reply: Reply<Opened>) -> Answer {
    let (after, by_job) = if let Request::Watch(watch) = request {
        (watch.after.unwrap_or(0), watch.job.is_some())
    } else {
        (lost::ACCEPTED, false)
    };
    let mut ended = None;
    let place = if let ServerFrame::Started(started) = &frame {
        Some((started.job, started.connid.clone(), started.seq))
    } else if let ServerFrame::Done(done) = &frame {
        ended = done.ended.as_ref().map(|ended| ended.seq);
        let named = done.job.zip(done.connid.clone());
        named.map(|(job, connid)| (job, connid, after))
    } else {
        None
    };
    let Some((job, connid, last)) = place else {
        drop(reply.send(Err(unexpected(&frame))));
        return Answer::Done;
    };
    Answer::Opened(Opening {
        job,
        connid,
        by_job,
        keeps,
        last,
        ended,
        frame,
        reply,
    })
}

fn opened_feed(
    request: &Request,
    frame: &ServerFrame,
    reply: Reply<Reader<FeedHappening>>,
) -> Answer {
    let after = if let Request::Watch(watch) = request {
        watch.after
    } else {
        None
    };
    let head = if let ServerFrame::Done(done) = frame {
        done.feed
    } else {
        None
    };
    let Some(head) = head else {
        drop(reply.send(Err(unexpected(frame))));
        return Answer::Done;
    };
    let last = after.unwrap_or(head);
    Answer::FeedOpened(FeedOpening { last, reply })
}

/// A frame that is no answer to what was asked.
pub(crate) fn unexpected(frame: &ServerFrame) -> Error {
    let what = match frame {
        ServerFrame::Started(_) => "that a job was started",
        ServerFrame::Done(_) => "that a verb was done",
        ServerFrame::Status(_) => "a status",
        ServerFrame::Routes(_) => "the routes",
        ServerFrame::Found(_) => "what a search found",
        ServerFrame::Modules(_) => "the catalogues",
        ServerFrame::Claimed(_) => "that a claim stands",
        ServerFrame::HandOver(_) => "a job for a worker",
        ServerFrame::Refused(_) => "a refusal",
        ServerFrame::Event(_) => "an event of a job",
        ServerFrame::Feed(_) => "a change in the feed",
        ServerFrame::Gap(_) => "a gap",
        ServerFrame::Notice(_) => "a notice",
    };
    Error::Unexpected(format!(
        "it answered with {what}, which answers something else"
    ))
}
