//! One job's run: its consumer on one side, its log on the other.

use std::{any::Any, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use futures_util::FutureExt;
use longwire_protocol::{Attempt, Change, Event, Failure, Seconds, Seq, Status, Timestamp};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::yield_now,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Job, Mailbox, Route,
    consumer::{Report, Serving, Task, Telling, Terms, Told},
    job::{Stopped, Work},
    pace::{Lead, MOMENT, Paces, Stride},
    router::Slot,
    writer::Writer,
};

/// Reports a consumer may be ahead of its log.
const REPORTS_AHEAD: usize = 16;
/// Of those, how many are written down at once where a job prints much, so that its log is not suddenly far ahead of its readers.
const LARGE_REPORTS_AT_ONCE: usize = 4;
/// The shortest time between two entries of progress: ten a second.
const PROGRESS_EVERY: Seconds = Seconds::from_micros(100_000);

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A job that runs. It holds its place until the job has ended.
pub(crate) struct Run {
    writer: Writer,
    job: Job,
    /// The attempt that this is. What comes of it counts for no other.
    attempt: Attempt,
    route: Arc<Route>,
    stop: CancellationToken,
    slot: Slot,
    mailbox: Arc<Mailbox>,
    stride: Stride,
    /// Until when those who read are waited for.
    moment: Option<Timer>,
    progress: ProgressGate,
    /// Who is to be told that their progress is in the log, where it waits for its turn.
    marks: Vec<oneshot::Sender<Seq>>,
    tell: watch::Sender<Telling>,
    force: Option<Timer>,
    /// The server stops: what does not end by itself is lost.
    stopping: bool,
}

/// What a run waits for.
enum Step {
    Grown,
    Reported,
    Returned(Work),
    Force,
    ProgressDue,
    Near,
    Stop,
}

impl Run {
    pub(crate) fn new(
        writer: Writer,
        job: Job,
        route: Arc<Route>,
        slot: Slot,
        stop: CancellationToken,
        paces: Arc<Paces>,
    ) -> Self {
        Self {
            writer,
            attempt: job.attempt(),
            stride: Stride::new(paces, job.id(), route.settings.lead),
            moment: None,
            job,
            route,
            stop,
            slot,
            mailbox: Mailbox::new(),
            progress: ProgressGate::default(),
            marks: Vec::new(),
            tell: watch::Sender::default(),
            force: None,
            stopping: false,
        }
    }

    /// Serves the job until it has ended, or waits for another attempt.
    pub(crate) async fn until_ended(mut self) {
        self.serve_once().await;
        while self.begins_again().await {
            self.serve_once().await;
        }
    }

    /// Serves one attempt.
    async fn serve_once(&mut self) {
        let (reports, mut reported) = mpsc::channel(REPORTS_AHEAD);
        let mut serving = self.serve(reports);
        let mut batch = Vec::with_capacity(REPORTS_AHEAD);
        self.look().await;
        while self.is_current() {
            match self.step(&mut serving, &mut reported, &mut batch).await {
                Step::Grown => self.look().await,
                Step::Reported => self.report(&mut batch).await,
                Step::ProgressDue => self.flush_progress().await,
                Step::Near => self.go_on(),
                Step::Stop => self.stop_serving(),
                Step::Returned(work) => {
                    self.drain(&mut reported, &mut batch).await;
                    self.end(work).await;
                    break;
                }
                Step::Force if self.lets_it_force() => {}
                Step::Force => {
                    abandon(&mut serving);
                    self.drain(&mut reported, &mut batch).await;
                    // What it had begun outside of its future goes on, and nobody can see that.
                    self.end(Work::Stopped(Stopped::UNSEEN)).await;
                    break;
                }
            }
        }
        abandon(&mut serving);
    }

    /// Whether the job waits for what this run comes to.
    fn is_current(&self) -> bool {
        self.job.attempt() == self.attempt && !self.job.status().has_ended()
    }

    /// The consumer's work; a panic of it is a failure of this job.
    fn serve(&self, reports: mpsc::Sender<Report>) -> Serving {
        let settings = &self.route.settings;
        let terms = Terms {
            grace: settings.kill_grace,
            event_bytes: settings.output_bytes_per_event,
            place: self.slot.place(),
        };
        let task = Task::new(self.job.clone(), terms, reports, self.tell.subscribe());
        let consumer = Arc::clone(&self.route.consumer);
        let work = async move { consumer.serve(task).await };
        Box::pin(
            AssertUnwindSafe(work).catch_unwind().map(|returned| {
                returned.unwrap_or_else(|panic| Work::Failed(panic_failure(&*panic)))
            }),
        )
    }

    async fn step(
        &mut self,
        serving: &mut Serving,
        reported: &mut mpsc::Receiver<Report>,
        batch: &mut Vec<Report>,
    ) -> Step {
        let stopping = self.stopping;
        let waits = self.moment.is_some();
        let most = self.at_once();
        let mut progress_due = self.progress.due().map(|at| self.writer.clock.until(at));
        tokio::select! {
            biased;
            _ = self.mailbox.take() => Step::Grown,
            () = self.stop.cancelled(), if !stopping => Step::Stop,
            () = wait(&mut self.force) => Step::Force,
            () = wait(&mut progress_due) => Step::ProgressDue,
            () = near(&self.stride, &mut self.moment), if waits => Step::Near,
            _ = reported.recv_many(batch, most), if !waits && (!reported.is_closed() || !reported.is_empty()) => Step::Reported,
            work = serving => Step::Returned(work),
        }
    }

    /// Reads how the job stands, passes on that it is to end, and asks to be told of more.
    async fn look(&mut self) {
        loop {
            let Some(job) = self.writer.reload(&self.job).await else {
                // No longer kept, though it runs: then nobody will miss it.
                self.job.lose(internal_failure(), self.writer.now());
                return;
            };
            self.job = job;
            let store = &self.writer.store;
            let page = store
                .read(self.job.id(), self.job.seq(), 0, Some(&self.mailbox))
                .await;
            if page.is_none_or(|page| page.events.is_empty()) {
                break;
            }
        }
        if let Some(ending) = self.job.ending() {
            let told = Told::from(ending);
            self.told(told);
        }
    }

    /// The server stops. A job that was told to end before knows better why.
    fn stop_serving(&mut self) {
        self.stopping = true;
        if self.force.is_none() {
            self.told(Told::ShuttingDown);
        }
    }

    fn told(&mut self, told: Told) {
        self.tell.send_modify(|telling| telling.to_end = Some(told));
        self.go_on();
        if self.force.is_none() {
            let at = self.writer.now().after(self.route.settings.kill_grace);
            self.force = Some(self.writer.clock.until(at));
        }
    }

    /// Tells a consumer that can force its work to do so. False for one that cannot, or that had its time for it.
    fn lets_it_force(&mut self) -> bool {
        let Some(time) = self.route.consumer.force_time() else {
            return false;
        };
        if self.tell.borrow().to_force {
            return false;
        }
        self.tell.send_modify(|telling| telling.to_force = true);
        self.force = Some(self.writer.clock.until(self.writer.now().after(time)));
        true
    }

    /// Writes down what the consumer reported.
    async fn report(&mut self, batch: &mut Vec<Report>) {
        let now = self.writer.now();
        let mut marks = Vec::new();
        let changes: Vec<Change> = batch
            .drain(..)
            .filter_map(|report| match report {
                Report::Change(change) => self.progress.pass(change, now),
                Report::Mark(mark) if self.progress.due().is_some() => {
                    self.marks.push(mark);
                    None
                }
                Report::Mark(mark) => {
                    marks.push(mark);
                    None
                }
            })
            .collect();
        self.write(changes).await;
        if self.progress.due().is_none() {
            marks.append(&mut self.marks);
        }
        self.tell_written(marks);
    }

    async fn flush_progress(&mut self) {
        let pending = self.progress.take(self.writer.now());
        self.write(pending.into_iter().collect()).await;
        let marks = std::mem::take(&mut self.marks);
        self.tell_written(marks);
    }

    fn tell_written(&self, marks: Vec<oneshot::Sender<Seq>>) {
        if self.is_current() {
            let seq = self.job.seq();
            // Who no longer waits need not be told.
            for mark in marks {
                let _ = mark.send(seq);
            }
        }
    }

    async fn write(&mut self, changes: Vec<Change>) {
        let attempt = self.attempt;
        let mut written = Lead::NOTHING;
        let settled = self.writer.settle(self.job.clone(), |job, now| {
            let current = job.attempt() == attempt;
            let changes = changes.iter().filter(|_| current).cloned();
            let events: Vec<Event> = changes
                .filter_map(|change| job.report(now, change))
                .collect();
            written = Lead {
                bytes: events.iter().map(Event::weight).sum(),
                events: events.len(),
            };
            events
        });
        self.job = settled.await;
        self.keep_pace(written).await;
    }

    /// What has printed so much that it ends a step gives others their turn, and waits for who is too far behind. Whoever is to end
    /// need not wait to say its last.
    async fn keep_pace(&mut self, written: Lead) {
        if self.stride.wrote(written, self.job.seq()) {
            if self.stride.waits() && self.force.is_none() {
                let until = self.writer.now().after(MOMENT);
                self.moment = Some(self.writer.clock.until(until));
            }
            yield_now().await;
        }
    }

    const fn at_once(&self) -> usize {
        if self.stride.has_stepped() {
            LARGE_REPORTS_AT_ONCE
        } else {
            REPORTS_AHEAD
        }
    }

    fn go_on(&mut self) {
        self.moment = None;
        self.stride.go_on();
    }

    /// Writes down everything that was reported before the work came back.
    async fn drain(&mut self, reported: &mut mpsc::Receiver<Report>, batch: &mut Vec<Report>) {
        reported.close();
        while reported.recv_many(batch, self.at_once()).await > 0 {
            self.report(batch).await;
            if self.moment.is_some() {
                near(&self.stride, &mut self.moment).await;
                self.go_on();
            }
        }
        self.flush_progress().await;
    }

    async fn end(&mut self, work: Work) {
        let (stopping, attempt) = (self.stopping, self.attempt);
        let route = Arc::clone(&self.route);
        let ended = self.writer.settle(self.job.clone(), |job, now| {
            let stopping = stopping && job.ending().is_none();
            match &work {
                _ if job.attempt() != attempt => None,
                Work::Done(_) | Work::Over(None) => job.end(work.clone(), now),
                Work::Failed(_) | Work::Broke(..) | Work::Over(Some(_)) | Work::Stopped(_)
                    if stopping =>
                {
                    job.lose(shutdown_failure(), now)
                }
                Work::Lost(why) if stopping => job.lose(why.clone(), now),
                Work::Lost(why) => route.settings.give_up(job, why.clone(), now),
                Work::Failed(_) | Work::Broke(..) | Work::Over(Some(_)) => {
                    job.end(work.clone(), now)
                }
                // Stopped though nobody asked: the consumer gave up.
                Work::Stopped(_) => job
                    .end(work.clone(), now)
                    .or_else(|| job.end(Work::Failed(gave_up_failure()), now)),
            }
        });
        self.job = ended.await;
    }

    /// Begins the next attempt, if there is to be one and the route has no queue to wait in for it.
    async fn begins_again(&mut self) -> bool {
        if self.job.status() != Status::Queued {
            return false;
        }
        // Whoever stops the server looked for jobs to lose either after this one waited, or before this looks.
        if self.stop.is_cancelled() {
            self.lose_unless_taken_up_later().await;
        } else if !self.route.has_queue() {
            let begin = |job: &mut Job, now| job.begin(now);
            self.job = self.writer.settle(self.job.clone(), begin).await;
        }
        self.attempt = self.job.attempt();
        self.progress = ProgressGate::default();
        self.marks.clear();
        self.job.status() == Status::Running && !self.route.has_queue()
    }

    async fn lose_unless_taken_up_later(&mut self) {
        if !self.writer.store.outlives(&self.route.name) {
            let lose = |job: &mut Job, now| job.lose(shutdown_failure(), now);
            self.job = self.writer.settle(self.job.clone(), lose).await;
        }
    }
}

/// Lets go of a consumer's work, which may panic even then.
fn abandon(serving: &mut Serving) {
    let serving = std::mem::replace(serving, Box::pin(std::future::pending()));
    if let Err(panic) = std::panic::catch_unwind(AssertUnwindSafe(|| drop(serving))) {
        panic_failure(&*panic);
    }
}

/// Ends when nobody who reads is far behind any more, or after a moment.
async fn near(stride: &Stride, moment: &mut Option<Timer>) {
    tokio::select! {
        () = stride.near() => {}
        () = wait(moment) => {}
    }
}

async fn wait(timer: &mut Option<Timer>) {
    match timer {
        Some(timer) => timer.await,
        None => std::future::pending().await,
    }
}

/// Lets progress through ten times a second; of what comes between, the last.
#[derive(Default)]
struct ProgressGate {
    opens_at: Timestamp,
    pending: Option<Change>,
}

impl ProgressGate {
    fn pass(&mut self, change: Change, now: Timestamp) -> Option<Change> {
        if !matches!(change, Change::Progress(_)) {
            return Some(change);
        }
        self.pending = Some(change);
        if now >= self.opens_at {
            self.take(now)
        } else {
            None
        }
    }

    fn take(&mut self, now: Timestamp) -> Option<Change> {
        let pending = self.pending.take()?;
        self.opens_at = now.after(PROGRESS_EVERY);
        Some(pending)
    }

    fn due(&self) -> Option<Timestamp> {
        self.pending.as_ref().map(|_| self.opens_at)
    }
}

fn failure(code: &str, message: &str) -> Failure {
    Failure::new(code, message)
}

fn panic_failure(panic: &(dyn Any + Send)) -> Failure {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    // What it said goes to the operator's log: it may tell what a client should not know.
    tracing::error!(panic = said.unwrap_or("no message"), "a consumer panicked");
    failure(
        "panic",
        "the consumer of this route failed unexpectedly; the server's log says how",
    )
}

pub(crate) fn shutdown_failure() -> Failure {
    failure(
        "shutting_down",
        "the server stopped before the work was done",
    )
}

fn internal_failure() -> Failure {
    failure("internal", "the job's log is gone")
}

fn gave_up_failure() -> Failure {
    failure(
        "gave_up",
        "the consumer stopped without being asked to and without a result",
    )
}
