//! One process, from its start until nothing of it is left.

use std::{io, pin::Pin, time::Duration};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use longwire_engine::{Kept, News, Seat, Stopped};
use longwire_protocol::{
    Claim, Claimed, Code, Failure, FrameId, Lease, Notice, Refusal, RefusalFrame, Request,
};
use longwire_shim::wire::{Exit, FRAME_BYTES, Gone, Order, Report};
use tokio::time::{Instant, Sleep, sleep};

use super::{
    Crew, StdioContext,
    lines::{Line, Lines, Murmur, Rate},
    who,
};
use crate::{
    keeper::{Keeper, stopped},
    stopping::{Phase, Phases},
    transports::worker::{self, text_of},
};

/// Bytes that wait for the process to read them before it is told more.
const WINDOW: usize = 64 * 1024;
/// Bytes of a line that it writes to stderr, at most.
const STDERR_LINE: usize = 4096;
/// After how long the log is told of a process that has not claimed anything.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a process has at most to end once the server closes; its route's grace where that is shorter.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// How a process ended.
pub(super) struct Ended {
    /// As the server told it to.
    pub(super) of_the_server: bool,
    /// It was killed for the sake of a job.
    pub(super) of_a_kill: bool,
    pub(super) how: String,
    /// The last lines that it wrote to stderr.
    pub(super) last_words: String,
}

type Answers = FuturesUnordered<Pin<Box<dyn Future<Output = Option<String>> + Send>>>;

/// A process and everything that belongs to it.
pub(super) struct Life<'a> {
    context: &'a StdioContext,
    crew: &'a Crew,
    /// Which of its crew it is.
    number: usize,
    /// Jobs that it holds at once, since it said so; none before that.
    slots: Option<u32>,
    /// When the log is told that it has not said so yet.
    patience: Option<Pin<Box<Sleep>>>,
    keeper: io::Result<Keeper>,
    seat: Seat,
    phases: Phases,
    answering: Answers,
    stdout: Lines,
    stderr: Lines,
    murmur: Murmur,
    /// How often the log is told of what it says that is refused.
    complaints: Rate,
    /// Bytes that were written to the process, and that it did not read yet.
    unread: usize,
    exit: Option<Exit>,
    /// For whose sake it is being killed.
    forced: Option<Lease>,
    /// It does not take what is said to it, and is being killed.
    deaf: bool,
    /// The server closes, and has told it to end.
    is_closing: bool,
    /// When it is forced where the server closes.
    closing: Option<Pin<Box<Sleep>>>,
}

/// What a life waits for.
enum Step {
    Report(io::Result<Option<Report>>),
    Answer(Option<String>),
    News(News),
    Phase(Phase),
    Idle,
    Force,
}

impl<'a> Life<'a> {
    /// Starts a process, and a seat for it.
    pub(super) async fn begin(context: &'a StdioContext, crew: &'a Crew, number: usize) -> Self {
        let keeper = Keeper::start(crew.start.clone()).await;
        let seat = context.engine.seat(Kept::Process);
        Self {
            context,
            crew,
            number,
            slots: None,
            patience: Some(Box::pin(sleep(PATIENCE))),
            keeper,
            seat,
            phases: context.stopping.follow(),
            answering: Answers::new(),
            stdout: Lines::new(context.frame_bytes),
            stderr: Lines::new(STDERR_LINE),
            murmur: Murmur::new(),
            complaints: Rate::new(),
            unread: 0,
            exit: None,
            forced: None,
            deaf: false,
            is_closing: false,
            closing: None,
        }
    }

    /// Serves it to its end.
    pub(super) async fn until_gone(mut self) -> Ended {
        loop {
            match self.step().await {
                Step::Report(Ok(Some(Report::Gone(gone)))) => return self.end(gone).await,
                Step::Report(Ok(Some(Report::NotStarted(not)))) => {
                    let how = self.crew.not_started(&not.why);
                    return self.ended(how, Stopped::WILLINGLY);
                }
                Step::Report(Ok(Some(report))) => self.take(report).await,
                Step::Report(Ok(None)) => return self.keeper_lost("its keeper was killed").await,
                Step::Report(Err(error)) => return self.keeper_lost(&error.to_string()).await,
                Step::Answer(reply) => self.reply(reply).await,
                Step::News(news) => self.tell(&news).await,
                Step::Phase(phase) => self.go_to(phase).await,
                Step::Idle => self.has_not_claimed(),
                Step::Force => {
                    self.closing = None;
                    self.order(&Order::Force).await;
                }
            }
        }
    }

    async fn step(&mut self) -> Step {
        // What happens to the jobs that it holds is told in any case: a kill does not wait for a process that reads nothing.
        self.seat.hold_back(!self.takes_jobs());
        let may_read = self.answering.len() < self.context.frames_in_flight;
        let force = wait(&mut self.closing);
        let idle = wait(&mut self.patience);
        let keeper = &mut self.keeper;
        let report = async move {
            match keeper {
                Ok(keeper) if may_read => keeper.report().await,
                Ok(keeper) => match keeper.write().await {},
                Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
            }
        };
        let phases = &mut self.phases;
        tokio::select! {
            biased;
            phase = std::future::poll_fn(|cx| phases.poll_next(cx)) => Step::Phase(phase),
            () = force => Step::Force,
            () = idle => Step::Idle,
            Some(answer) = self.answering.next() => Step::Answer(answer),
            Some(news) = self.seat.next() => Step::News(news),
            report = report => Step::Report(report),
        }
    }

    async fn order(&mut self, order: &Order) {
        if let Ok(keeper) = &mut self.keeper
            && let Err(error) = keeper.order(order).await
        {
            if error.kind() == io::ErrorKind::InvalidData {
                tracing::error!(%error, route = &*self.crew.route, "an order to the keeper of a worker could not be written");
            } else {
                // Its reports end, too, and that is what counts.
                tracing::debug!(%error, "the keeper of a worker takes no orders");
            }
        }
    }

    /// Whether it may be handed another job: it reads, and it is not on its way out. What one that is dying were given would be lost.
    fn takes_jobs(&self) -> bool {
        self.unread < WINDOW && self.exit.is_none() && !self.is_told_to_end()
    }

    /// Whether it was told to end, by whatever order: then its stdin is closed.
    fn is_told_to_end(&self) -> bool {
        self.forced.is_some() || self.deaf || self.is_closing
    }

    async fn go_to(&mut self, phase: Phase) {
        match phase {
            Phase::Serving => {}
            Phase::Draining(until) => {
                let left = until.since(self.context.engine.now());
                self.say(text_of(&Notice::ShuttingDown { left })).await;
            }
            Phase::Closing => {
                self.is_closing = true;
                self.order(&Order::Ask).await;
                let grace = self.crew.grace.min(CLOSE_TIME);
                self.closing = Some(Box::pin(sleep(grace)));
            }
        }
    }

    async fn tell(&mut self, news: &News) {
        match worker::told(news) {
            Ok(text) => self.say(text).await,
            Err(lease) => {
                self.forced = Some(lease);
                self.order(&Order::Force).await;
            }
        }
    }

    async fn reply(&mut self, reply: Option<String>) {
        if let Some(reply) = reply {
            self.say(reply).await;
        }
    }

    /// Writes a frame to the process, in pieces that its keeper takes. One that does not read what it asked for is killed: it would be
    /// kept for it without end.
    async fn say(&mut self, mut frame: String) {
        if self.is_told_to_end() {
            return;
        }
        frame.push('\n');
        self.unread += frame.len();
        if self.unread > WINDOW + 2 * self.context.frame_bytes {
            self.deaf = true;
            return self.order(&Order::Force).await;
        }
        for piece in frame.as_bytes().chunks(FRAME_BYTES) {
            self.order(&Order::Input(piece.to_vec())).await;
        }
    }

    async fn take(&mut self, report: Report) {
        match report {
            Report::Started(pid) => {
                tracing::info!(route = &*self.crew.route, pid, "a worker was started");
            }
            Report::Fed(bytes) => self.unread = self.unread.saturating_sub(bytes as usize),
            Report::Stdout(bytes) => {
                for line in self.stdout.push(&bytes) {
                    self.frame(line).await;
                }
            }
            Report::Stderr(bytes) => self.log(&bytes),
            Report::Exited(exit) => self.exit = Some(exit),
            Report::NotStarted(_) | Report::Gone(_) => {}
        }
    }

    /// Says that it is ready, and for how many jobs. One that ends before that takes none with it.
    fn claim(&mut self, claim: Claim) -> Result<Claimed, Refusal> {
        let claim = self.crew.claimed(self.number, claim)?;
        let claimed = self.context.engine.claim(&who(), &self.seat, &claim)?;
        self.slots = Some(claim.slots);
        self.patience = None;
        Ok(claimed)
    }

    fn has_not_claimed(&mut self) {
        self.patience = None;
        tracing::warn!(
            route = &*self.crew.route,
            number = self.number,
            seconds = PATIENCE.as_secs(),
            "a worker runs and has not said \"claim\" yet: it is handed no jobs"
        );
    }

    fn log(&mut self, bytes: &[u8]) {
        let route = &*self.crew.route;
        for line in self.stderr.push(bytes) {
            log_line(route, &mut self.murmur, line);
        }
    }

    async fn frame(&mut self, line: Line) {
        let text = match line {
            Line::Whole(text) if text.trim().is_empty() => return,
            Line::Whole(text) => text,
            Line::TooLong => {
                let most = self.context.frame_bytes;
                let refusal = Refusal::new(
                    Code::TooLarge,
                    format!("a line must be at most {most} bytes"),
                );
                return self.refuse(&RefusalFrame::new(None, None, refusal)).await;
            }
        };
        match Request::parse(&text, &self.context.parse_limits) {
            Ok((id, request)) => self.request(id, request).await,
            Err(refused) => self.refuse(&refused).await,
        }
    }

    /// What comes first is said first, though its answer may not.
    async fn request(&mut self, id: Option<FrameId>, request: Request) {
        if let Request::Claim(claim) = request {
            let reply = match self.claim(claim) {
                Ok(claimed) => text_of(&Claimed { id, ..claimed }),
                Err(refusal) => self.refused(&RefusalFrame::new(id, Some("claim"), refusal)),
            };
            return self.say(reply).await;
        }
        let verb: Box<str> = request.route().into();
        let (engine, metrics) = (self.context.engine.clone(), self.context.metrics.clone());
        let mut answer = async move {
            let answered = match request {
                Request::Append(append) => {
                    worker::append(&engine, &who(), id.clone(), append).await
                }
                Request::End(end) => worker::end(&engine, &who(), id.clone(), end).await,
                Request::Start(_)
                | Request::Kill(_)
                | Request::Status(_)
                | Request::Watch(_)
                | Request::Unwatch(_)
                | Request::Extend(_)
                | Request::Routes(_)
                | Request::Search(_)
                | Request::Modules(_)
                | Request::Claim(_) => Err(not_here(&verb)),
            };
            answered.unwrap_or_else(|refusal| {
                metrics.refused(refusal.code);
                Some(text_of(&RefusalFrame::new(id, Some(&verb), refusal)))
            })
        }
        .boxed();
        match (&mut answer).now_or_never() {
            Some(reply) => self.reply(reply).await,
            None => self.answering.push(answer),
        }
    }

    fn refused(&self, refused: &RefusalFrame) -> String {
        self.context.metrics.refused(refused.refusal.code);
        text_of(refused)
    }

    async fn refuse(&mut self, refused: &RefusalFrame) {
        if let Some(left_out) = self.complaints.take(Instant::now()) {
            tracing::warn!(
                route = &*self.crew.route,
                code = refused.refusal.code.as_str(),
                left_out,
                "what a worker wrote to its stdout was refused, and it was told: {}",
                is_wrong(refused.refusal.code)
            );
        }
        let refused = self.refused(refused);
        self.say(refused).await;
    }

    /// Everything that it said is taken in before its jobs are given up.
    async fn end(mut self, gone: Gone) -> Ended {
        if let Some(line) = self.stdout.rest() {
            self.frame(line).await;
        }
        if let Some(line) = self.stderr.rest() {
            log_line(&self.crew.route, &mut self.murmur, line);
        }
        while self.answering.next().await.is_some() {}
        let how = match self.exit {
            _ if self.forced.is_some() => {
                "it was killed for the sake of a job that it did not end in its grace".to_owned()
            }
            _ if self.deaf => "it was killed, as it did not read what it was told".to_owned(),
            Some(Exit::Code(code)) => format!("it exited with code {code}"),
            Some(Exit::Signal(signal)) => {
                format!("it was killed by {}", longwire_shim::signal_name(signal))
            }
            None => "its exit was not seen".to_owned(),
        };
        self.ended(how, stopped(gone))
    }

    /// What its keeper has left is killed without it.
    async fn keeper_lost(self, how: &str) -> Ended {
        let left = match &self.keeper {
            Ok(keeper) => keeper.sweep().await,
            Err(_) => Stopped::WILLINGLY,
        };
        self.ended(how.to_owned(), left)
    }

    fn ended(self, how: String, left: Stopped) -> Ended {
        if let Some(lease) = self.forced {
            let killed = Stopped {
                forced: true,
                ..left.clone()
            };
            self.seat.forced(lease, killed);
        }
        let why = format!("its worker is gone, and how far it came cannot be known: {how}");
        let ended = Ended {
            of_the_server: self.context.stopping.is_closing(),
            of_a_kill: self.forced.is_some(),
            how,
            last_words: self.murmur.last_words(),
        };
        self.seat.give_up(Failure::new("worker_lost", why), left);
        ended
    }
}

fn log_line(route: &str, murmur: &mut Murmur, line: Line) {
    if let Some((said, left_out)) = murmur.take(line, Instant::now()) {
        tracing::info!(route, left_out, said, "a worker says");
    }
}

/// What a line that was refused is, for people who read the log.
fn is_wrong(code: Code) -> &'static str {
    if code == Code::TooLarge {
        "a line that is longer than a frame may be (`limits.frame_bytes`); what it said is lost"
    } else if matches!(code, Code::InvalidJson | Code::InvalidFrame) {
        "a line that is no frame; what is for people goes to stderr"
    } else {
        "a frame with a mistake; what it said is lost"
    }
}

async fn wait(timer: &mut Option<Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.await,
        None => std::future::pending().await,
    }
}

fn not_here(verb: &str) -> Refusal {
    let shown: String = verb.chars().take(64).collect();
    Refusal::new(
        Code::UnknownRoute,
        format!("a worker over stdio says \"claim\", \"append\" and \"end\"; got {shown:?}"),
    )
    .about("route")
}
