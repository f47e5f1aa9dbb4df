//! The ways in: a folder each.

pub(crate) mod console;
mod etag;
pub(crate) mod origin;
pub(crate) mod rest;
pub(crate) mod socket;
pub(crate) mod stdio;
pub(crate) mod worker;
