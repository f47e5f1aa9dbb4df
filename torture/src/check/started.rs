//! Every job was started by a request, and a request makes one job at most.
//!
//! A request that was refused made none. One without an answer may have made one: jobs that nobody was told of are counted
//! against those that may have made them, by connid, route and time.

use std::collections::{HashMap, HashSet};

use longwire_protocol::{Connid, Request, Seconds};

use super::{
    Finding,
    lives::{Life, event, may_have_made_one},
    story::Story,
};

/// What tells starts apart: the connid, if one was given, the route, and the time.
type Kind<'s> = (Option<&'s Connid>, &'s str, Option<Seconds>);

fn kind(request: &Request) -> Option<Kind<'_>> {
    if let Request::Start(start) = request {
        Some((start.connid.as_ref(), &*start.route, start.time))
    } else {
        None
    }
}

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let lives: Vec<&Life> = story
        .lives
        .values()
        .filter(|life| !is_acknowledged(story, life))
        .collect();
    let orphans = lives.iter().filter(|life| life.starts.is_empty());
    let nobodys =
        orphans.map(|life| Finding::new(life.known, format!("nobody had started {}", life.name())));
    let mut found: Vec<Finding> = nobodys.collect();
    found.extend(too_many(story, &lives));
    found.extend(made_twice(story));
    found
}

fn is_acknowledged(story: &Story<'_>, life: &Life) -> bool {
    let made = |ask: &usize| {
        story.asks[*ask]
            .started()
            .is_some_and(|s| s.job == life.job)
    };
    life.starts.iter().any(made)
}

/// More jobs of a kind that nobody was told of than requests of that kind without an answer.
fn too_many(story: &Story<'_>, lives: &[&Life]) -> Vec<Finding> {
    let mut unanswered: HashMap<Kind<'_>, usize> = HashMap::new();
    let asks = story.asks.iter().filter(|ask| may_have_made_one(ask));
    for kind in asks.filter_map(|ask| kind(&ask.request)) {
        *unanswered.entry(kind).or_default() += 1;
    }
    let mut found = Vec::new();
    // Where the first event is not known, neither is the time, and so the kind.
    for life in lives.iter().filter(|life| event(story, life, 1).is_some()) {
        let start = life.starts.first().map(|ask| &story.asks[*ask].request);
        let Some(kind) = start.and_then(kind) else {
            continue;
        };
        let left = unanswered.entry(kind).or_default();
        match left.checked_sub(1) {
            Some(fewer) => *left = fewer,
            None => {
                let what = format!("more jobs than were started: {}", life.name());
                found.push(Finding::new(life.known, what));
            }
        }
    }
    found
}

/// A job that two starts are told to have made.
fn made_twice(story: &Story<'_>) -> Vec<Finding> {
    let mut made = HashSet::new();
    let acknowledged = story.asks.iter().filter_map(|ask| {
        let started = ask.started().filter(|started| !started.attached)?;
        Some((started, ask.reply.as_ref()?.seen))
    });
    let twice = acknowledged.filter(|(started, _)| !made.insert(started.job));
    let finding = |started: &longwire_protocol::Started| {
        format!(
            "{} ({}) was made by two starts",
            started.connid, started.job
        )
    };
    twice
        .map(|(started, seen)| Finding::new(seen, finding(started)))
        .collect()
}
