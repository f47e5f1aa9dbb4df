//! Why work is to end, and how it did that came to no result.

use std::{fmt, sync::Arc};

use longwire_protocol::{Clock, EventFrame, Failure, KillNote, Wish};

/// Why a job is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It was killed, by this wish.
    Killed(Arc<Wish>),
    /// That clock ran out.
    TimeUp(Clock),
    /// It is no longer this worker's, so nothing that is said of it is heard any more.
    LeaseLost,
}

impl Why {
    /// What an event says that tells a job to end.
    pub(super) fn of(event: &EventFrame) -> Self {
        match (&event.kill, event.clock) {
            (Some(KillNote::Wish(wish)), _) => Self::Killed(Arc::clone(wish)),
            (Some(KillNote::Receipt(receipt)), _) => Self::Killed(Arc::new(receipt.wish.clone())),
            (None, clock) => Self::TimeUp(clock.unwrap_or(Clock::Time)),
        }
    }
}

/// The job was told to end. Work that ends with this has left off: it says nothing more of the job, which is then `killed`, or a
/// `timeout`.
///
/// It is no [`std::error::Error`], so that it is never taken for a failure: `?` makes an [`Unfinished`] of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    pub(super) why: Why,
}

impl Stopped {
    /// Why it is to end.
    #[must_use]
    pub const fn why(&self) -> &Why {
        &self.why
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Killed(wish) => match &wish.reason {
                Some(reason) => write!(f, "killed by {}: {reason}", wish.by),
                None => write!(f, "killed by {}", wish.by),
            },
            Why::TimeUp(clock) => write!(f, "its {} ran out", clock.as_str()),
            Why::LeaseLost => f.write_str("it is no longer this worker's"),
        }
    }
}

/// How work ended that came to no result.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfinished {
    /// It failed.
    Failed(Failure),
    /// It left off, as the job was told to end.
    Stopped(Stopped),
}

/// A [`Failure`], and any error, of which that makes one of code `failed`.
impl<E: Into<Failure>> From<E> for Unfinished {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Stopped> for Unfinished {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}
