//! The time, as a shim knows it.

use std::time::{Duration, Instant};

/// The time by which something has to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    #[expect(
        clippy::disallowed_methods,
        reason = "a process of its own, whose tests are real processes: there is no other clock to be handed"
    )]
    pub(crate) fn within(time: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(time).unwrap_or(now))
    }

    /// How long there still is.
    pub(crate) fn left(self) -> Duration {
        self.0
            .saturating_duration_since(Self::within(Duration::ZERO).0)
    }

    /// Whether it is over.
    pub(crate) fn is_over(self) -> bool {
        self.left().is_zero()
    }
}
