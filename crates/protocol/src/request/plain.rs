//! What is sent most, where nothing is wrong with it: starts and kills, read in one pass.
//!
//! Whatever is not understood plainly is nobody's mistake here: it is read field by field, which also tells what is wrong with it. What is
//! understood must mean just what it means there; tests in `read` hold both to it.

use super::{
    Kill, Request, Start, VERBS,
    members::{Members, NotPlain, Plainly, Word},
};
use crate::FrameId;

/// Reads a start or a kill whose route comes first, or right after its id.
pub(super) fn read(text: &str) -> Plainly<(Option<FrameId>, Request)> {
    let mut members = Members::of(text);
    let mut id = None;
    let route = loop {
        match members.key()? {
            Some("id") => id = members.id()?,
            Some("route") => match members.word() {
                Some(Word::Text(route)) => break route,
                _ => return Err(NotPlain),
            },
            _ => return Err(NotPlain),
        }
    };
    let request = match route {
        "kill" => Request::Kill(kill(&mut members, &mut id)?),
        verb if VERBS.contains(&verb) => return Err(NotPlain),
        route => Request::Start(start(route, &mut members, &mut id)?),
    };
    Ok((id, request))
}

fn start(route: &str, members: &mut Members<'_>, id: &mut Option<FrameId>) -> Plainly<Start> {
    let mut start = Start::new(route);
    while let Some(key) = members.key()? {
        match key {
            "id" => *id = members.id()?,
            "connid" => start.connid = members.value()?,
            "time" => start.time = members.value()?,
            "idle_time" => start.idle_time = members.value()?,
            "queue_time" => start.queue_time = members.value()?,
            "input" => start.input = members.json()?,
            "on_conflict" => start.on_conflict = members.value()?.unwrap_or_default(),
            "on_disconnect" => start.on_disconnect = members.value()?.unwrap_or_default(),
            "tags" => start.tags = members.json::<Option<_>>()?.unwrap_or_default(),
            _ => return Err(NotPlain),
        }
    }
    Ok(start)
}

/// The kill of one job: that of many is rare, and much more work than its reading.
fn kill(members: &mut Members<'_>, id: &mut Option<FrameId>) -> Plainly<Kill> {
    let (mut connid, mut job, mut reason, mut wait) = (None, None, None, None);
    while let Some(key) = members.key()? {
        match key {
            "id" => *id = members.id()?,
            "connid" => connid = members.value()?,
            "job" => job = members.value()?,
            "reason" => reason = members.value()?,
            "wait" => wait = members.value()?,
            _ => return Err(NotPlain),
        }
    }
    Ok(Kill {
        connid,
        job,
        filter: None,
        reason,
        wait: wait.unwrap_or_default(),
    })
}
