//! Requests as a table.

use std::io::IsTerminal;

use longwire_client::JobView;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{
    bar::{left, progress, span},
    paint::Paint,
    print::plain,
};

const HEADS: [&str; 6] = ["CONNID", "ROUTE", "STATUS", "LEFT", "ELAPSED", "PROGRESS"];
/// Which column holds the status, and is coloured.
const STATUS: usize = 2;
/// A name longer than this is cut.
const NAME: usize = 36;
const BAR: usize = 10;

/// How wide the terminal is; none where there is none.
pub(crate) fn width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    crossterm::terminal::size()
        .ok()
        .map(|(columns, _)| usize::from(columns))
}

/// The lines of the table, the heads first, each within a width if there is one.
pub(crate) fn lines(paint: Paint, jobs: &[JobView], width: Option<usize>) -> Vec<String> {
    let rows: Vec<[String; 6]> = std::iter::once(HEADS.map(str::to_owned))
        .chain(jobs.iter().map(cells))
        .collect();
    aligned(&rows, width, |row, column, cell| {
        let job = row.checked_sub(1).and_then(|row| jobs.get(row));
        match job {
            None => paint.dim(cell),
            Some(job) if column == STATUS => paint.status(job.status, cell),
            Some(_) if column == 0 => paint.bold(cell),
            Some(_) => cell.to_owned(),
        }
    })
}

/// Rows of a table as lines, each within a width if there is one. `paint` is given a cell's row and column.
pub(crate) fn aligned<const N: usize>(
    rows: &[[String; N]],
    width: Option<usize>,
    paint: impl Fn(usize, usize, &str) -> String,
) -> Vec<String> {
    let widest = |column: usize| rows.iter().map(|row| row[column].width()).max();
    let widths: [usize; N] = std::array::from_fn(|column| widest(column).unwrap_or(0));
    let line = |(at, row): (usize, &[String; N])| {
        one_line(row, &widths, width, |column, cell| paint(at, column, cell))
    };
    rows.iter().enumerate().map(line).collect()
}

fn one_line<const N: usize>(
    row: &[String; N],
    widths: &[usize; N],
    width: Option<usize>,
    paint: impl Fn(usize, &str) -> String,
) -> String {
    let mut line = String::new();
    let mut room = width.unwrap_or(usize::MAX);
    for (column, cell) in row.iter().enumerate() {
        let cell = cut(cell, room);
        let (used, wanted) = (cell.width(), widths[column].min(room));
        room = room.saturating_sub(wanted + 2);
        line.push_str(&paint(column, &cell));
        let is_last = column + 1 == row.len() || room == 0;
        if is_last {
            break;
        }
        line.push_str(&" ".repeat(wanted - used + 2));
    }
    line.trim_end().to_owned()
}

fn cells(job: &JobView) -> [String; 6] {
    [
        cut(&plain(job.connid.as_str()), NAME),
        cut(&plain(&job.route), NAME),
        status(job),
        left(job, BAR),
        span(job.elapsed),
        job.progress.as_deref().map(progress).unwrap_or_default(),
    ]
}

/// The word for how a request stands, with its place where it waits.
pub(crate) fn status(job: &JobView) -> String {
    match job.position {
        Some(place) => format!("{} #{place}", job.status.as_str()),
        None => job.status.as_str().to_owned(),
    }
}

/// As much of a text as fits, with a sign where it was cut.
pub(crate) fn cut(text: &str, cells: usize) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used <= cells
    });
    let mut short: String = kept.collect();
    if cells > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(fields: &Value) -> JobView {
        let mut all = json!({
            "job": "01970000-0000-7000-8000-000000000001", "route": "request", "status": "running", "time": 30, "left": 15,
            "elapsed": 15, "accepted_at": "2026-01-31T12:00:00.000Z", "seq": 3, "by": "anonymous"
        });
        all.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn jobs() -> Vec<JobView> {
        vec![
            job(&json!({"connid": "42", "progress": {"done": 3, "total": 10, "note": "page 3"}})),
            job(
                &json!({"connid": "größe", "status": "queued", "position": 2, "left": 29.9, "elapsed": 0.04}),
            ),
            job(
                &json!({"connid": "x".repeat(40), "status": "ok", "left": null, "elapsed": 3600.4}),
            ),
        ]
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let pad = |name: &str| format!("{name}{}", " ".repeat(38 - name.width()));
        let expected = [
            pad("CONNID") + "ROUTE    STATUS     LEFT               ELAPSED  PROGRESS",
            pad("42") + "request  running    █████░░░░░ 15 s    15 s     3/10 page 3",
            pad("größe") + "request  queued #2  █████████░ 29.9 s  0.0 s",
            pad(&("x".repeat(35) + "…")) + "request  ok                            3600 s",
        ];
        assert_eq!(lines(Paint::none(), &jobs(), None), expected);
    }

    #[test]
    fn a_narrow_terminal_cuts_the_right_side() {
        for width in [0, 1, 10, 60, 80] {
            for line in lines(Paint::none(), &jobs(), Some(width)) {
                assert!(line.width() <= width, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn what_is_cut_shows_it() {
        for (text, cells, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("größe", 4, "grö…"),
            ("漢字漢字", 5, "漢字…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, cells), expected);
        }
    }
}
