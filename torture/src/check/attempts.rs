//! A job begins to run once in each attempt, and goes back to the queue only for another.
//!
//! The first attempt goes without saying; a later one is said in every event that belongs to it.

use longwire_protocol::{EventFrame, Status};

use super::{
    Finding,
    lives::{Life, events},
    story::Story,
};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let lives = story.lives.values();
    lives.filter_map(|life| again(story, life)).collect()
}

/// Whether an event says that a job begins to run: its first, where there was a place for it, or the one that says no more.
pub(super) fn begins(event: &&EventFrame) -> bool {
    let says_no_more = event.time.is_none()
        && event.progress.is_none()
        && event.output.is_none()
        && event.kill.is_none()
        && event.clock.is_none();
    event.status == Status::Running && (event.seq == 1 || says_no_more)
}

fn again(story: &Story<'_>, life: &Life) -> Option<Finding> {
    let attempt = |event: &EventFrame| event.attempt.unwrap_or(1);
    let mut latest = 0;
    let wrong = events(story, life).find(|event| {
        let same = attempt(event) <= latest;
        if begins(event) {
            latest = attempt(event).max(latest);
            return same;
        }
        same && event.status == Status::Queued || attempt(event) < latest
    })?;
    let (name, status) = (life.name(), wrong.status.as_str());
    let what = format!(
        "{name} had begun to run, and with {} is {status} again",
        wrong.seq
    );
    let seen = life.log.get(&wrong.seq).map(|sign| story.signs[*sign].seen);
    Some(Finding::new(seen.unwrap_or(life.known), what))
}
