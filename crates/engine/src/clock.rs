//! The only ways to the time and to chance.

use std::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
};

use longwire_protocol::{JobId, Timestamp};
use parking_lot::Mutex;

/// The time. Handed in, so that tests can hold it still.
pub trait Clock: Send + Sync + 'static {
    /// Now. Never earlier than what it said before.
    fn now(&self) -> Timestamp;

    /// Waits until then; never ends early.
    fn until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Chance. Handed in, so that tests can repeat it.
pub trait Random: Send + Sync + 'static {
    /// 64 bits that nobody could have guessed.
    fn bits(&self) -> u64;
}

/// The clock of the tokio runtime, set by the wall clock once: it runs evenly whatever is done to the wall clock later, and
/// stands still where tokio's is paused.
#[derive(Debug)]
pub struct RuntimeClock {
    started_at: Timestamp,
    started: tokio::time::Instant,
}

impl RuntimeClock {
    /// A clock that says `started_at` at this moment.
    #[must_use]
    pub fn starting_at(started_at: Timestamp) -> Self {
        Self {
            started_at,
            started: tokio::time::Instant::now(),
        }
    }

    /// A clock set by the wall clock.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "a Clock is where the time comes from"
    )]
    pub fn system() -> Self {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let micros = u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX);
        Self::starting_at(Timestamp::from_micros(micros))
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        self.started_at.after(self.started.elapsed().into())
    }

    fn until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let span = at.since(self.started_at).as_duration();
        let far = tokio::time::Duration::from_secs(86_400 * 365);
        let instant = self.started.checked_add(span).unwrap_or(self.started + far);
        Box::pin(tokio::time::sleep_until(instant))
    }
}

/// A sequence that a seed decides (`SplitMix64`): for tests and simulations, never for secrets.
#[derive(Debug)]
pub struct Seeded(AtomicU64);

impl Seeded {
    /// The sequence of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for Seeded {
    fn bits(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Makes the names of jobs: UUIDs of version 7 (RFC 9562, section 5.7), each greater than the one before.
///
/// Eight that are made one after another differ in the last three of their lower 25 bits only. A table that looks for a job where those say has
/// the eight beside one another, so that whoever goes through jobs as they began waits for memory once for eight of them.
pub(crate) struct JobIds {
    last: Mutex<Last>,
}

/// What the last id was made of, from its upper bits to its lower ones.
struct Last {
    millis: u64,
    /// 42 bits that chance pushes on, so ids rise within a millisecond too. Seven bits of chance alone follow: by them a table tells those of one
    /// place from one another before it looks at the jobs.
    counter: u64,
    place: u64,
}

impl JobIds {
    pub(crate) const fn new() -> Self {
        let last = Last {
            millis: 0,
            counter: 0,
            place: PLACES - 1,
        };
        Self {
            last: Mutex::new(last),
        }
    }

    pub(crate) fn next(&self, now: Timestamp, random: &dyn Random) -> JobId {
        let (millis, chance) = (now.as_micros() / 1_000, random.bits());
        let mut last = self.last.lock();
        last.rise(millis, chance & 0x7_ffff_ffff);
        last.place = match (last.place + 1) % PLACES {
            0 => ((chance >> 35) % (1 << 22)) * PLACES,
            _ => last.place + 1,
        };
        last.id(chance >> 57)
    }
}

/// So many ids are in one place.
const PLACES: u64 = 8;
/// The bits of the counter.
const COUNTER: u32 = 42;

impl Last {
    fn rise(&mut self, millis: u64, chance: u64) {
        if millis > self.millis {
            (self.millis, self.counter) = (millis, chance);
        } else {
            self.counter += 1 + chance % (1 << 29);
            self.millis += self.counter >> COUNTER;
            self.counter %= 1 << COUNTER;
        }
    }

    fn id(&self, tag: u64) -> JobId {
        const VERSION: u64 = 7 << 12;
        const VARIANT: u64 = 0b10 << 62;
        let upper = (self.millis << 16) | VERSION | (self.counter >> 30);
        let lower = VARIANT | ((self.counter % (1 << 30)) << 32) | (tag << 25) | self.place;
        JobId::from_bits(u128::from(upper) << 64 | u128::from(lower))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn job_ids_rise_whatever_the_clock_does(millis in prop::collection::vec(0u64..5, 1..200), seed: u64) {
            let (ids, random) = (JobIds::new(), Seeded::new(seed));
            let made: Vec<_> = millis
                .iter()
                .map(|m| ids.next(Timestamp::from_micros(1_700_000_000_000_000 + m * 1_000), &random))
                .collect();
            prop_assert!(made.is_sorted_by(|a, b| a < b));
            for id in made {
                let text = id.to_string();
                prop_assert_eq!(&text[14..15], "7");
                prop_assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"));
            }
        }
    }

    /// More than the counter has room for in one.
    #[test]
    fn job_ids_rise_though_a_millisecond_is_used_up() {
        let (ids, random) = (JobIds::new(), Seeded::new(1));
        let made: Vec<_> = (0..40_000)
            .map(|_| ids.next(Timestamp::from_micros(0), &random).bits())
            .collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        let millis = made.last().map(|id| id >> 80);
        assert!(millis > Some(0), "{millis:?}");
    }

    #[test]
    fn eight_job_ids_are_in_one_place() {
        let (ids, random) = (JobIds::new(), Seeded::new(1));
        let made: Vec<u128> = (0..64)
            .map(|micros| {
                ids.next(Timestamp::from_micros(micros * 500), &random)
                    .bits()
            })
            .collect();
        let place = |id: &u128| id % (1 << 25) / 8;
        for eight in made.chunks(8) {
            assert!(eight.iter().all(|id| place(id) == place(&eight[0])));
            let lasts: Vec<_> = eight.iter().map(|id| id % 8).collect();
            assert_eq!(lasts, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
        let places: BTreeSet<_> = made.iter().map(place).collect();
        assert_eq!(places.len(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_never_ends_early() {
        let clock = RuntimeClock::starting_at(Timestamp::from_micros(5));
        let at = Timestamp::from_micros(1_234_567);
        clock.until(at).await;
        assert!(clock.now() >= at);
    }
}
