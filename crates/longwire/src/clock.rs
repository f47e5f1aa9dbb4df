//! Counting down between two words from the server.

use longwire_client::{JobView, Seconds};
use tokio::time::{Duration, Instant};

/// A deadline that was told as "so long from now".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Countdown {
    left: Seconds,
    told_at: Instant,
}

impl Countdown {
    pub(crate) fn new(left: Seconds) -> Self {
        Self {
            left,
            told_at: Instant::now(),
        }
    }

    pub(crate) fn left(&self) -> Seconds {
        less(self.left, self.told_at.elapsed())
    }
}

/// The job as it stands that much later, as far as the clock alone can say.
pub(crate) fn later(job: &JobView, by: Duration) -> JobView {
    let mut job = job.clone();
    if !job.status.has_ended() {
        job.left = job.left.map(|left| less(left, by));
        let elapsed = job.elapsed.as_duration().saturating_add(by);
        job.elapsed = Seconds::from(elapsed);
    }
    job
}

fn less(span: Seconds, by: Duration) -> Seconds {
    Seconds::from(span.as_duration().saturating_sub(by))
}
