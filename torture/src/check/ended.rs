//! After anyone saw a job's end nobody is told that it runs.
//!
//! What was asked for before the end was seen may have been answered before the end was.

use longwire_protocol::Status;

use super::{
    Finding,
    lives::Life,
    story::{Ask, Sign, Story},
};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let lives = story.lives.values();
    let mut found: Vec<Finding> = lives.flat_map(|life| said_to_live(story, life)).collect();
    found.extend(story.asks.iter().filter_map(|ask| joined(story, ask)));
    found
}

fn said_to_live<'s>(story: &'s Story<'_>, life: &'s Life) -> impl Iterator<Item = Finding> + 's {
    let signs = story.signs_of(life);
    let alive = signs.filter(|sign| is_said_to_live(story, life, sign));
    alive.map(|sign| {
        let (name, status) = (life.name(), sign.status.map_or("", Status::as_str));
        let what = format!("{name} was seen to end, and is said to be {status}");
        Finding::new(sign.seen, what)
    })
}

/// Whether a reply says that a job has not ended, though its end had been seen when it was asked for.
pub(super) fn is_said_to_live(story: &Story<'_>, life: &Life, sign: &Sign) -> bool {
    let alive = sign.status.is_some_and(|status| !status.has_ended());
    let (Some(ask), Some(end)) = (sign.ask, life.end) else {
        return false;
    };
    alive && sign.body.is_none() && story.asks[ask].sent > story.signs[end].seen
}

/// A start that joined a job whose end had been seen.
fn joined(story: &Story<'_>, ask: &Ask) -> Option<Finding> {
    let started = ask.started().filter(|started| started.attached)?;
    let life = story.lives.get(&started.job)?;
    let end = story.signs[life.end?].seen;
    (ask.sent > end).then(|| {
        let name = life.name();
        Finding::new(
            ask.reply.as_ref().map_or(ask.sent, |r| r.seen),
            format!("{name} was seen to end, and was joined"),
        )
    })
}
