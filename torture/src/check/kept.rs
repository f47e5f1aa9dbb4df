//! What anyone saw of a log is in it from then on.
//!
//! An event that a watcher was sent was on disk before: no later reply knows a shorter log, and the last look finds each.

use longwire_protocol::{Code, JobId, Request, Seq};

use super::{
    Finding,
    lives::Life,
    story::{Ask, Look, Story},
};
use crate::Moment;

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let lives = story.lives.values();
    let shorter = lives.flat_map(|life| shorter(story, life));
    let refused = story.asks.iter().filter_map(|ask| refused(story, ask));
    let looks = story.looks.iter();
    let lost = looks.flat_map(|look| lost(story, look));
    shorter.chain(refused).chain(lost).collect()
}

/// The longest log of a job that anyone had seen before that moment.
fn longest(story: &Story<'_>, life: &Life, before: Moment) -> Seq {
    let seen = story.signs_of(life).take_while(|sign| sign.seen < before);
    seen.map(|sign| sign.seq).max().unwrap_or(0)
}

/// Replies that know a shorter log than someone had seen when they were asked for.
fn shorter<'s>(story: &'s Story<'_>, life: &'s Life) -> impl Iterator<Item = Finding> + 's {
    let replies = story.signs_of(life).filter(|sign| sign.body.is_none());
    replies.filter_map(|sign| {
        let ask = &story.asks[sign.ask?];
        // Whoever joined a job is told its first number, however far it is.
        let joined = ask.started().is_some();
        let seen = longest(story, life, ask.sent);
        (sign.seq < seen && !joined).then(|| {
            let (name, seq) = (life.name(), sign.seq);
            let what = format!("the log of {name} ends with {seq}, though {seen} had been seen");
            Finding::new(sign.seen, what)
        })
    })
}

/// A watch that was refused as the log does not reach that far, though it had been seen.
fn refused(story: &Story<'_>, ask: &Ask) -> Option<Finding> {
    let refusal = ask.refused()?;
    let Request::Watch(watch) = &ask.request else {
        return None;
    };
    let life = story.lives.get(&watch.job?)?;
    let after = watch.after?;
    let had = longest(story, life, ask.sent);
    (refusal.code == Code::InvalidField && after <= had).then(|| {
        let name = life.name();
        let what =
            format!("a watch of {name} from {after} on is refused, though {had} had been seen");
        Finding::new(
            ask.reply.as_ref().map_or(ask.sent, |reply| reply.seen),
            what,
        )
    })
}

/// Events that were seen before a look and that it does not find. Whole jobs that were acknowledged are not its matter.
fn lost<'s>(story: &'s Story<'_>, look: &'s Look) -> impl Iterator<Item = Finding> + 's {
    story.lives.values().filter_map(|life| {
        let seen = longest(story, life, look.began);
        let found = found(story, look, life.job);
        let acknowledged = || {
            story
                .asks
                .iter()
                .filter_map(Ask::started)
                .any(|s| s.job == life.job)
        };
        (found < seen && (found > 0 || !acknowledged())).then(|| {
            let name = life.name();
            let what = format!(
                "in the end the log of {name} ends with {found}, though {seen} had been seen"
            );
            Finding::new(look.began, what)
        })
    })
}

/// The last number that a look found of a job.
fn found(story: &Story<'_>, look: &Look, job: JobId) -> Seq {
    let socket = story.sockets.get(&look.socket);
    let stream = socket.and_then(|socket| socket.conversation.latest(job));
    let of_look = stream.filter(|stream| stream.opened > look.began);
    of_look.map_or(0, |stream| stream.run.position())
}
