//! The code behind a route.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};

use longwire_protocol::{
    Attempt, Change, Clock, Failure, Output, Payload, Progress, Seconds, Seq, Spec, Stream, Wish,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    Job,
    job::{Cause, Ending, Work},
    workers::PlaceId,
};

/// What an input has wrong: the field, as a path into the input, and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadInput {
    /// The field, such as `width`; empty where it is the input itself.
    pub field: String,
    /// What is wrong, what was got and what would be right.
    pub message: String,
}

impl BadInput {
    /// The field, as a path into a start: `input.width`, or `input` itself.
    #[must_use]
    pub fn path(&self) -> String {
        if self.field.is_empty() {
            "input".to_owned()
        } else {
            format!("input.{}", self.field)
        }
    }
}

/// A job that was accepted when its route was another, or took other inputs: it fails of `bad_input`.
impl From<BadInput> for Work {
    fn from(bad: BadInput) -> Self {
        let message = format!("{:?}: {}", bad.path(), bad.message);
        Self::Failed(Failure::new("bad_input", message))
    }
}

/// Serves the jobs of a route.
///
/// A consumer does the work and says how it came back; it never ends its job, does not know who watches, and need not know
/// who may kill. When it is told to end it has its route's grace; after that its future is dropped.
pub trait Consumer: Send + Sync + 'static {
    /// Begins to serve a job.
    fn serve(&self, task: Task) -> Serving;

    /// Whether serving a job is waiting for its clock and nothing else: then [`Consumer::serve`] is never called, nothing runs,
    /// and the job ends with `ok` when its time is up.
    fn is_clock(&self) -> bool {
        false
    }

    /// Looks at an input before a job exists. What is refused here never becomes a job.
    ///
    /// # Errors
    /// What is wrong with it.
    fn check(&self, _input: Option<&Payload>) -> Result<(), BadInput> {
        Ok(())
    }

    /// What an input must be, as JSON Schema, for those who ask; [`Consumer::check`] is what holds. None where any input will do, or
    /// where it cannot be said so.
    fn schema(&self) -> Option<Payload> {
        None
    }

    /// How long it takes at most to force its work and to see that nothing is left, once [`Task::told_to_force`] said so. None
    /// where dropping the future does all that.
    fn force_time(&self) -> Option<Seconds> {
        None
    }
}

/// The work of one job: a future that says how it came back.
pub type Serving = Pin<Box<dyn Future<Output = Work> + Send>>;

/// A job, as its consumer sees it. All clones are one job.
#[derive(Clone)]
pub struct Task {
    /// The job as it stood when it was handed to its consumer.
    job: Job,
    grace: Seconds,
    event_bytes: usize,
    /// The place of a worker that it is served in, where workers serve it.
    place: Option<PlaceId>,
    reports: mpsc::Sender<Report>,
    told: watch::Receiver<Telling>,
}

/// What a consumer says of its job.
pub(crate) enum Report {
    /// This happened.
    Change(Change),
    /// To be told the number of the last event once everything before is in the log.
    Mark(oneshot::Sender<Seq>),
}

/// What a task is made of, beside the job and the ways between it and its run.
pub(crate) struct Terms {
    pub(crate) grace: Seconds,
    pub(crate) event_bytes: usize,
    pub(crate) place: Option<PlaceId>,
}

/// What a consumer was told so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Telling {
    pub(crate) to_end: Option<Told>,
    pub(crate) to_force: bool,
}

/// The job takes no more reports: it has ended. Whoever gets this stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over;

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the job has ended")
    }
}

impl Error for Over {}

/// Why a job is told to end.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// It was killed, by this wish.
    Killed(Arc<Wish>),
    /// That clock ran out.
    TimeUp(Clock),
    /// The server stops.
    ShuttingDown,
}

impl From<&Ending> for Told {
    fn from(ending: &Ending) -> Self {
        match &ending.cause {
            Cause::Killed(wish) => Self::Killed(Arc::clone(wish)),
            Cause::TimeUp(clock) => Self::TimeUp(*clock),
        }
    }
}

impl Task {
    pub(crate) const fn new(
        job: Job,
        Terms {
            grace,
            event_bytes,
            place,
        }: Terms,
        reports: mpsc::Sender<Report>,
        told: watch::Receiver<Telling>,
    ) -> Self {
        Self {
            job,
            grace,
            event_bytes,
            place,
            reports,
            told,
        }
    }

    pub(crate) const fn job(&self) -> &Job {
        &self.job
    }

    pub(crate) const fn place(&self) -> Option<PlaceId> {
        self.place
    }

    /// What was asked for.
    #[must_use]
    pub const fn spec(&self) -> &Arc<Spec> {
        self.job.spec()
    }

    /// Which attempt to serve the job this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> Attempt {
        self.job.attempt()
    }

    /// What the job was given.
    #[must_use]
    pub fn input(&self) -> Option<&Payload> {
        self.spec().input.as_ref()
    }

    /// How long there is to end once told to.
    #[must_use]
    pub const fn grace(&self) -> Seconds {
        self.grace
    }

    /// Says how far it has come. At most ten a second reach the log; of more, the last counts.
    ///
    /// # Errors
    /// [`Over`] once the job has ended.
    pub async fn progress(&self, progress: Progress) -> Result<(), Over> {
        self.report(Change::Progress(Arc::new(progress))).await
    }

    /// Adds text to the log; what is longer than one event may be becomes several. Waits while the log takes in what came
    /// before, and a moment for those who read it where that is far ahead of them; never for who takes nothing.
    ///
    /// # Errors
    /// [`Over`] once the job has ended.
    pub async fn output(
        &self,
        stream: Stream,
        text: impl Into<Arc<str>> + Send,
    ) -> Result<(), Over> {
        let text: Arc<str> = text.into();
        if text.len() <= self.event_bytes {
            return self
                .report(Change::Output(Output::of_text(stream, text)))
                .await;
        }
        let mut rest = &*text;
        while !rest.is_empty() {
            let (piece, left) = rest.split_at(piece_of(rest, self.event_bytes));
            self.report(Change::Output(Output::of_text(stream, piece)))
                .await?;
            rest = left;
        }
        Ok(())
    }

    /// Adds bytes to the log, as [`Task::output`] does: as text where all of them are UTF-8, and else in base64, which then has
    /// to fit into an event.
    ///
    /// # Errors
    /// [`Over`] once the job has ended.
    pub async fn print(&self, stream: Stream, bytes: &[u8]) -> Result<(), Over> {
        if let Ok(text) = str::from_utf8(bytes) {
            return self.output(stream, text).await;
        }
        // Four letters stand for three bytes.
        let most = (self.event_bytes / 4).max(1) * 3;
        for piece in bytes.chunks(most) {
            let piece = Output::of_bytes(stream, piece);
            self.report(Change::Output(piece)).await?;
        }
        Ok(())
    }

    async fn report(&self, change: Change) -> Result<(), Over> {
        self.send(Report::Change(change)).await
    }

    /// Has that told the number of the last event once all that was reported before is in the log. Progress that waits for its
    /// turn counts as reported.
    pub(crate) async fn mark(&self, written: oneshot::Sender<Seq>) -> Result<(), Over> {
        self.send(Report::Mark(written)).await
    }

    async fn send(&self, report: Report) -> Result<(), Over> {
        self.reports.send(report).await.map_err(|_| Over)
    }

    /// Waits until the job is to end, and says why. Then there is [`Task::grace`] to end it well.
    pub async fn told_to_end(&mut self) -> Told {
        let told = self.told.wait_for(|told| told.to_end.is_some()).await;
        match told.ok().and_then(|told| told.to_end.clone()) {
            Some(told) => told,
            // Whoever would tell is gone only together with this future.
            None => std::future::pending().await,
        }
    }

    /// Waits until the grace is over. Of use only to a consumer that has a [`Consumer::force_time`]; the future of any other is
    /// dropped then.
    pub async fn told_to_force(&mut self) {
        if self.told.wait_for(|told| told.to_force).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How much of a text fits into so many bytes: whole characters, and at least one.
fn piece_of(text: &str, bytes: usize) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    text.floor_char_boundary(bytes).max(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_characters() {
        for (text, bytes, piece) in [
            ("abc", 2, 2),
            ("äöü", 3, 2),
            ("äöü", 4, 4),
            ("äöü", 1, 2),
            ("", 1, 0),
        ] {
            assert_eq!(piece_of(text, bytes), piece, "{text} {bytes}");
        }
    }
}
