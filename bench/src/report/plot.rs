//! Bars, as SVG: readable on light and on dark.

use std::fmt::Write;

use crate::contenders::{Kind, named};
use crate::report::numbers::short;
use crate::report::tables::marks;
use crate::results::{Results, Row};

const WIDTH: u32 = 760;
const LABELS: u32 = 250;
const BARS: f64 = 400.0;
const LINE: u32 = 24;
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#24292f}.ours{fill:#0969da}.peer{fill:#8c959f}.floor{fill:#d0d7de}\
    @media(prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#4493f8}.peer{fill:#848d97}.floor{fill:#484f58}}";

/// What each contender did a second, a picture for each thing that was asked.
pub(crate) fn bars(results: &Results, ask: &str, title: &str) -> String {
    let rows = results.rows.iter().filter(|row| row.ask == ask);
    let mut bars: Vec<(&Row, f64)> = rows
        .filter_map(|row| Some((row, row.figure("per_second")?)))
        .collect();
    bars.sort_by(|a, b| b.1.total_cmp(&a.1));
    let most = bars.first().map_or(1.0, |bar| bar.1);
    let height = LINE * (u32::try_from(bars.len()).unwrap_or(0) + 2);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">\n\
         <style>{STYLE}</style>\n<text x=\"4\" y=\"16\" style=\"font-weight:bold\">{title}</text>\n"
    );
    let mut y = LINE + 8;
    for (row, rate) in bars {
        let found = named(&row.contender);
        let what = found.map_or(row.contender.as_str(), |it| it.what);
        let class = match found.map(|it| it.kind) {
            Some(Kind::Ours) => "ours",
            Some(Kind::Floor) => "floor",
            Some(Kind::Peer) | None => "peer",
        };
        let width = (rate / most * BARS).max(1.0);
        let [text_y, value_x] = [f64::from(y + 14), f64::from(LABELS) + width + 8.0];
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{what}</text>\
             <rect class=\"{class}\" x=\"{LABELS}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" rx=\"2\"/>\
             <text x=\"{value_x:.1}\" y=\"{text_y}\">{}{}</text>",
            LABELS - 8,
            short(rate),
            marks(row).replace('\\', ""),
        );
        y += LINE;
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::{new, turn};

    #[test]
    fn the_longest_bar_is_the_fastest_and_comes_first() {
        let mut results = new("w1");
        results
            .row("depth 1", "longwire")
            .turns
            .push(turn("per_second", 50.0, false));
        results
            .row("depth 1", "bare")
            .turns
            .push(turn("per_second", 200.0, false));
        let disturbed = turn("per_second", 10.0, true);
        results.row("depth 1", "node-ws").turns.push(disturbed);
        let svg = bars(&results, "depth 1", "answers");
        assert!(svg.contains(">10.0 *</text>"), "{svg}");
        let widths: Vec<&str> = svg
            .split("class=")
            .skip(1)
            .map(|bar| bar.split("height").next().unwrap())
            .collect();
        assert_eq!(widths.len(), 3);
        assert!(
            widths[0].starts_with("\"floor\"") && widths[0].contains("width=\"400.0\""),
            "{svg}"
        );
        assert!(
            widths[1].starts_with("\"ours\"") && widths[1].contains("width=\"100.0\""),
            "{svg}"
        );
    }
}
