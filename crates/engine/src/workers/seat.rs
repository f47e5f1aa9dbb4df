//! A worker's seat: what it is told, in order.
//!
//! A seat is a reader like any other: of each job that it was handed it holds a position in the log, and of what comes after it
//! passes on what concerns a worker. So a kill reaches a worker by the path on which it reaches everybody.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{FutureExt, Stream, stream::FuturesUnordered};
use longwire_protocol::{
    Attempt, Change, Claim, Event, EventFrame, Failure, HandOver, JobId, Lease, Seconds, Seq, Spec,
    Status,
};
use rustc_hash::FxHashMap;

use super::{
    Kept, Workers,
    table::{Begin, Handed, Offer, SeatId},
};
use crate::{Cause, Engine, Found, Job, Mailbox, Name, Page, Stopped};

/// Bytes of a job's log read at a time.
const PAGE_BYTES: usize = 16 * 1024;

/// What a worker is told.
#[derive(Debug)]
pub enum News {
    /// Serve this job.
    HandOver(Box<HandOver>),
    /// This happened to a job that it holds: what it said itself is left out.
    Event(Box<EventFrame>),
    /// Its keeper is to kill it for the sake of this job, and to say so with [`Seat::forced`]. Only of a process that serves one
    /// job at a time.
    Force(Lease),
}

/// Where a worker is told what it is to do. Dropping it is leaving: its leases go on for a third of their time, and whoever has
/// them may go on with them at another seat.
pub struct Seat {
    id: SeatId,
    engine: Engine,
    workers: Arc<Workers>,
    mailbox: Arc<Mailbox>,
    cursors: FxHashMap<JobId, Cursor>,
    line: VecDeque<JobId>,
    reading: Reads,
    ready: VecDeque<News>,
    /// The shortest time of a lease since it last held none.
    shortest: Option<Seconds>,
    /// There is word from the table that may be taken.
    handed: bool,
    /// Nothing new is handed over now; what happens to the jobs that it holds is told all the same.
    is_held_back: bool,
    left: bool,
}

/// A position in the log of a job that the worker holds.
struct Cursor {
    lease: Lease,
    spec: Arc<Spec>,
    attempt: Attempt,
    after: Seq,
    waiting: bool,
}

type Reads = FuturesUnordered<Pin<Box<dyn Future<Output = (Lease, Answer)> + Send>>>;

/// What was asked of the store.
enum Answer {
    Page(Option<Page>),
    /// How the job stands: asked where its log no longer reaches back to where the worker is.
    Stands(Found),
}

impl Seat {
    pub(super) fn new(engine: Engine, kept: Kept) -> Self {
        let workers = Arc::clone(engine.router().workers());
        let mailbox = Mailbox::new();
        Self {
            id: workers.sit(kept, &mailbox),
            engine,
            workers,
            mailbox,
            cursors: FxHashMap::default(),
            line: VecDeque::new(),
            reading: Reads::new(),
            ready: VecDeque::new(),
            shortest: None,
            handed: false,
            is_held_back: false,
            left: false,
        }
    }

    pub(super) fn offer(&self, offer: Offer, claim: &Claim) -> Vec<Lease> {
        self.workers.claim(self.id, offer, claim)
    }

    /// Something was heard of the worker, so its leases go on; where one had run out it is given jobs again.
    pub fn heard(&self) {
        self.workers.heard(self.id);
    }

    /// Whether nothing new is to be handed over until this is said otherwise, as the worker does not take what it is told. What happens
    /// to the jobs that it holds, such as a kill, is told all the same.
    pub fn hold_back(&mut self, is_held_back: bool) {
        // What was left lying is looked for again.
        self.handed |= self.is_held_back && !is_held_back;
        self.is_held_back = is_held_back;
    }

    /// How often something must be heard of the worker so that its leases never come near their ends. None while it holds none.
    #[must_use]
    pub fn pulse(&self) -> Option<Seconds> {
        let third = |time: Seconds| Seconds::from_micros(time.as_micros() / 3);
        self.shortest
            .filter(|_| !self.cursors.is_empty())
            .map(third)
    }

    /// The worker was killed for the sake of that job; nothing of it, or so much, is left.
    pub fn forced(&self, lease: Lease, stopped: Stopped) {
        self.workers.forced(lease, stopped);
    }

    /// The worker is gone and cannot come back: its jobs are given up at once, for this reason, or with that to say of a kill.
    pub fn give_up(mut self, why: Failure, stopped: Stopped) {
        self.left = true;
        self.workers.leave(self.id, Some(&(why, stopped)));
    }

    fn take(&mut self, handed: Handed) {
        match handed {
            Handed::Begin(begin) => {
                let hand_over = self.hand_over(&begin);
                self.ready.push_back(News::HandOver(Box::new(hand_over)));
                self.follow(&begin);
            }
            Handed::Resume(begin) => self.follow(&begin),
            Handed::Leave(job) => drop(self.cursors.remove(&job)),
            Handed::Force(lease) => self.ready.push_back(News::Force(lease)),
        }
    }

    fn hand_over(&self, begin: &Begin) -> HandOver {
        let job = &begin.job;
        HandOver {
            lease: begin.lease,
            job: job.id(),
            connid: job.connid().clone(),
            route: Arc::clone(&job.spec().route),
            seq: job.seq(),
            status: Status::Running,
            time: job.deadline().since(job.accepted_at()),
            left: job.deadline().since(self.engine.now()),
            input: job.spec().input.clone(),
            grace: begin.grace,
            lease_time: begin.time,
            attempt: job.attempt(),
        }
    }

    /// From what the job had come to when it was handed over: what happened to it since is told, perhaps a second time.
    fn follow(&mut self, begin: &Begin) {
        let cursor = Cursor {
            lease: begin.lease,
            spec: Arc::clone(begin.job.spec()),
            attempt: begin.job.attempt(),
            after: begin.job.seq(),
            waiting: false,
        };
        let before = self.shortest.filter(|_| !self.cursors.is_empty());
        self.shortest = Some(before.map_or(begin.time, |time| time.min(begin.time)));
        self.cursors.insert(begin.job.id(), cursor);
        self.queue(begin.job.id());
    }

    fn queue(&mut self, job: JobId) {
        if let Some(cursor) = self.cursors.get_mut(&job).filter(|cursor| !cursor.waiting) {
            cursor.waiting = true;
            self.line.push_back(job);
        }
    }

    /// Takes what there is word of. False where there is none.
    fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(word) = self.mailbox.poll_take(cx) else {
            return false;
        };
        for job in word.jobs {
            self.queue(job);
        }
        self.handed |= word.seat;
        true
    }

    /// Takes the next of what the table has for it: one, as what it has taken counts as sent. False where there is no word of any.
    fn look(&mut self) -> bool {
        if !self.handed {
            return false;
        }
        match self.workers.handed(self.id, self.is_held_back) {
            Some(handed) => self.take(handed),
            None => self.handed = false,
        }
        true
    }

    /// Reads the log whose turn it is. False where there is none.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(job) = self.line.pop_front() else {
            return false;
        };
        if let Some(cursor) = self.cursors.get_mut(&job) {
            cursor.waiting = false;
            let lease = cursor.lease;
            let page = self
                .engine
                .read(job, cursor.after, PAGE_BYTES, &self.mailbox);
            let mut answer = page.map(move |page| (lease, Answer::Page(page)));
            match answer.poll_unpin(cx) {
                Poll::Ready((lease, answer)) => self.take_answer(lease, answer),
                Poll::Pending => self.reading.push(Box::pin(answer)),
            }
        }
        true
    }

    /// Takes an answer that was not there at once. False where there is none.
    fn collect(&mut self, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(Some((lease, answer))) = Pin::new(&mut self.reading).poll_next(cx) else {
            return false;
        };
        self.take_answer(lease, answer);
        true
    }

    fn take_answer(&mut self, lease: Lease, answer: Answer) {
        match answer {
            Answer::Page(page) => self.take_page(lease, page.as_ref()),
            Answer::Stands(Found::Job(job)) => self.take_ending(lease, &job),
            Answer::Stands(Found::Expired | Found::Unknown) => {}
        }
    }

    /// What was written beside a flood of output, and dropped with its beginning, is still so: the job is to end.
    fn take_ending(&mut self, lease: Lease, job: &Job) {
        let cursor = self.cursors.get(&lease.job());
        let cursor = cursor.filter(|it| it.lease == lease && it.attempt == job.attempt());
        if let Some((cursor, ending)) = cursor.zip(job.ending())
            && ending.seq <= cursor.after
        {
            let event = Event {
                seq: ending.seq,
                at: ending.at,
                attempt: job.attempt(),
                status: Status::Ending,
                change: match &ending.cause {
                    Cause::Killed(wish) => Change::Wished(Arc::clone(wish)),
                    Cause::TimeUp(clock) => Change::TimeUp(*clock),
                },
            };
            self.ready.extend(cursor.news(&event));
        }
    }

    fn take_page(&mut self, lease: Lease, page: Option<&Page>) {
        let job = lease.job();
        let Some(cursor) = self.cursors.get_mut(&job).filter(|it| it.lease == lease) else {
            return;
        };
        let Some(page) = page else {
            drop(self.cursors.remove(&job));
            return;
        };
        if let Some(gap) = page.gap_after(cursor.after) {
            cursor.after = gap.to;
            let found = self.engine.0.writer.store.find(&Name::Job(job));
            let answer = found.map(move |found| (lease, Answer::Stands(found)));
            self.reading.push(Box::pin(answer));
        }
        let Some(last) = page.events.last() else {
            if page.gap.is_some() {
                self.queue(job);
            }
            return;
        };
        let after = std::mem::replace(&mut cursor.after, last.seq);
        let attempt = cursor.attempt;
        let fresh = page.events.iter().filter(|event| event.seq > after);
        // What follows another attempt is no longer this worker's.
        let mine = fresh
            .take_while(|event| event.attempt == attempt || matches!(event.change, Change::Again));
        let news: Vec<News> = mine.filter_map(|event| cursor.news(event)).collect();
        self.ready.extend(news);
        if last.status.has_ended() || last.attempt != attempt {
            drop(self.cursors.remove(&job));
        } else {
            self.queue(job);
        }
    }
}

impl Cursor {
    /// What an event is to the worker; none where it said so itself.
    fn news(&self, event: &Event) -> Option<News> {
        match event.change {
            Change::Wished(_)
            | Change::TimeUp(_)
            | Change::Extended(_)
            | Change::Again
            | Change::Ended(_) => {}
            Change::Accepted(_) | Change::Taken | Change::Progress(_) | Change::Output(_) => {
                return None;
            }
        }
        let mut frame = EventFrame::new(&self.spec, event, false);
        frame.lease = Some(self.lease);
        frame.result = None;
        Some(News::Event(Box::new(frame)))
    }
}

impl Stream for Seat {
    type Item = News;

    /// The next thing to tell the worker. Never ends.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<News>> {
        loop {
            if let Some(news) = self.ready.pop_front() {
                return Poll::Ready(Some(news));
            }
            // The end of a job comes before the next one, as far as both are there.
            if !(self.listen(cx) || self.read(cx) || self.look() || self.collect(cx)) {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if !self.left {
            self.workers.leave(self.id, None);
        }
    }
}
