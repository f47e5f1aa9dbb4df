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
pub(crate) struct JobIds {
    last: Mutex<u128>,
}

impl JobIds {
    pub(crate) const fn new() -> Self {
        Self {
            last: Mutex::new(0),
        }
    }

    pub(crate) fn next(&self, now: Timestamp, random: &dyn Random) -> JobId {
        const VERSION: u128 = 7 << 76;
        const VARIANT: u128 = 0b10 << 62;
        // The 62 bits below the variant are one counter that chance pushes on, so ids rise within a millisecond too.
        const COUNTER: u128 = (1 << 62) - 1;
        let millis = u128::from(now.as_micros() / 1_000) << 80;
        let chance = u128::from(random.bits());
        let mut last = self.last.lock();
        let fresh = millis | VERSION | VARIANT | (chance & COUNTER >> 1);
        let next = if fresh >> 80 > *last >> 80 {
            fresh
        } else {
            let counter = (*last & COUNTER) + 1 + (chance & 0xffff_ffff);
            let carry = u128::from(counter > COUNTER) << 80;
            ((*last & !COUNTER) | (counter & COUNTER)) + carry
        };
        *last = next;
        JobId::from_bits(next)
    }
}

#[cfg(test)]
mod tests {
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

    #[tokio::test(start_paused = true)]
    async fn a_wait_never_ends_early() {
        let clock = RuntimeClock::starting_at(Timestamp::from_micros(5));
        let at = Timestamp::from_micros(1_234_567);
        clock.until(at).await;
        assert!(clock.now() >= at);
    }
}
