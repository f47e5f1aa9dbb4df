//! 10 s after the last fault has healed a start has been acknowledged.
//!
//! It has healed as soon as a server is started again: what that needs to recover is in the 10 s.

use super::{Finding, story::Story};
use crate::{Fact, Moment};

/// Microseconds that a server has to come back.
const PATIENCE: u64 = 10_000_000;

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let Some(fault) = last_fault(story) else {
        return Vec::new();
    };
    let spawned = |fact: &Fact| matches!(fact, Fact::Spawned { .. });
    let mut later = story.history.facts().filter(|(moment, _)| *moment > fault);
    let Some((healed, _)) = later.find(|(_, fact)| spawned(fact)) else {
        return vec![Finding::new(
            fault,
            "no server was started after the last fault",
        )];
    };
    let in_time = |seen: Moment| healed < seen && seen.at <= healed.at + PATIENCE;
    let mut acknowledged = story
        .asks
        .iter()
        .filter(|ask| ask.sent > healed && ask.started().is_some());
    if acknowledged.any(|ask| ask.reply.as_ref().is_some_and(|reply| in_time(reply.seen))) {
        return Vec::new();
    }
    vec![Finding::new(
        healed,
        "no start was acknowledged within 10 s after the last fault",
    )]
}

fn last_fault(story: &Story<'_>) -> Option<Moment> {
    let fault = |fact: &Fact| matches!(fact, Fact::Killed | Fact::Asked);
    let faults = story.history.facts().filter(|(_, fact)| fault(fact));
    faults.map(|(moment, _)| moment).last()
}
