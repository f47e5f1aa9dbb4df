//! Killing all jobs that fit.

use futures_util::future::join_all;
use longwire_protocol::{JobId, Refusal, Where, Wish};

use crate::{Closed, Engine, Killed, Principal, Query, refusals::unavailable, writer::Unchanged};

/// Jobs that are told to end before others have their turn, and that share a flush where they are kept on a disk.
const AT_ONCE: usize = 256;

impl Engine {
    /// Kills every job that fits and has not ended, and says how many kills were accepted. Jobs that are started meanwhile are
    /// not meant. It is gone through with, also where whoever asked leaves.
    ///
    /// # Errors
    /// `unavailable`, where some could not be written down.
    pub async fn kill_all(
        &self,
        who: &Principal,
        filter: Where,
        reason: Option<&str>,
    ) -> Result<u64, Refusal> {
        let wish = who.wish(reason);
        let newest = self.new_id(self.now());
        let query = Query {
            after: None,
            limit: AT_ONCE,
            route: filter.route,
            tag: filter.tag,
        };
        let engine = self.clone();
        let kills = async move { engine.kill_up_to(newest, query, wish).await };
        self.to_the_end(Box::pin(kills)).await
    }

    async fn kill_up_to(
        &self,
        newest: JobId,
        mut query: Query,
        wish: Wish,
    ) -> Result<u64, Refusal> {
        let mut accepted = 0;
        loop {
            let page = self.0.writer.store.list(&query).await;
            let jobs = page.jobs.into_iter().map(|(job, _)| job);
            let meant = jobs.filter(|job| job.id() < newest);
            let kills = join_all(meant.map(|job| self.wish(job, wish.clone())));
            for killed in kills.await {
                accepted += u64::from(is_accepted(killed)?);
            }
            query.after = page.next.filter(|next| *next < newest);
            if query.after.is_none() {
                return Ok(accepted);
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A job that ended before it could be killed needs no kill.
fn is_accepted(killed: Result<Killed, Unchanged<Closed>>) -> Result<bool, Refusal> {
    match killed {
        Ok(_) => Ok(true),
        Err(Unchanged::Refused(_)) => Ok(false),
        Err(Unchanged::Unavailable(why)) => Err(unavailable(&why)),
    }
}
