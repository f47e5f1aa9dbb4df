//! A job that only its clock serves is neither lost nor failed, and runs out of time only in a queue.
//!
//! Nothing of it runs that a crash could take away: it goes on to its deadline, and a queued one stays queued.

use longwire_protocol::Status;

use super::{
    Finding,
    attempts::begins,
    lives::{Life, events},
    story::Story,
};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let timers = story.lives.values().filter(|life| story.is_timer(life));
    timers
        .flat_map(|life| gone(story, life).into_iter().chain(anew(story, life)))
        .collect()
}

/// There is no second attempt at what no crash can take away.
fn anew(story: &Story<'_>, life: &Life) -> Option<Finding> {
    let attempt = events(story, life).find_map(|event| event.attempt)?;
    let what = format!(
        "{} is served by its clock, and has an attempt {attempt}",
        life.name()
    );
    Some(Finding::new(life.known, what))
}

fn gone(story: &Story<'_>, life: &Life) -> Option<Finding> {
    let end = &story.signs[life.end?];
    let status = end.status?;
    let began = events(story, life).any(|event| begins(&event));
    let wrong = match status {
        Status::Lost | Status::Failed => true,
        Status::Timeout => began,
        Status::Queued | Status::Running | Status::Ending | Status::Ok | Status::Killed => false,
    };
    wrong.then(|| {
        let what = format!(
            "{} is served by its clock, and ended {}",
            life.name(),
            status.as_str()
        );
        Finding::new(end.seen, what)
    })
}
