//! A job begins to run once, and does not go back to the queue.

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
    let first = events(story, life).find(begins)?;
    let mut later = events(story, life).filter(|event| event.seq > first.seq);
    let event = later.find(|event| begins(event) || event.status == Status::Queued)?;
    let (name, began, status) = (life.name(), first.seq, event.status.as_str());
    let what = format!(
        "{name} began to run with {began}, and with {} is {status} again",
        event.seq
    );
    let seen = life.log.get(&event.seq).map(|sign| story.signs[*sign].seen);
    Some(Finding::new(seen.unwrap_or(life.known), what))
}
