//! The words of `longwire.v1`: what goes over a Longwire socket, as types.
//!
//! A client's frame is a [`Request`]; [`Request::parse`] makes one from text, or a [`Refusal`] that names the field that
//! was wrong. What a server says is a reply ([`Started`], [`Done`], [`StatusPage`], …), a [`Refusal`], an [`EventFrame`]
//! of a job's log, a [`FeedFrame`], a [`GapFrame`], a [`HandOver`] to a worker or a [`Notice`]; a client reads any of them as a
//! [`ServerFrame`].
//!
//! ```
//! use longwire_protocol::{ParseLimits, Request};
//!
//! let (id, request) = Request::parse(
//!     r#"{"route":"request","connid":42,"time":"30","id":1}"#,
//!     &ParseLimits::default(),
//! )
//! .unwrap();
//! assert_eq!(id.unwrap().as_str(), "1");
//! let Request::Start(start) = request else { panic!() };
//! assert_eq!(start.connid.unwrap().as_str(), "42");
//! assert_eq!(start.time.unwrap().as_micros(), 30_000_000);
//! ```
//!
//! This crate knows no transport and no rule about what may follow what.

mod close;
mod escape;
mod event;
mod fields;
mod frames;
mod ids;
mod lease;
mod optional;
mod output;
mod payload;
mod refusal;
mod request;
mod schema;
mod search;
mod text;
mod time;
mod worker;

pub use close::{CLOSE_CODES, CloseCode};
pub use event::{
    Change, Clock, End, Event, Failure, Outcome, Progress, Receipt, Spec, Status, Wish,
};
pub use fields::ParseLimits;
pub use frames::{
    Claimed, Done, EndedView, EventFrame, FeedFrame, Gap, GapFrame, HandOver, JobView, KillNote,
    Notice, RefusalFrame, RouteView, RoutesPage, ServerFrame, Started, StatusPage, later,
};
pub use ids::{Attempt, Connid, FrameId, InvalidConnid, JobId, Seq};
pub use lease::Lease;
pub use output::{Encoding, Output, Stream, StreamName};
pub use payload::Payload;
pub use refusal::{Code, Refusal, nearest};
pub use request::{
    Extend, Kill, OnConflict, OnDisconnect, Request, RoutesQuery, SEARCH, Start, StatusQuery, Tags,
    Target, Unwatch, VERBS, Watch, Where, not_startable,
};
pub use schema::{client_schema, server_schema};
pub use search::{Found, ModuleState, ModuleView, ModulesPage, ModulesQuery, Search};
pub use text::Frame;
pub use time::{Seconds, Timestamp};
pub use worker::{Append, Claim, EndJob, WorkError};

/// The WebSocket subprotocol that these frames make up.
pub const SUBPROTOCOL: &str = "longwire.v1";
