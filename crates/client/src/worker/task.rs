//! A job, as a worker's function is given it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use longwire_protocol::{
    Attempt, Connid, Failure, HandOver, JobId, Lease, Output, Payload, Progress, Seconds, Stream,
};
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    say::{Command, Say, pieces},
    stopped::{Stopped, Unfinished, Why},
};

/// How much of a job may be said and not yet answered.
const WINDOW: u32 = 64;
/// Bytes that count as one of these.
const BYTES: usize = 2048;
/// Bytes of a note; servers refuse more.
const NOTE_BYTES: usize = 1024;

/// What a job's task and the desk both know of it.
pub(super) struct Shared {
    /// Room for what is said and not yet answered. It is closed once nothing is heard any more.
    room: Semaphore,
    why: OnceLock<Why>,
    told: CancellationToken,
    refused: OnceLock<Failure>,
}

impl Shared {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            room: Semaphore::new(WINDOW as usize),
            why: OnceLock::new(),
            told: CancellationToken::new(),
            refused: OnceLock::new(),
        })
    }

    /// The job is to end. The first reason counts.
    pub(super) fn tell(&self, why: Why) {
        self.why.get_or_init(|| why);
        self.told.cancel();
    }

    /// Nothing that is said of it is heard any more.
    pub(super) fn lose(&self) {
        self.tell(Why::LeaseLost);
        self.room.close();
    }

    /// That much was answered.
    pub(super) fn answered(&self, room: u32) {
        self.room.add_permits(room as usize);
    }

    /// The server does not take what was said: whoever says more is told.
    pub(super) fn refused(&self, failure: Failure) {
        self.refused.get_or_init(|| failure);
    }

    fn stopped(&self) -> Stopped {
        let why = self.why.get().cloned();
        Stopped {
            why: why.unwrap_or(Why::LeaseLost),
        }
    }
}

/// A job that this worker was handed: what it was given, and the ways to tell of it. Cheap to clone; all clones are of the same job.
#[derive(Clone)]
pub struct Task {
    job: Arc<HandOver>,
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("job", &self.job)
            .finish_non_exhaustive()
    }
}

impl Task {
    pub(super) fn new(job: HandOver, shared: Arc<Shared>, commands: mpsc::Sender<Command>) -> Self {
        let job = Arc::new(job);
        Self {
            job,
            shared,
            commands,
        }
    }

    /// The client's name for it.
    #[must_use]
    pub fn connid(&self) -> &Connid {
        &self.job.connid
    }

    /// The server's name for it.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.job.job
    }

    /// The route it was started on.
    #[must_use]
    pub fn route(&self) -> &str {
        &self.job.route
    }

    /// The attempt to serve it, from 1: before a later one somebody else may have begun.
    #[must_use]
    pub fn attempt(&self) -> Attempt {
        self.job.attempt
    }

    /// How long it had until its deadline when it was handed over.
    #[must_use]
    pub fn left(&self) -> Seconds {
        self.job.left
    }

    /// How long there is to end once it is told to. After that it is dropped where it waits.
    #[must_use]
    pub fn grace(&self) -> Seconds {
        self.job.grace
    }

    /// What it was given. Where that is nothing it is read as `null`, so `()` and an `Option` will do.
    ///
    /// # Errors
    /// A failure of code `invalid_input`, where the input is no `T`.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let text = self.job.input.as_ref().map_or("null", Payload::as_str);
        serde_json::from_str(text).map_err(|error| {
            let message = format!("the input does not suit this worker: {error}");
            Failure::new("invalid_input", message)
        })
    }

    /// Adds text to the job's log, in pieces where it is long. Waits while much of what was said before is not yet in the log, never for who
    /// reads it. Over a lost connection it may come twice, and is not lost. Dropping the future leaves the pieces that wait unsaid.
    ///
    /// # Errors
    /// [`Stopped`] once the job is no longer this worker's. While it is to end it is heard all the same. A failure where the server did not take
    /// what was said before, with the code of its refusal.
    pub async fn output(&self, stream: Stream, text: impl AsRef<str>) -> Result<(), Unfinished> {
        for piece in pieces(text.as_ref()) {
            self.print_piece(Output::of_text(stream, piece)).await?;
        }
        Ok(())
    }

    /// Adds bytes to the job's log, as [`Task::output`] does: as text where all of them are UTF-8, and else in base64.
    ///
    /// # Errors
    /// As [`Task::output`].
    pub async fn print(&self, stream: Stream, bytes: &[u8]) -> Result<(), Unfinished> {
        if let Ok(text) = str::from_utf8(bytes) {
            return self.output(stream, text).await;
        }
        for piece in bytes.chunks(super::say::PIECE_BYTES / 4 * 3) {
            self.print_piece(Output::of_bytes(stream, piece)).await?;
        }
        Ok(())
    }

    /// Says how far it has come. Of what is said faster than the log takes it in, ten a second, the last counts. A note that is longer
    /// than 1,024 bytes is cut.
    ///
    /// # Errors
    /// As [`Task::output`].
    pub async fn progress(&self, mut progress: Progress) -> Result<(), Unfinished> {
        if let Some(note) = progress.note.take() {
            let end = note.floor_char_boundary(NOTE_BYTES);
            progress.note = note.get(..end).map(Into::into);
        }
        if self.shared.room.is_closed() {
            return Err(self.shared.stopped().into());
        }
        self.say(Say::Progress(progress)).await
    }

    /// Waits until it is told to end, and says why. What ends with that has left off; what returns a value all the same has finished
    /// first.
    pub async fn cancelled(&self) -> Stopped {
        self.shared.told.cancelled().await;
        self.shared.stopped()
    }

    /// Does that work, or leaves it where it waits as soon as the job is told to end.
    ///
    /// # Errors
    /// [`Stopped`] where it was left.
    pub async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Result<T, Stopped> {
        let done = self.shared.told.run_until_cancelled(work).await;
        done.ok_or_else(|| self.shared.stopped())
    }

    /// Is cancelled when the job is told to end, for work that takes a token.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.shared.told.clone()
    }

    pub(super) async fn end(&self, end: Result<Option<Payload>, Unfinished>) {
        // Where that is no longer heard the job is no longer this worker's.
        drop(self.say(Say::End(end)).await);
    }

    async fn print_piece(&self, piece: Output) -> Result<(), Unfinished> {
        let bytes = piece.text.len().max(1);
        let room = u32::try_from(bytes.div_ceil(BYTES))
            .unwrap_or(WINDOW)
            .min(WINDOW);
        let taken = self.shared.room.acquire_many(room).await;
        let taken = taken.map_err(|_| self.shared.stopped())?;
        // Whoever leaves off while this waits has said nothing, and gives the room back.
        self.say(Say::Output(piece, room)).await?;
        taken.forget();
        Ok(())
    }

    /// What is left off before it is done was not said.
    async fn say(&self, say: Say) -> Result<(), Unfinished> {
        if let Some(failure) = self.shared.refused.get()
            && !matches!(say, Say::End(_))
        {
            return Err(failure.clone().into());
        }
        let command = Command {
            lease: self.lease(),
            say,
        };
        let said = self.commands.send(command).await;
        said.map_err(|_| self.shared.stopped().into())
    }

    fn lease(&self) -> Lease {
        self.job.lease
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use serde_json::json;

    use super::*;

    #[test]
    fn output_that_is_left_off_while_it_waits_takes_no_room() {
        let job = json!({"lease": "a00000000000000000000000000000000000000000000000000000000000001f", "route": "render",
            "job": "01970000-0000-7000-8000-000000000001", "connid": "42", "seq": 2, "status": "running", "time": 60,
            "left": 60, "grace": 5, "lease_time": 15, "attempt": 1});
        let job = serde_json::from_value(job).unwrap();
        let (commands, mut taken) = mpsc::channel(1);
        let task = Task::new(job, Shared::new(), commands);
        let say = || task.output(Stream::Stdout, "x").now_or_never();
        assert_eq!(say(), Some(Ok(())));
        for _ in 0..WINDOW {
            assert_eq!(say(), None, "nobody takes what is said");
        }
        for line in 1..WINDOW {
            taken.try_recv().unwrap();
            assert_eq!(say(), Some(Ok(())), "{line}");
        }
        taken.try_recv().unwrap();
        assert_eq!(say(), None, "so much is not answered");
    }
}
