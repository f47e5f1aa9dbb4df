//! A job has one outcome, the same for all, before and after crashes, and nothing comes after it.

use std::collections::HashMap;

use longwire_protocol::{Connid, Seq, Status};

use super::{
    Finding,
    lives::Life,
    story::{NamedEnd, Story},
    unseen::may_be_unseen,
};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let lives = story.lives.values();
    let mut found: Vec<Finding> = lives.flat_map(|life| more_than_one(story, life)).collect();
    found.extend(by_name(story));
    found.extend(after_the_end(story));
    found
}

/// How a job ended, as it was said first.
fn outcome(story: &Story<'_>, life: &Life) -> Option<(Seq, Status)> {
    let end = &story.signs[life.end?];
    Some((end.seq, end.status?))
}

/// Signs of a job that are of another end, or of something after its end.
fn more_than_one<'s>(story: &'s Story<'_>, life: &'s Life) -> impl Iterator<Item = Finding> + 's {
    let outcome = outcome(story, life);
    story.signs_of(life).filter_map(move |sign| {
        let (last, ended) = outcome?;
        let other = sign.has_ended() && (sign.seq, sign.status) != (last, Some(ended));
        (other || sign.seq > last).then(|| {
            let said = sign.status.map_or("something", Status::as_str);
            let (name, ended, seq) = (life.name(), ended.as_str(), sign.seq);
            let what =
                format!("{name} ended {ended} with {last}, and then there is {said} with {seq}");
            Finding::new(sign.seen, what)
        })
    })
}

/// Ends that were told of a connid and are not the end of any job of that name.
fn by_name(story: &Story<'_>) -> Vec<Finding> {
    let mut named: HashMap<&Connid, Vec<Option<(Seq, Status)>>> = HashMap::new();
    for life in story.lives.values() {
        let ends = named.entry(&life.connid).or_default();
        ends.push(outcome(story, life));
    }
    let fits = |end: &NamedEnd| {
        let told = (end.ended.seq, end.ended.status);
        let ends = named.get(&end.connid);
        ends.is_some_and(|ends| ends.iter().any(|end| end.is_none_or(|end| end == told)))
    };
    let unseen = |end: &NamedEnd| may_be_unseen(story, &end.connid, end.seen);
    let wrong = story.ends.iter().filter(|end| !fits(end) && !unseen(end));
    let finding = |end: &NamedEnd| {
        let (connid, status) = (&end.connid, end.ended.status.as_str());
        let seq = end.ended.seq;
        let what = format!(
            "{connid} is said to have ended {status} with {seq}, and no job of that name did"
        );
        Finding::new(end.seen, what)
    };
    wrong.map(finding).collect()
}

/// Events that a socket was sent of a job whose end it had been sent.
fn after_the_end(story: &Story<'_>) -> Vec<Finding> {
    let strays = story.strays.iter().filter(|stray| stray.after_end);
    let finding = |stray: &super::story::Stray| {
        Finding::new(stray.seen, format!("after the end came {}", stray.frame))
    };
    strays.map(finding).collect()
}
