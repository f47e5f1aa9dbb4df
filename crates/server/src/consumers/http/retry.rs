//! Whether and when a request is sent again.

use std::{sync::Arc, time::Duration};

use http::{
    HeaderMap, StatusCode,
    header::{DATE, RETRY_AFTER},
};
use longwire_engine::Random;
use longwire_protocol::Failure;

/// The longest wait that is made up here.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest wait that an upstream may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// A failure, and whether it may pass.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) failure: Failure,
    /// Where it may: how long the upstream asked to wait.
    passes: Option<Duration>,
}

impl Failed {
    /// It stays as it is.
    pub(super) const fn for_good(failure: Failure) -> Self {
        Self {
            failure,
            passes: None,
        }
    }

    /// No connection.
    pub(super) fn to_connect(failure: Failure) -> Self {
        let may_pass = matches!(&*failure.code, "connect" | "connect_timeout");
        Self {
            failure,
            passes: may_pass.then_some(Duration::ZERO),
        }
    }

    /// An answer that is no success.
    pub(super) fn answered(status: StatusCode, headers: &HeaderMap, failure: Failure) -> Self {
        let may_pass = matches!(status.as_u16(), 429 | 502 | 503 | 504);
        let asked = retry_after(headers).unwrap_or_default();
        Self {
            failure,
            passes: (may_pass && asked <= LONGEST_ASKED).then_some(asked),
        }
    }
}

/// How often a route tries again, and after what time.
pub(super) struct Retry {
    pub(super) retries: u32,
    pub(super) first: Duration,
    pub(super) random: Arc<dyn Random>,
}

impl Retry {
    /// How long to wait after so many attempts, the last of which failed; none where that is it.
    pub(super) fn wait(&self, attempts: u32, failed: &Failed) -> Option<Duration> {
        let asked = failed.passes.filter(|_| attempts <= self.retries)?;
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let longest = self.first.saturating_mul(doubled).min(LONGEST);
        Some(self.part_of(longest).max(asked))
    }

    /// What the job's log says of the attempt that is made after a wait, and why there is another.
    pub(super) fn note(&self, attempt: u32, wait: Duration, failure: &Failure) -> String {
        let (all, seconds) = (self.retries.saturating_add(1), wait.as_secs_f64());
        let why = &failure.message;
        format!("attempt {attempt} of {all} in {seconds:.1} s: {why}\n")
    }

    /// Between nothing and the whole, so that many that failed together do not come back together.
    fn part_of(&self, whole: Duration) -> Duration {
        let micros = whole.as_micros() * u128::from(self.random.bits()) / u128::from(u64::MAX);
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }
}

/// Seconds, or a moment by the upstream's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let now = headers.get(DATE)?.to_str().ok()?;
    let (then, now) = (
        httpdate::parse_http_date(text),
        httpdate::parse_http_date(now),
    );
    Some(then.ok()?.duration_since(now.ok()?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use http::HeaderValue;
    use longwire_engine::Seeded;

    use super::*;

    fn retry(retries: u32, first: u64) -> Retry {
        Retry {
            retries,
            first: Duration::from_millis(first),
            random: Arc::new(Seeded::new(7)),
        }
    }

    fn answered(status: u16, retry_after: &'static str) -> Failed {
        let mut headers = HeaderMap::new();
        if !retry_after.is_empty() {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
        }
        let date = HeaderValue::from_static("Wed, 21 Oct 2026 07:28:00 GMT");
        headers.insert(DATE, date);
        let status = StatusCode::from_u16(status).unwrap();
        Failed::answered(status, &headers, Failure::new("upstream_status", ""))
    }

    #[test]
    fn the_wait_doubles_up_to_a_bound_and_is_chance_below_that() {
        let failed = Failed::to_connect(Failure::new("connect", ""));
        for (attempts, longest) in [(1, 500), (2, 1_000), (3, 2_000), (8, 30_000), (90, 30_000)] {
            let retry = retry(100, 500);
            let waits = (0..200).map(|_| retry.wait(attempts, &failed).unwrap().as_millis());
            let waits: BTreeSet<_> = waits.collect();
            let (first, last) = (*waits.first().unwrap(), *waits.last().unwrap());
            assert!(
                last <= longest && last > longest * 9 / 10,
                "{attempts}: {last}"
            );
            assert!(first < longest / 10, "{attempts}: {first}");
            assert!(waits.len() > 100, "{attempts}: {}", waits.len());
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_else() {
        for (failed, again) in [
            (Failed::to_connect(Failure::new("connect", "")), true),
            (
                Failed::to_connect(Failure::new("connect_timeout", "")),
                true,
            ),
            (
                Failed::to_connect(Failure::new("address_refused", "")),
                false,
            ),
            (Failed::for_good(Failure::new("bad_response", "")), false),
            (answered(429, ""), true),
            (answered(502, ""), true),
            (answered(503, ""), true),
            (answered(504, ""), true),
            (answered(500, ""), false),
            (answered(501, ""), false),
            (answered(400, ""), false),
            (answered(408, ""), false),
            (answered(503, "61"), false),
            (answered(503, "99999999999999999999999"), false),
        ] {
            let retry = retry(2, 0);
            assert_eq!(retry.wait(1, &failed).is_some(), again, "{failed:?}");
            assert_eq!(retry.wait(2, &failed).is_some(), again, "{failed:?}");
            assert_eq!(retry.wait(3, &failed), None, "{failed:?}");
        }
    }

    #[test]
    fn what_the_upstream_asks_for_is_waited_for() {
        for (asked, seconds) in [
            ("0", 0),
            ("7", 7),
            ("60", 60),
            ("Wed, 21 Oct 2026 07:28:09 GMT", 9),
            ("Wed, 21 Oct 2026 07:27:00 GMT", 0),
            ("soon", 0),
            ("-1", 0),
            ("1.5", 0),
        ] {
            let wait = retry(1, 0).wait(1, &answered(503, asked)).unwrap();
            assert_eq!(wait, Duration::from_secs(seconds), "{asked}");
        }
    }
}
