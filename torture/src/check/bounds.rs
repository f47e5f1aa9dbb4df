//! No more jobs of a route run at once than it allows.
//!
//! A job runs for certain from when it was first seen to run until it is last known to live.

use longwire_protocol::Status;

use super::{Finding, lives::Life, story::Story};
use crate::Moment;

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let bounds = story.setup.bounds.iter();
    bounds
        .flat_map(|(route, most)| crowds(story, route, *most as usize))
        .collect()
}

fn crowds(story: &Story<'_>, route: &str, most: usize) -> Vec<Finding> {
    let of_route = |life: &&Life| life.route.as_deref() == Some(route);
    let lives = story.lives.values().filter(of_route);
    let mut running: Vec<(Moment, u64)> = lives
        .filter_map(|life| Some((runs_from(story, life)?, life.alive_until)))
        .filter(|(from, until)| from.at < *until)
        .collect();
    running.sort_unstable();
    let mut at_once: Vec<u64> = Vec::new();
    let mut found = Vec::new();
    for (from, until) in running {
        at_once.retain(|other| *other > from.at);
        at_once.push(until);
        if at_once.len() > most {
            let what = format!("{} jobs of {route} ran at once, {most} may", at_once.len());
            found.push(Finding::new(from, what));
        }
    }
    found
}

fn runs_from(story: &Story<'_>, life: &Life) -> Option<Moment> {
    let mut signs = story.signs_of(life);
    let first = signs.find(|sign| sign.status == Some(Status::Running))?;
    Some(first.seen)
}
