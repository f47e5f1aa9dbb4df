//! Who counts.

use crate::Job;

/// Is told of what a server counts. Called on the way, so it must be quick and must not wait.
pub trait Observer: Send + Sync + 'static {
    /// A job was accepted.
    fn accepted(&self, job: &Job);

    /// A job ended.
    fn ended(&self, job: &Job);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn accepted(&self, _: &Job) {}

    fn ended(&self, _: &Job) {}
}
