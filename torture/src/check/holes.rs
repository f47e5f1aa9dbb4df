//! Each watch is sent the number after the last, or a gap that says what is missing.
//!
//! Whoever comes back says the last number that was seen; so this holds across a resume, too.

use super::{
    Finding,
    story::{Socket, Story, Stray},
};
use crate::{Run, State, Stream};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let sockets = story.sockets.values();
    let mut found: Vec<Finding> = sockets.flat_map(holes).collect();
    let unwatched = story.strays.iter().filter(|stray| !stray.after_end);
    found.extend(unwatched.map(|stray: &Stray| {
        Finding::new(
            stray.seen,
            format!("nothing was watched that this is of: {}", stray.frame),
        )
    }));
    found
}

fn holes(socket: &Socket) -> impl Iterator<Item = Finding> + '_ {
    let streams = socket.conversation.streams().iter();
    let sure = streams.filter(|stream| stream.state != State::Unsure);
    let name = |stream: &Stream| format!("{} ({})", stream.connid, stream.job);
    let of_jobs = sure.filter_map(move |stream| hole(&stream.run, &name(stream)));
    let feeds = socket.conversation.feeds().iter();
    of_jobs.chain(feeds.filter_map(|feed| hole(feed, "the feed")))
}

fn hole(run: &Run, whose: &str) -> Option<Finding> {
    let (item, next) = run.hole()?;
    let (from, to) = (item.from, item.to);
    let what =
        format!("a watch of {whose} was to go on with {next}, and went on with {from} (to {to})");
    Some(Finding::new(item.seen, what))
}
