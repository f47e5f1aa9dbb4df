//! A regular expression of the route's own.

use longwire_protocol::Progress;
use regex::Regex;

use super::{Piece, Read, laid_over, number::number, of_parts};

/// The groups that mean something.
const GROUPS: [&str; 4] = ["done", "total", "percent", "note"];

#[derive(Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let regex = Regex::new(text)
            .map_err(|error| format!("is no regular expression: {}", in_one_line(&error)))?;
        let (names, right) = (regex.capture_names().flatten(), groups_in_words());
        if names.clone().next().is_none() {
            return Err(format!(
                "has no group that means something; those are {right}"
            ));
        }
        let mut unknown = names.filter(|name| !GROUPS.contains(name));
        if let Some(name) = unknown.next() {
            return Err(format!(
                "has the group {name:?}; those that mean something are {right}"
            ));
        }
        Ok(Self(regex))
    }
}

impl Read for Pattern {
    fn read(&mut self, piece: Piece<'_>, before: &Progress) -> Option<Progress> {
        let Piece::Line(line) = piece else {
            return None;
        };
        let groups = self.0.captures(line)?;
        let group = |name| groups.name(name).map(|group| group.as_str().trim());
        let numbers = ["done", "total", "percent"].map(|name| number(group(name)?));
        laid_over(of_parts(numbers, group("note")), before)
    }
}

pub(super) fn groups_in_words() -> String {
    GROUPS.map(|name| format!("`{name}`")).join(", ")
}

/// The library draws a picture of several lines, the last of which says what is wrong.
fn in_one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
