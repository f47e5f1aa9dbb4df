//! What a turn measured.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::machine::Shares;

/// One turn of one contender: figures by their names, which say their units, and what each side had of the machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) figures: BTreeMap<String, f64>,
    pub(crate) shares: Shares,
}

impl Measured {
    pub(crate) fn new(shares: Shares) -> Self {
        Self {
            figures: BTreeMap::new(),
            shares: shares.less_a_tick(),
        }
    }

    pub(crate) fn set(mut self, name: &str, figure: f64) -> Self {
        self.figures.insert(name.to_owned(), figure);
        self
    }

    /// Part of it was measured in another stretch of time: what is disturbed is the more disturbed of both. What the load had there
    /// is no part of it: it may have waited there without sleeping.
    pub(crate) fn disturbed_as(mut self, other: Shares) -> Self {
        self.shares.others = self.shares.others.max(other.less_a_tick().others);
        self
    }

    /// The same, where the load sleeps when it waits: it had what it had in the busier of both.
    pub(crate) fn busy_as(mut self, other: Shares) -> Self {
        self.shares.load = self.shares.load.max(other.load);
        self.disturbed_as(other)
    }

    /// The middle and the last of a hundred, as microseconds.
    pub(crate) fn with_latencies(self, latencies: &Latencies) -> Self {
        self.set("p50_us", latencies.micros(0.50))
            .set("p99_us", latencies.micros(0.99))
    }

    /// So many answers in the time measured: how many a second, and what each took of the processor, on either side.
    pub(crate) fn with_answers(self, answers: u64) -> Self {
        let Shares {
            seconds,
            server,
            load,
            ..
        } = self.shares;
        let answers = answers as f64;
        let micros_each = |share: f64| share * seconds * 1e6 / answers;
        self.set("per_second", answers / seconds)
            .set("server_us_each", micros_each(server))
            .set("load_us_each", micros_each(load))
    }
}

/// How long things took.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// From a microsecond to a minute, three digits of each.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1_000, 60_000_000_000, 3)?))
    }

    pub(crate) fn record(&mut self, took: Duration) {
        self.0
            .saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn add(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    pub(crate) fn forget(&mut self) {
        self.0.reset();
    }

    pub(crate) fn micros(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e3
    }

    pub(crate) fn most_micros(&self) -> f64 {
        self.0.max() as f64 / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_that_waits_awake_is_not_at_its_ceiling() {
        let shares = |load, others| Shares {
            seconds: 1.0,
            server: 1.0,
            load,
            others,
        };
        let measured = || Measured::new(shares(0.6, 0.0));
        let disturbed = shares(1.0, 0.5);
        let awake = measured().disturbed_as(disturbed).shares;
        assert_eq!(awake, shares(0.6, disturbed.less_a_tick().others));
        let busy = measured().busy_as(disturbed).shares;
        assert_eq!(busy, shares(1.0, disturbed.less_a_tick().others));
    }

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new().unwrap();
        for micros in 1..=1000 {
            latencies.record(Duration::from_micros(micros));
        }
        let near =
            |got: f64, expected: f64| assert!((got - expected).abs() < expected / 500.0, "{got}");
        near(latencies.micros(0.50), 500.0);
        near(latencies.micros(0.99), 990.0);
        latencies.forget();
        latencies.record(Duration::from_mins(9));
        near(latencies.micros(0.50), 60e6);
    }

    #[test]
    fn what_an_answer_cost_is_a_share_of_the_time() {
        let shares = Shares {
            seconds: 2.0,
            server: 1.0,
            load: 0.5,
            others: 0.0,
        };
        let measured = Measured::new(shares).with_answers(4_000_000);
        let figures: Vec<(&str, f64)> = measured
            .figures
            .iter()
            .map(|(name, it)| (&**name, *it))
            .collect();
        let expected = [
            ("load_us_each", 0.25),
            ("per_second", 2e6),
            ("server_us_each", 0.5),
        ];
        assert_eq!(figures, expected);
    }
}
