//! Only documented frames, refusal codes and close codes appear.
//!
//! What is read as a frame at all has a documented code: the types of the protocol know no other.

use longwire_protocol::CLOSE_CODES;

use super::{Finding, story::Story};
use crate::Fact;

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let odd = story.odd.iter();
    let mut found: Vec<Finding> = odd.map(|(seen, what)| Finding::new(*seen, what)).collect();
    found.extend(story.history.facts().filter_map(|(moment, fact)| {
        let Fact::Closed { code, .. } = fact else {
            return None;
        };
        let documented = CLOSE_CODES.iter().any(|close| close.code == *code);
        (!documented).then(|| Finding::new(moment, format!("a socket was closed with {code}")))
    }));
    found
}
