//! A table for each thing that was asked: the medians of each contender, and how they compare.

use std::fmt::Write;

use crate::contenders::{Kind, named};
use crate::report::numbers::Unit;
use crate::results::{Results, Row, Turn};
use crate::rounds::Rounds;
use crate::workloads::Workload;

/// A figure of a table.
struct Column {
    figure: &'static str,
    title: &'static str,
    unit: Unit,
}

const fn column(figure: &'static str, title: &'static str, unit: Unit) -> Column {
    Column {
        figure,
        title,
        unit,
    }
}

const P50: Column = column("p50_us", "p50", Unit::Micros);
const P99: Column = column("p99_us", "p99", Unit::Micros);
const SERVER: Column = column("server_us_each", "server, each", Unit::Micros);
const LOAD: Column = column("load_us_each", "load, each", Unit::Micros);
const RESIDENT: Column = column("resident_bytes_each", "resident, each", Unit::Bytes);

/// A load that had so much of its core could hardly have asked for more.
const CEILING: f64 = 0.93;
/// Behind what was measured with such a load.
pub(super) const AT_CEILING: &str = " ‡";
/// Behind what no round measured on a calm machine.
pub(super) const DISTURBED: &str = " \\*";

const W1: &[Column] = &[
    column("per_second", "answers a second", Unit::Plain),
    P50,
    P99,
    SERVER,
    LOAD,
];
const W2: &[Column] = &[
    RESIDENT,
    column("start_us_first", "a start, the first", Unit::Micros),
    column("start_us_last", "a start, the last", Unit::Micros),
    column("page_p50_us", "first page, p50", Unit::Micros),
    column("page_p99_us", "p99", Unit::Micros),
    column("idle_percent", "idle", Unit::Percent),
];
const W3: &[Column] = &[
    column("per_second", "kills a second", Unit::Plain),
    P50,
    P99,
    column("half_rate_p50_us", "at half the rate, p50", Unit::Micros),
    column("half_rate_p99_us", "p99", Unit::Micros),
    column("half_rate_late_p99_us", "asked late, p99", Unit::Micros),
    column("notices_percent", "notices", Unit::Percent),
    SERVER,
    LOAD,
];
const W4: &[Column] = &[column("resident_bytes_each", "resident, each", Unit::Kib)];
const W5: &[Column] = &[
    column("bytes_per_second_each", "to each", Unit::BytesPerSecond),
    column("delivered_percent", "of it, without gaps", Unit::Percent),
    column("most_resident_bytes", "the most resident", Unit::Bytes),
];
const W6: &[Column] = &[
    column("per_second", "starts a second", Unit::Plain),
    P50,
    P99,
    SERVER,
    LOAD,
];
const W7: &[Column] = &[
    P99,
    P50,
    column("most_us", "the longest", Unit::Micros),
    SERVER,
];
const W8: &[Column] = &[
    P50,
    column("most_us", "the slowest", Unit::Micros),
    column("binary_bytes", "the binary", Unit::Bytes),
];
const W9: &[Column] = &[
    column("per_second", "kills a second, by one client", Unit::Plain),
    P50,
    P99,
    column("many_per_second", "by eight", Unit::Plain),
    column("many_p50_us", "p50", Unit::Micros),
    column("many_p99_us", "p99", Unit::Micros),
    column("page_p50_us", "first page, p50", Unit::Micros),
    column("list_p50_us", "whole list, p50", Unit::Micros),
    SERVER,
    LOAD,
];

/// The first is what is compared.
fn columns(workload: Workload) -> &'static [Column] {
    match workload {
        Workload::W1 => W1,
        Workload::W2 => W2,
        Workload::W3 => W3,
        Workload::W4 => W4,
        Workload::W5 => W5,
        Workload::W6 => W6,
        Workload::W7 => W7,
        Workload::W8 => W8,
        Workload::W9 => W9,
    }
}

/// Whether what both sides had of their cores says something: servers that come and go are not told from the load.
fn tells_shares(workload: Workload) -> bool {
    workload != Workload::W8
}

#[cfg(test)]
pub(crate) fn has_figure(workload: Workload, figure: &str) -> bool {
    columns(workload)
        .iter()
        .any(|column| column.figure == figure)
}

/// All tables of a workload.
pub(crate) fn tables(workload: Workload, results: &Results) -> String {
    let mut asks: Vec<&str> = Vec::new();
    for row in &results.rows {
        if !asks.contains(&row.ask.as_str()) {
            asks.push(&row.ask);
        }
    }
    let tables: Vec<String> = asks
        .iter()
        .map(|ask| table(workload, results, ask))
        .collect();
    tables.join("\n")
}

fn table(workload: Workload, results: &Results, ask: &str) -> String {
    let rows: Vec<&Row> = results.rows.iter().filter(|row| row.ask == ask).collect();
    let columns = known(columns(workload), &rows);
    let compared = Compared::of(&rows, columns[0].figure);
    let mut text = compared.caption(columns[0].title);
    let _ = write!(text, "| {ask} | {}", columns[0].title);
    text += compared.head();
    for column in &columns[1..] {
        let _ = write!(text, " | {}", column.title);
    }
    let shares = tells_shares(workload);
    if shares {
        text += " | of its core: server, load";
    }
    let cells = columns.len() + compared.columns() + usize::from(shares);
    let _ = writeln!(text, " |\n|---|{}", "--:|".repeat(cells));
    for row in &rows {
        text += &line(row, &columns, &compared);
        text += &if shares {
            self::shares(row)
        } else {
            "\n".to_owned()
        };
    }
    text + &notes(&rows)
}

/// Those of which something is known; the first always stands there.
fn known(columns: &'static [Column], rows: &[&Row]) -> Vec<&'static Column> {
    let is_known = |column: &Column| rows.iter().any(|row| row.figure(column.figure).is_some());
    let all = columns.iter().enumerate();
    all.filter(|(at, column)| *at == 0 || is_known(column))
        .map(|(_, column)| column)
        .collect()
}

fn line(row: &Row, columns: &[&Column], compared: &Compared) -> String {
    let mut text = format!("| {}{} |", name(row), marks(row));
    for (at, column) in columns.iter().enumerate() {
        let figure = row.figure(column.figure);
        let said = figure.map_or("–".to_owned(), |figure| column.unit.say(figure));
        let _ = write!(text, " {said} |");
        if at == 0 {
            text += &compared.cells(row);
        }
    }
    text
}

/// What both sides had of their cores, and the end of the line.
fn shares(row: &Row) -> String {
    let share = |of: fn(&Turn) -> f64| {
        let share = row.median(of);
        share.map_or("–".to_owned(), |share| format!("{:.0} %", share * 100.0))
    };
    let server = share(|turn| turn.measured.shares.server);
    let load = share(|turn| turn.measured.shares.load);
    format!(" {server}, {load} |\n")
}

fn name(row: &Row) -> &str {
    named(&row.contender).map_or(row.contender.as_str(), |it| it.what)
}

/// Whether the load had no more to give: the server may have had.
pub(super) fn is_at_ceiling(row: &Row) -> bool {
    let load = row.median(|turn| turn.measured.shares.load);
    load.is_some_and(|load| load >= CEILING)
}

/// Behind the name of a row that is not as the others.
pub(super) fn marks(row: &Row) -> String {
    let marks = [
        (row.has_no_calm(), DISTURBED),
        (is_at_ceiling(row), AT_CEILING),
        (row.failure.is_some(), " †"),
    ];
    let marks = marks.into_iter().filter(|(is_so, _)| *is_so);
    marks.map(|(_, mark)| mark).collect()
}

/// What is to be said of rows that are not as the others.
fn notes(rows: &[&Row]) -> String {
    let mut text = String::new();
    if rows.iter().any(|row| row.has_no_calm()) {
        text += "\n\\* No turn was calm: others had more than 3 % of a core, or the machine itself was slow.\n";
    }
    if rows.iter().any(|row| is_at_ceiling(row)) {
        text += "\n‡ The load was at its ceiling, 93 % of its core or more: the server may do more than it was asked for, and what is compared to it \
            looks better than it is.\n";
    }
    for row in rows {
        if let Some(failure) = &row.failure {
            let _ = writeln!(
                text,
                "\n† `{}` {}: {}",
                row.contender,
                failed(row),
                in_a_line(failure)
            );
        }
    }
    text
}

fn failed(row: &Row) -> String {
    match row.turns.len() {
        0 => "failed".to_owned(),
        turns => format!(
            "failed in round {}, and what stands here is of those before it",
            turns + 1
        ),
    }
}

/// The beginning of what was said, as a table of Markdown bears it.
fn in_a_line(failure: &str) -> String {
    let line = failure.lines().next().unwrap_or_default();
    line.replace('|', "\\|").replace('<', "&lt;")
}

/// Whether more of a figure is better: of what is counted a second, not of what is held or waited for.
pub(super) fn more_is_better(figure: &str) -> bool {
    figure.contains("per_second")
}

fn is_of(row: &Row, kind: Kind) -> bool {
    named(&row.contender).is_some_and(|it| it.kind == kind)
}

/// The peer that is best at a figure.
pub(super) fn best_peer<'a>(rows: impl Iterator<Item = &'a Row>, figure: &str) -> Option<&'a Row> {
    let peers = rows.filter(|row| is_of(row, Kind::Peer));
    let figures = peers.filter_map(|row| Some((row, row.figure(figure)?)));
    let best = if more_is_better(figure) {
        figures.reduce(|best, next| if next.1 > best.1 { next } else { best })
    } else {
        figures.reduce(|best, next| if next.1 < best.1 { next } else { best })
    };
    best.map(|(row, _)| row)
}

/// What the first column of a table is compared to.
struct Compared<'a> {
    figure: &'static str,
    best_peer: Option<&'a Row>,
    floor: Option<&'a Row>,
}

impl<'a> Compared<'a> {
    fn of(rows: &[&'a Row], figure: &'static str) -> Self {
        let mut floors = rows.iter().filter(|row| is_of(row, Kind::Floor));
        Self {
            figure,
            best_peer: best_peer(rows.iter().copied(), figure),
            floor: floors.find(|row| row.figure(figure).is_some()).copied(),
        }
    }

    fn columns(&self) -> usize {
        usize::from(self.best_peer.is_some()) + usize::from(self.floor.is_some())
    }

    /// What is better, and who the ratios are to.
    fn caption(&self, title: &str) -> String {
        let better = if more_is_better(self.figure) {
            "more"
        } else {
            "less"
        };
        let mut text = format!("*{title}*: {better} is better");
        if let Some(peer) = self.best_peer {
            let _ = write!(text, "; the best peer is {}", name(peer));
        }
        if let Some(floor) = self.floor {
            let floor = name(floor).trim_start_matches("floor: ");
            let _ = write!(text, "; the floor is {floor}");
        }
        text + ".\n\n"
    }

    fn head(&self) -> &'static str {
        match (self.best_peer.is_some(), self.floor.is_some()) {
            (true, true) => " | to the best peer | to the floor",
            (true, false) => " | to the best peer",
            (false, true) => " | to the floor",
            (false, false) => "",
        }
    }

    fn cells(&self, row: &Row) -> String {
        let mut text = String::new();
        for to in [self.best_peer, self.floor].into_iter().flatten() {
            let ratio = Rounds::ratio((row, self.figure), (to, self.figure));
            let said = ratio.map_or("–".to_owned(), |ratio| Unit::Times.say(ratio.typical()));
            let _ = write!(text, " {said} |");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::{new, turn};

    fn results() -> Results {
        let mut results = new("w1");
        let mut rate = |contender: &str, rates: &[f64], disturbed: bool| {
            let row = results.row("depth 1", contender);
            row.turns = rates
                .iter()
                .map(|rate| turn("per_second", *rate, disturbed))
                .collect();
        };
        rate("longwire", &[150_000.0, 140_000.0, 160_000.0], false);
        rate("node-ws", &[100_000.0, 70_000.0, 110_000.0], false);
        rate("socket-io", &[50_000.0], true);
        rate("bare", &[200_000.0; 3], false);
        results.row("depth 1", "jsonrpsee").failure = Some("it said no\nand more".to_owned());
        results.row("depth 1", "socket-io").failure = Some("it died".to_owned());
        for turn in &mut results.row("depth 1", "bare").turns {
            turn.measured.shares.load = 0.931;
        }
        for turn in &mut results.row("depth 1", "longwire").turns {
            turn.measured.figures.insert("p99_us".to_owned(), 616.0);
        }
        results
    }

    #[test]
    fn a_table_has_medians_and_ratios_and_says_what_is_not_as_the_rest() {
        let text = tables(Workload::W1, &results());
        let expected = "\
*answers a second*: more is better; the best peer is Node and ws; the floor is tokio-websockets alone.

| depth 1 | answers a second | to the best peer | to the floor | p99 | of its core: server, load |
|---|--:|--:|--:|--:|--:|
| Longwire, in memory | 150,000 | 1.50× | 0.750× | 616 µs | 100 %, 40 % |
| Node and ws | 100,000 | 1.00× | 0.500× | – | 100 %, 40 % |
| Socket.IO, with acknowledgements \\* † | 50,000 | 0.500× | 0.250× | – | 100 %, 40 % |
| floor: tokio-websockets alone ‡ | 200,000 | 2.00× | 1.00× | – | 100 %, 93 % |
| jsonrpsee † | – | – | – | – | –, – |

\\* No turn was calm: others had more than 3 % of a core, or the machine itself was slow.

‡ The load was at its ceiling, 93 % of its core or more: the server may do more than it was asked for, and what is compared to it \
looks better than it is.

† `socket-io` failed in round 2, and what stands here is of those before it: it died

† `jsonrpsee` failed: it said no
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_best_peer_has_the_most_of_a_rate_and_the_least_of_what_is_held() {
        let mut results = new("w2");
        for (contender, value) in [("longwire", 900.0), ("node-ws", 9.0), ("uwebsockets", 2.0)] {
            let turns = &mut results.row("100,000 running", contender).turns;
            let turn = turn("per_second", value, false);
            let measured = turn.measured.set("resident_bytes_each", value);
            turns.push(Turn { measured, ..turn });
        }
        for (figure, best) in [
            ("per_second", "node-ws"),
            ("resident_bytes_each", "uwebsockets"),
        ] {
            let found = best_peer(results.rows.iter(), figure);
            assert_eq!(found.map(|row| row.contender.as_str()), Some(best));
        }
    }
}
