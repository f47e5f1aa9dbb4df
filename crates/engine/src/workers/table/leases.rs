//! The leases: who may go on with which job, and until when.

use std::sync::Arc;

use longwire_protocol::{Failure, JobId, Lease, Seconds, Timestamp};
use tokio::sync::Notify;

use super::{Handed, PlaceId, SeatId, Table};
use crate::{
    Job, Stopped,
    workers::{
        Kept,
        line::{Line, Room, Said, Unsaid},
    },
};

/// A job that was handed over.
pub(in crate::workers) struct Leased {
    pub(in crate::workers) lease: Lease,
    pub(in crate::workers) job: Job,
    pub(in crate::workers) grace: Seconds,
    pub(in crate::workers) time: Seconds,
    said: Line,
    pub(super) runs_out: Timestamp,
    /// Its end is on its way.
    closed: bool,
    pub(super) given_up: Option<(Failure, Stopped)>,
    forced: Option<Stopped>,
}

/// A job for a worker, and on what terms.
#[derive(Clone)]
pub(in crate::workers) struct Begin {
    pub(in crate::workers) lease: Lease,
    pub(in crate::workers) job: Job,
    pub(in crate::workers) grace: Seconds,
    pub(in crate::workers) time: Seconds,
}

/// How a place stands, to whoever serves the job in it.
pub(in crate::workers) enum Look {
    /// There is a worker, and it has not been handed the job.
    Seated,
    /// There is none yet.
    Waiting,
    /// It has the job until then; for as long as it lives where that is none.
    Held(Option<Timestamp>),
    /// It was killed for this job's sake.
    Forced(Stopped),
    /// It is gone: why, and what is left of it.
    GivenUp(Failure, Stopped),
}

impl Leased {
    pub(in crate::workers) fn new(
        lease: Lease,
        job: Job,
        (grace, time): (Seconds, Seconds),
        said: Line,
        now: Timestamp,
    ) -> Self {
        Self {
            lease,
            job,
            grace,
            time,
            said,
            runs_out: now.after(time),
            closed: false,
            given_up: None,
            forced: None,
        }
    }

    fn begin(&self) -> Box<Begin> {
        Box::new(Begin {
            lease: self.lease,
            job: self.job.clone(),
            grace: self.grace,
            time: self.time,
        })
    }
}

impl Table {
    /// Where whoever serves the job at a place is woken to look again.
    pub(in crate::workers) fn wake(&self, place: PlaceId) -> Option<Arc<Notify>> {
        self.places.get(&place).map(|taken| Arc::clone(&taken.wake))
    }

    /// Hands a job over at its place's seat. None where there is nobody at it any more.
    pub(in crate::workers) fn hand_over(&mut self, place: PlaceId, leased: Leased) -> Option<()> {
        let taken = self.places.get_mut(&place)?;
        let sitting = self.seats.get_mut(&taken.seat?)?;
        sitting.tell(Handed::Begin(leased.begin()));
        self.leases.insert(leased.lease.job(), place);
        taken.lease = Some(leased);
        Some(())
    }

    /// How a place stands. A worker that a lease ran out on offers nothing until it is heard of again: what it were given it would lose.
    pub(in crate::workers) fn look(&mut self, place: PlaceId, now: Timestamp) -> Look {
        let look = self.stands(place, now);
        if matches!(look, Look::GivenUp(..)) && self.is_silent(place, now) {
            self.falls_silent(place);
        }
        look
    }

    fn stands(&self, place: PlaceId, now: Timestamp) -> Look {
        let Some(taken) = self.places.get(&place) else {
            return Look::Waiting;
        };
        let Some(leased) = &taken.lease else {
            return taken.seat.map_or(Look::Waiting, |_| Look::Seated);
        };
        if let Some(stopped) = &leased.forced {
            return Look::Forced(stopped.clone());
        }
        if leased.closed {
            return Look::Held(None);
        }
        if let Some((why, left)) = leased.given_up.clone() {
            return Look::GivenUp(why, left);
        }
        match self.runs_out(place) {
            Some(at) if at <= now => {
                Look::GivenUp(self.silent(taken.seat, leased), Stopped::UNSEEN)
            }
            runs_out => Look::Held(runs_out),
        }
    }

    fn is_silent(&self, place: PlaceId, now: Timestamp) -> bool {
        self.runs_out(place).is_some_and(|at| at <= now)
    }

    fn falls_silent(&mut self, place: PlaceId) {
        if let Some(seat) = self.places.get(&place).and_then(|taken| taken.seat) {
            self.change(seat, |sitting| sitting.silent = true);
        }
    }

    fn silent(&self, seat: Option<SeatId>, leased: &Leased) -> Failure {
        let sitting = seat.and_then(|seat| self.seats.get(&seat));
        let worker = match sitting.map(|sitting| &*sitting.name) {
            Some(name) if !name.is_empty() => format!("worker {name:?}"),
            Some(_) => "its worker".to_owned(),
            None => "its worker left and".to_owned(),
        };
        let time = leased.time;
        let message = format!(
            "{worker} was not heard of in time (a lease is {time} s), and how far it came cannot be known"
        );
        Failure::new("worker_lost", message)
    }

    /// When a lease runs out; none where it lasts as long as its worker, or where there is none.
    pub(super) fn runs_out(&self, place: PlaceId) -> Option<Timestamp> {
        let taken = self.places.get(&place)?;
        let leased = taken.lease.as_ref()?;
        let Some(sitting) = taken.seat.and_then(|seat| self.seats.get(&seat)) else {
            return Some(leased.runs_out);
        };
        match sitting.kept {
            Kept::Process => None,
            Kept::Outside => Some(leased.runs_out.max(sitting.heard.after(leased.time))),
        }
    }

    pub(super) fn lease_at(&mut self, place: PlaceId) -> Option<&mut Leased> {
        self.places.get_mut(&place)?.lease.as_mut()
    }

    /// The place of a lease that is not gone.
    fn place_of(&mut self, lease: Lease, now: Timestamp) -> Option<PlaceId> {
        let place = *self.leases.get(&lease.job())?;
        let in_time = self.runs_out(place).is_none_or(|at| now < at);
        let leased = self.lease_at(place)?;
        let there = leased.lease == lease && !leased.closed && leased.given_up.is_none();
        (there && in_time).then_some(place)
    }

    /// Says something of the job of a lease, and renews that. With an end it is gone to whoever names it.
    pub(in crate::workers) fn say(
        &mut self,
        lease: Lease,
        said: Said,
        now: Timestamp,
    ) -> Result<Room, Unsaid> {
        let place = self.place_of(lease, now);
        let leased = place.and_then(|place| self.lease_at(place));
        let leased = leased.ok_or(Unsaid::Lost)?;
        let ends = matches!(said, Said::End(_));
        let room = leased.said.say(said)?;
        leased.runs_out = now.after(leased.time);
        leased.closed = ends;
        Ok(room)
    }

    fn named(&mut self, lease: Lease) -> Option<&mut Leased> {
        let place = *self.leases.get(&lease.job())?;
        self.lease_at(place).filter(|leased| leased.lease == lease)
    }

    /// A seat goes on with a lease, whoever had it until now. False where it is gone.
    pub(in crate::workers) fn take_over(
        &mut self,
        lease: Lease,
        seat: SeatId,
        now: Timestamp,
    ) -> bool {
        let Some(place) = self.place_of(lease, now) else {
            return false;
        };
        let before = self.places.get(&place).and_then(|taken| taken.seat);
        if let Some(before) = before.filter(|before| *before != seat) {
            self.change(before, |sitting| {
                sitting.places.remove(&place);
                sitting.tell(Handed::Leave(lease.job()));
            });
            self.fill(before);
        }
        self.seat(place, seat);
        let Some(leased) = self.lease_at(place) else {
            return false;
        };
        leased.runs_out = now.after(leased.time);
        let begin = leased.begin();
        if let Some(sitting) = self.seats.get_mut(&seat) {
            sitting.tell(Handed::Resume(begin));
        }
        true
    }

    /// A job was never sent to the worker that it was handed over to.
    pub(super) fn take_back(&mut self, lease: Lease) {
        if let Some(place) = self.leases.remove(&lease.job())
            && let Some(taken) = self.places.get_mut(&place)
        {
            taken.lease = None;
            taken.wake.notify_one();
        }
    }

    /// The run of a job is over, and with it its lease.
    pub(in crate::workers) fn end_lease(&mut self, job: JobId, place: PlaceId) {
        if self.leases.get(&job) == Some(&place) {
            self.leases.remove(&job);
        }
        let Some(taken) = self.places.get_mut(&place) else {
            return;
        };
        taken.lease = None;
        if let Some(sitting) = taken.seat.and_then(|seat| self.seats.get_mut(&seat)) {
            let of_this = |handed: &Handed| match handed {
                Handed::Begin(begin) | Handed::Resume(begin) => begin.lease.job() == job,
                Handed::Force(lease) => lease.job() == job,
                Handed::Leave(_) => false,
            };
            sitting.out.retain(|handed| !of_this(handed));
        }
    }

    /// Has whoever keeps the worker at that place kill it, unless its job was never sent there: then that is taken back. One whose end is
    /// on its way needs neither. False where it cannot be.
    pub(in crate::workers) fn force(&mut self, place: PlaceId) -> bool {
        let Some(taken) = self.places.get(&place) else {
            return false;
        };
        let Some((lease, seat)) = taken.lease.as_ref().map(|l| l.lease).zip(taken.seat) else {
            return false;
        };
        if self.recall(lease, seat) || self.is_closed(place) {
            return true;
        }
        match self.seats.get_mut(&seat) {
            Some(sitting) if sitting.kept == Kept::Process && sitting.is_alone() => {
                sitting.tell(Handed::Force(lease));
                true
            }
            Some(_) | None => false,
        }
    }

    fn is_closed(&self, place: PlaceId) -> bool {
        let leased = self.places.get(&place).map(|taken| &taken.lease);
        leased.is_some_and(|leased| leased.as_ref().is_some_and(|it| it.closed))
    }

    /// Takes a job back that a seat has not been told of yet. False where it has.
    fn recall(&mut self, lease: Lease, seat: SeatId) -> bool {
        let is_of_it =
            |handed: &Handed| matches!(handed, Handed::Begin(begin) if begin.lease == lease);
        let out = self.seats.get_mut(&seat).map(|sitting| &mut sitting.out);
        let unsent = out.and_then(|out| out.remove(out.iter().position(is_of_it)?));
        if unsent.is_some() {
            self.take_back(lease);
        }
        unsent.is_some()
    }

    /// The worker was killed for the sake of that job.
    pub(in crate::workers) fn forced(&mut self, lease: Lease, stopped: Stopped) {
        if let Some(leased) = self.named(lease) {
            leased.forced = Some(stopped);
        }
        let place = self.leases.get(&lease.job());
        if let Some(taken) = place.and_then(|place| self.places.get(place)) {
            taken.wake.notify_one();
        }
    }
}
