//! A job that was acknowledged or seen is never unknown afterwards, and is listed while it has not ended.
//!
//! `expired` is as bad here: a run keeps everything that has ended. What a last look does not find is told there.

use std::collections::HashMap;

use longwire_protocol::{Code, Connid, JobId, Request, ServerFrame, StatusPage, StatusQuery};

use super::{
    Finding,
    lives::Life,
    story::{Ask, Story},
};
use crate::Moment;

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let mut known: HashMap<&Connid, Moment> = HashMap::new();
    for life in story.lives.values() {
        let since = known.entry(&life.connid).or_insert(life.known);
        *since = life.known.min(*since);
    }
    let asks = story.asks.iter().filter(|ask| !ask.last_look);
    let mut found: Vec<Finding> = asks.filter_map(|ask| unknown(story, &known, ask)).collect();
    found.extend(story.asks.iter().flat_map(|ask| not_listed(story, ask)));
    found
}

/// The request, refused as nothing is known of what it names.
fn unknown(story: &Story<'_>, known: &HashMap<&Connid, Moment>, ask: &Ask) -> Option<Finding> {
    let code = ask.refused()?.code;
    if !matches!(code, Code::UnknownConnid | Code::Expired) {
        return None;
    }
    let (connid, job) = target(&ask.request);
    let since = match (job, connid) {
        (Some(job), _) => story.lives.get(&job).map(|life| life.known),
        (None, Some(connid)) => known.get(connid).copied(),
        (None, None) => None,
    };
    let named = job.map(|job| job.to_string());
    let named = named.or(connid.map(|connid| connid.as_str().to_owned()))?;
    (since? < ask.sent).then(|| {
        let seen = ask.reply.as_ref().map_or(ask.sent, |reply| reply.seen);
        Finding::new(seen, format!("{named} had been seen, and is {code}"))
    })
}

/// Which job a request names, by which name.
fn target(request: &Request) -> (Option<&Connid>, Option<JobId>) {
    match request {
        Request::Start(_)
        | Request::Routes(_)
        | Request::Search(_)
        | Request::Modules(_)
        | Request::Claim(_)
        | Request::Append(_)
        | Request::End(_) => (None, None),
        Request::Kill(kill) => (kill.connid.as_ref(), kill.job),
        Request::Extend(extend) => (extend.connid.as_ref(), extend.job),
        Request::Status(query) => (query.connid.as_ref(), query.job),
        Request::Watch(watch) => (watch.connid.as_ref(), watch.job),
        Request::Unwatch(unwatch) => (unwatch.connid.as_ref(), unwatch.job),
    }
}

/// Jobs that were there all the time between a request for the whole list and its reply, and that are not in that.
fn not_listed<'s>(story: &'s Story<'_>, ask: &'s Ask) -> Vec<Finding> {
    let Some((page, seen)) = whole_list(ask) else {
        return Vec::new();
    };
    let there = |life: &&Life| life.known < ask.sent && seen.at < life.alive_until;
    let listed = |life: &&Life| page.jobs.iter().any(|view| view.job == life.job);
    let missing = story
        .lives
        .values()
        .filter(there)
        .filter(|life| !listed(life));
    let finding = |life: &Life| {
        let name = life.name();
        Finding::new(
            seen,
            format!("{name} had been seen and had not ended, and is not listed"),
        )
    };
    missing.map(finding).collect()
}

/// The reply to a request for all there is, where one page held it.
fn whole_list(ask: &Ask) -> Option<(&StatusPage, Moment)> {
    let Request::Status(StatusQuery {
        connid: None,
        job: None,
        after: None,
        filter: None,
        ..
    }) = &ask.request
    else {
        return None;
    };
    let reply = ask.reply.as_ref()?;
    let ServerFrame::Status(page) = &reply.frame else {
        return None;
    };
    page.next.is_none().then_some((page, reply.seen))
}
