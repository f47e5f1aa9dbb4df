//! What is aimed at, and whether it is met: as data.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::contenders::{
    BARE, CELERY, CHANNELS_UVICORN, Contender, LONGWIRE, LONGWIRE_ON_DISK, NODE_WS, PIPE, SOCKET_IO,
};
use crate::report::numbers::Unit::{self, Bytes, Kib, Micros, Percent, Times};
use crate::report::numbers::short;
use crate::report::tables::{AT_CEILING, DISTURBED, best_peer, is_at_ceiling, more_is_better};
use crate::results::{Results, Row};
use crate::rounds::Rounds;
use crate::workloads::{Ask, Order, Workload};

/// What is aimed at: a figure, or its ratio to another one of the same run.
struct Goal {
    what: &'static str,
    of: At,
    to: Option<At>,
    bound: Bound,
    unit: Unit,
}

/// One figure of one contender.
#[derive(Clone, Copy)]
struct At {
    workload: Workload,
    ask: Ask,
    who: Who,
    figure: &'static str,
}

#[derive(Clone, Copy)]
enum Who {
    One(&'static Contender),
    /// The one that is best at this figure.
    BestPeer,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// What came of a goal.
enum Outcome {
    Measured {
        rounds: Rounds,
        /// How many rounds there were, those that did not count included.
        of_rounds: usize,
        ceilings: Ceilings,
    },
    /// What it is about gave an answer that is none, in this workload.
    Failed(Workload),
    /// The two were measured in different runs.
    OtherRuns,
    NotMeasured,
}

/// How much more the servers may do than they were asked for, where their load had no more to give: as many times what was measured as
/// their core would have had time for. 1 where the load had.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ceilings {
    of: f64,
    to: f64,
}

/// Whether the rounds hold to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Met,
    Missed,
    /// Some do, some do not: nothing is to be said of it.
    Undecided,
    /// They do or do not, but a load with more to give might have shown otherwise.
    Hidden,
}

use Bound::{AtLeast, AtMost};
use Who::{BestPeer, One};

const NONE: Ceilings = Ceilings { of: 1.0, to: 1.0 };
const RATE: &str = "per_second";
const BYTES_EACH: &str = "resident_bytes_each";
const MOST: &str = "most_resident_bytes";
const REQUESTS: usize = 100_000;

const ANSWERS_1: At = ours(Workload::W1, Ask::Depth(1), RATE);
const ANSWERS_32: At = ours(Workload::W1, Ask::Depth(32), RATE);
const HUNDRED_THOUSAND: At = ours(Workload::W2, Ask::Running(REQUESTS), BYTES_EACH);
const MILLION: At = ours(Workload::W2, Ask::Running(1_000_000), BYTES_EACH);
const KILLS_1: At = kills(1, Order::Started);
const KILLS_32: At = kills(32, Order::Started);
const KILLS_ANY_1: At = kills(1, Order::Random);
const KILLS_ANY_32: At = kills(32, Order::Random);
const KILLS_AT_ONCE: At = ours(Workload::W3, Ask::KillAll(REQUESTS), RATE);
const IDLE_SOCKETS: At = ours(Workload::W4, Ask::Sockets(10_000), BYTES_EACH);
const ONE_WATCHER: At = watched(1, false, "bytes_per_second_each");
const TEN_WATCHERS: At = watched(10, false, MOST);
const ONE_STALLED: At = watched(10, true, MOST);
const ON_DISK_1: At = on_disk(1);
const ON_DISK_64: At = on_disk(64);
const ON_DISK_512: At = on_disk(512);
const STANDARD: At = ours(Workload::W7, Ask::Symbols(None), "p99_us");
const MILLION_SYMBOLS: At = ours(Workload::W7, Ask::Symbols(Some(1_000_000)), "p99_us");
const HELD: At = ours(Workload::W9, Ask::Held(2_000), RATE).by(One(&LONGWIRE_ON_DISK));
const HELD_8: At = HELD.figure("many_per_second");
const HELD_LIST: At = HELD.figure("list_p50_us");
const STARTS: At = ours(Workload::W8, Ask::Starts(20), "p50_us");

// A goal a line. Kills are compared with answers of the same depth: as many are unanswered then, over as many sockets.
#[rustfmt::skip]
static GOALS: &[Goal] = &[
    Goal { what: "w1, depth 1: answers a second, to the best peer", of: ANSWERS_1, to: Some(ANSWERS_1.by(BestPeer)), bound: AtLeast(1.0), unit: Times },
    Goal { what: "w1, depth 1: to the bare server on the same crate", of: ANSWERS_1, to: Some(ANSWERS_1.by(One(&BARE))), bound: AtLeast(0.75), unit: Times },
    Goal { what: "w1, depth 1: to Node and ws", of: ANSWERS_1, to: Some(ANSWERS_1.by(One(&NODE_WS))), bound: AtLeast(1.5), unit: Times },
    Goal { what: "w1, depth 1: to Socket.IO", of: ANSWERS_1, to: Some(ANSWERS_1.by(One(&SOCKET_IO))), bound: AtLeast(3.0), unit: Times },
    Goal { what: "w1, depth 1: to Django Channels on uvicorn", of: ANSWERS_1, to: Some(ANSWERS_1.by(One(&CHANNELS_UVICORN))), bound: AtLeast(14.0), unit: Times },
    Goal { what: "w1, depth 32: answers a second, to the best peer", of: ANSWERS_32, to: Some(ANSWERS_32.by(BestPeer)), bound: AtLeast(1.0), unit: Times },
    Goal { what: "w1, depth 32: to the bare server on the same crate, both frames counted as one answer", of: ANSWERS_32, to: Some(ANSWERS_32.by(One(&BARE))), bound: AtLeast(0.4), unit: Times },
    Goal { what: "w1, depth 32: to Socket.IO", of: ANSWERS_32, to: Some(ANSWERS_32.by(One(&SOCKET_IO))), bound: AtLeast(5.0), unit: Times },
    Goal { what: "w2, 100,000 running: resident for each", of: HUNDRED_THOUSAND, to: None, bound: AtMost(600.0), unit: Bytes },
    Goal { what: "w2, 1,000,000 running: resident for each", of: MILLION, to: None, bound: AtMost(600.0), unit: Bytes },
    Goal { what: "w2: a start with 100,000 running, to one with none", of: HUNDRED_THOUSAND.figure("start_us_last"), to: Some(HUNDRED_THOUSAND.figure("start_us_first")), bound: AtMost(1.2), unit: Times },
    Goal { what: "w2: a start with 1,000,000 running, to one with none", of: MILLION.figure("start_us_last"), to: Some(MILLION.figure("start_us_first")), bound: AtMost(1.2), unit: Times },
    Goal { what: "w2, 100,000 running: first page of status, there and back, p50", of: HUNDRED_THOUSAND.figure("page_p50_us"), to: None, bound: AtMost(1e3), unit: Micros },
    Goal { what: "w2, 1,000,000 running: first page of status, there and back, p50", of: MILLION.figure("page_p50_us"), to: None, bound: AtMost(1e3), unit: Micros },
    Goal { what: "w2, 100,000 running: of a core while nothing is asked", of: HUNDRED_THOUSAND.figure("idle_percent"), to: None, bound: AtMost(1.0), unit: Percent },
    Goal { what: "w2, 1,000,000 running: of a core while nothing is asked", of: MILLION.figure("idle_percent"), to: None, bound: AtMost(1.0), unit: Percent },
    Goal { what: "w3, depth 1: notices that came, of those due", of: KILLS_1.figure("notices_percent"), to: None, bound: AtLeast(100.0), unit: Percent },
    Goal { what: "w3, depth 32: notices that came, of those due", of: KILLS_32.figure("notices_percent"), to: None, bound: AtLeast(100.0), unit: Percent },
    Goal { what: "w3, by one `where`: notices that came, of those due", of: KILLS_AT_ONCE.figure("notices_percent"), to: None, bound: AtLeast(100.0), unit: Percent },
    Goal { what: "w3, depth 1: kills a second, to answers of w1 at depth 1", of: KILLS_1, to: Some(ANSWERS_1), bound: AtLeast(0.6), unit: Times },
    Goal { what: "w3, depth 32: kills a second, to answers of w1 at depth 32", of: KILLS_32, to: Some(ANSWERS_32), bound: AtLeast(0.6), unit: Times },
    Goal { what: "w3, depth 1, in any order: kills a second, to answers of w1 at depth 1", of: KILLS_ANY_1, to: Some(ANSWERS_1), bound: AtLeast(0.6), unit: Times },
    Goal { what: "w3, depth 32, in any order: kills a second, to answers of w1 at depth 32", of: KILLS_ANY_32, to: Some(ANSWERS_32), bound: AtLeast(0.6), unit: Times },
    Goal { what: "w3, by one `where`: kills a second, to answers of w1 at depth 32", of: KILLS_AT_ONCE, to: Some(ANSWERS_32), bound: AtLeast(0.6), unit: Times },
    Goal { what: "w3, depth 1: kills a second, to the best peer", of: KILLS_1, to: Some(KILLS_1.by(BestPeer)), bound: AtLeast(1.0), unit: Times },
    Goal { what: "w3, depth 32: kills a second, to the best peer", of: KILLS_32, to: Some(KILLS_32.by(BestPeer)), bound: AtLeast(1.0), unit: Times },
    Goal { what: "w3, depth 1, in any order: kills a second, to the best peer", of: KILLS_ANY_1, to: Some(KILLS_ANY_1.by(BestPeer)), bound: AtLeast(1.0), unit: Times },
    Goal { what: "w3, depth 32, in any order: kills a second, to the best peer", of: KILLS_ANY_32, to: Some(KILLS_ANY_32.by(BestPeer)), bound: AtLeast(1.0), unit: Times },
    Goal { what: "w3, depth 1: p99 at half the rate", of: KILLS_1.figure("half_rate_p99_us"), to: None, bound: AtMost(3e3), unit: Micros },
    Goal { what: "w3, depth 32: p99 at half the rate", of: KILLS_32.figure("half_rate_p99_us"), to: None, bound: AtMost(3e3), unit: Micros },
    Goal { what: "w3, depth 1, in any order: p99 at half the rate", of: KILLS_ANY_1.figure("half_rate_p99_us"), to: None, bound: AtMost(3e3), unit: Micros },
    Goal { what: "w3, depth 32, in any order: p99 at half the rate", of: KILLS_ANY_32.figure("half_rate_p99_us"), to: None, bound: AtMost(3e3), unit: Micros },
    Goal { what: "w4: resident for each idle socket", of: IDLE_SOCKETS, to: None, bound: AtMost(6144.0), unit: Kib },
    Goal { what: "w5, 1 watcher: bytes a second, to a pipe into a bare WebSocket", of: ONE_WATCHER, to: Some(ONE_WATCHER.by(One(&PIPE))), bound: AtLeast(0.5), unit: Times },
    Goal { what: "w5, 10 watchers of 1 GB: the most resident", of: TEN_WATCHERS, to: None, bound: AtMost(64e6), unit: Bytes },
    Goal { what: "w5: the most resident with one more that has stalled, to ten that read", of: ONE_STALLED, to: Some(TEN_WATCHERS), bound: AtMost(1.1), unit: Times },
    Goal { what: "w6, 512 sockets: starts a second, to the memory store", of: ON_DISK_512, to: Some(ON_DISK_512.by(One(&LONGWIRE))), bound: AtLeast(0.5), unit: Times },
    Goal { what: "w6, 1 socket: to Celery with Redis", of: ON_DISK_1, to: Some(ON_DISK_1.by(One(&CELERY))), bound: AtLeast(10.0), unit: Times },
    Goal { what: "w6, 64 sockets: to Celery with Redis", of: ON_DISK_64, to: Some(ON_DISK_64.by(One(&CELERY))), bound: AtLeast(10.0), unit: Times },
    Goal { what: "w6, 512 sockets: to Celery with Redis", of: ON_DISK_512, to: Some(ON_DISK_512.by(One(&CELERY))), bound: AtLeast(10.0), unit: Times },
    Goal { what: "w7, standard catalogue: p99, there and back", of: STANDARD, to: None, bound: AtMost(1e3), unit: Micros },
    Goal { what: "w7, 1,000,000 symbols: p99, there and back", of: MILLION_SYMBOLS, to: None, bound: AtMost(10e3), unit: Micros },
    Goal { what: "w8: from the start to the first answer, p50", of: STARTS, to: None, bound: AtMost(50e3), unit: Micros },
    Goal { what: "w8: from the start to the first answer, the slowest of all", of: STARTS.figure("most_us"), to: None, bound: AtMost(50e3), unit: Micros },
    Goal { what: "w8: the binary", of: STARTS.figure("binary_bytes"), to: None, bound: AtMost(25e6), unit: Bytes },
    Goal { what: "w9, by one client: kills a second, to Celery with Redis", of: HELD, to: Some(HELD.by(One(&CELERY))), bound: AtLeast(10.0), unit: Times },
    Goal { what: "w9, by eight: kills a second, to Celery with Redis", of: HELD_8, to: Some(HELD_8.by(One(&CELERY))), bound: AtLeast(10.0), unit: Times },
    Goal { what: "w9, 2,000 held: the whole list, there and back, p50, to Celery with Redis", of: HELD_LIST, to: Some(HELD_LIST.by(One(&CELERY))), bound: AtMost(0.1), unit: Times },
];

const fn ours(workload: Workload, ask: Ask, figure: &'static str) -> At {
    At {
        workload,
        ask,
        who: One(&LONGWIRE),
        figure,
    }
}

const fn kills(depth: usize, order: Order) -> At {
    let ask = Ask::Kills {
        requests: REQUESTS,
        depth,
        order,
    };
    ours(Workload::W3, ask, RATE)
}

const fn watched(reading: usize, stalled: bool, figure: &'static str) -> At {
    ours(Workload::W5, Ask::Watchers { reading, stalled }, figure)
}

const fn on_disk(sockets: usize) -> At {
    ours(Workload::W6, Ask::Sockets(sockets), RATE).by(One(&LONGWIRE_ON_DISK))
}

impl At {
    /// The same of another contender.
    const fn by(self, who: Who) -> Self {
        Self { who, ..self }
    }

    /// Another figure of the same turns.
    const fn figure(self, figure: &'static str) -> Self {
        Self { figure, ..self }
    }

    fn find(self, all: &BTreeMap<String, Results>) -> Option<(&Results, &Row)> {
        let results = all.get(&self.workload.to_string())?;
        let ask = self.ask.to_string();
        let row = match self.who {
            One(contender) => results.find(&ask, contender.name),
            BestPeer => best_peer(
                results.rows.iter().filter(|row| row.ask == ask),
                self.figure,
            ),
        };
        Some((results, row?))
    }
}

/// The table of goals, with what was measured.
pub(crate) fn table(all: &BTreeMap<String, Results>) -> String {
    let mut text = "| goal | at | measured | least to most | |\n|---|--:|--:|--:|---|\n".to_owned();
    for goal in GOALS {
        let Goal {
            what, bound, unit, ..
        } = goal;
        let [said, spread, verdict] = goal.outcome(all).say(*bound, *unit);
        let at = bound.say(*unit);
        let _ = writeln!(text, "| {what} | {at} | {said} | {spread} | {verdict} |");
    }
    text
}

impl Goal {
    fn outcome(&self, all: &BTreeMap<String, Results>) -> Outcome {
        let mut found = Vec::new();
        for at in [Some(self.of), self.to].into_iter().flatten() {
            let Some((results, row)) = at.find(all) else {
                return Outcome::NotMeasured;
            };
            if row.failure.is_some() {
                return Outcome::Failed(at.workload);
            }
            found.push((&results.run, row, at.figure));
        }
        if found.iter().any(|(run, ..)| !run.is_run_of(found[0].0)) {
            return Outcome::OtherRuns;
        }
        let rounds = match found[..] {
            [(_, of, figure), (_, to, to_figure)] => Rounds::ratio((of, figure), (to, to_figure)),
            [(_, of, figure), ..] => Rounds::of(of, figure),
            [] => None,
        };
        let spare_of = |at: usize| {
            found
                .get(at)
                .map_or(1.0, |(_, row, figure)| spare(row, figure))
        };
        rounds.map_or(Outcome::NotMeasured, |rounds| Outcome::Measured {
            rounds,
            of_rounds: found[0].1.turns.len(),
            ceilings: Ceilings {
                of: spare_of(0),
                to: spare_of(1),
            },
        })
    }
}

/// How many times as much that server might have done with all of its core, where the load had no more to give.
fn spare(row: &Row, figure: &str) -> f64 {
    if !is_at_ceiling(row) || !more_is_better(figure) {
        return 1.0;
    }
    let server = row.median(|turn| turn.measured.shares.server);
    server.map_or(1.0, |server| (1.0 / server).max(1.0))
}

impl Outcome {
    /// The figure, the least and the most of it, and whether it is what was aimed at.
    fn say(&self, bound: Bound, unit: Unit) -> [String; 3] {
        let none = |why: &str| ["–".to_owned(), "–".to_owned(), why.to_owned()];
        match self {
            Self::Measured {
                rounds,
                of_rounds,
                ceilings,
            } => {
                let disturbed = if rounds.is_calm() { "" } else { DISTURBED };
                let ceiling = if *ceilings == NONE { "" } else { AT_CEILING };
                let verdict = bound.say_verdict(rounds, *ceilings);
                let [least, most] = [rounds.least(), rounds.most()].map(|it| unit.say(it));
                let counted = rounds.each().len();
                let some = if counted < *of_rounds {
                    format!(" ({counted} of {of_rounds})")
                } else {
                    String::new()
                };
                [
                    unit.say(rounds.typical()),
                    format!("{least} to {most}{some}"),
                    format!("{verdict}{disturbed}{ceiling}"),
                ]
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

    fn verdict(self, rounds: &Rounds, ceilings: Ceilings) -> Verdict {
        let verdict = self.of_all(rounds, 1.0);
        let may_be = match verdict {
            Verdict::Met => self.of_all(rounds, 1.0 / ceilings.to),
            Verdict::Missed => self.of_all(rounds, ceilings.of),
            Verdict::Undecided | Verdict::Hidden => verdict,
        };
        if may_be == verdict {
            verdict
        } else {
            Verdict::Hidden
        }
    }

    /// Were each so many times what it is.
    fn of_all(self, rounds: &Rounds, times: f64) -> Verdict {
        let each = rounds.each();
        let hold = each.iter().filter(|&&figure| self.holds(figure * times));
        match hold.count() {
            0 => Verdict::Missed,
            some if some < each.len() => Verdict::Undecided,
            _ => Verdict::Met,
        }
    }

    /// The verdict, and how far from the bound it is.
    fn say_verdict(self, rounds: &Rounds, ceilings: Ceilings) -> String {
        let (Self::AtLeast(bound) | Self::AtMost(bound)) = self;
        let far = short((rounds.typical() / bound - 1.0).abs() * 100.0);
        match self.verdict(rounds, ceilings) {
            Verdict::Undecided => "within what the rounds differ".to_owned(),
            Verdict::Hidden => "within what the load did not show".to_owned(),
            Verdict::Missed => format!("**missed** by {far} %"),
            Verdict::Met if far == "0" => "met".to_owned(),
            Verdict::Met => format!("met, by {far} %"),
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
    use crate::contenders::Kind;
    use crate::origin::tests::origin;
    use crate::report::tables::has_figure;
    use crate::results::tests::{new, turn};
    use crate::workloads::Scale;

    fn w1(rates: &[(&str, &[f64])]) -> Results {
        let mut results = new("w1");
        for (contender, rates) in rates {
            let row = results.row("depth 1", contender);
            let turns = rates
                .iter()
                .map(|rate| turn(RATE, *rate, *contender == "socket-io"));
            row.turns.extend(turns);
        }
        results
    }

    /// The last columns, for a goal that is called so.
    fn said(all: &[Results], what: &str) -> String {
        let all = all.iter().map(|it| (it.workload.clone(), it.clone()));
        let text = table(&all.collect());
        let line = text.lines().find(|line| line[2..].starts_with(what));
        let cells: Vec<&str> = line.unwrap().split(" | ").skip(2).collect();
        cells.join(" | ")
    }

    #[test]
    fn a_goal_is_met_or_missed_by_so_much_or_undecided_or_not_measured() {
        let results = w1(&[
            ("longwire", &[150.0, 160.0, 140.0]),
            ("bare", &[200.0, 200.0, 200.0]),
            ("node-ws", &[101.0, 120.0, 100.0]),
            ("socket-io", &[40.0]),
        ]);
        let rows = [
            (
                "w1, depth 1: to the bare",
                "0.750× | 0.700× to 0.800× | within what the rounds differ |",
            ),
            (
                "w1, depth 1: to Node",
                "1.40× | 1.33× to 1.49× | **missed** by 6.67 % |",
            ),
            (
                "w1, depth 1: to Socket.IO",
                "3.75× | 3.75× to 3.75× (1 of 3) | met, by 25.0 % \\* |",
            ),
            (
                "w1, depth 1: answers a second, to the best peer",
                "1.40× | 1.33× to 1.49× | met, by 40.0 % |",
            ),
            ("w1, depth 1: to Django", "– | – | not measured |"),
        ];
        for (what, expected) in rows {
            assert_eq!(
                said(std::slice::from_ref(&results), what),
                expected,
                "{what}"
            );
        }
    }

    #[test]
    fn the_rounds_decide() {
        let rows: [(Bound, &[f64], Verdict); 6] = [
            (AtLeast(2.0), &[2.0, 3.0], Verdict::Met),
            (AtLeast(2.0), &[1.9, 3.0], Verdict::Undecided),
            (AtLeast(2.0), &[1.0, 1.9], Verdict::Missed),
            (AtMost(2.0), &[2.0, 1.0], Verdict::Met),
            (AtMost(2.0), &[2.1, 1.0], Verdict::Undecided),
            (AtMost(2.0), &[2.1], Verdict::Missed),
        ];
        for (bound, figures, verdict) in rows {
            let results = w1(&[("longwire", figures)]);
            let rounds = Rounds::of(&results.rows[0], RATE).unwrap();
            assert_eq!(bound.verdict(&rounds, NONE), verdict, "{figures:?}");
        }
    }

    /// Of which the load had all of its core, and the server so much of its own.
    fn at_ceiling(results: &mut Results, contender: &str, server: f64) {
        let shares = &mut results.row("depth 1", contender).turns[0].measured.shares;
        (shares.load, shares.server) = (0.95, server);
    }

    #[test]
    fn what_a_load_at_its_ceiling_hides_is_neither_met_nor_missed() {
        let rows = [
            (
                100.0,
                "bare",
                0.9,
                "0.667× | 0.667× to 0.667× | **missed** by 11.1 % ‡ |",
            ),
            (
                120.0,
                "bare",
                0.9,
                "0.800× | 0.800× to 0.800× | within what the load did not show ‡ |",
            ),
            (
                120.0,
                "bare",
                0.99,
                "0.800× | 0.800× to 0.800× | met, by 6.67 % ‡ |",
            ),
            (
                100.0,
                "longwire",
                0.8,
                "0.667× | 0.667× to 0.667× | within what the load did not show ‡ |",
            ),
            (
                100.0,
                "longwire",
                0.95,
                "0.667× | 0.667× to 0.667× | **missed** by 11.1 % ‡ |",
            ),
            (
                120.0,
                "longwire",
                0.5,
                "0.800× | 0.800× to 0.800× | met, by 6.67 % ‡ |",
            ),
        ];
        for (ours, of, server, expected) in rows {
            let mut results = w1(&[("longwire", &[ours]), ("bare", &[150.0])]);
            at_ceiling(&mut results, of, server);
            let said = said(&[results], "w1, depth 1: to the bare");
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn rounds_that_do_not_count_are_told() {
        let mut results = w1(&[("longwire", &[150.0; 3]), ("node-ws", &[100.0; 3])]);
        results.row("depth 1", "longwire").turns[1].slower = 2.0;
        let said = said(&[results], "w1, depth 1: to Node");
        assert_eq!(said, "1.50× | 1.50× to 1.50× (2 of 3) | met |");
    }

    #[test]
    fn a_turn_that_failed_meets_no_goal() {
        let mut results = w1(&[("longwire", &[150.0]), ("node-ws", &[10.0])]);
        results.row("depth 1", "node-ws").failure = Some("it said no".to_owned());
        let said = said(&[results], "w1, depth 1: to Node");
        assert_eq!(said, "– | – | **failed**: see w1 |");
    }

    #[test]
    fn figures_of_different_runs_are_not_compared() {
        let mut kills = new("w3");
        let turns = &mut kills.row("depth 1", "longwire").turns;
        turns.push(turn(RATE, 140.0, false));
        let answers = w1(&[("longwire", &[150.0])]);
        let what = "w3, depth 1: kills a second, to answers";
        let same = said(&[answers.clone(), kills.clone()], what);
        assert!(same.ends_with("| met, by 55.6 % |"), "{same}");
        kills.run = origin("yesterday");
        let other = said(&[answers, kills], what);
        assert_eq!(other, "– | – | not compared: of different runs |");
    }

    /// What a goal is about is asked of that contender in a full run, and is a figure of its table.
    #[test]
    fn every_goal_can_be_measured() {
        for Goal { what, of, to, .. } in GOALS {
            for at in [Some(*of), *to].into_iter().flatten() {
                assert!(at.workload.asks(&Scale::FULL).contains(&at.ask), "{what}");
                let contenders = at.workload.contenders(at.ask, &Scale::FULL);
                let takes_part = match at.who {
                    One(contender) => contenders.contains(&contender),
                    BestPeer => contenders.iter().any(|it| it.kind == Kind::Peer),
                };
                assert!(takes_part, "{what}");
                assert!(has_figure(at.workload, at.figure), "{what}: {}", at.figure);
            }
        }
    }
}
