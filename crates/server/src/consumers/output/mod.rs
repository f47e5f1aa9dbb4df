//! What a stream of bytes says: lines for the log, and progress.

mod lines;
pub(crate) mod progress;
pub(crate) mod result;

use std::time::Duration;

use longwire_engine::Task;
use longwire_protocol::{Failure, Progress, Stream};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use lines::{Lines, Piece};
use progress::Reader;

/// How long a line may wait for its end before it goes into the log as far as it came.
const LINE_TIME: Duration = Duration::from_millis(500);

/// Prints what comes of a job's work: its bytes go into the job's log, in whole lines where there are lines, and what they say of
/// the progress with them. What has one stream alone calls it stdout.
pub(crate) struct Printer {
    stdout: Lines,
    stderr: Lines,
    progress: Reader,
    /// Bytes that may be printed in all.
    most: u64,
    /// Of these, those that may still be.
    left: u64,
    line_due: Option<Instant>,
}

/// More was printed than may be. What fits was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TooMuchOutput {
    /// What may be.
    pub(crate) output_bytes: u64,
}

impl From<TooMuchOutput> for Failure {
    fn from(too_much: TooMuchOutput) -> Self {
        let message = format!(
            "it printed more than the {} bytes that its route allows (output_bytes), and was ended",
            too_much.output_bytes
        );
        Self::new("too_much_output", message).with(&too_much)
    }
}

impl Printer {
    /// Prints at most so many bytes.
    pub(crate) fn new(output_bytes: u64, progress: Reader) -> Self {
        Self {
            stdout: Lines::default(),
            stderr: Lines::default(),
            progress,
            most: output_bytes,
            left: output_bytes,
            line_due: None,
        }
    }

    /// Takes what came of a stream.
    ///
    /// # Errors
    /// Where it is more than may be printed.
    pub(crate) async fn print(
        &mut self,
        task: &Task,
        stream: Stream,
        bytes: &[u8],
    ) -> Result<(), TooMuchOutput> {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let fits = &bytes[..left.min(bytes.len())];
        self.left -= fits.len() as u64;
        let pieces = self.lines(stream).push(fits);
        say(task, stream, pieces).await;
        tell(task, self.progress.push(stream, fits)).await;
        let waiting = self.stdout.is_waiting() || self.stderr.is_waiting();
        let due = self.line_due.unwrap_or_else(|| Instant::now() + LINE_TIME);
        self.line_due = waiting.then_some(due);
        if fits.len() < bytes.len() {
            return Err(TooMuchOutput {
                output_bytes: self.most,
            });
        }
        Ok(())
    }

    /// Ends when a line has waited for its end long enough: then [`Printer::say_lines`] is due.
    pub(crate) fn line_due(&self) -> impl Future<Output = ()> + use<> {
        let due = self.line_due;
        async move {
            match due {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Says the lines that have not ended, as far as they came.
    pub(crate) async fn say_lines(&mut self, task: &Task) {
        self.line_due = None;
        for stream in [Stream::Stdout, Stream::Stderr] {
            if self.lines(stream).is_waiting() {
                say(task, stream, self.lines(stream).so_far()).await;
                tell(task, self.progress.so_far(stream)).await;
            }
        }
    }

    /// Says what is left, once nothing more will come.
    pub(crate) async fn say_rest(&mut self, task: &Task) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            say(task, stream, self.lines(stream).rest()).await;
            tell(task, self.progress.so_far(stream)).await;
        }
    }

    fn lines(&mut self, stream: Stream) -> &mut Lines {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }
}

async fn tell(task: &Task, progress: Option<Progress>) {
    if let Some(progress) = progress {
        // A job that is over takes no more, and whoever serves it is dropped next.
        let _ = task.progress(progress).await;
    }
}

async fn say(task: &Task, stream: Stream, pieces: impl IntoIterator<Item = Piece<'_>>) {
    for piece in pieces {
        // A job that is over takes no more, and whoever serves it is dropped next.
        let _ = match piece {
            Piece::Text(text) => task.output(stream, text).await,
            Piece::Bytes(bytes) => task.print(stream, &bytes).await,
        };
    }
}
