//! REST against a real server over real connections.
//!
//! Server and client share one thread and tokio's paused clock, so a job of an hour ends when nothing else is left to do.
//! Every answer is held against the server's own OpenAPI description.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "that is how a test fails"
)]

mod client;
mod events;
mod modules;
mod refusals;
mod stopping;
mod verbs;
