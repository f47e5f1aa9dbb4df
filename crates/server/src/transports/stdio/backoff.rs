//! How long to wait before what has ended is started again.

use std::time::Duration;

/// The first wait, about.
const FIRST: Duration = Duration::from_millis(500);
/// The longest.
const LONGEST: Duration = Duration::from_secs(60);
/// Who lived so long has been well: the next wait is a first one.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// Doubles with each life that was short, and is a little different each time, so that many do not start at once.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    short_lives: u32,
}

impl Backoff {
    /// The wait after a life of that length; `chance` is 64 bits of it.
    pub(super) fn after(&mut self, lived: Duration, chance: u64) -> Duration {
        self.short_lives = if lived >= WELL_AFTER {
            0
        } else {
            self.short_lives.saturating_add(1)
        };
        let doubled = self.short_lives.saturating_sub(1).min(16);
        let whole = FIRST.saturating_mul(1 << doubled).min(LONGEST);
        // Between a half and the whole of it.
        let half = whole / 2;
        half + half.mul_f64((chance >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_begin_anew() {
        let mut backoff = Backoff::default();
        let short = Duration::from_secs(1);
        let most: Vec<u128> = (0..9)
            .map(|_| {
                backoff
                    .after(short, u64::MAX)
                    .as_millis()
                    .next_multiple_of(10)
            })
            .collect();
        assert_eq!(
            most,
            [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]
        );
        assert_eq!(backoff.after(short, 0), Duration::from_secs(30));
        assert_eq!(backoff.after(WELL_AFTER, 0), Duration::from_millis(250));
        for _ in 0..200 {
            assert!(backoff.after(Duration::ZERO, 7) <= LONGEST);
        }
    }
}
