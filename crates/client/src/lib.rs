//! A client of Longwire: start, watch and kill long-running requests over one socket; and workers that serve its routes.
//!
//! The connection is made anew where it breaks, and every watched job goes on from the last event that was seen: a [`Job`]
//! hands out each event once and in order, or says with a [`Happening::Gap`] which are no longer kept.
//!
//! ```no_run
//! use longwire_client::{Client, Error, Start};
//!
//! # async fn run() -> Result<(), Error> {
//! let client = Client::connect("http://127.0.0.1:8000").await?;
//! let job = client.start(Start::new("report").input("March")?).await?;
//! let pages: u64 = job.result().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`Worker`] is handed the jobs of routes and runs an async function for each.
//!
//! One task owns the socket. It never waits long for a reader: where one falls behind, what comes for it is dropped and asked
//! for again, from its position, when it has caught up.

mod address;
mod ask;
mod backoff;
mod board;
mod client;
mod connection;
mod cursor;
mod desk;
mod dial;
mod ending;
mod error;
mod feed;
mod handle;
mod job;
mod link;
mod lost;
mod names;
mod options;
mod reader;
#[cfg(test)]
mod tests;
mod tls;
mod topic;
mod wire;
mod worker;

pub use backoff::Backoff;
pub use client::{Client, new_connid};
pub use error::Error;
pub use feed::{Feed, FeedHappening};
pub use job::{Happening, Job};
pub use link::{Link, Links};
pub use longwire_protocol::{
    Clock, Code, Connid, Done, Encoding, EndedView, EventFrame, Failure, FeedFrame, Found, Gap,
    InvalidConnid, JobId, JobView, KillNote, ModuleState, ModuleView, ModulesPage, OnConflict,
    OnDisconnect, Outcome, Payload, Progress, Receipt, Refusal, RouteView, RoutesPage, Search,
    Seconds, Seq, Start, Started, Status, StatusPage, StatusQuery, Stream as OutputStream,
    StreamName, Target, Timestamp, Where, Wish,
};
pub use options::Options;
pub use worker::{Running, Stopped, Task, Unfinished, Why, Worker};

/// The README's programs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
