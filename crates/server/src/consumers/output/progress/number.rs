//! Numbers as programs print them.

/// A number that a progress can have: neither negative nor endless.
pub(super) fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    (number.is_finite() && number.is_sign_positive()).then_some(number)
}

/// `12/34`.
pub(super) fn fraction(text: &str) -> Option<(f64, f64)> {
    let (done, total) = text.split_once('/')?;
    Some((number(done)?, number(total)?))
}

/// `12%`.
pub(super) fn percent(text: &str) -> Option<f64> {
    number(text.strip_suffix('%')?)
}

/// `00:01:02.50`, in seconds.
pub(super) fn clock(text: &str) -> Option<f64> {
    let mut parts = text.trim().splitn(3, ':');
    let mut part = || number(parts.next()?);
    Some(part()? * 3_600.0 + part()? * 60.0 + part()?)
}
