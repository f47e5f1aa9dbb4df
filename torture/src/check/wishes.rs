//! A job is killed for a reason that someone gave.
//!
//! Every kill of a run has a reason of its own. A start that replaces has the server's.

use super::{
    Finding,
    lives::{Life, killers, reason},
    story::Story,
};

pub(super) fn find(story: &Story<'_>) -> Vec<Finding> {
    let lives = story.lives.values();
    lives.flat_map(|life| unwished(story, life)).collect()
}

fn unwished<'s>(story: &'s Story<'_>, life: &'s Life) -> impl Iterator<Item = Finding> + 's {
    life.log.values().filter_map(|sign| {
        let sign = &story.signs[*sign];
        let kill = sign.body.as_ref()?.event.kill.as_ref()?;
        let reason = reason(kill);
        let asked = killers(story, life, reason).any(|ask| story.asks[ask].sent < sign.seen);
        (!asked).then(|| {
            let reason = reason.unwrap_or("no reason");
            Finding::new(
                sign.seen,
                format!(
                    "{} is killed for {reason}, as nobody had asked",
                    life.name()
                ),
            )
        })
    })
}
