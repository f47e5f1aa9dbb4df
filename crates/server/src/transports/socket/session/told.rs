//! What a peer is told: replies as they come, events as they are read.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{FutureExt, Stream};
use longwire_engine::{FeedPage, Page};
use longwire_protocol::{Change, Event, EventFrame, FeedFrame, GapFrame, JobId, Spec, Target};
use smallvec::SmallVec;

use super::{Answer, Ending, Session};
use crate::transports::{
    socket::{
        frames::{Text, Which},
        metered::Metered,
        verbs::{Answered, Effect, Reply},
        watches::Turn,
    },
    worker::{self, text_of},
};

/// Bytes of a job's log read at a time.
const PAGE_BYTES: usize = 16 * 1024;
/// Changes of the feed read at a time.
const FEED_PAGE: usize = 64;

impl Session {
    /// What there is to tell the worker that sits here.
    pub(super) fn news(&mut self, cx: &mut Context<'_>) -> Option<String> {
        let seat = Pin::new(&mut **self.seat.as_mut()?);
        let Poll::Ready(Some(news)) = seat.poll_next(cx) else {
            return None;
        };
        // Nobody here could be killed: a worker that connects is never told so.
        worker::told(&news).ok()
    }

    pub(super) fn answered(&mut self, answered: Answered) {
        match answered.reply {
            Some(Reply::Started(reply)) => self.socket.say_frame(&reply),
            Some(Reply::Text(text)) => self.say(text),
            None => {}
        }
        match answered.effect {
            Effect::None => {}
            Effect::Follow {
                spec,
                after,
                by_job,
                presence,
            } => {
                let watcher = presence.or_else(|| self.engine().present(&spec));
                self.watches.add(spec, after, by_job, watcher);
            }
            Effect::Tell { spec, end } => {
                let frame = event_frame(&spec, &end, false, self.times);
                self.socket.say_frame(&frame);
            }
            Effect::FollowFeed(after) => self.watches.follow_feed(Some(after)),
            Effect::Leave(None) => self.watches.follow_feed(None),
            Effect::Leave(Some(target)) => {
                let job = match target {
                    Target::Job(job) => Some(job),
                    Target::Connid(connid) => self.watches.named(&connid),
                };
                if let Some(job) = job {
                    self.watches.leave(job);
                }
            }
        }
    }

    /// Takes answers that were not there at once. Says whether there were any.
    pub(super) fn collect(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        while let Poll::Ready(answered) = self.poll_answered(cx) {
            self.answered(answered);
            moved = true;
        }
        // One page at a time waits to be sent.
        while self.watches.has_said_all() {
            let Poll::Ready(Some(answer)) = Pin::new(&mut self.reading).poll_next(cx) else {
                break;
            };
            self.take_answer(answer);
            moved = true;
        }
        moved
    }

    fn poll_answered(&mut self, cx: &mut Context<'_>) -> Poll<Answered> {
        for waiting in [&mut self.answering, &mut self.searching] {
            if let Poll::Ready(Some(answered)) = Pin::new(waiting).poll_next(cx) {
                return Poll::Ready(answered);
            }
        }
        Poll::Pending
    }

    /// Says what there is to say, as far as the peer takes it, and sends it. Says whether a page that was read waited for that.
    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        let blocked = loop {
            match self.poll_room(cx) {
                Poll::Pending => break true,
                Poll::Ready(Err(_)) => {
                    self.end(Ending::Gone);
                    return true;
                }
                Poll::Ready(Ok(())) => {}
            }
            let Some(text) = self.next_text(cx) else {
                break self.flush(cx);
            };
            moved = true;
            self.socket.say(text);
        };
        let sent = self.socket.below().map_or(0, Metered::sent);
        self.pulse.wrote(blocked, sent);
        moved && !self.reading.is_empty()
    }

    /// Whether something is left that the peer does not take.
    fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        match self.socket.poll_flush(cx) {
            Poll::Pending => true,
            Poll::Ready(Ok(())) => false,
            Poll::Ready(Err(_)) => {
                self.end(Ending::Gone);
                false
            }
        }
    }

    /// The next frame once all replies were said: what a worker is told, then events, a page of one job after a page of another.
    fn next_text(&mut self, cx: &mut Context<'_>) -> Option<Text> {
        loop {
            if let Some(news) = self.news(cx) {
                return Some(Text::Own(news));
            }
            if let Some(event) = self.watches.next_text() {
                return Some(event);
            }
            let turn = self.watches.next()?;
            self.read_log(turn, cx);
        }
    }

    /// Reads the log of a job that has just begun, unless others wait. As a rule there is nothing yet, and it is seen now, while the job is
    /// at hand: by the time this socket is written to many others may have begun.
    pub(super) fn read_at_once(&mut self, cx: &mut Context<'_>) {
        if self.reading.is_empty()
            && let Some(turn) = self.watches.only()
        {
            self.read_log(turn, cx);
        }
    }

    fn read_log(&mut self, turn: Turn, cx: &mut Context<'_>) {
        match turn {
            Turn::Job(job) => self.read_job(job, cx),
            Turn::Feed => self.read_feed(cx),
        }
    }

    fn read_job(&mut self, job: JobId, cx: &mut Context<'_>) {
        let Some(after) = self.watches.get_mut(job).map(|cursor| cursor.after) else {
            return;
        };
        let mut answer = self.engine().read(job, after, PAGE_BYTES, &self.mailbox);
        match answer.poll_unpin(cx) {
            Poll::Ready(page) => self.take_answer(Answer::Job(job, after, page)),
            Poll::Pending => self.reading.push(Box::pin(
                answer.map(move |page| Answer::Job(job, after, page)),
            )),
        }
    }

    fn read_feed(&mut self, cx: &mut Context<'_>) {
        let Some(after) = self.watches.feed() else {
            return;
        };
        let mut answer = self
            .engine()
            .feed(&self.verbs.who, after, FEED_PAGE, &self.mailbox);
        match answer.poll_unpin(cx) {
            Poll::Ready(page) => self.take_answer(Answer::Feed(after, page)),
            Poll::Pending => self
                .reading
                .push(Box::pin(answer.map(move |page| Answer::Feed(after, page)))),
        }
    }

    fn take_answer(&mut self, answer: Answer) {
        match answer {
            Answer::Job(job, _, None) => self.watches.end(job),
            Answer::Job(job, after, Some(page)) if self.watches.is_at(job, after) => {
                self.take_page(job, &page);
            }
            // Watched anew from another number meanwhile: what that asks for is read.
            Answer::Job(job, _, Some(_)) => self.watches.queue(job),
            Answer::Feed(after, page) if self.watches.feed() == Some(after) => {
                self.take_feed(&page);
            }
            Answer::Feed(..) => self.watches.queue_feed(),
        }
    }

    /// Turns a page of a job's log into frames and moves the position past it.
    fn take_page(&mut self, job: JobId, page: &Page) {
        let Some(cursor) = self.watches.get_mut(job) else {
            return;
        };
        let (spec, by_job, times): (&Spec, _, _) = (&cursor.spec, cursor.by_job, self.times);
        let gap = page.gap.map(|gap| GapFrame {
            connid: Some(spec.connid.clone()),
            job: by_job.then_some(job),
            gap,
        });
        let frames = &self.context.frames;
        let events = page.events.iter().map(|event| {
            let text = || text_of(&event_frame(spec, event, by_job, times));
            if !is_long(event) {
                return Text::Own(text());
            }
            let which = Which {
                job,
                seq: event.seq,
                by_job,
                times,
            };
            frames.get(which, text)
        });
        let gap = gap.iter().map(text_of).map(Text::Own);
        let texts: SmallVec<[Text; 2]> = gap.chain(events).collect();
        let last = page.events.last();
        let read = last.map(|last| last.seq).or(page.gap.map(|gap| gap.to));
        cursor.after = read.unwrap_or(cursor.after);
        self.watches.say(Turn::Job(job), texts);
        match last {
            Some(last) if last.status.has_ended() => self.watches.end(job),
            Some(_) => self.watches.queue(job),
            // Nothing more yet: the mailbox will be told.
            None => {}
        }
    }

    fn take_feed(&mut self, page: &FeedPage) {
        let gap = page.gap.map(|gap| GapFrame {
            connid: None,
            job: None,
            gap,
        });
        let changes = page.events.iter().map(|event| {
            text_of(&FeedFrame {
                feed: event.number,
                at: event.at,
                connid: event.connid.clone(),
                job: event.job,
                route: Arc::clone(&event.route),
                seq: event.seq,
                status: event.status,
                left: (!event.status.has_ended()).then(|| event.deadline.since(event.at)),
                by: event.by.clone(),
                tags: Arc::clone(&event.tags),
            })
        });
        let texts = gap.iter().map(text_of).chain(changes).map(Text::Own);
        self.watches.say(Turn::Feed, texts);
        let last = page.events.last().map(|last| last.number);
        // Where there is nothing more yet the mailbox will be told.
        if let Some(read) = last.or(page.gap.map(|gap| gap.to)) {
            self.watches.feed_read(read);
        }
    }
}

fn event_frame(spec: &Spec, event: &Event, by_job: bool, times: bool) -> EventFrame {
    EventFrame {
        at: times.then_some(event.at),
        ..EventFrame::new(spec, event, by_job)
    }
}

/// Whether its frame is worth being shared: a short one is made as fast as it is found.
fn is_long(event: &Event) -> bool {
    const LONG_BYTES: usize = 1024;
    matches!(&event.change, Change::Output(output) if output.text.len() >= LONG_BYTES)
}
