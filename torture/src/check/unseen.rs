//! Jobs that may be there though nobody was told which.
//!
//! A start without an answer may have made a job that ended, perhaps by a kill of its connid, before anyone saw the server's
//! name for it. What was told of a connid may then be of that.

use longwire_protocol::Connid;

use super::{lives::may_have_made_one, story::Story};
use crate::Moment;

/// Whether a job of that name may have been made before that moment of which there is no sign.
pub(super) fn may_be_unseen(story: &Story<'_>, connid: &Connid, before: Moment) -> bool {
    let asks = story.named.starts.get(connid).into_iter().flatten();
    let unanswered = asks.filter(|ask| {
        let ask = &story.asks[**ask];
        ask.sent < before && may_have_made_one(ask)
    });
    let named = story.named.starts.get(connid);
    let of_these = |start: &usize| {
        let ask = &story.asks[*start];
        let given = named.is_some_and(|named| named.contains(start));
        given && ask.sent < before && ask.started().is_none()
    };
    let accounted = story
        .lives_named(connid)
        .filter(|life| !life.starts.is_empty() && life.starts.iter().all(of_these));
    unanswered.count() > accounted.count()
}
