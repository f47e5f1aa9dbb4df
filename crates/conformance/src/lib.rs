//! Dialogues of `longwire.v1` as files, and those who play them.
//!
//! A dialogue is what is said over sockets, step by step: [`read`] makes [`Dialogue`]s of a file. A [`Speaker`] takes the steps of a
//! client against a server; a [`ClientKit`] is played as a server, with faults of the network, against a program around a client.

mod client;
pub mod format;
mod kit;
mod live;
mod matching;
mod placeholder;
mod proxy;
mod report;
mod sockets;
mod speak;

pub use format::{Dialogue, read};
pub use kit::{ClientKit, ServerKit};
pub use matching::{Names, Others, lines, sha256};
pub use report::{Failure, Played, Title, Verdict};
pub use sockets::Place;
pub use speak::{Answer, Speaker, Step};
