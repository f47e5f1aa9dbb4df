//! What a peer says: frames, and what each asks for.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_util::FutureExt;
use longwire_engine::Kept;
use longwire_protocol::{
    Claim, CloseCode, Code, FrameId, Refusal, RefusalFrame, Request, SEARCH, Start,
};
use tokio::time::Instant;
use tokio_websockets::{Error, Message};

use super::{Ending, SEARCHES_AT_ONCE, Session};
use crate::transports::socket::metered::TooManyPieces;

/// Frames read before what they gave rise to is written.
const FRAMES_PER_TURN: usize = 64;
/// Searches of one socket that are made elsewhere, or wait for it.
const SEARCHES_ELSEWHERE: usize = 16;

impl Session {
    /// Reads what has arrived, as long as the peer takes what is said to it. Says whether it left off before that.
    pub(super) fn read(&mut self, cx: &mut Context<'_>) -> bool {
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
    pub(super) fn hear(&mut self, now: &mut Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
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

    pub(super) fn is_busy(&self) -> bool {
        self.answering.len() >= self.context.limits.frames_in_flight_per_socket
    }

    pub(super) fn heard(&mut self, now: Instant) {
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
