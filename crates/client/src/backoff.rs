//! How long to wait before the next try.

use std::time::Duration;

/// How long to wait before each try to connect again: not at all before the first, then waits that double from try to try, and of each of
/// which chance takes up to half, so that clients of one server do not come back all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait before the second try, of which chance takes up to half.
    pub least: Duration,
    /// The longest wait.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            least: Duration::from_millis(100),
            most: Duration::from_secs(5),
        }
    }
}

impl Backoff {
    /// The wait before that try, counted from 0. `chance` is from 0 to 255, each as likely.
    pub(crate) fn wait(&self, attempt: u32, chance: u8) -> Duration {
        let Some(doublings) = attempt.checked_sub(1) else {
            return Duration::ZERO;
        };
        let doubled = 2_u32.saturating_pow(doublings);
        let whole = self.least.saturating_mul(doubled).min(self.most);
        whole / 2 + whole / 2 * u32::from(chance) / 255
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_chance_takes_at_most_half() {
        let backoff = Backoff::default();
        for (attempt, chance, millis) in [
            (0, 255, 0),
            (1, 0, 50),
            (1, 255, 100),
            (2, 255, 200),
            (2, 0, 100),
            (4, 255, 800),
            (4, 0, 400),
            (7, 255, 5000),
            (7, 0, 2500),
            (u32::MAX, 255, 5000),
        ] {
            let wait = backoff.wait(attempt, chance);
            assert_eq!(wait, Duration::from_millis(millis), "{attempt} {chance}");
        }
    }
}
