//! `Prefer: wait=n` (RFC 7240).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};

const PREFER: HeaderName = HeaderName::from_static("prefer");
pub(super) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The longest wait, in seconds.
pub(crate) const LONGEST_WAIT: u64 = 300;

/// How long the client would wait for the end. What cannot be made out is passed over, as section 2 has it; of several, the
/// first counts.
pub(super) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let first = preferences
        .flat_map(|value| value.split(','))
        .find_map(wait_of)?;
    let seconds = first.parse().unwrap_or(LONGEST_WAIT);
    Some(Duration::from_secs(LONGEST_WAIT.min(seconds)))
}

/// The digits of `wait=n`, with or without quotes, whatever parameters follow it.
fn wait_of(preference: &str) -> Option<&str> {
    let (name, value) = preference.split(';').next()?.split_once('=')?;
    let value = value.trim();
    let bare = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    let digits = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
    (name.trim().eq_ignore_ascii_case("wait") && digits).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long() {
        for (values, expected) in [
            (&[][..], None),
            (&["wait=5"], Some(5)),
            (&["WAIT = \"7\"; foo"], Some(7)),
            (&["respond-async, wait=10"], Some(10)),
            (&["wait=3", "wait=4"], Some(3)),
            (&["wait=0"], Some(0)),
            (&["wait=301"], Some(300)),
            (&["wait=99999999999999999999"], Some(300)),
            (&["wait=-1"], None),
            (&["wait=1.5"], None),
            (&["wait"], None),
            (&["wait="], None),
            (&["waiting=5"], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(PREFER, value.parse().unwrap());
            }
            assert_eq!(
                wait(&headers).map(|wait| wait.as_secs()),
                expected,
                "{values:?}"
            );
        }
    }
}
