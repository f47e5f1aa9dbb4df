//! Workers: who serves jobs from outside, and what they hold.
//!
//! A worker is a dispatcher outside the process. What it offers is a number of *places* of its routes; a job that is given one
//! is handed over at the worker's *seat*, under a *lease*. The run of the job stays here: the consumer of these routes
//! ([`Served`]) only waits for what the worker says of the job, and for signs that it is still there.
//!
//! All of it is one [`Table`] behind one lock. It holds nothing that a log says; when the server dies it is gone, and the jobs
//! are taken up as those of any consumer are.

mod line;
mod seat;
mod serve;
mod table;
mod verbs;

use std::sync::Arc;

use longwire_protocol::{Claim, Failure, JobId, Lease, Seconds, Timestamp};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{Clock, Job, Mailbox, Random, Stopped};

use line::{Line, Room, Said, Unsaid};
pub use seat::{News, Seat};
pub(crate) use serve::Served;
pub(crate) use table::PlaceId;
use table::{Handed, Leased, Look, Offer, SeatId, Table};

/// How the server knows that a worker is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is outside: its leases run out unless something is heard of it.
    Outside,
    /// It is a process of the server's own: its leases last as long as it does, and where it serves one job at a time it can be killed
    /// for the sake of that.
    Process,
}

/// All workers of an engine.
pub struct Workers {
    table: Mutex<Table>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// Told of every place that becomes free, of whatever route.
    freed: Arc<Mailbox>,
}

/// A place of a worker. Dropping it gives it back.
pub(crate) struct Place {
    id: PlaceId,
    workers: Arc<Workers>,
}

impl Place {
    pub(crate) const fn id(&self) -> PlaceId {
        self.id
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Place").field(&self.id).finish()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whoever holds it tells of the place that it frees.
        self.workers.table.lock().release(self.id);
    }
}

impl Workers {
    /// Nobody yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Arc<Self> {
        Arc::new(Self {
            table: Mutex::default(),
            clock,
            random,
            freed: Mailbox::new(),
        })
    }

    pub(crate) const fn freed(&self) -> &Arc<Mailbox> {
        &self.freed
    }

    /// A free place of a route, at one of the seats that offer some, in turn.
    pub(crate) fn place(self: &Arc<Self>, route: &Arc<str>) -> Option<Place> {
        let id = self.table.lock().take(route)?;
        Some(Place {
            id,
            workers: Arc::clone(self),
        })
    }

    /// How many places of a route are free.
    pub(crate) fn free_places(&self, route: &str) -> usize {
        self.table.lock().free(route)
    }

    /// How many workers offer to serve a route.
    pub(crate) fn offering(&self, route: &str) -> usize {
        self.table.lock().offering(route)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sit(&self, kept: Kept, mailbox: &Arc<Mailbox>) -> SeatId {
        let now = self.now();
        self.table.lock().sit(kept, Arc::clone(mailbox), now)
    }

    /// What a seat offers from now on. Says which of the leases it wants to go on with are gone.
    fn claim(&self, seat: SeatId, offer: Offer, claim: &Claim) -> Vec<Lease> {
        let now = self.now();
        let lost = {
            let mut table = self.table.lock();
            table.heard(seat, now);
            let gone = |lease: &&Lease| !table.take_over(**lease, seat, now);
            let lost = claim.leases.iter().filter(gone).copied().collect();
            table.claim(seat, claim.worker.as_deref(), offer);
            lost
        };
        self.freed.tell(|word| word.queues = true);
        lost
    }

    /// A seat is left. Its leases go on for a third of their time, or, where `why` says that nobody can come back, not at all.
    fn leave(&self, seat: SeatId, why: Option<&(Failure, Stopped)>) {
        let now = self.now();
        self.table.lock().leave(seat, why, now);
    }

    /// What a seat is to be told next; no new job where it is held back.
    fn handed(&self, seat: SeatId, is_held_back: bool) -> Option<Handed> {
        self.table.lock().handed(seat, is_held_back)
    }

    /// Something was heard of a seat.
    fn heard(&self, seat: SeatId) {
        let now = self.now();
        let offers_again = self.table.lock().heard(seat, now);
        if offers_again {
            self.freed.tell(|word| word.queues = true);
        }
    }

    /// Hands a job over at its place's seat. None where there is nobody at it any more.
    fn hand_over(
        &self,
        place: PlaceId,
        job: &Job,
        terms: (Seconds, Seconds),
        said: Line,
    ) -> Option<()> {
        let secret = (u128::from(self.random.bits()) << 64) | u128::from(self.random.bits());
        let leased = Leased::new(
            Lease::new(job.id(), secret),
            job.clone(),
            terms,
            said,
            self.now(),
        );
        self.table.lock().hand_over(place, leased)
    }

    fn wake(&self, place: PlaceId) -> Option<Arc<Notify>> {
        self.table.lock().wake(place)
    }

    fn look(&self, place: PlaceId) -> Look {
        let now = self.now();
        self.table.lock().look(place, now)
    }

    /// Says something of the job of a lease, and renews that. After an end nothing more can be said.
    fn say(&self, lease: Lease, said: Said) -> Result<Room, Unsaid> {
        let now = self.now();
        self.table.lock().say(lease, said, now)
    }

    fn end_lease(&self, job: JobId, place: PlaceId) {
        self.table.lock().end_lease(job, place);
    }

    /// Has whoever keeps the worker at that place kill it, unless its job was never sent there: then that is taken back. One whose end is
    /// on its way needs neither. False where it cannot be.
    fn force(&self, place: PlaceId) -> bool {
        self.table.lock().force(place)
    }

    fn forced(&self, lease: Lease, stopped: Stopped) {
        self.table.lock().forced(lease, stopped);
    }
}
