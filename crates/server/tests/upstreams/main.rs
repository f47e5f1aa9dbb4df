//! Routes that are HTTP upstreams: what is sent, what comes of it, and what upstreams see of a kill. The server, the socket and the
//! upstreams are real; the clock stands still while anything is to be done.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![allow(clippy::too_many_lines, reason = "tables are as long as they are")]

mod bench;
mod endings;
mod failures;
mod repeats;
mod requests;
mod streams;
