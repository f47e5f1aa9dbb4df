//! What was measured, as people read it: tables between the marks of a page, and pictures beside it.

mod goals;
mod numbers;
mod plot;
mod tables;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;

pub(crate) use self::numbers::{grouped, short};
use crate::origin::Origin;
use crate::results::{self, Results};
use crate::workloads::Workload;

/// The pictures of the page: what is asked, and what they are called.
const PICTURES: [(&str, &str); 2] = [
    ("depth 1", "bench-w1-1.svg"),
    ("depth 32", "bench-w1-32.svg"),
];
const PICTURES_FOLDER: &str = "pictures";

/// Writes all that is in `results` into the page: the text around its tables stays as it is.
pub(crate) fn write(results: &Path, page: &Path) -> Result<()> {
    let all = results::read(results)?;
    let text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let mut parts = parts(&all);
    if let Some(w1) = all.get("w1") {
        let pictures = draw(w1, &page.with_file_name(PICTURES_FOLDER))?;
        let part = parts.iter_mut().find(|(name, _)| name == "w1");
        let (_, tables) = part.context("w1 has no part")?;
        tables.insert_str(0, &pictures);
    }
    Ok(fs::write(page, fill(&text, &parts)?)?)
}

/// Draws the pictures; gives the lines that show them.
fn draw(w1: &Results, folder: &Path) -> Result<String> {
    fs::create_dir_all(folder)?;
    let mut shown = String::new();
    for (ask, file) in PICTURES {
        let title = format!("w1, {ask}: answers a second");
        fs::write(folder.join(file), plot::bars(w1, ask, &title))?;
        let _ = writeln!(shown, "![{title}]({PICTURES_FOLDER}/{file})\n");
    }
    Ok(shown)
}

/// The same on a terminal.
pub(crate) fn print(all: &BTreeMap<String, Results>) {
    for (name, table) in parts(all) {
        println!("\n{name}\n\n{table}");
    }
}

#[cfg(test)]
fn names() -> Vec<String> {
    Workload::value_variants()
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// What goes between which marks.
fn parts(all: &BTreeMap<String, Results>) -> Vec<(String, String)> {
    let mut parts = vec![
        ("goals".to_owned(), goals::table(all)),
        ("machine".to_owned(), machine(all)),
    ];
    for workload in Workload::value_variants() {
        let name = workload.to_string();
        if let Some(results) = all.get(&name) {
            parts.push((name, tables::tables(*workload, results)));
        }
    }
    parts
}

/// When, of what and on which machine, and how calm that was: a line for each run.
fn machine(all: &BTreeMap<String, Results>) -> String {
    let mut runs: BTreeMap<&Origin, Vec<&Results>> = BTreeMap::new();
    for results in all.values() {
        runs.entry(&results.run).or_default().push(results);
    }
    let line = |(run, parts): (&&Origin, &Vec<&Results>)| {
        let names: Vec<String> = parts.iter().map(|it| named(it)).collect();
        format!("- {}: {run}{}\n", names.join(", "), calm(parts))
    };
    runs.iter().map(line).collect()
}

fn named(results: &Results) -> String {
    let plural = if results.rounds == 1 { "" } else { "s" };
    format!("{} ({} round{plural})", results.workload, results.rounds)
}

/// How fast the machine was around the turns, as far as it was looked at.
fn calm(parts: &[&Results]) -> String {
    let turns = || parts.iter().flat_map(|it| it.turns());
    let looked_at = turns().filter(|turn| turn.pace.is_some());
    let mut slower: Vec<f64> = looked_at.map(|turn| turn.slower).collect();
    slower.sort_by(f64::total_cmp);
    let Some((least, most)) = slower.first().zip(slower.last()) else {
        return String::new();
    };
    let [all, unquiet] = [turns().count(), turns().filter(|it| !it.is_calm()).count()];
    format!(
        ". The same piece of work took {least:.2} to {most:.2} times as long as at best; {unquiet} of {all} turns were not calm"
    )
}

/// The page with each part between its marks, `<!-- bench:NAME -->` and `<!-- bench -->`.
fn fill(page: &str, parts: &[(String, String)]) -> Result<String> {
    let mut text = page.to_owned();
    for (name, part) in parts {
        let mark = format!("<!-- bench:{name} -->\n");
        let begin = text
            .find(&mark)
            .with_context(|| format!("the page has no {}", mark.trim()))?
            + mark.len();
        let length = text[begin..]
            .find("<!-- bench -->")
            .with_context(|| format!("{name} has no end"))?;
        text.replace_range(begin..begin + length, &format!("\n{part}\n"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::tests::origin;
    use crate::pace::tests::pace;
    use crate::results::Turn;
    use crate::results::tests::{new, turn};

    #[test]
    fn what_stands_between_the_marks_is_put_in_its_place() {
        let page = "Before.\n<!-- bench:w1 -->\nold\n<!-- bench -->\nAfter.\n";
        let filled = fill(page, &[("w1".to_owned(), "new\n".to_owned())]).unwrap();
        assert_eq!(
            filled,
            "Before.\n<!-- bench:w1 -->\n\nnew\n\n<!-- bench -->\nAfter.\n"
        );
        let again = fill(&filled, &[("w1".to_owned(), "new\n".to_owned())]).unwrap();
        assert_eq!(again, filled);
        assert!(fill(page, &[("w2".to_owned(), String::new())]).is_err());
    }

    #[test]
    fn the_page_says_of_which_run_each_part_is() {
        let of = |name: &str, begun: &str| {
            let results = Results::new(name, origin(begun), 3);
            (name.to_owned(), results)
        };
        let all = BTreeMap::from([
            of("w1", "yesterday"),
            of("w2", "yesterday"),
            of("w3", "today"),
        ]);
        let expected = "- w3 (3 rounds): today, commit 0123456789; a processor, Linux 6.0\n\
            - w1 (3 rounds), w2 (3 rounds): yesterday, commit 0123456789; a processor, Linux 6.0\n";
        assert_eq!(machine(&all), expected);
    }

    #[test]
    fn the_page_says_how_calm_the_machine_was() {
        let mut results = new("w1");
        for took in [105.0, 160.0, 100.0] {
            let pace = Some(pace(took, 100.0));
            let turn = turn("per_second", 1.0, false);
            let turns = &mut results.row("depth 1", "longwire").turns;
            turns.push(Turn { pace, ..turn });
        }
        results.compare(pace(100.0, 100.0));
        let all = BTreeMap::from([("w1".to_owned(), results)]);
        let expected = "- w1 (3 rounds): today, commit 0123456789; a processor, Linux 6.0. The same piece of work took 1.00 to 1.60 times as long as \
            at best; 1 of 3 turns were not calm\n";
        assert_eq!(machine(&all), expected);
    }

    /// The page that is written has all marks.
    #[test]
    fn the_page_has_a_place_for_everything() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
        let text = fs::read_to_string(page).unwrap();
        let all = names()
            .into_iter()
            .map(|name| (name.clone(), new(&name)))
            .collect();
        fill(&text, &parts(&all)).unwrap();
    }
}
