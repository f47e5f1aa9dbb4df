//! Who sits where and holds what: the one table, without clocks, waiting or locks.

mod leases;

use std::{
    collections::{BTreeSet, VecDeque},
    ops::Bound,
    sync::Arc,
};

use longwire_protocol::{Failure, JobId, Lease, Seconds, Timestamp};
use rustc_hash::FxHashMap;
use tokio::sync::Notify;

use super::Kept;
use crate::{Mailbox, Stopped};

pub(super) use leases::{Begin, Leased, Look};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SeatId(u64);

/// Names a place of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PlaceId(u64);

/// All seats, the places that were given at them, and the leases.
#[derive(Default)]
pub(super) struct Table {
    last: u64,
    seats: FxHashMap<SeatId, Sitting>,
    places: FxHashMap<PlaceId, Taken>,
    /// By the names of configured routes.
    desks: FxHashMap<Arc<str>, Desk>,
    leases: FxHashMap<JobId, PlaceId>,
}

/// A worker, as it sits here.
struct Sitting {
    name: Arc<str>,
    kept: Kept,
    offer: Offer,
    places: BTreeSet<PlaceId>,
    heard: Timestamp,
    /// A lease ran out on it, and nothing was heard of it since.
    silent: bool,
    /// What it is to be told next; at most a few words for each of its places.
    out: VecDeque<Handed>,
    mailbox: Arc<Mailbox>,
}

/// What a worker offers: so many places in all, each of any of these routes.
#[derive(Clone, Debug, Default)]
pub(super) struct Offer {
    pub(super) routes: Vec<Arc<str>>,
    pub(super) slots: usize,
}

impl Sitting {
    fn free(&self) -> usize {
        if self.silent {
            return 0;
        }
        self.offer.slots.saturating_sub(self.places.len())
    }

    /// Whether it holds one job, and takes no other beside it.
    fn is_alone(&self) -> bool {
        self.places.len() == 1 && self.offer.slots <= 1
    }

    fn tell(&mut self, handed: Handed) {
        self.out.push_back(handed);
        self.mailbox.tell(|word| word.seat = true);
    }
}

/// A route, seen from its workers.
#[derive(Default)]
struct Desk {
    free: usize,
    /// Where there is a free place.
    seats: BTreeSet<SeatId>,
    /// Who was given the last one: the next comes to the one after.
    last: SeatId,
    /// Places whose worker left before it was handed the job: they come before the queue.
    waiting: VecDeque<PlaceId>,
}

/// A place that was given.
struct Taken {
    route: Arc<str>,
    seat: Option<SeatId>,
    /// Whoever serves the job in it is to look again.
    wake: Arc<Notify>,
    lease: Option<Leased>,
}

/// What a worker is told.
pub(super) enum Handed {
    /// Serve this.
    Begin(Box<Begin>),
    /// Go on with this: it was another's until now.
    Resume(Box<Begin>),
    /// This is another's now.
    Leave(JobId),
    /// Kill whoever serves this.
    Force(Lease),
}

impl Table {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A seat for a worker, which offers nothing yet.
    pub(super) fn sit(&mut self, kept: Kept, mailbox: Arc<Mailbox>, now: Timestamp) -> SeatId {
        let id = SeatId(self.next());
        let sitting = Sitting {
            name: "".into(),
            kept,
            offer: Offer::default(),
            places: BTreeSet::new(),
            heard: now,
            silent: false,
            out: VecDeque::new(),
            mailbox,
        };
        self.seats.insert(id, sitting);
        id
    }

    /// What a seat offers from now on. Places that it was given and that no longer fit, and whose jobs it was not handed, are
    /// seated elsewhere.
    pub(super) fn claim(&mut self, seat: SeatId, name: Option<&str>, offer: Offer) {
        self.change(seat, |sitting| {
            sitting.offer = offer;
            if let Some(name) = name {
                sitting.name = name.into();
            }
        });
        for place in self.misfits(seat) {
            self.unseat(place);
        }
        self.fill(seat);
    }

    fn misfits(&self, seat: SeatId) -> Vec<PlaceId> {
        let Some(sitting) = self.seats.get(&seat) else {
            return Vec::new();
        };
        let reserved = sitting.places.iter().filter_map(|place| {
            let taken = self
                .places
                .get(place)
                .filter(|taken| taken.lease.is_none())?;
            Some((*place, sitting.offer.routes.contains(&taken.route)))
        });
        let over = sitting.places.len().saturating_sub(sitting.offer.slots);
        let (fit, misfit): (Vec<_>, Vec<_>) = reserved.partition(|(_, offered)| *offered);
        let over = over.saturating_sub(misfit.len());
        let last = fit.into_iter().rev().take(over);
        misfit
            .into_iter()
            .chain(last)
            .map(|(place, _)| place)
            .collect()
    }

    /// A worker leaves. What was on its way to it and had not been sent has not begun; the rest of its leases go on for a third
    /// of their time, or not at all where `why` says that it cannot come back.
    pub(super) fn leave(&mut self, seat: SeatId, why: Option<&(Failure, Stopped)>, now: Timestamp) {
        self.change(seat, |sitting| sitting.offer = Offer::default());
        while let Some(handed) = self.handed(seat, false) {
            if let Handed::Begin(begin) = handed {
                self.take_back(begin.lease);
            }
        }
        let places = self.seats.get(&seat).map(|sitting| sitting.places.clone());
        for place in places.into_iter().flatten() {
            self.orphan(place, why, now);
            self.unseat(place);
        }
        self.seats.remove(&seat);
    }

    fn orphan(&mut self, place: PlaceId, why: Option<&(Failure, Stopped)>, now: Timestamp) {
        let runs_out = self.runs_out(place);
        let Some(lease) = self.lease_at(place) else {
            return;
        };
        lease.given_up = why.cloned();
        let soon = now.after(Seconds::from_micros(lease.time.as_micros() / 3));
        lease.runs_out = runs_out.map_or(soon, |at| at.min(soon));
    }

    /// What a seat is to be told next; no new job where it is held back.
    pub(super) fn handed(&mut self, seat: SeatId, is_held_back: bool) -> Option<Handed> {
        let out = &mut self.seats.get_mut(&seat)?.out;
        let fits = |handed: &Handed| !is_held_back || !matches!(handed, Handed::Begin(_));
        let next = out.iter().position(fits)?;
        out.remove(next)
    }

    /// Something was heard of a seat. Says whether it offers again what it did not while it was silent.
    pub(super) fn heard(&mut self, seat: SeatId, now: Timestamp) -> bool {
        let Some(sitting) = self.seats.get_mut(&seat) else {
            return false;
        };
        sitting.heard = now;
        let was_silent = sitting.silent;
        if was_silent {
            self.change(seat, |sitting| sitting.silent = false);
            self.fill(seat);
        }
        was_silent
    }

    /// How many workers offer to serve a route.
    pub(super) fn offering(&self, route: &str) -> usize {
        let offers = |sitting: &&Sitting| {
            let mut routes = sitting.offer.routes.iter();
            sitting.offer.slots > 0 && routes.any(|offered| **offered == *route)
        };
        self.seats.values().filter(offers).count()
    }

    /// How many places of a route are free.
    pub(super) fn free(&self, route: &str) -> usize {
        self.desks.get(route).map_or(0, |desk| desk.free)
    }

    /// Gives a free place of a route.
    pub(super) fn take(&mut self, route: &Arc<str>) -> Option<PlaceId> {
        let seat = self.pick(route)?;
        let place = PlaceId(self.next());
        let taken = Taken {
            route: Arc::clone(route),
            seat: None,
            wake: Arc::default(),
            lease: None,
        };
        self.places.insert(place, taken);
        self.seat(place, seat);
        Some(place)
    }

    /// The seat whose turn it is.
    fn pick(&mut self, route: &str) -> Option<SeatId> {
        let desk = self.desks.get_mut(route)?;
        let after = (Bound::Excluded(desk.last), Bound::Unbounded);
        let next = desk
            .seats
            .range(after)
            .next()
            .or_else(|| desk.seats.first());
        desk.last = *next?;
        Some(desk.last)
    }

    /// A place is given back.
    pub(super) fn release(&mut self, place: PlaceId) {
        let Some(taken) = self.places.remove(&place) else {
            return;
        };
        match taken.seat {
            Some(seat) => {
                self.change(seat, |sitting| {
                    sitting.places.remove(&place);
                });
                self.fill(seat);
            }
            None => self.forget_waiting(&taken.route, place),
        }
    }

    fn forget_waiting(&mut self, route: &str, place: PlaceId) {
        if let Some(desk) = self.desks.get_mut(route) {
            desk.waiting.retain(|waiting| *waiting != place);
        }
    }

    fn seat(&mut self, place: PlaceId, seat: SeatId) {
        self.change(seat, |sitting| {
            sitting.places.insert(place);
        });
        if let Some(taken) = self.places.get_mut(&place) {
            taken.seat = Some(seat);
            taken.wake.notify_one();
        }
    }

    /// A place loses its worker. Where that was not handed the job there is another for it, now or later.
    fn unseat(&mut self, place: PlaceId) {
        let Some(taken) = self.places.get_mut(&place) else {
            return;
        };
        taken.wake.notify_one();
        let (route, waits) = (Arc::clone(&taken.route), taken.lease.is_none());
        if let Some(seat) = taken.seat.take() {
            self.change(seat, |sitting| {
                sitting.places.remove(&place);
            });
        }
        if waits {
            match self.pick(&route) {
                Some(seat) => self.seat(place, seat),
                None => self.desk(&route).waiting.push_back(place),
            }
        }
    }

    fn desk(&mut self, route: &Arc<str>) -> &mut Desk {
        self.desks.entry(Arc::clone(route)).or_default()
    }

    /// Gives the free places of a seat to those who wait for one.
    fn fill(&mut self, seat: SeatId) {
        let Some(sitting) = self.seats.get(&seat) else {
            return;
        };
        for route in sitting.offer.routes.clone() {
            while self
                .seats
                .get(&seat)
                .is_some_and(|sitting| sitting.free() > 0)
                && let Some(place) = self.desk(&route).waiting.pop_front()
            {
                self.seat(place, seat);
            }
        }
    }

    /// Changes what a seat offers or holds, and with it what its routes have free.
    fn change(&mut self, seat: SeatId, change: impl FnOnce(&mut Sitting)) {
        self.count(seat, |desk, free| {
            desk.free -= free;
            desk.seats.remove(&seat);
        });
        if let Some(sitting) = self.seats.get_mut(&seat) {
            change(sitting);
        }
        self.count(seat, |desk, free| {
            desk.free += free;
            if free > 0 {
                desk.seats.insert(seat);
            }
        });
    }

    fn count(&mut self, seat: SeatId, count: impl Fn(&mut Desk, usize)) {
        if let Some(sitting) = self.seats.get(&seat) {
            let free = sitting.free();
            for route in &sitting.offer.routes {
                count(self.desks.entry(Arc::clone(route)).or_default(), free);
            }
        }
    }
}
