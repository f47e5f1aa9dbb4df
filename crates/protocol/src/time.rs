//! Spans of time in seconds and points in time.

use std::{fmt, num::NonZeroU64, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A span of time, in whole microseconds; on the wire a number of seconds, fractions allowed.
///
/// As old clients sent form values, a string that holds such a number is read as that number. Fractions of a
/// microsecond are rounded up, so that no wait ends early. At most [`Seconds::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(OneMore);

/// A count, held as one more than it is, so that where there may be none that takes no room: a server holds some of these for every job.
type OneMore = NonZeroU64;

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self(OneMore::MIN);
    /// The longest span there is: 1,000,000,000 seconds, about 31 years.
    pub const MAX: Self = Self(OneMore::MIN.saturating_add(1_000_000_000_000_000));

    /// A span of so many microseconds, cut to [`Seconds::MAX`].
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        if micros > Self::MAX.as_micros() {
            Self::MAX
        } else {
            Self(OneMore::MIN.saturating_add(micros))
        }
    }

    /// A span of so many whole seconds, cut to [`Seconds::MAX`].
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self::from_micros(secs.saturating_mul(1_000_000))
    }

    /// The span of so many seconds; none if that is negative, not finite, or longer than [`Seconds::MAX`].
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn from_f64(secs: f64) -> Option<Self> {
        // Six decimals come out of binary fractions a hair above or below: 17.2 must stay 17.2. A hair is wider for what is
        // long, and below half a microsecond for what is longest.
        let exact = secs * 1e6;
        let hair = 1e-4 + exact * 4e-16;
        let micros = (exact - hair).ceil();
        let most = Self::MAX.as_micros() as f64;
        let in_range = secs.is_finite() && secs >= 0.0 && micros <= most;
        in_range.then_some(Self::from_micros(micros as u64))
    }

    /// The span in microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0.get() - 1
    }

    /// The span as seconds.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.as_micros() as f64 / 1e6
    }

    /// The span in seconds, where that is a whole number.
    pub(crate) fn as_whole(self) -> Option<u64> {
        let micros = self.as_micros();
        micros
            .is_multiple_of(1_000_000)
            .then_some(micros / 1_000_000)
    }

    /// The span as the standard library has it.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_micros(self.as_micros())
    }
}

impl Default for Seconds {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Debug for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seconds").field(&self.as_micros()).finish()
    }
}

impl From<u32> for Seconds {
    fn from(secs: u32) -> Self {
        Self::from_secs(secs.into())
    }
}

impl From<Duration> for Seconds {
    fn from(span: Duration) -> Self {
        Self::from_micros(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_f64())
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_whole() {
            Some(whole) => serializer.serialize_u64(whole),
            None => serializer.serialize_f64(self.as_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl SecondsVisitor {
    fn check<E: de::Error>(self, secs: f64, got: de::Unexpected<'_>) -> Result<Seconds, E> {
        Seconds::from_f64(secs).ok_or_else(|| E::invalid_value(got, &self))
    }
}

impl de::Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds from 0 to 1000000000, such as 30, 0.5 or \"30\"")
    }

    fn visit_u64<E: de::Error>(self, secs: u64) -> Result<Seconds, E> {
        if secs <= Seconds::MAX.as_micros() / 1_000_000 {
            return Ok(Seconds::from_secs(secs));
        }
        Err(E::invalid_value(de::Unexpected::Unsigned(secs), &self))
    }

    fn visit_i64<E: de::Error>(self, secs: i64) -> Result<Seconds, E> {
        self.check(secs as f64, de::Unexpected::Signed(secs))
    }

    fn visit_f64<E: de::Error>(self, secs: f64) -> Result<Seconds, E> {
        self.check(secs, de::Unexpected::Float(secs))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Seconds, E> {
        // `f64::from_str` also takes "inf", "nan" and "1e3"; only plain decimals are what a form field holds.
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let secs = plain.then(|| text.parse::<f64>().ok()).flatten();
        match secs.and_then(Seconds::from_f64) {
            Some(seconds) => Ok(seconds),
            None => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_serialize() {
            return json_schema!({ "description": "Seconds, fractions allowed.", "type": "number", "minimum": 0, "maximum": 1_000_000_000 });
        }
        json_schema!({
            "description": "Seconds, fractions allowed; a string that holds such a number is read as that number.",
            "oneOf": [
                { "type": "number", "minimum": 0, "maximum": 1_000_000_000 },
                { "type": "string", "pattern": "^([0-9]{1,9}(\\.[0-9]{1,9})?|\\.[0-9]{1,9})$" },
            ]
        })
    }
}

/// A point in time, in microseconds since 1970-01-01T00:00:00Z; on the wire as RFC 3339 in UTC, to the millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OneMore);

impl Timestamp {
    /// The point so many microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(OneMore::MIN.saturating_add(micros))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0.get() - 1
    }

    /// The point a span later.
    #[must_use]
    pub const fn after(self, span: Seconds) -> Self {
        Self(self.0.saturating_add(span.as_micros()))
    }

    /// The span since an earlier point; nothing if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds::from_micros(self.0.get().saturating_sub(earlier.0.get()))
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::from_micros(0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_micros()).finish()
    }
}

/// Year, month and day of a day counted from 1970-01-01, by the proleptic Gregorian calendar
/// (Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`, for days not before the epoch).
const fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// Days from 1970-01-01 to a day of the Gregorian calendar: the inverse of [`civil_from_days`].
const fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year % 400;
    let month_index = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secs, millis) = (
            self.as_micros() / 1_000_000,
            self.as_micros() / 1_000 % 1_000,
        );
        let (year, month, day) = civil_from_days(secs / 86_400);
        let (hour, minute, second) = (secs / 3_600 % 24, secs / 60 % 60, secs % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        parse_timestamp(&text).ok_or_else(|| {
            de::Error::invalid_value(
                de::Unexpected::Str(&text),
                &"a time such as 2026-01-31T12:00:00.000Z",
            )
        })
    }
}

/// Reads back what [`Timestamp`] prints, and nothing else.
fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let marks = [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'.'),
        (23, b'Z'),
    ];
    let shaped = text.len() == 24 && marks.iter().all(|(at, mark)| text.as_bytes()[*at] == *mark);
    let (year, month, day) = shaped.then_some((number(0, 4)?, number(5, 7)?, number(8, 10)?))?;
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let secs = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Timestamp::from_micros(
        secs * 1_000_000 + number(20, 23)? * 1_000,
    ))
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seconds_are_read_from_numbers_and_from_strings_that_hold_one() {
        let read = |json: &str| {
            serde_json::from_str::<Seconds>(json)
                .ok()
                .map(Seconds::as_micros)
        };
        for (json, micros) in [
            ("10", Some(10_000_000)),
            ("\"10\"", Some(10_000_000)),
            ("0", Some(0)),
            ("0.5", Some(500_000)),
            ("\".5\"", Some(500_000)),
            ("17.2", Some(17_200_000)),
            ("1e-9", Some(1)),
            ("1e2", Some(100_000_000)),
            ("1000000000", Some(Seconds::MAX.as_micros())),
            ("1000000001", None),
            ("-1", None),
            ("1e308", None),
            ("\"NaN\"", None),
            ("\"inf\"", None),
            ("\"-1\"", None),
            ("\"1e3\"", None),
            ("\"\"", None),
            ("\".\"", None),
            ("null", None),
            ("true", None),
            ("[1]", None),
        ] {
            assert_eq!(read(json), micros, "{json}");
        }
    }

    #[test]
    fn timestamps_print_as_rfc_3339() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (1_767_225_599_999_999, "2025-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_micros(micros).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn timestamps_read_back(millis in 0u64..253_402_300_800_000) {
            let at = Timestamp::from_micros(millis * 1_000);
            prop_assert_eq!(parse_timestamp(&at.to_string()), Some(at));
        }

        #[test]
        fn seconds_read_back(micros in (0..=50u32).prop_flat_map(|bits| 0..=(1u64 << bits).min(Seconds::MAX.as_micros()))) {
            let span = Seconds::from_micros(micros);
            let text = serde_json::to_string(&span).unwrap();
            prop_assert_eq!(serde_json::from_str::<Seconds>(&text).unwrap(), span);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = parse_timestamp(&text);
        }
    }
}
