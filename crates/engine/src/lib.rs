//! The engine of Longwire: jobs as logs, and the verbs over them.
//!
//! [`Engine`] is all that a transport sees: start, kill, extend, status, watch, and for workers claim (at a [`Seat`]), append and
//! end. It is built from a [`Store`] that keeps the
//! logs, a [`Router`] that knows who serves what, a [`Clock`], [`Random`] and an [`Observer`]. See `ARCHITECTURE.md` for the
//! whole.

mod answer;
mod clock;
mod consumer;
mod dispatcher;
mod engine;
mod job;
mod kill_all;
mod life;
mod log;
mod observer;
mod pace;
mod principal;
mod refusals;
mod router;
mod routes;
mod runner;
mod store;
mod to_the_end;
mod watchers;
mod workers;
mod writer;

pub use answer::Answer;
pub use clock::{Clock, Random, RuntimeClock, Seeded};
pub use consumer::{BadInput, Consumer, Over, Serving, Task, Told};
pub use engine::{Engine, Killed, Opened, Parts, Watched};
pub use job::{Cause, Closed, Ending, Job, Misfit, Snapshot, Stopped, Work};
pub use log::{Follow, Mailbox, Word};
pub use observer::{Observer, Unobserved};
pub use pace::Lead;
pub use principal::Principal;
pub use router::{OnLost, Route, RouteSettings, Router, Slot};
pub use store::{
    Counts, Due, Events, FeedEvent, FeedPage, Found, Listing, Name, NotAppended, NotCreated, Page,
    Query, Retention, RouteRetention, Store, Unavailable,
};
pub use watchers::Watcher;
pub use workers::{Kept, News, Seat, Workers};
