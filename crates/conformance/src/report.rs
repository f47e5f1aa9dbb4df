//! What became of a dialogue.

use std::time::Duration;

use serde::Serialize;

/// A dialogue that was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// Its name.
    pub name: String,
    /// Its file and line.
    pub place: String,
    /// How long that took.
    pub took: Duration,
    /// What became of it.
    pub verdict: Verdict,
    /// What was counted, where something was.
    pub note: Option<String>,
}

/// What became of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It went as written.
    Passed,
    /// The driver has no such thing, and says what.
    LeftOut(String),
    /// It went otherwise.
    Failed(Failure),
}

/// Where and why a dialogue went otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The line of its file.
    pub place: String,
    /// What was expected, and what came.
    pub why: String,
    /// What was said last.
    pub record: Vec<String>,
    /// What the driver wrote to stderr last.
    pub stderr: String,
}

impl Failure {
    pub(crate) fn new(place: &str, why: &str) -> Self {
        Self {
            place: place.to_owned(),
            why: why.to_owned(),
            record: Vec::new(),
            stderr: String::new(),
        }
    }
}

/// A dialogue of the kit: by whom it is played is its own to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Title<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its file and line.
    pub place: &'a str,
}
