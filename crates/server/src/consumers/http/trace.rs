//! The trace that a request belongs to (W3C Trace Context, level 1).

use std::fmt;

use longwire_engine::Random;

/// A trace, as it goes on from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trace {
    id: u128,
    flags: u8,
}

/// To be recorded: whether an upstream does so is then for its own settings, as if it were the first.
const SAMPLED: u8 = 1;

impl Trace {
    pub(super) fn fresh(random: &dyn Random) -> Self {
        let high = u128::from(not_zero(random)) << 64;
        Self {
            id: high | u128::from(random.bits()),
            flags: SAMPLED,
        }
    }

    /// Reads a `traceparent`; one that is not valid is none, and the trace begins anew.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '-');
        let version = hex(parts.next()?, 2)?;
        let id = hex(parts.next()?, 32)?;
        let parent = hex(parts.next()?, 16)?;
        let flags = hex(parts.next()?, 2)?;
        let later_parts = parts.next().is_some();
        let valid = id != 0 && parent != 0 && version != 0xff && !(version == 0 && later_parts);
        valid.then(|| Self {
            id,
            // Of the flags only the first is known.
            flags: u8::try_from(flags & 1).unwrap_or(SAMPLED),
        })
    }

    /// The header of one attempt, which is a span of its own.
    pub(super) fn header(self, random: &dyn Random) -> String {
        let span = not_zero(random);
        format!("00-{self}-{span:016x}-{:02x}", self.flags)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.id)
    }
}

fn not_zero(random: &dyn Random) -> u64 {
    random.bits().max(1)
}

/// A number of so many digits, none of them a capital.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let fits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == digits && text.bytes().all(fits))
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use longwire_engine::Seeded;

    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_trace_goes_on_where_it_is_valid() {
        let span = "00f067aa0ba902b7";
        for (text, flags) in [
            (format!("00-{ID}-{span}-01"), Some(1)),
            (format!("00-{ID}-{span}-00"), Some(0)),
            (format!("00-{ID}-{span}-03"), Some(1)),
            (format!("01-{ID}-{span}-01"), Some(1)),
            (format!("01-{ID}-{span}-01-more"), Some(1)),
            (format!("00-{ID}-{span}-01-more"), None),
            (format!("ff-{ID}-{span}-01"), None),
            (format!("00-{}-{span}-01", ID.to_uppercase()), None),
            (format!("00-{:032}-{span}-01", 0), None),
            (format!("00-{ID}-{:016}-01", 0), None),
            (format!("00-{ID}-{span}"), None),
            (format!("00-{ID}-{span}-1"), None),
            (format!("00-{ID}-{span}-+1"), None),
            (String::new(), None),
        ] {
            let trace = Trace::parse(&text);
            assert_eq!(trace.map(|trace| trace.flags), flags, "{text}");
            assert!(trace.is_none_or(|trace| trace.to_string() == ID), "{text}");
        }
    }

    #[test]
    fn every_attempt_is_a_span_of_its_own() {
        let random = Seeded::new(1);
        let trace = Trace::fresh(&random);
        let (one, two) = (trace.header(&random), trace.header(&random));
        assert_ne!(one, two);
        assert_eq!(Trace::parse(&one), Some(trace));
        assert_eq!(Trace::parse(&two), Some(trace));
        assert_ne!(trace, Trace::fresh(&random));
    }
}
