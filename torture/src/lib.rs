//! What clients of a Longwire server saw while it was killed again and again, and whether it may be so.
//!
//! A [`History`] is a list of facts in the order in which they became known. [`check()`] reads one and says where it breaks
//! an [`Invariant`]. It knows nothing of how the history came about: `longwire-torture run` records one, a file holds one,
//! a test makes one up.
//!
//! A history tells less than what was the case. A request that was sent and not answered may or may not have been carried
//! out; what a reply says was so at some moment between the request and the reply; what an event says was so before it came.
//! The checker goes by that alone, so that whatever it reports cannot have happened with a server that keeps its word.

mod chance;
mod check;
mod conversation;
mod history;

pub use chance::Chance;
pub use check::{Invariant, Violation, check};
pub use conversation::{Conversation, Heard, Item, Run, State, Stream};
pub use history::{Entry, Fact, History, Moment, Setup};
