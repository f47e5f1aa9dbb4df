//! What was measured, as people read it: tables between the marks of a page, and pictures beside it.

mod goals;
mod numbers;
mod plot;
mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;

pub(crate) use self::numbers::{grouped, short};
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
    let all = results::read(results, &names())?;
    let text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    fs::write(page, fill(&text, &parts(&all))?)?;
    if let Some(w1) = all.get("w1") {
        let folder = page.with_file_name(PICTURES_FOLDER);
        for (ask, file) in PICTURES {
            let title = format!("w1, {ask}: answers a second");
            fs::write(folder.join(file), plot::bars(w1, ask, &title))?;
        }
    }
    Ok(())
}

/// The same on a terminal.
pub(crate) fn print(all: &BTreeMap<String, Results>) {
    for (name, table) in parts(all) {
        println!("\n{name}\n\n{table}");
    }
}

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

/// On what it was measured: one line for all that is the same.
fn machine(all: &BTreeMap<String, Results>) -> String {
    let mut machines: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, results) in all {
        let rounds = results
            .rows
            .iter()
            .map(|row| row.turns.len())
            .max()
            .unwrap_or(0);
        let machine = format!(
            "{}, Linux {}; {rounds} rounds",
            results.processor, results.kernel
        );
        machines.entry(machine).or_default().push(name);
    }
    let line =
        |(machine, names): (&String, &Vec<&str>)| format!("- {}: {machine}\n", names.join(", "));
    machines.iter().map(line).collect()
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

    /// The page that is written has all marks.
    #[test]
    fn the_page_has_a_place_for_everything() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
        let text = fs::read_to_string(page).unwrap();
        let all = names()
            .into_iter()
            .map(|name| (name.clone(), Results::new(&name)))
            .collect();
        fill(&text, &parts(&all)).unwrap();
        for (_, file) in PICTURES {
            assert!(text.contains(file), "{file}");
        }
    }
}
