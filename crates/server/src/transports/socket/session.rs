//! One socket's life: frames in, replies and events out.
//!
//! One task reads and writes the socket, and nothing else does. A turn of it first reads what has arrived, then writes what
//! there is to say, and sends that with one flush. Between the two, other sockets that are ready read as well, where there is little to say. It reads only while it can write, so a peer that does not read is not
//! listened to either, and what waits for it stays bounded: replies of one turn, and of each followed job a number. Replies are said as they
//! come, events once they are read; so a reply is never behind an event that was not yet on its way.

use std::{
    future::poll_fn,
    io, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{FutureExt, Stream, stream::FuturesUnordered};
use longwire_engine::{Engine, FeedPage, Kept, Mailbox, Page, Seat};
use longwire_protocol::{
    Change, Claim, CloseCode, Code, Event, EventFrame, FeedFrame, FrameId, GapFrame, JobId, Notice,
    Refusal, RefusalFrame, Request, SEARCH, Seconds, Seq, Spec, Start, Target,
};
use smallvec::SmallVec;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, Sleep, sleep, timeout},
};
use tokio_websockets::{Error, Message};

use super::{
    SocketContext,
    frames::{Text, Which},
    metered::{Metered, TooManyPieces},
    pulse::{Beat, Pulse, Quota},
    verbs::{Answered, Effect, Reply, Verbs},
    watches::{Turn, Watches},
    wire::Wire,
};
use crate::{
    stopping::{Phase, Phases},
    transports::worker::{self, text_of},
};

/// Frames read before what they gave rise to is written.
const FRAMES_PER_TURN: usize = 64;
/// As few bytes that they wait until other sockets were read.
const LITTLE_BYTES: usize = 1024;
/// Turns before other sockets get theirs.
const TURNS_AT_ONCE: usize = 8;
/// Searches made here before other sockets get theirs: each may take half a millisecond.
const SEARCHES_AT_ONCE: u32 = 4;
/// Searches of one socket that are made elsewhere, or wait for it.
const SEARCHES_ELSEWHERE: usize = 16;
/// Bytes of a job's log read at a time.
const PAGE_BYTES: usize = 16 * 1024;
/// Changes of the feed read at a time.
const FEED_PAGE: usize = 64;
/// How long a peer has to take a close frame, and to close on its side.
const CLOSE_TIME: Duration = Duration::from_secs(2);
/// How much of what a peer still sends is read after the close.
const LINGER_BYTES: usize = 64 * 1024 * 1024;

type Replies = FuturesUnordered<Pin<Box<dyn Future<Output = Answered> + Send>>>;
type Reads = FuturesUnordered<Pin<Box<dyn Future<Output = Answer> + Send>>>;

/// What a log or the feed answered, and from after which number it was asked.
enum Answer {
    Job(JobId, Seq, Option<Page>),
    Feed(Seq, FeedPage),
}

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The peer closed, or the connection broke; whatever close frame was due has been sent.
    Gone,
    /// We close.
    Close(CloseCode),
    /// We close a connection that the library holds for broken, so that it takes no close frame.
    CutOff(CloseCode),
}

/// A socket and everything that belongs to it.
pub(super) struct Session {
    socket: Wire,
    context: Arc<SocketContext>,
    verbs: Arc<Verbs>,
    mailbox: Arc<Mailbox>,
    watches: Watches,
    answering: Replies,
    /// Searches that are made elsewhere. They keep no other frame from being read.
    searching: Replies,
    /// Searches that were made here since others had their turn.
    searched: u32,
    /// It took a message, and goes on once others had theirs.
    stands_back: bool,
    reading: Reads,
    /// Where it sits as a worker, once it has claimed something.
    seat: Option<Box<Seat>>,
    pulse: Pulse,
    messages: Quota,
    controls: Quota,
    phases: Phases,
    /// The server closes: this socket is closed as well, once it has been told everything.
    closing: Option<Pin<Box<Sleep>>>,
    counted: (u64, u64),
    /// Whether each event is sent with the time at which it happened.
    times: bool,
    ending: Option<Ending>,
}

impl Session {
    pub(super) fn new(
        socket: Wire,
        context: Arc<SocketContext>,
        verbs: Arc<Verbs>,
        times: bool,
    ) -> Self {
        let limits = &context.limits;
        Self {
            socket,
            verbs,
            mailbox: Mailbox::new(),
            watches: Watches::default(),
            answering: Replies::new(),
            searching: Replies::new(),
            searched: 0,
            stands_back: false,
            reading: Reads::new(),
            seat: None,
            pulse: Pulse::new(context.settings.clone()),
            messages: Quota::per_second(limits.messages_per_second_per_socket),
            controls: Quota::per_second(limits.control_frames_per_second_per_socket),
            phases: context.stopping.follow(),
            closing: None,
            counted: (0, 0),
            times,
            ending: None,
            context,
        }
    }

    /// Serves the socket to its end. In a box, as a future that holds it as it is would hold it twice.
    pub(super) async fn run(mut self: Box<Self>) {
        let ending = poll_fn(|cx| self.poll_turns(cx)).await;
        // Made only now: within this future it would take its place for as long as the socket is there.
        Box::pin(self.close(ending)).await;
    }

    fn engine(&self) -> &Engine {
        &self.verbs.engine
    }

    fn poll_turns(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        self.searched = 0;
        if self.stands_back(cx) {
            return Poll::Pending;
        }
        for _ in 0..TURNS_AT_ONCE {
            let goes_on = self.turn(cx);
            if let Some(ending) = self.ending {
                return Poll::Ready(ending);
            }
            if !goes_on {
                return if self.has_said_all(cx) {
                    Poll::Ready(Ending::Close(CloseCode::GOING_AWAY))
                } else {
                    Poll::Pending
                };
            }
            if self.searched >= SEARCHES_AT_ONCE {
                break;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The server closes, every frame that had come is answered, as far as it can be, and every end is told.
    fn has_said_all(&mut self, cx: &mut Context<'_>) -> bool {
        let waits =
            !self.answering.is_empty() || !self.searching.is_empty() || !self.reading.is_empty();
        let Some(limit) = &mut self.closing else {
            return false;
        };
        // Whoever waits for a job that the next server goes on with waits in vain.
        let over = limit.as_mut().poll(cx).is_ready();
        (over || !waits) && !self.pulse.is_stuck()
    }

    /// One turn. Says whether another is due; if not, everything that there may be to do wakes this task: what a step left undone, and
    /// what one gave a step before it to do.
    fn turn(&mut self, cx: &mut Context<'_>) -> bool {
        let mut goes_on = self.beat(cx);
        goes_on |= self.listen(cx);
        goes_on |= self.read(cx);
        goes_on |= self.collect(cx);
        goes_on |= self.write(cx);
        goes_on |= self.follow_leases();
        self.count();
        goes_on
    }

    /// Takes the first message that has come and, where it came alone and little is to be said to it, leaves the rest of the turn until the
    /// other sockets that are ready had theirs; then all of them are written to one after the other. Where many peers are one process on this
    /// machine, such as a proxy, the first of these writes wakes it and not each of them: a wake-up takes as long as half a job.
    /// Likewise where logs have grown: what the others that are ready do may make more of them grow, and one write tells of all.
    fn stands_back(&mut self, cx: &mut Context<'_>) -> bool {
        if mem::take(&mut self.stands_back) || self.closing.is_some() {
            return false;
        }
        self.stands_back = match self.hear(&mut None, cx) {
            Poll::Ready(()) => self.says_little(),
            Poll::Pending => self.mailbox.holds_word(),
        };
        if self.stands_back {
            // A task that is woken while it runs goes behind those that are ready.
            cx.waker().wake_by_ref();
        }
        self.stands_back
    }

    /// What is long, or took long to find, is worth a wake-up, and whoever else asks for such must not have it wait.
    fn says_little(&self) -> bool {
        let unsent = self.socket.below().map_or(0, Metered::unsent);
        let is_little = (1..=LITTLE_BYTES).contains(&unsent) && self.searched == 0;
        is_little && self.ending.is_none() && !self.socket.holds_more()
    }

    fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
    }

    fn beat(&mut self, cx: &mut Context<'_>) -> bool {
        match self.pulse.poll(cx) {
            Poll::Ready(Beat::GiveUp(code)) => self.end(Ending::Close(code)),
            Poll::Ready(Beat::Ping) => {
                // Whom we do not listen to, as too much of what it said waits, is not silent.
                if self.is_busy() {
                    self.heard(Instant::now());
                }
                let ping = Message::ping(tokio_websockets::Payload::from(""));
                // A socket that takes no ping is on its way out, and reading tells.
                self.socket.send(ping);
            }
            Poll::Pending => return false,
        }
        true
    }

    /// Pings as often as the leases that are held here ask for. Says whether that has changed.
    fn follow_leases(&mut self) -> bool {
        let of_leases = self.seat.as_ref().and_then(|seat| seat.pulse());
        self.pulse.ping_within(of_leases.map(Seconds::as_duration))
    }

    /// What the server, the logs and the feed leave word of.
    fn listen(&mut self, cx: &mut Context<'_>) -> bool {
        if let Poll::Ready(phase) = self.phases.poll_next(cx) {
            match phase {
                Phase::Serving => {}
                Phase::Draining(until) => {
                    let left = until.since(self.engine().now());
                    self.say(shutting_down(left));
                }
                Phase::Closing => {
                    self.closing = Some(Box::pin(sleep(CLOSE_TIME)));
                    self.pulse.hurry(CLOSE_TIME);
                }
            }
            return true;
        }
        let Poll::Ready(word) = self.mailbox.poll_take(cx) else {
            return false;
        };
        for job in word.jobs {
            self.watches.queue(job);
        }
        if word.feed {
            self.watches.queue_feed();
        }
        true
    }

    /// Reads what has arrived, as long as the peer takes what is said to it. Says whether it left off before that.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let mut now = None;
        for _ in 0..FRAMES_PER_TURN {
            if self.ending.is_some() || self.searched >= SEARCHES_AT_ONCE {
                return true;
            }
            if self.hear(&mut now, cx).is_pending() {
                return false;
            }
        }
        true
    }

    /// Takes the next message, at that time. Pending while there is none, or too much waits for who sends them.
    fn hear(&mut self, now: &mut Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        // Who is busy goes on once answers were collected, which is the next step.
        if self.is_busy() || self.poll_room(cx).is_pending() {
            return Poll::Pending;
        }
        let message = ready!(self.socket.poll_next(cx));
        let now = *now.get_or_insert_with(Instant::now);
        match message {
            Some(Ok(message)) => self.take(&message, now, cx),
            Some(Err(error)) => self.fail(&error),
            None => self.end(Ending::Gone),
        }
        Poll::Ready(())
    }

    /// Pending while as much as may be waits for the peer to take it.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let most = self.context.settings.write_buffer_bytes;
        self.socket.poll_room(cx, most)
    }

    /// Says that before any event that was not said yet.
    fn say(&mut self, text: String) {
        self.socket.say(Text::Own(text));
    }

    fn is_busy(&self) -> bool {
        self.answering.len() >= self.context.limits.frames_in_flight_per_socket
    }

    fn heard(&mut self, now: Instant) {
        self.pulse.heard(now);
        if let Some(seat) = &self.seat {
            seat.heard();
        }
    }

    fn take(&mut self, message: &Message, now: Instant, cx: &mut Context<'_>) {
        self.heard(now);
        if let Some(stream) = self.socket.below_mut() {
            stream.message_is_whole();
        }
        if message.is_close() {
            return self.socket.is_closing();
        }
        let quota = if message.is_ping() || message.is_pong() {
            &mut self.controls
        } else {
            &mut self.messages
        };
        if !quota.spend(now) {
            self.end(Ending::Close(CloseCode::POLICY));
        } else if let Some(text) = message.as_text() {
            self.frame(text, cx);
        } else if message.is_binary() {
            let refusal = Refusal::new(
                Code::InvalidFrame,
                "a frame is one JSON object in a text message; got a binary message",
            );
            let answered = self.verbs.refused(&RefusalFrame::new(None, None, refusal));
            self.answered(answered);
        }
    }

    /// Reading failed. For errors of the peer's making the close frame is already on its way, but for one.
    fn fail(&mut self, error: &Error) {
        match error {
            Error::PayloadTooLong { .. } => self.end(Ending::Close(CloseCode::TOO_LARGE)),
            Error::Io(error) if is_too_many_pieces(error) => {
                self.end(Ending::CutOff(CloseCode::POLICY));
            }
            Error::Io(_) => self.end(Ending::Gone),
            // The next read sends the close frame that is due, and then says that the stream ended.
            Error::Protocol(_) => self.socket.is_closing(),
            Error::AlreadyClosed | _ => self.end(Ending::Gone),
        }
    }

    fn frame(&mut self, text: &str, cx: &mut Context<'_>) {
        let (id, request) = match Request::parse(text, &self.context.parse_limits) {
            Ok(parsed) => parsed,
            Err(refused) => {
                let answered = self.verbs.refused(&refused);
                return self.answered(answered);
            }
        };
        if let Some(refused) = self.over_the_limit(&request) {
            let refused = RefusalFrame::new(id, Some(request.route()), refused);
            let answered = self.verbs.refused(&refused);
            return self.answered(answered);
        }
        if let Request::Claim(claim) = &request {
            return self.claim(id, claim, cx);
        }
        if let Request::Search(_) | Request::Modules(_) = request {
            return self.search(id, request, cx);
        }
        if let Request::Start(start) = request {
            return self.start(id, start, cx);
        }
        let mut answer = Arc::clone(&self.verbs).answer(id, request).boxed();
        match answer.poll_unpin(cx) {
            Poll::Ready(answered) => self.answered(answered),
            Poll::Pending => self.answering.push(answer),
        }
    }

    /// Like any other request, but most of them are this, and nearly all are made at once: only those that are not take a second box.
    fn start(&mut self, id: Option<FrameId>, start: Start, cx: &mut Context<'_>) {
        let verbs = &self.verbs;
        let mut opening = verbs.engine.start(&verbs.who, &start);
        match opening.poll_unpin(cx) {
            Poll::Ready(opened) => {
                let answered = verbs.started(id, &start.route, opened);
                self.answered(answered);
                self.read_at_once(cx);
            }
            Poll::Pending => {
                let verbs = Arc::clone(verbs);
                let answer = async move { verbs.started(id, &start.route, opening.await) };
                self.answering.push(answer.boxed());
            }
        }
    }

    /// What is found at once is said at once, however many searches wait.
    fn search(&mut self, id: Option<FrameId>, request: Request, cx: &mut Context<'_>) {
        let is_list = matches!(request, Request::Modules(_));
        let route = if is_list { "modules" } else { SEARCH };
        let mut answer = Arc::clone(&self.verbs).answer(id.clone(), request).boxed();
        match answer.poll_unpin(cx) {
            Poll::Ready(answered) => {
                self.searched += 1;
                self.answered(answered);
            }
            Poll::Pending if self.searching.len() < SEARCHES_ELSEWHERE => {
                self.searching.push(answer);
            }
            Poll::Pending => {
                let refused = RefusalFrame::new(id, Some(route), too_many_searches());
                let answered = self.verbs.refused(&refused);
                self.answered(answered);
            }
        }
    }

    /// What was handed over before is told before the reply: after it comes only what it allows.
    fn claim(&mut self, id: Option<FrameId>, claim: &Claim, cx: &mut Context<'_>) {
        while let Some(news) = self.news(cx) {
            self.say(news);
        }
        let engine = &self.verbs.engine;
        let seat = self
            .seat
            .get_or_insert_with(|| Box::new(engine.seat(Kept::Outside)));
        let answered = self.verbs.claim(id, seat, claim);
        self.answered(answered);
    }

    /// What there is to tell the worker that sits here.
    fn news(&mut self, cx: &mut Context<'_>) -> Option<String> {
        let seat = Pin::new(&mut **self.seat.as_mut()?);
        let Poll::Ready(Some(news)) = seat.poll_next(cx) else {
            return None;
        };
        // Nobody here could be killed: a worker that connects is never told so.
        worker::told(&news).ok()
    }

    fn over_the_limit(&self, request: &Request) -> Option<Refusal> {
        let most = self.context.limits.jobs_per_socket;
        let one_more = if let Request::Watch(watch) = request {
            match (&watch.connid, watch.job) {
                (_, Some(job)) => !self.watches.contains(job),
                (Some(connid), None) => self.watches.named(connid).is_none(),
                (None, None) => false,
            }
        } else {
            matches!(request, Request::Start(_))
        };
        (one_more && self.watches.len() >= most).then(|| {
            let message = format!(
                "this socket watches {most} jobs, as many as one may; unwatch some, or open another"
            );
            Refusal::new(Code::TooMany, message)
        })
    }

    fn answered(&mut self, answered: Answered) {
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
    fn collect(&mut self, cx: &mut Context<'_>) -> bool {
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
    fn write(&mut self, cx: &mut Context<'_>) -> bool {
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
    fn read_at_once(&mut self, cx: &mut Context<'_>) {
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

    fn count(&mut self) {
        let Some(stream) = self.socket.below_mut() else {
            return;
        };
        let (received, sent) = stream.take_counts(&mut self.counted);
        if received > 0 || sent > 0 {
            self.context.metrics.socket_bytes(received, sent);
        }
    }

    /// Says why, waits for the peer to agree, and reads on until its end, so that the close frame is not lost to a reset.
    async fn close(mut self: Box<Self>, ending: Ending) {
        // What was begun goes on by itself.
        self.answering.clear();
        if let Ending::Close(code) = ending {
            let reason = tokio_websockets::CloseCode::try_from(code.code).ok();
            let frame = Message::close(reason, code.reason);
            // Already closing: then that is under way.
            self.socket.send(frame);
            tracing::debug!(code = code.code, reason = code.reason, "closing a socket");
        }
        let closed = poll_fn(|cx| {
            // The peer may take the close frame, and what comes before it, little by little.
            if let Poll::Ready(Err(error)) = self.socket.poll_flush(cx) {
                return Poll::Ready(Err(error));
            }
            while ready!(self.socket.poll_next(cx)).is_some_and(|message| message.is_ok()) {}
            self.socket.poll_flush(cx)
        });
        // A peer that takes no close frame is cut off.
        if timeout(CLOSE_TIME, closed).await.is_ok()
            && let Some(stream) = self.socket.into_below()
        {
            linger(stream, &last_words(ending)).await;
        }
    }
}

/// What is left to send once everything was.
fn last_words(ending: Ending) -> Vec<u8> {
    const FINAL_CLOSE: u8 = 0x88;
    match ending {
        Ending::Gone | Ending::Close(_) => Vec::new(),
        Ending::CutOff(CloseCode { code, reason, .. }) => {
            // Reasons are short: their length takes seven bits.
            let head = [FINAL_CLOSE, 2 + reason.len() as u8];
            [&head[..], &code.to_be_bytes(), reason.as_bytes()].concat()
        }
    }
}

async fn linger(mut stream: Metered, last_words: &[u8]) {
    stream.message_is_whole();
    let read_on = async {
        stream.write_all(last_words).await?;
        stream.shutdown().await?;
        let mut read = 0;
        let mut buffer = vec![0; 16 * 1024];
        while read < LINGER_BYTES {
            match stream.read(&mut buffer).await? {
                0 => break,
                count => read += count,
            }
            stream.message_is_whole();
        }
        Ok::<(), io::Error>(())
    };
    // Whatever happens now, the socket is done.
    drop(timeout(CLOSE_TIME, read_on).await);
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

fn too_many_searches() -> Refusal {
    let message = format!(
        "this socket waits for {SEARCHES_ELSEWHERE} searches of large catalogues, as many as one may; ask again when some are answered"
    );
    Refusal::new(Code::TooMany, message)
}

fn is_too_many_pieces(error: &io::Error) -> bool {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<TooManyPieces>())
        .is_some()
}

fn shutting_down(left: Seconds) -> String {
    text_of(&Notice::ShuttingDown { left })
}

/// Sends back what arrives, until the peer closes.
#[cfg(feature = "echo")]
pub(super) async fn echo(mut socket: Wire) {
    while let Some(message) = poll_fn(|cx| socket.poll_next(cx)).await {
        let answer = match message {
            Ok(message) if message.is_text() || message.is_binary() => message,
            Err(Error::PayloadTooLong { .. }) => {
                let code = tokio_websockets::CloseCode::MESSAGE_TOO_BIG;
                Message::close(Some(code), "message too large")
            }
            Ok(_) | Err(_) => continue,
        };
        if let Some(stream) = socket.below_mut() {
            stream.message_is_whole();
        }
        socket.send(answer);
        // Reading tells when the socket has closed.
        drop(poll_fn(|cx| socket.poll_flush(cx)).await);
    }
    if let Some(stream) = socket.into_below() {
        linger(stream, &[]).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a call of that gives, without making one.
    fn bytes_of<F: Future>(_: impl FnOnce(Box<Session>) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_session_takes_little_memory() {
        let (session, served) = (size_of::<Session>(), bytes_of(Session::run));
        assert!(session <= 800, "{session} bytes");
        assert!(served <= 64, "{served} bytes");
    }
}
