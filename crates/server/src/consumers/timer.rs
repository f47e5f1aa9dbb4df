//! Runs for the time it was given, then answers `ok`: the demo's consumer, behind the built-in route `request`.

use longwire_engine::{Consumer, Serving, Task, Work};

/// Waits for the job's clock and does nothing else, so nothing of it runs: see [`Consumer::is_clock`].
pub(crate) struct Timer;

impl Consumer for Timer {
    fn serve(&self, mut task: Task) -> Serving {
        Box::pin(async move {
            task.told_to_end().await;
            Work::Stopped(longwire_engine::Stopped::WILLINGLY)
        })
    }

    fn is_clock(&self) -> bool {
        true
    }
}
