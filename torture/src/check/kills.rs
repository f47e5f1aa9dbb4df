//! A kill that was acknowledged ends in `killed`, or in `ok` where the work had finished first.
//!
//! A kill names a connid, and is answered with the number of the event that it became: some job of that name, that may have
//! lived between the request and the reply, must have that event, and end so. Work that only a clock does had finished
//! first only if its time could be up by then.

use longwire_protocol::{Connid, Done, Kill, KillNote, Request, Status};

use super::{
    Finding,
    lives::{Life, event},
    story::{Ask, Story},
    unseen::may_be_unseen,
};
use crate::Moment;

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let acknowledged = story.asks.iter().filter_map(|ask| {
        let Request::Kill(kill) = &ask.request else {
            return None;
        };
        let (done, seen) = (ask.done()?, ask.reply.as_ref()?.seen);
        Some((ask, kill, done.connid.as_ref()?, done, seen))
    });
    let broken = acknowledged.filter(|(ask, kill, connid, done, seen)| {
        let mut lives = candidates(story, connid, ask, *seen);
        !lives.any(|life| holds(story, life, kill, done, *seen))
            && !may_be_unseen(story, connid, *seen)
    });
    let finding = |(_, _, connid, done, seen): (&Ask, &Kill, &Connid, &Done, Moment)| {
        let seq = done.seq.unwrap_or(0);
        let what = format!(
            "a kill of {connid} was acknowledged with {seq}, and no job of that name was killed so"
        );
        Finding::new(seen, what)
    };
    broken.map(finding).collect()
}

/// Jobs of the name that may have lived when the kill was accepted.
fn candidates<'s>(
    story: &'s Story<'_>,
    connid: &'s Connid,
    ask: &'s Ask,
    seen: Moment,
) -> impl Iterator<Item = &'s Life> {
    story.lives_named(connid).filter(move |life| {
        let ended_before = life.end.is_some_and(|end| story.signs[end].seen < ask.sent);
        let mut starts = life.starts.iter().map(|start| story.asks[*start].sent);
        let begun_after = !life.starts.is_empty() && starts.all(|sent| sent > seen);
        !ended_before && !begun_after
    })
}

/// Whether that kill can have been of this job.
fn holds(story: &Story<'_>, life: &Life, kill: &Kill, done: &Done, seen: Moment) -> bool {
    let Some(end) = life.end.map(|end| &story.signs[end]) else {
        // How it ended is not known.
        return true;
    };
    let ended_so = match end.status {
        Some(Status::Killed) => true,
        Some(Status::Ok) => may_have_finished(story, life, seen),
        _ => false,
    };
    ended_so && is_the_event(story, life, kill, done)
}

fn may_have_finished(story: &Story<'_>, life: &Life, seen: Moment) -> bool {
    !story.is_timer(life) || life.not_due_before <= seen.at + story.slack
}

/// Whether the event of the number in the reply is the wish, or the end where that was waited for. Where that event is not
/// known it may be.
fn is_the_event(story: &Story<'_>, life: &Life, kill: &Kill, done: &Done) -> bool {
    let Some(event) = done.seq.and_then(|seq| event(story, life, seq)) else {
        return true;
    };
    match &done.ended {
        Some(ended) if kill.wait => ended.status == event.status,
        _ => matches!(event.kill, Some(KillNote::Wish(_))),
    }
}
