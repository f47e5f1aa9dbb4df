//! The clock of what is measured.

use std::time::Instant;

/// This moment.
#[expect(
    clippy::disallowed_methods,
    reason = "real time is what is measured; there is nothing to inject"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
