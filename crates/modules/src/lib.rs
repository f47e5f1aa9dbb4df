//! Catalogues of a library's symbols, and a search over them that answers while one types.
//!
//! A [`Catalogue`] is read once ([`readers::read`]: our own JSON lines, Doxygen tag files, Sphinx inventories, Universal
//! Ctags, rustdoc, TypeDoc, Javadoc) and never changes. A [`Query`] is a question whose every field was checked.
//! [`search()`] makes a [`Page`] of both: pure, synchronous, and quick enough to run where it is asked. A [`Shelf`] holds
//! several catalogues, builds them when they are first asked for, and exchanges them whole.
//!
//! This crate knows no server, no files and no network. What it reads comes as bytes, within [`Limits`].

mod catalogue;
#[cfg(feature = "cpp")]
mod cpp;
mod fold;
mod kind;
mod limits;
mod query;
pub mod readers;
mod refusal;
mod schema;
mod search;
mod shelf;
mod since;
mod symbol;

pub use catalogue::{Builder, Catalogue, Rejected};
#[cfg(feature = "cpp")]
pub use cpp::cpp;
pub use kind::Kind;
pub use limits::Limits;
pub use query::{
    DEFAULT_LIMIT, MAX_LIB_BYTES, MAX_LIBS, MAX_LIMIT, MAX_OFFSET, MAX_QUESTION_BYTES,
    MAX_TEXT_BYTES, Query, Question, listed,
};
pub use refusal::{Code, Refusal};
pub use schema::line_schema;
pub use search::{Answer, How, Match, Page, Set, Signature, Status, search};
pub use shelf::{Lazy, Shelf};
pub use symbol::{Head, Symbol, SymbolSignature, Text};
