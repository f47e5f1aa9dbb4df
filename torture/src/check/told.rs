//! On a socket that lives every request is answered, and every watch told the end.
//!
//! Judged at the first last look, when everything has come to rest: whoever waits then has waited for [`PATIENCE`].

use longwire_protocol::Seq;

use super::{
    Finding,
    story::{Socket, Story},
};
use crate::{Moment, State, Stream};

/// Microseconds that a frame may be on its way.
const PATIENCE: u64 = 5_000_000;

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let Some(look) = story.looks.first().map(|look| look.began) else {
        return Vec::new();
    };
    let mut found: Vec<Finding> = unanswered(story, look).collect();
    let alive = story.sockets.values().filter(|socket| lives(socket, look));
    found.extend(alive.flat_map(|socket| not_ended(story, socket, look)));
    found
}

fn lives(socket: &Socket, look: Moment) -> bool {
    socket.gone.is_none_or(|gone| gone > look)
}

fn is_overdue(since: Moment, look: Moment) -> bool {
    since.at + PATIENCE < look.at
}

fn unanswered<'s>(story: &'s Story<'_>, look: Moment) -> impl Iterator<Item = Finding> + 's {
    let overdue = story.asks.iter().filter(move |ask| {
        let answered = ask.reply.as_ref().is_some_and(|reply| reply.seen < look);
        let socket = story.sockets.get(&ask.socket);
        !answered && is_overdue(ask.sent, look) && socket.is_some_and(|socket| lives(socket, look))
    });
    overdue.map(|ask| {
        let what = format!("socket {} had no answer to {:?}", ask.socket, ask.request);
        Finding::new(ask.sent, what)
    })
}

fn not_ended<'s>(
    story: &'s Story<'_>,
    socket: &'s Socket,
    look: Moment,
) -> impl Iterator<Item = Finding> + 's {
    let streams = socket.conversation.streams().iter();
    let watches = streams.filter(|stream| matches!(stream.state, State::Open | State::Ended));
    watches.filter_map(move |stream| {
        let life = story.lives.get(&stream.job)?;
        let end = &story.signs[life.end?];
        let since = end.seen.max(stream.opened);
        (position_at(stream, look) < end.seq && is_overdue(since, look)).then(|| {
            let what = format!("a watch of {} was not told its end", life.name());
            Finding::new(end.seen, what)
        })
    })
}

/// How far a watch had come. One that begins with the last number is told no more.
fn position_at(stream: &Stream, look: Moment) -> Seq {
    let items = stream.run.items.iter();
    let came = items.take_while(|item| item.seen < look).last();
    came.map_or(stream.run.after, |item| item.to)
}
