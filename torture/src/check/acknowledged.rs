//! Every acknowledged start is there at the end, and its job has ended.
//!
//! A start without an answer may be there or not.

use longwire_protocol::Started;

use super::{
    Finding,
    story::{Ask, Look, Story},
};
use crate::{State, Stream};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    if story.looks.is_empty() {
        let what = "nobody looked how things stood in the end";
        return vec![Finding::new(crate::Moment::default(), what)];
    }
    let looks = story.looks.iter().flat_map(|look| missing(story, look));
    looks.collect()
}

/// The starts acknowledged before that look that it does not find.
fn missing<'s>(story: &'s Story<'_>, look: &'s Look) -> impl Iterator<Item = Finding> + 's {
    let acknowledged = story.asks.iter().filter_map(|ask: &Ask| {
        let seen = ask.reply.as_ref()?.seen;
        Some((seen, ask.started()?))
    });
    acknowledged
        .filter(|(seen, _)| *seen < look.began)
        .filter_map(|(seen, started)| Some(Finding::new(seen, lack(story, look, started)?)))
}

fn lack(story: &Story<'_>, look: &Look, started: &Started) -> Option<String> {
    let Started { connid, job, .. } = started;
    match whole_log(story, look, started).map(|stream| stream.state) {
        Some(State::Ended) => None,
        Some(State::Open | State::Replaced | State::Unsure) => Some(format!(
            "{connid} ({job}) was acknowledged, and has not ended in the end"
        )),
        None => Some(format!(
            "{connid} ({job}) was acknowledged, and is not there in the end"
        )),
    }
}

/// The last replay of a job's whole log.
fn whole_log<'s>(story: &'s Story<'_>, look: &Look, started: &Started) -> Option<&'s Stream> {
    let socket = story.sockets.get(&look.socket)?;
    let stream = socket.conversation.latest(started.job)?;
    (stream.opened > look.began && stream.run.after == 0).then_some(stream)
}
