//! One socket's life: frames in, replies and events out.
//!
//! One task reads and writes the socket, and nothing else does. A turn of it first reads what has arrived ([`heard`]), then writes what
//! there is to say ([`told`]), and sends that with one flush. Between the two, other sockets that are ready read as well, where there is
//! little to say. It reads only while it can write, so a peer that does not read is not listened to either, and what waits for it stays
//! bounded: replies of one turn, and of each followed job a number. Replies are said as they come, events once they are read; so a reply is
//! never behind an event that was not yet on its way.

mod close;
#[cfg(feature = "echo")]
mod echo;
mod heard;
mod told;

use std::{
    future::poll_fn,
    io, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::stream::FuturesUnordered;
use longwire_engine::{Engine, FeedPage, Mailbox, Page, Seat};
use longwire_protocol::{CloseCode, JobId, Notice, Seconds, Seq};
use tokio::time::{Instant, Sleep, sleep};
use tokio_websockets::{Message, Payload};

#[cfg(feature = "echo")]
pub(super) use self::echo::echo;
use super::{
    SocketContext,
    frames::Text,
    metered::Metered,
    pulse::{Beat, Pulse, Quota},
    verbs::{Answered, Verbs},
    watches::Watches,
    wire::Wire,
};
use crate::{
    stopping::{Phase, Phases},
    transports::worker::text_of,
};

/// As few bytes that they wait until other sockets were read.
const LITTLE_BYTES: usize = 1024;
/// Turns before other sockets get theirs.
const TURNS_AT_ONCE: usize = 8;
/// Searches made here before other sockets get theirs: each may take half a millisecond.
const SEARCHES_AT_ONCE: u32 = 4;
/// How long a peer has to take a close frame, and to close on its side.
const CLOSE_TIME: Duration = Duration::from_secs(2);

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
                let ping = Message::ping(Payload::from(""));
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

    /// Pending while as much as may be waits for the peer to take it.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let most = self.context.settings.write_buffer_bytes;
        self.socket.poll_room(cx, most)
    }

    /// Says that before any event that was not said yet.
    fn say(&mut self, text: String) {
        self.socket.say(Text::Own(text));
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
}

fn shutting_down(left: Seconds) -> String {
    text_of(&Notice::ShuttingDown { left })
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
