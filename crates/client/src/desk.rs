//! All that a connection knows and that outlives it: what was asked and is not answered, and what is watched.
//!
//! Nothing here waits or does I/O: commands and frames go in, frames come out.

use std::collections::{BTreeMap, HashMap, VecDeque};

use longwire_protocol::{
    Connid, EventFrame, FeedFrame, FrameId, GapFrame, JobId, Request, Seq, ServerFrame, Unwatch,
    Watch,
};
use tokio::sync::mpsc;

use crate::{
    Error, FeedHappening, Happening,
    ask::{Answer, Ask, Opening, Reply, Then},
    cursor::{Cursor, Delivery, Taken},
};

/// Where a handle's position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Job(JobId),
    Feed,
}

/// What a handle wants.
#[derive(Debug)]
pub(crate) enum Command {
    /// An answer.
    Ask(Request, Then),
    /// What comes after the last it was handed.
    More(Place),
    /// Nothing any more. The number tells it from a newer handle of the same place.
    Leave(Place, u64),
}

/// A handle's end of what was opened for it.
#[derive(Debug)]
pub(crate) struct Opened<T> {
    pub(crate) frame: ServerFrame,
    pub(crate) handle: u64,
    pub(crate) deliveries: mpsc::Receiver<Delivery<T>>,
}

#[derive(Debug)]
struct Watched<T> {
    handle: u64,
    cursor: Cursor<T>,
}

/// What was asked and is not answered, and what is watched.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    last_id: u64,
    asked: BTreeMap<u64, Ask>,
    /// Of those asked, the ones to send next.
    to_send: VecDeque<u64>,
    jobs: HashMap<JobId, (Connid, Watched<Happening>)>,
    /// Jobs by name, oldest first, of which frames say no more. Of one that was asked for by its own name every frame says that.
    names: HashMap<Connid, Vec<JobId>>,
    feed: Option<Watched<FeedHappening>>,
}

impl Desk {
    /// Takes what a handle wants.
    pub(crate) fn take(&mut self, command: Command) {
        match command {
            Command::Ask(request, then) => self.ask(request, then),
            Command::More(Place::Job(job)) => {
                if let Some((_, watched)) = self.jobs.get_mut(&job) {
                    watched.cursor.asked();
                    self.watch_on(Place::Job(job));
                }
            }
            Command::More(Place::Feed) => {
                if let Some(watched) = &mut self.feed {
                    watched.cursor.asked();
                    self.watch_on(Place::Feed);
                }
            }
            Command::Leave(place, handle) => self.leave(place, handle),
        }
    }

    /// The text of the next frame to send.
    pub(crate) fn next_frame(&mut self) -> Option<String> {
        while let Some(id) = self.to_send.pop_front() {
            let Some(ask) = self.asked.get_mut(&id) else {
                continue;
            };
            match ask.next_try().to_frame(Some(&FrameId::from(id))) {
                Ok(text) => return Some(text),
                Err(error) => self.drop_ask(id, &Error::Unexpected(error.to_string())),
            }
        }
        None
    }

    /// Takes a frame of the server.
    pub(crate) fn hear(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Event(event) => self.event(event),
            ServerFrame::Gap(gap) => self.gap(&gap),
            ServerFrame::Feed(change) => self.change(change),
            ServerFrame::Started(_)
            | ServerFrame::Done(_)
            | ServerFrame::Status(_)
            | ServerFrame::Routes(_)
            | ServerFrame::Found(_)
            | ServerFrame::Modules(_)
            | ServerFrame::Claimed(_)
            | ServerFrame::Refused(_) => self.answer(frame),
            // This client is no worker: it never claimed anything.
            ServerFrame::HandOver(_) | ServerFrame::Notice(_) => {}
        }
    }

    /// There is a new connection: what was not answered is asked again, and what was watched is watched on.
    pub(crate) fn reconnected(&mut self) {
        self.to_send.clear();
        let ids: Vec<u64> = self.asked.keys().copied().collect();
        for id in ids {
            match self.asked.get(&id).map(Ask::again) {
                Some(Ok(true)) => self.to_send.push_back(id),
                Some(Ok(false)) => drop(self.asked.remove(&id)),
                Some(Err(error)) => self.drop_ask(id, &error),
                None => {}
            }
        }
        let is_left = |(_, watched): &(Connid, Watched<Happening>)| watched.cursor.is_left();
        let jobs: Vec<(JobId, bool)> = self
            .jobs
            .iter()
            .map(|(job, watched)| (*job, is_left(watched)))
            .collect();
        for (job, is_left) in jobs {
            if is_left {
                self.forget_job(job);
            } else {
                self.watch_on(Place::Job(job));
            }
        }
        self.watch_on(Place::Feed);
    }

    /// There will be no connection any more.
    pub(crate) fn fail(&mut self, error: &Error) {
        for (_, ask) in std::mem::take(&mut self.asked) {
            ask.fail(error.clone());
        }
        for (_, (_, watched)) in self.jobs.drain() {
            watched.cursor.fail(error.clone());
        }
        if let Some(watched) = self.feed.take() {
            watched.cursor.fail(error.clone());
        }
    }

    fn ask(&mut self, request: Request, then: Then) {
        self.last_id += 1;
        self.asked.insert(self.last_id, Ask::new(request, then));
        self.to_send.push_back(self.last_id);
    }

    fn drop_ask(&mut self, id: u64, error: &Error) {
        if let Some(ask) = self.asked.remove(&id) {
            ask.fail(error.clone());
        }
    }

    /// Asks the server to send from a place's position on.
    fn watch_on(&mut self, place: Place) {
        let (job, last) = match place {
            Place::Job(job) => match self.jobs.get_mut(&job) {
                Some((_, watched)) => (Some(job), watch_from(&mut watched.cursor)),
                None => return,
            },
            Place::Feed => match &mut self.feed {
                Some(watched) => (None, watch_from(&mut watched.cursor)),
                None => return,
            },
        };
        let watch = Watch {
            connid: None,
            job,
            after: Some(last),
        };
        self.ask(Request::Watch(watch), Then::WatchOn(place));
    }

    fn leave(&mut self, place: Place, handle: u64) {
        let (job, current) = match place {
            Place::Job(job) => (Some(job), self.jobs.get(&job).map(|(_, w)| w.handle)),
            Place::Feed => (None, self.feed.as_ref().map(|w| w.handle)),
        };
        if current != Some(handle) {
            return;
        }
        match place {
            Place::Job(job) => drop(self.forget_job(job)),
            Place::Feed => self.feed = None,
        }
        self.unwatch(job);
    }

    fn unwatch(&mut self, job: Option<JobId>) {
        let unwatch = Unwatch { connid: None, job };
        self.ask(Request::Unwatch(unwatch), Then::Nothing);
    }

    fn forget_job(&mut self, job: JobId) -> Option<Watched<Happening>> {
        let (connid, watched) = self.jobs.remove(&job)?;
        self.forget_name(job, &connid);
        Some(watched)
    }

    fn forget_name(&mut self, job: JobId, connid: &Connid) {
        if let Some(jobs) = self.names.get_mut(connid) {
            jobs.retain(|named| *named != job);
            if jobs.is_empty() {
                self.names.remove(connid);
            }
        }
    }

    fn answer(&mut self, frame: ServerFrame) {
        let Some(id) = id_of(&frame) else { return };
        let Some(ask) = self.asked.remove(&id) else {
            return;
        };
        match ask.answer(frame) {
            Answer::Done => {}
            Answer::AskAgain(ask) => {
                self.asked.insert(id, ask);
                self.to_send.push_back(id);
            }
            Answer::Opened(opening) => self.open_job(id, opening),
            Answer::FeedOpened { frame, last, reply } => self.open_feed(id, frame, last, reply),
            Answer::WatchedOn(place, result) => self.watched_on(place, result),
        }
    }

    /// A newer handle takes the place of an older one: they would be sent the same.
    fn open_job(&mut self, handle: u64, opening: Opening) {
        let job = opening.job;
        let (cursor, deliveries) = Cursor::new(opening.last);
        self.forget_job(job);
        if !opening.by_job {
            let named = self.names.entry(opening.connid.clone()).or_default();
            named.push(job);
        }
        let watched = Watched { handle, cursor };
        self.jobs.insert(job, (opening.connid, watched));
        let opened = Opened {
            frame: opening.frame,
            handle,
            deliveries,
        };
        if opening.reply.send(Ok(opened)).is_err() {
            self.leave(Place::Job(job), handle);
        }
    }

    fn open_feed(
        &mut self,
        handle: u64,
        frame: ServerFrame,
        last: Seq,
        reply: Reply<Opened<FeedHappening>>,
    ) {
        let (cursor, deliveries) = Cursor::new(last);
        self.feed = Some(Watched { handle, cursor });
        let opened = Opened {
            frame,
            handle,
            deliveries,
        };
        if reply.send(Ok(opened)).is_err() {
            self.leave(Place::Feed, handle);
        }
    }

    fn watched_on(&mut self, place: Place, result: Result<(), Error>) {
        match place {
            Place::Job(job) => match (self.jobs.get_mut(&job), result) {
                (Some((connid, watched)), Ok(())) => {
                    watched.cursor.answered();
                    let connid = connid.clone();
                    self.forget_name(job, &connid);
                }
                // It hears the same once it asks for more.
                (Some((_, watched)), Err(_)) if watched.cursor.is_behind() => {}
                (_, Err(error)) => self.fail_job(job, error),
                (None, Ok(())) => {}
            },
            Place::Feed => match (self.feed.take(), result) {
                (Some(mut watched), Ok(())) => {
                    watched.cursor.answered();
                    self.feed = Some(watched);
                }
                (Some(watched), Err(error)) => watched.cursor.fail(error),
                (None, _) => {}
            },
        }
    }

    /// The job that a frame is about.
    fn about(&self, job: Option<JobId>, connid: Option<&Connid>, seq: u64) -> Option<JobId> {
        if job.is_some() {
            return job;
        }
        let jobs = self.names.get(connid?)?;
        let is_next = |job: &&JobId| {
            let watched = self.jobs.get(*job);
            watched.is_some_and(|(_, watched)| watched.cursor.last() + 1 == seq)
        };
        jobs.iter().find(is_next).or(jobs.first()).copied()
    }

    fn event(&mut self, event: Box<EventFrame>) {
        let Some(job) = self.about(event.job, Some(&event.connid), event.seq) else {
            return;
        };
        let Some((_, watched)) = self.jobs.get_mut(&job) else {
            return;
        };
        if watched.cursor.is_left() {
            let handle = watched.handle;
            return self.leave(Place::Job(job), handle);
        }
        let (seq, ends) = (event.seq, event.status.has_ended());
        let happening = Happening::Event(event);
        match watched.cursor.next(seq, happening) {
            Taken::Yes if ends => drop(self.forget_job(job)),
            Taken::Yes | Taken::No => {}
            Taken::Hole => self.watch_on(Place::Job(job)),
            Taken::StillAHole { expected } => {
                let what =
                    format!("event {seq} of job {job}, time and again, where {expected} is due");
                self.fail_job(job, Error::Unexpected(what));
                self.unwatch(Some(job));
            }
        }
    }

    fn fail_job(&mut self, job: JobId, error: Error) {
        if let Some(watched) = self.forget_job(job) {
            watched.cursor.fail(error);
        }
    }

    fn gap(&mut self, frame: &GapFrame) {
        if frame.connid.is_none() && frame.job.is_none() {
            if let Some(watched) = &mut self.feed {
                watched.cursor.missing(frame.gap, FeedHappening::Gap);
            }
            return;
        }
        let about = self.about(frame.job, frame.connid.as_ref(), frame.gap.from);
        if let Some((_, watched)) = about.and_then(|job| self.jobs.get_mut(&job)) {
            watched.cursor.missing(frame.gap, Happening::Gap);
        }
    }

    fn change(&mut self, change: FeedFrame) {
        if let Some(watched) = &mut self.feed {
            if watched.cursor.is_left() {
                let handle = watched.handle;
                return self.leave(Place::Feed, handle);
            }
            let seq = change.feed;
            let change = FeedHappening::Change(Box::new(change));
            watched.cursor.skipping(seq, change);
        }
    }
}

fn watch_from<T>(cursor: &mut Cursor<T>) -> u64 {
    cursor.asking();
    cursor.last()
}

/// The request that a frame answers.
fn id_of(frame: &ServerFrame) -> Option<u64> {
    let id = match frame {
        ServerFrame::Started(started) => started.id.as_ref(),
        ServerFrame::Done(done) => done.id.as_ref(),
        ServerFrame::Status(page) => page.id.as_ref(),
        ServerFrame::Routes(page) => page.id.as_ref(),
        ServerFrame::Found(found) => found.id.as_ref(),
        ServerFrame::Modules(page) => page.id.as_ref(),
        ServerFrame::Claimed(claimed) => claimed.id.as_ref(),
        ServerFrame::Refused(refused) => refused.id.as_ref(),
        ServerFrame::Event(_)
        | ServerFrame::Feed(_)
        | ServerFrame::Gap(_)
        | ServerFrame::HandOver(_)
        | ServerFrame::Notice(_) => None,
    };
    id?.as_str().parse().ok()
}
