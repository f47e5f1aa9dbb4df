//! What is aimed at, and whether it is met: as data.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::report::numbers::Unit;
use crate::results::Results;

/// The median of one figure.
#[derive(Clone, Copy)]
struct At(&'static str, &'static str, &'static str, &'static str);

#[derive(Clone, Copy)]
enum Measure {
    Of(At),
    /// The first by the second.
    Ratio(At, At),
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

struct Goal {
    what: &'static str,
    measure: Measure,
    bound: Bound,
    unit: Unit,
}

const RATE: &str = "per_second";
const P99: &str = "p99_us";
const MILLION: &str = "1,000,000 running";

const fn w1(depth: &'static str, contender: &'static str) -> At {
    At("w1", depth, contender, RATE)
}

const fn ours(workload: &'static str, ask: &'static str, figure: &'static str) -> At {
    At(workload, ask, "longwire", figure)
}

const fn faster(what: &'static str, depth: &'static str, than: &'static str, times: f64) -> Goal {
    let measure = Measure::Ratio(w1(depth, "longwire"), w1(depth, than));
    Goal {
        what,
        measure,
        bound: Bound::AtLeast(times),
        unit: Unit::Times,
    }
}

const fn ratio(what: &'static str, of: At, to: At, bound: Bound) -> Goal {
    Goal {
        what,
        measure: Measure::Ratio(of, to),
        bound,
        unit: Unit::Times,
    }
}

const fn at_most(what: &'static str, of: At, most: f64, unit: Unit) -> Goal {
    Goal {
        what,
        measure: Measure::Of(of),
        bound: Bound::AtMost(most),
        unit,
    }
}

const fn than_celery(what: &'static str, ask: &'static str) -> Goal {
    let [disk, celery] = [
        At("w6", ask, "longwire-disk", RATE),
        At("w6", ask, "celery", RATE),
    ];
    ratio(what, disk, celery, Bound::AtLeast(10.0))
}

const GOALS: [Goal; 29] = [
    faster(
        "w1, depth 1: to the bare server on the same crate",
        "depth 1",
        "bare",
        0.75,
    ),
    faster("w1, depth 1: to Node and ws", "depth 1", "node-ws", 1.5),
    faster("w1, depth 1: to Socket.IO", "depth 1", "socket-io", 3.0),
    faster(
        "w1, depth 1: to Django Channels on uvicorn",
        "depth 1",
        "channels-uvicorn",
        14.0,
    ),
    faster(
        "w1, depth 32: to the bare server on the same crate",
        "depth 32",
        "bare",
        0.4,
    ),
    faster("w1, depth 32: to Socket.IO", "depth 32", "socket-io", 5.0),
    at_most(
        "w2: resident for each of 100,000 jobs",
        ours("w2", "100,000 running", "resident_bytes_each"),
        600.0,
        Unit::Bytes,
    ),
    at_most(
        "w2: resident for each of 1,000,000 jobs",
        ours("w2", MILLION, "resident_bytes_each"),
        600.0,
        Unit::Bytes,
    ),
    ratio(
        "w2: a start with 1,000,000 jobs there, to one with none",
        ours("w2", MILLION, "start_us_last"),
        ours("w2", MILLION, "start_us_first"),
        Bound::AtMost(1.2),
    ),
    at_most(
        "w2: first page of status with 100,000 jobs, there and back",
        ours("w2", "100,000 running", "page_p50_us"),
        1e3,
        Unit::Micros,
    ),
    at_most(
        "w2: first page of status with 1,000,000 jobs, there and back",
        ours("w2", MILLION, "page_p50_us"),
        1e3,
        Unit::Micros,
    ),
    at_most(
        "w2: of a core, with 1,000,000 jobs and nothing asked",
        ours("w2", MILLION, "idle_percent"),
        1.0,
        Unit::Percent,
    ),
    ratio(
        "w3, depth 1: kills to answers of w1",
        ours("w3", "depth 1", RATE),
        w1("depth 1", "longwire"),
        Bound::AtLeast(0.6),
    ),
    ratio(
        "w3, depth 32: kills to answers of w1",
        ours("w3", "depth 32", RATE),
        w1("depth 32", "longwire"),
        Bound::AtLeast(0.6),
    ),
    ratio(
        "w3: kills by one `where` to answers of w1, depth 32",
        ours("w3", "all by one where", RATE),
        w1("depth 32", "longwire"),
        Bound::AtLeast(0.6),
    ),
    at_most(
        "w3, depth 1: p99 at half the rate",
        ours("w3", "depth 1", "half_rate_p99_us"),
        3e3,
        Unit::Micros,
    ),
    at_most(
        "w3, depth 32: p99 at half the rate",
        ours("w3", "depth 32", "half_rate_p99_us"),
        3e3,
        Unit::Micros,
    ),
    at_most(
        "w4: resident for each idle socket",
        ours("w4", "10,000 sockets", "resident_bytes_each"),
        6144.0,
        Unit::Bytes,
    ),
    ratio(
        "w5, 1 watcher: to a pipe into a bare WebSocket",
        ours("w5", "1 watcher", "bytes_per_second_each"),
        At("w5", "1 watcher", "pipe", "bytes_per_second_each"),
        Bound::AtLeast(0.5),
    ),
    ratio(
        "w5: the most resident with one of ten stalled, to none",
        ours("w5", "9 watchers, 1 stalled", "most_resident_bytes"),
        ours("w5", "10 watchers", "most_resident_bytes"),
        Bound::AtMost(1.1),
    ),
    ratio(
        "w6, 512 sockets: to the memory store",
        At("w6", "512 sockets", "longwire-disk", RATE),
        ours("w6", "512 sockets", RATE),
        Bound::AtLeast(0.5),
    ),
    than_celery("w6, 1 socket: to Celery with Redis", "1 socket"),
    than_celery("w6, 64 sockets: to Celery with Redis", "64 sockets"),
    than_celery("w6, 512 sockets: to Celery with Redis", "512 sockets"),
    at_most(
        "w7: p99 in the standard catalogue, there and back",
        ours("w7", "standard catalogue", P99),
        1e3,
        Unit::Micros,
    ),
    at_most(
        "w7: p99 in 1,000,000 symbols, there and back",
        ours("w7", "1,000,000 symbols", P99),
        10e3,
        Unit::Micros,
    ),
    at_most(
        "w8: from the start to the first answer",
        ours("w8", "from start to answer", "p50_us"),
        50e3,
        Unit::Micros,
    ),
    at_most(
        "w8: the binary",
        ours("w8", "from start to answer", "binary_bytes"),
        25e6,
        Unit::Bytes,
    ),
    at_most(
        "w8: p99 of twenty starts",
        ours("w8", "from start to answer", P99),
        50e3,
        Unit::Micros,
    ),
];

/// The table of goals, with what was measured.
pub(crate) fn table(all: &BTreeMap<String, Results>) -> String {
    let mut text = "| goal | at | measured | |\n|---|--:|--:|---|\n".to_owned();
    for goal in &GOALS {
        let measured = goal.measure.value(all);
        let said = measured.map_or("–".to_owned(), |figure| goal.unit.say(figure));
        let verdict = match measured.map(|figure| goal.bound.holds(figure)) {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "not measured",
        };
        let _ = writeln!(
            text,
            "| {} | {} | {said} | {verdict} |",
            goal.what,
            goal.bound.say(goal.unit)
        );
    }
    text
}

impl Measure {
    fn value(&self, all: &BTreeMap<String, Results>) -> Option<f64> {
        match self {
            Self::Of(at) => at.value(all),
            Self::Ratio(of, to) => Some(of.value(all)? / to.value(all)?),
        }
    }
}

impl At {
    fn value(&self, all: &BTreeMap<String, Results>) -> Option<f64> {
        let Self(workload, ask, contender, figure) = self;
        all.get(*workload)?.median(ask, contender, figure)
    }
}

impl Bound {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(least) => figure >= least,
            Self::AtMost(most) => figure <= most,
        }
    }

    fn say(self, unit: Unit) -> String {
        match self {
            Self::AtLeast(least) => format!("at least {}", unit.say(least)),
            Self::AtMost(most) => format!("at most {}", unit.say(most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contenders::named;
    use crate::results::tests::turn;
    use crate::workloads::{Scale, Workload};
    use clap::ValueEnum;

    #[test]
    fn a_goal_is_met_not_met_or_not_measured() {
        let mut results = Results::new("w1");
        for (contender, rate) in [("longwire", 150.0), ("bare", 200.0), ("node-ws", 101.0)] {
            results
                .row("depth 1", contender)
                .turns
                .push(turn("per_second", rate, false));
        }
        let text = table(&BTreeMap::from([("w1".to_owned(), results)]));
        let lines: Vec<&str> = text.lines().skip(2).take(3).collect();
        assert_eq!(
            lines,
            [
                "| w1, depth 1: to the bare server on the same crate | at least 0.750× | 0.750× | met |",
                "| w1, depth 1: to Node and ws | at least 1.50× | 1.49× | **not met** |",
                "| w1, depth 1: to Socket.IO | at least 3.00× | – | not measured |",
            ]
        );
    }

    /// What a goal is about is asked of that contender in a full run.
    #[test]
    fn every_goal_can_be_measured() {
        for goal in &GOALS {
            let ats = match goal.measure {
                Measure::Of(at) => vec![at],
                Measure::Ratio(of, to) => vec![of, to],
            };
            for At(workload, ask, contender, _) in ats {
                let workload = Workload::from_str(workload, false).unwrap();
                let asks = workload.asks(&Scale::FULL);
                let found = asks.iter().find(|it| it.to_string() == ask);
                let contenders = workload.contenders(*found.expect(goal.what), &Scale::FULL);
                assert!(
                    contenders.contains(&named(contender).expect(contender)),
                    "{}",
                    goal.what
                );
            }
        }
    }
}
