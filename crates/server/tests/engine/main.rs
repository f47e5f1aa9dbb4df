//! The engine over the memory store, on a clock that stands still: what a job's log says happened, and when.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![allow(clippy::too_many_lines, reason = "tables are as long as they are")]

mod bench;
mod crowds;
#[path = "../disk/mod.rs"]
mod disk;
mod endings;
mod kills;
mod leaving;
mod paces;
mod queue;
mod recovery;
mod reports;
mod routes;
mod starts;
mod stopping;
mod watchers;
mod workers;
