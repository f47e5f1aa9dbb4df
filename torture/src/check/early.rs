//! A job's time is not up before it has passed since the start, or the last extend, was sent.
//!
//! The deadline was fixed after the request was sent, and the end was before anyone saw it: so what is between the two is
//! longer than what is between the deadline's beginning and the end.

use longwire_protocol::{Clock, Status};

use super::{
    Finding,
    lives::Life,
    story::{Sign, Story},
};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let timers = story.lives.values().filter(|life| story.is_timer(life));
    timers.filter_map(|life| early(story, life)).collect()
}

fn early(story: &Story<'_>, life: &Life) -> Option<Finding> {
    let end = &story.signs[life.end?];
    let seen = end.seen.at + story.slack;
    (time_was_up(end) && seen < life.not_due_before).then(|| {
        let early = (life.not_due_before - end.seen.at) as f64 / 1e6;
        let what = format!("{} ended {early:.6} s before its time was up", life.name());
        Finding::new(end.seen, what)
    })
}

fn time_was_up(end: &Sign) -> bool {
    let clock = end.body.as_ref().and_then(|body| body.event.clock);
    match end.status {
        Some(Status::Ok) => true,
        Some(Status::Timeout) => clock == Some(Clock::Time),
        _ => false,
    }
}
