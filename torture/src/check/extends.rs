//! An extend that was acknowledged is in the log, with the number it was acknowledged with.

use longwire_protocol::{Connid, Done, Extend, Request};

use super::{
    Finding,
    lives::{Life, event, moves_deadline},
    story::{Ask, Story},
    unseen::may_be_unseen,
};
use crate::Moment;

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let acknowledged = story.asks.iter().filter_map(|ask: &Ask| {
        let Request::Extend(extend) = &ask.request else {
            return None;
        };
        let (done, seen) = (ask.done()?, ask.reply.as_ref()?.seen);
        Some((extend, done.connid.as_ref()?, done, seen))
    });
    let broken = acknowledged.filter(|(extend, connid, done, seen)| {
        let mut lives = story.lives_named(connid);
        !lives.any(|life| holds(story, life, extend, done)) && !may_be_unseen(story, connid, *seen)
    });
    let finding = |(extend, connid, done, seen): (&Extend, &Connid, &Done, Moment)| {
        let (time, seq) = (extend.time, done.seq.unwrap_or(0));
        let what = format!(
            "{connid} was extended to {time} s with {seq}, and no job of that name has that"
        );
        Finding::new(seen, what)
    };
    broken.map(finding).collect()
}

/// Whether that extend can have been of this job.
fn holds(story: &Story<'_>, life: &Life, extend: &Extend, done: &Done) -> bool {
    let Some(seq) = done.seq else { return false };
    match event(story, life, seq) {
        Some(event) => moves_deadline(&event) && event.time == Some(extend.time),
        // Not known, so it may be; after the end there is nothing.
        None => life.end.is_none_or(|end| seq < story.signs[end].seq),
    }
}
