//! The server leaves only when it is killed or asked to, and then well.

use super::{Finding, story::Story};
use crate::Fact;

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let left = story.history.facts().filter_map(|(moment, fact)| {
        if let Fact::Left { how } = fact {
            Some(Finding::new(moment, format!("the server left: {how}")))
        } else {
            None
        }
    });
    left.collect()
}
