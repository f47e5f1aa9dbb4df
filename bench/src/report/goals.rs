//! What is aimed at, and whether it is met: as data.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::report::numbers::Unit::{self, Bytes, Kib, Micros, Percent, Times};
use crate::report::numbers::short;
use crate::results::{Results, Row};

/// One figure of one contender: workload, what is asked, who, and the figure.
#[derive(Clone, Copy)]
struct At(&'static str, &'static str, &'static str, &'static str);

/// What is aimed at: a figure, or its ratio to another one of the same run.
struct Goal(&'static str, At, Option<At>, Bound, Unit);

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// What came of a goal.
#[derive(Debug, PartialEq)]
enum Outcome {
    Measured {
        figure: f64,
        disturbed: bool,
    },
    /// What it is about gave an answer that is none, in this workload.
    Failed(&'static str),
    /// The two were measured in different runs.
    OtherRuns,
    NotMeasured,
}

use Bound::{AtLeast, AtMost};

const US: &str = "longwire";
const RATE: &str = "per_second";
const BYTES_EACH: &str = "resident_bytes_each";
const MOST: &str = "most_resident_bytes";

const ANSWERS_1: At = At("w1", "depth 1", US, RATE);
const ANSWERS_32: At = At("w1", "depth 32", US, RATE);
const HUNDRED_THOUSAND: At = At("w2", "100,000 running", US, BYTES_EACH);
const MILLION: At = At("w2", "1,000,000 running", US, BYTES_EACH);
const KILLS_1: At = At("w3", "depth 1", US, RATE);
const KILLS_32: At = At("w3", "depth 32", US, RATE);
const KILLS_AT_ONCE: At = At("w3", "all by one where", US, RATE);
const IDLE_SOCKETS: At = At("w4", "10,000 sockets", US, BYTES_EACH);
const ONE_WATCHER: At = At("w5", "1 watcher", US, "bytes_per_second_each");
const TEN_WATCHERS: At = At("w5", "10 watchers", US, MOST);
const ONE_STALLED: At = At("w5", "9 watchers, 1 stalled", US, MOST);
const ON_DISK_1: At = At("w6", "1 socket", "longwire-disk", RATE);
const ON_DISK_64: At = At("w6", "64 sockets", "longwire-disk", RATE);
const ON_DISK_512: At = At("w6", "512 sockets", "longwire-disk", RATE);
const STANDARD: At = At("w7", "standard catalogue", US, "p99_us");
const MILLION_SYMBOLS: At = At("w7", "1,000,000 symbols", US, "p99_us");
const STARTS: At = At("w8", "from start to answer", US, "p50_us");

// A goal a line. Kills are compared with answers of the same depth: as many are unanswered then, over as many sockets.
#[rustfmt::skip]
const GOALS: &[Goal] = &[
    Goal("w1, depth 1: answers a second, to the bare server on the same crate", ANSWERS_1, Some(ANSWERS_1.of("bare")), AtLeast(0.75), Times),
    Goal("w1, depth 1: to Node and ws", ANSWERS_1, Some(ANSWERS_1.of("node-ws")), AtLeast(1.5), Times),
    Goal("w1, depth 1: to Socket.IO", ANSWERS_1, Some(ANSWERS_1.of("socket-io")), AtLeast(3.0), Times),
    Goal("w1, depth 1: to Django Channels on uvicorn", ANSWERS_1, Some(ANSWERS_1.of("channels-uvicorn")), AtLeast(14.0), Times),
    Goal("w1, depth 32: to the bare server on the same crate, both frames counted as one answer", ANSWERS_32, Some(ANSWERS_32.of("bare")), AtLeast(0.4), Times),
    Goal("w1, depth 32: to Socket.IO", ANSWERS_32, Some(ANSWERS_32.of("socket-io")), AtLeast(5.0), Times),
    Goal("w2, 100,000 running: resident for each", HUNDRED_THOUSAND, None, AtMost(600.0), Bytes),
    Goal("w2, 1,000,000 running: resident for each", MILLION, None, AtMost(600.0), Bytes),
    Goal("w2: a start with 1,000,000 running, to one with none", MILLION.figure("start_us_last"), Some(MILLION.figure("start_us_first")), AtMost(1.2), Times),
    Goal("w2, 100,000 running: first page of status, there and back, p50", HUNDRED_THOUSAND.figure("page_p50_us"), None, AtMost(1e3), Micros),
    Goal("w2, 1,000,000 running: first page of status, there and back, p50", MILLION.figure("page_p50_us"), None, AtMost(1e3), Micros),
    Goal("w2, 100,000 running: of a core while nothing is asked", HUNDRED_THOUSAND.figure("idle_percent"), None, AtMost(1.0), Percent),
    Goal("w2, 1,000,000 running: of a core while nothing is asked", MILLION.figure("idle_percent"), None, AtMost(1.0), Percent),
    Goal("w3, depth 1: notices that came, of those due", KILLS_1.figure("notices_percent"), None, AtLeast(100.0), Percent),
    Goal("w3, depth 32: notices that came, of those due", KILLS_32.figure("notices_percent"), None, AtLeast(100.0), Percent),
    Goal("w3, by one `where`: notices that came, of those due", KILLS_AT_ONCE.figure("notices_percent"), None, AtLeast(100.0), Percent),
    Goal("w3, depth 1: kills a second, to answers of w1 at depth 1", KILLS_1, Some(ANSWERS_1), AtLeast(0.6), Times),
    Goal("w3, depth 32: kills a second, to answers of w1 at depth 32", KILLS_32, Some(ANSWERS_32), AtLeast(0.6), Times),
    Goal("w3, by one `where`: kills a second, to answers of w1 at depth 32", KILLS_AT_ONCE, Some(ANSWERS_32), AtLeast(0.6), Times),
    Goal("w3, depth 1: p99 at half the rate", KILLS_1.figure("half_rate_p99_us"), None, AtMost(3e3), Micros),
    Goal("w3, depth 32: p99 at half the rate", KILLS_32.figure("half_rate_p99_us"), None, AtMost(3e3), Micros),
    Goal("w4: resident for each idle socket", IDLE_SOCKETS, None, AtMost(6144.0), Kib),
    Goal("w5, 1 watcher: bytes a second, to a pipe into a bare WebSocket", ONE_WATCHER, Some(ONE_WATCHER.of("pipe")), AtLeast(0.5), Times),
    Goal("w5, 10 watchers of 1 GB: the most resident", TEN_WATCHERS, None, AtMost(64e6), Bytes),
    Goal("w5: the most resident with one of ten stalled, to none", ONE_STALLED, Some(TEN_WATCHERS), AtMost(1.1), Times),
    Goal("w6, 512 sockets: starts a second, to the memory store", ON_DISK_512, Some(ON_DISK_512.of(US)), AtLeast(0.5), Times),
    Goal("w6, 1 socket: to Celery with Redis", ON_DISK_1, Some(ON_DISK_1.of("celery")), AtLeast(10.0), Times),
    Goal("w6, 64 sockets: to Celery with Redis", ON_DISK_64, Some(ON_DISK_64.of("celery")), AtLeast(10.0), Times),
    Goal("w6, 512 sockets: to Celery with Redis", ON_DISK_512, Some(ON_DISK_512.of("celery")), AtLeast(10.0), Times),
    Goal("w7, standard catalogue: p99, there and back", STANDARD, None, AtMost(1e3), Micros),
    Goal("w7, 1,000,000 symbols: p99, there and back", MILLION_SYMBOLS, None, AtMost(10e3), Micros),
    Goal("w8: from the start to the first answer, p50", STARTS, None, AtMost(50e3), Micros),
    Goal("w8: from the start to the first answer, the slowest of twenty", STARTS.figure("p99_us"), None, AtMost(50e3), Micros),
    Goal("w8: the binary", STARTS.figure("binary_bytes"), None, AtMost(25e6), Bytes),
];

impl At {
    /// The same of another contender.
    const fn of(self, contender: &'static str) -> Self {
        let Self(workload, ask, _, figure) = self;
        Self(workload, ask, contender, figure)
    }

    /// Another figure of the same turns.
    const fn figure(self, figure: &'static str) -> Self {
        let Self(workload, ask, contender, _) = self;
        Self(workload, ask, contender, figure)
    }

    fn find(self, all: &BTreeMap<String, Results>) -> Option<(&Results, &Row)> {
        let Self(workload, ask, contender, _) = self;
        let results = all.get(workload)?;
        Some((results, results.find(ask, contender)?))
    }
}

/// The table of goals, with what was measured.
pub(crate) fn table(all: &BTreeMap<String, Results>) -> String {
    let mut text = "| goal | at | measured | |\n|---|--:|--:|---|\n".to_owned();
    for goal in GOALS {
        let Goal(what, _, _, bound, unit) = goal;
        let (said, verdict) = goal.outcome(all).say(*bound, *unit);
        let _ = writeln!(
            text,
            "| {what} | {} | {said} | {verdict} |",
            bound.say(*unit)
        );
    }
    text
}

impl Goal {
    fn outcome(&self, all: &BTreeMap<String, Results>) -> Outcome {
        let Self(_, of, to, ..) = *self;
        let mut found = Vec::new();
        for at in [Some(of), to].into_iter().flatten() {
            let Some((results, row)) = at.find(all) else {
                return Outcome::NotMeasured;
            };
            if row.failure.is_some() {
                return Outcome::Failed(at.0);
            }
            let Some(figure) = row.figure(at.3) else {
                return Outcome::NotMeasured;
            };
            found.push((&results.run, figure, row.all_disturbed()));
        }
        if found.iter().any(|(run, ..)| !run.is_run_of(found[0].0)) {
            return Outcome::OtherRuns;
        }
        Outcome::Measured {
            figure: found[0].1 / found.get(1).map_or(1.0, |to| to.1),
            disturbed: found.iter().any(|it| it.2),
        }
    }
}

impl Outcome {
    /// The figure, and whether it is what was aimed at.
    fn say(&self, bound: Bound, unit: Unit) -> (String, String) {
        let none = |why: &str| ("–".to_owned(), why.to_owned());
        match self {
            Self::Measured { figure, disturbed } => {
                let mark = if *disturbed { " \\*" } else { "" };
                let verdict = bound.verdict(*figure);
                (unit.say(*figure), format!("{verdict}{mark}"))
            }
            Self::Failed(workload) => none(&format!("**failed**: see {workload}")),
            Self::OtherRuns => none("not compared: of different runs"),
            Self::NotMeasured => none("not measured"),
        }
    }
}

impl Bound {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(least) => figure >= least,
            Self::AtMost(most) => figure <= most,
        }
    }

    /// Whether it holds, and how far from it that is.
    fn verdict(self, figure: f64) -> String {
        let (Self::AtLeast(bound) | Self::AtMost(bound)) = self;
        let far = (figure / bound - 1.0).abs() * 100.0;
        match (self.holds(figure), short(far)) {
            (true, far) if far == "0" => "met".to_owned(),
            (true, far) => format!("met, by {far} %"),
            (false, far) => format!("**missed** by {far} %"),
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
    use crate::origin::tests::origin;
    use crate::report::tables::has_figure;
    use crate::results::tests::{new, turn};
    use crate::workloads::{Scale, Workload};
    use clap::ValueEnum;

    fn w1(rates: &[(&str, f64)]) -> Results {
        let mut results = new("w1");
        for (contender, rate) in rates {
            let turns = &mut results.row("depth 1", contender).turns;
            turns.push(turn(RATE, *rate, *contender == "socket-io"));
        }
        results
    }

    fn verdicts(all: Vec<Results>) -> Vec<String> {
        let all = all.into_iter().map(|it| (it.workload.clone(), it));
        let text = table(&all.collect());
        let last = |line: &str| line.rsplit('|').nth(1).unwrap().trim().to_owned();
        text.lines().skip(2).map(last).collect()
    }

    #[test]
    fn a_goal_is_met_or_missed_by_so_much_or_not_measured() {
        let rates = [
            ("longwire", 150.0),
            ("bare", 200.0),
            ("node-ws", 101.0),
            ("socket-io", 40.0),
        ];
        let verdicts = verdicts(vec![w1(&rates)]);
        let expected = [
            "met",
            "**missed** by 0.990 %",
            "met, by 25.0 % \\*",
            "not measured",
        ];
        assert_eq!(verdicts[..4], expected);
    }

    #[test]
    fn a_turn_that_failed_meets_no_goal() {
        let mut results = w1(&[("longwire", 150.0), ("bare", 150.0), ("node-ws", 10.0)]);
        results.row("depth 1", "node-ws").failure = Some("it said no".to_owned());
        let verdicts = verdicts(vec![results]);
        assert_eq!(verdicts[..2], ["met, by 33.3 %", "**failed**: see w1"]);
    }

    #[test]
    fn figures_of_different_runs_are_not_compared() {
        let mut kills = new("w3");
        kills
            .row("depth 1", "longwire")
            .turns
            .push(turn(RATE, 140.0, false));
        let at = GOALS
            .iter()
            .position(|it| it.0.starts_with("w3, depth 1: kills"))
            .unwrap();
        let same = verdicts(vec![w1(&[("longwire", 150.0)]), kills.clone()]);
        assert_eq!(same[at], "met, by 55.6 %");
        kills.run = origin("yesterday");
        let other = verdicts(vec![w1(&[("longwire", 150.0)]), kills]);
        assert_eq!(other[at], "not compared: of different runs");
    }

    /// What a goal is about is asked of that contender in a full run, and is a figure of its table.
    #[test]
    fn every_goal_can_be_measured() {
        for Goal(what, of, to, ..) in GOALS {
            for At(name, ask, contender, figure) in [Some(*of), *to].into_iter().flatten() {
                let workload = Workload::from_str(name, false).unwrap();
                let asks = workload.asks(&Scale::FULL);
                let found = asks.iter().find(|it| it.to_string() == ask);
                let contenders = workload.contenders(*found.expect(what), &Scale::FULL);
                assert!(
                    contenders.contains(&named(contender).expect(contender)),
                    "{what}"
                );
                assert!(has_figure(workload, figure), "{what}: {figure}");
            }
        }
    }
}
