//! An event of a number is the same event for all, always.
//!
//! Whole frames are compared, apart from what depends on who is told; where only a status was told, that. Two ends of one
//! number are two outcomes, and life after an end that was seen is told where that is proved.

use std::collections::BTreeMap;

use longwire_protocol::{Seq, Status};

use super::{
    Finding,
    ended::is_said_to_live,
    lives::Life,
    story::{Sign, Story},
};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let lives = story.lives.values();
    lives.flat_map(|life| differing(story, life)).collect()
}

fn differing<'s>(story: &'s Story<'_>, life: &'s Life) -> impl Iterator<Item = Finding> + 's {
    let mut first: BTreeMap<Seq, Status> = BTreeMap::new();
    story.signs_of(life).filter_map(move |sign| {
        let status = sign.status?;
        let first = *first.entry(sign.seq).or_insert(status);
        let two_ends = first.has_ended() && status.has_ended() && first != status;
        if two_ends || is_said_to_live(story, life, sign) {
            return None;
        }
        let what = if first == status {
            other_body(story, life, sign)?
        } else {
            format!("{} and {}", first.as_str(), status.as_str())
        };
        let (name, seq) = (life.name(), sign.seq);
        Some(Finding::new(
            sign.seen,
            format!("{seq} of {name} is two things: {what}"),
        ))
    })
}

fn other_body(story: &Story<'_>, life: &Life, sign: &Sign) -> Option<String> {
    let first = &story.signs[*life.log.get(&sign.seq)?];
    let (first, other) = (first.body.as_ref()?, sign.body.as_ref()?);
    (first.frame != other.frame).then(|| format!("{} and {}", first.frame, other.frame))
}
