//! What a stream of bytes says: lines for the log, and progress.

pub(crate) mod lines;
pub(crate) mod progress;
