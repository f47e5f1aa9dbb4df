//! No two jobs of one connid live at one moment.
//!
//! A job is known to be there from its first sign on; until when it is known to live says [`Life::alive_until`].

use std::collections::HashMap;

use longwire_protocol::Connid;

use super::{Finding, lives::Life, story::Story};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let mut named: HashMap<&Connid, Vec<&Life>> = HashMap::new();
    let lives = story.lives.values();
    for life in lives.filter(|life| life.known.at < life.alive_until) {
        named.entry(&life.connid).or_default().push(life);
    }
    let mut found: Vec<Finding> = named.into_values().flat_map(overlaps).collect();
    found.sort_by_key(|finding| finding.seen);
    found
}

/// Of jobs of one name, each that was there while the one that lives the longest of those before it was.
fn overlaps(mut lives: Vec<&Life>) -> Vec<Finding> {
    lives.sort_by_key(|life| life.known);
    let mut longest: Option<&Life> = None;
    let mut found = Vec::new();
    for life in lives {
        if let Some(other) = longest.filter(|other| life.known.at < other.alive_until) {
            let what = format!("{} lived while {} did", life.name(), other.job);
            found.push(Finding::new(life.known, what));
        }
        if longest.is_none_or(|other| other.alive_until < life.alive_until) {
            longest = Some(life);
        }
    }
    found
}
