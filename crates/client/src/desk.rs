//! All that a client's connection knows and that outlives it: what was asked and is not answered, and what is watched.
//!
//! Nothing here does I/O: what handles want and frames go in, frames come out.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    Error, FeedHappening, Happening, Options,
    ask::{Answer, Ask, FeedOpening, Opening, Then},
    board::{Board, Note, Seat},
    connection::Desk,
    cursor::{Cursor, Deliveries},
    ending::{EndListener, Ending},
    names::Names,
    reader::Reader,
    topic::{LeftOut, Listened, Need, Rules, Topic},
};
use longwire_protocol::{
    Connid, EventFrame, FeedFrame, FrameId, GapFrame, JobId, Request, ServerFrame, Unwatch, Watch,
};

/// Logs that are looked at for whether nobody could take what comes.
const MOST_FULL: usize = 8;

/// Where a handle's position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Job(JobId),
    Feed,
}

/// A handle's end of a job that was opened for it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) frame: ServerFrame,
    pub(crate) reader: Reader<Happening>,
    pub(crate) ending: EndListener,
}

/// A job that is watched.
#[derive(Debug)]
struct Watched {
    connid: Connid,
    topic: Topic<Happening>,
    ending: Ending,
}

/// What was asked and is not answered, and what is watched.
#[derive(Debug, Default)]
pub(crate) struct ClientDesk {
    options: Options,
    board: Arc<Board>,
    last_id: u64,
    asked: BTreeMap<u64, Ask>,
    /// Of those asked, the ones to send next.
    to_send: VecDeque<u64>,
    jobs: HashMap<JobId, Watched>,
    names: Names,
    feed: Option<Topic<FeedHappening>>,
    /// Somebody has much to read yet.
    crowded: bool,
}

impl Desk for ClientDesk {
    type Command = Ask;

    fn take(&mut self, ask: Ask) {
        self.ask(ask);
    }

    async fn stirs(&self) {
        self.board.bell().await;
    }

    fn look(&mut self) {
        for note in self.board.take() {
            let (Note::CaughtUp(seat) | Note::WantsEnd(seat) | Note::Left(seat)) = note;
            if matches!(note, Note::WantsEnd(_)) && self.has_ended(seat.place) {
                continue;
            }
            if let Some(topic) = self.topic(seat.place) {
                match note {
                    Note::CaughtUp(_) => topic.caught_up(seat.number),
                    Note::WantsEnd(_) => topic.want_end(),
                    Note::Left(_) => topic.leave(seat.number),
                }
                self.settle(seat.place);
            }
        }
    }

    /// Looks at a few: where many are watched somebody could take something.
    fn is_full(&self) -> bool {
        if !self.asked.is_empty() || self.jobs.len() > MOST_FULL {
            return false;
        }
        let jobs = self.jobs.values().map(|job| &job.topic as &dyn Listened);
        let feed = self.feed.as_ref().map(|topic| topic as &dyn Listened);
        let on = jobs.chain(feed).filter(|topic| topic.is_on());
        let mut on = on.peekable();
        on.peek().is_some() && on.all(Listened::is_full)
    }

    fn is_crowded(&self) -> bool {
        self.crowded
    }

    fn next_frame(&mut self) -> Option<String> {
        while let Some(id) = self.to_send.pop_front() {
            let Some(ask) = self.asked.get_mut(&id) else {
                continue;
            };
            if ask.is_abandoned() {
                self.asked.remove(&id);
                continue;
            }
            match ask.next_try().to_frame(Some(&FrameId::from(id))) {
                Ok(text) => match self.options.too_large(&text) {
                    Some(error) => self.drop_ask(id, &error),
                    None => return Some(text),
                },
                Err(error) => self.drop_ask(id, &error.into()),
            }
        }
        None
    }

    fn hear(&mut self, frame: ServerFrame) -> Result<(), Error> {
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
        Ok(())
    }

    fn not_understood(&mut self, id: u64, error: Error) {
        if let Some(ask) = self.asked.remove(&id) {
            self.act_on(id, ask.not_done(error));
        }
    }

    /// What was not answered is asked again, and what was watched is watched on.
    fn reconnected(&mut self) {
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
        let jobs = self.jobs.keys().copied().map(Place::Job);
        let places: Vec<Place> = jobs.chain([Place::Feed]).collect();
        for place in places {
            if let Some(topic) = self.topic(place) {
                topic.silent();
                self.settle(place);
            }
        }
    }

    fn fail(&mut self, error: &Error) {
        for (_, ask) in std::mem::take(&mut self.asked) {
            ask.fail(error.clone());
        }
        for (_, job) in self.jobs.drain() {
            job.fail(error);
        }
        if let Some(topic) = self.feed.take() {
            topic.fail(error);
        }
    }
}

impl ClientDesk {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    fn ask(&mut self, ask: Ask) -> u64 {
        self.last_id += 1;
        self.asked.insert(self.last_id, ask);
        self.to_send.push_back(self.last_id);
        self.last_id
    }

    fn drop_ask(&mut self, id: u64, error: &Error) {
        if let Some(ask) = self.asked.remove(&id) {
            ask.fail(error.clone());
        }
    }

    fn topic(&mut self, place: Place) -> Option<&mut dyn Listened> {
        match place {
            Place::Job(job) => self.jobs.get_mut(&job).map(|job| &mut job.topic as _),
            Place::Feed => self.feed.as_mut().map(|topic| topic as _),
        }
    }

    /// Asks the server for what is needed in a place, and lets go of one that nobody reads.
    fn settle(&mut self, place: Place) {
        let Some(topic) = self.topic(place) else {
            return;
        };
        let (need, is_left) = (topic.need(), topic.is_left());
        match need {
            Need::Nothing => {}
            Need::Watch(after) => self.watch_on(place, after),
            Need::Unwatch => self.unwatch(place),
        }
        if is_left {
            self.forget(place);
        }
    }

    fn watch_on(&mut self, place: Place, after: u64) {
        let watch = Watch {
            connid: None,
            job: place.job(),
            after: Some(after),
        };
        let id = self.ask(Ask::new(Request::Watch(watch), Then::WatchOn(place)));
        if let Some(topic) = self.topic(place) {
            topic.asked(id, after);
        }
    }

    fn unwatch(&mut self, place: Place) {
        if let Some(topic) = self.topic(place) {
            topic.silent();
        }
        let unwatch = Unwatch {
            connid: None,
            job: place.job(),
        };
        self.ask(Ask::new(Request::Unwatch(unwatch), Then::Nothing));
    }

    fn forget(&mut self, place: Place) {
        match place {
            Place::Job(job) => drop(self.forget_job(job)),
            Place::Feed => self.feed = None,
        }
    }

    fn forget_job(&mut self, job: JobId) -> Option<Watched> {
        let watched = self.jobs.remove(&job)?;
        self.names.forget(job, &watched.connid);
        Some(watched)
    }

    /// Whether it is known how it ended.
    fn has_ended(&self, place: Place) -> bool {
        let job = place.job().and_then(|job| self.jobs.get(&job));
        job.is_some_and(|job| job.ending.is_told())
    }

    fn answer(&mut self, frame: ServerFrame) {
        let Some(id) = id_of(&frame) else { return };
        let Some(ask) = self.asked.remove(&id) else {
            return;
        };
        self.act_on(id, ask.answer(frame));
    }

    fn act_on(&mut self, id: u64, answer: Answer) {
        match answer {
            Answer::Done => {}
            Answer::AskAgain(ask) => {
                self.asked.insert(id, ask);
                self.to_send.push_back(id);
            }
            Answer::Opened(opening) => self.open_job(id, opening),
            Answer::FeedOpened(opening) => self.open_feed(id, opening),
            Answer::WatchedOn(place, result) => self.watched_on(place, id, result),
        }
    }

    /// The server starts over where the new reader is: whoever was not there yet is asked for again.
    fn open_job(&mut self, number: u64, opening: Opening) {
        let job = opening.job;
        let (cursor, deliveries) = Cursor::new(opening.last);
        let rules = Rules {
            whole: true,
            may_leave: false,
        };
        let connid = &opening.connid;
        let new = || Watched {
            connid: connid.clone(),
            topic: Topic::new(rules),
            ending: Ending::new(),
        };
        let watched = self.jobs.entry(job).or_insert_with(new);
        watched.topic.join(number, cursor);
        if let Some(last) = opening.ended {
            watched.topic.has_ended(last);
        }
        if opening.keeps {
            watched.topic.may_be_left();
        }
        let ending = watched.ending.listen();
        self.names.know(job, connid, !opening.by_job);
        self.tell_apart(connid);
        let reader = self.reader(Place::Job(job), number, deliveries);
        // Whoever no longer wants it leaves as every reader does, by dropping it.
        drop(opening.reply.send(Ok(Opened {
            frame: opening.frame,
            reader,
            ending,
        })));
        self.settle(Place::Job(job));
    }

    /// Of several jobs of one name it is asked by the server's names for them, which their frames then say.
    fn tell_apart(&mut self, connid: &Connid) {
        let jobs = self.names.of(connid).to_vec();
        for job in jobs.iter().filter(|_| jobs.len() > 1) {
            let place = Place::Job(*job);
            if let Some(topic) = self.topic(place) {
                topic.silent();
                self.settle(place);
            }
        }
    }

    fn open_feed(&mut self, number: u64, opening: FeedOpening) {
        let (cursor, deliveries) = Cursor::new(opening.last);
        let rules = Rules {
            whole: false,
            may_leave: true,
        };
        let topic = self.feed.get_or_insert_with(|| Topic::new(rules));
        topic.join(number, cursor);
        let reader = self.reader(Place::Feed, number, deliveries);
        drop(opening.reply.send(Ok(reader)));
        self.settle(Place::Feed);
    }

    fn reader<T>(&self, place: Place, number: u64, deliveries: Deliveries<T>) -> Reader<T> {
        Reader::new(self.board(), Seat { place, number }, deliveries)
    }

    fn watched_on(&mut self, place: Place, id: u64, result: Result<(), Error>) {
        match (place, result) {
            (Place::Job(job), Ok(())) => {
                if let Some(watched) = self.jobs.get_mut(&job) {
                    watched.topic.answered(id);
                    self.names.forget(job, &watched.connid);
                }
            }
            (Place::Feed, Ok(())) => {
                if let Some(topic) = &mut self.feed {
                    topic.answered(id);
                }
            }
            (place, Err(error)) => self.fail_place(place, &error),
        }
    }

    /// What came was taken, or shows that nothing more can be had from there.
    fn heard(&mut self, place: Place, heard: Result<(), LeftOut>) {
        match heard {
            Ok(()) => self.settle(place),
            Err(left_out) => {
                self.unwatch(place);
                self.fail_place(place, &Error::Unexpected(left_out.to_string()));
            }
        }
    }

    fn fail_place(&mut self, place: Place, error: &Error) {
        match place {
            Place::Job(job) => {
                if let Some(job) = self.forget_job(job) {
                    job.fail(error);
                }
            }
            Place::Feed => {
                if let Some(topic) = self.feed.take() {
                    topic.fail(error);
                }
            }
        }
    }

    /// The job that a frame is about.
    fn about(&self, job: Option<JobId>, connid: Option<&Connid>) -> Option<JobId> {
        job.or_else(|| self.names.find(connid?))
    }

    fn event(&mut self, event: Box<EventFrame>) {
        let Some(job) = self.about(event.job, Some(&event.connid)) else {
            return;
        };
        let Some(Watched { topic, ending, .. }) = self.jobs.get_mut(&job) else {
            return;
        };
        let (seq, last) = (event.seq, event.status.has_ended().then(|| event.clone()));
        let heard = topic.happened(seq, Happening::Event(event));
        if let Some(last) = last.filter(|_| topic.ended(seq)) {
            ending.tell(Ok(last));
        }
        self.crowded = topic.is_crowded();
        self.heard(Place::Job(job), heard);
    }

    fn gap(&mut self, frame: &GapFrame) {
        if frame.connid.is_none() && frame.job.is_none() {
            if let Some(topic) = &mut self.feed {
                let heard = topic.gap(frame.gap, FeedHappening::Gap);
                self.heard(Place::Feed, heard);
            }
            return;
        }
        let about = self.about(frame.job, frame.connid.as_ref());
        if let Some((job, watched)) = about.and_then(|job| Some((job, self.jobs.get_mut(&job)?))) {
            let heard = watched.topic.gap(frame.gap, Happening::Gap);
            self.heard(Place::Job(job), heard);
        }
    }

    fn change(&mut self, change: FeedFrame) {
        if let Some(topic) = &mut self.feed {
            let seq = change.feed;
            let change = FeedHappening::Change(Box::new(change));
            let heard = topic.happened(seq, change);
            self.crowded = topic.is_crowded();
            self.heard(Place::Feed, heard);
        }
    }
}

impl Watched {
    /// There will be no more of it.
    fn fail(self, error: &Error) {
        self.topic.fail(error);
        self.ending.tell(Err(error.clone()));
    }
}

impl Place {
    const fn job(self) -> Option<JobId> {
        match self {
            Self::Job(job) => Some(job),
            Self::Feed => None,
        }
    }
}

/// The request that a frame answers.
pub(crate) fn id_of(frame: &ServerFrame) -> Option<u64> {
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
