//! Questions with answers beyond dispute, and how often the search knows them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fmt::Write;

use common::{catalogue, query};
use longwire_modules::{Catalogue, Kind, search};

struct Question<'a> {
    text: &'a str,
    libs: Vec<&'a str>,
    expected: Vec<&'a str>,
}

/// Two tables, each written without a look at the other or at the search. `docs/modules.md` says how many of their
/// questions have what is meant first.
const TABLES: [&str; 2] = [
    include_str!("fixtures/questions.tsv"),
    include_str!("fixtures/questions2.tsv"),
];
/// How many should at least, how many should among the first three, and the mean reciprocal rank: half a per cent less
/// than the first table has, as catalogues change.
const LEAST: f64 = 0.99;
/// Questions that once went wrong.
const MENDED: &str = include_str!("fixtures/questions3.tsv");

fn questions(table: &'static str) -> Vec<Question<'static>> {
    let rows = table.lines();
    rows.filter(|row| !row.starts_with("# "))
        .map(|row| {
            let cells: Vec<&str> = row.split('\t').collect();
            let [text, libs, expected] = cells[..] else {
                panic!("three cells: {row}")
            };
            let filled =
                |list: &'static str, by| list.split(by).filter(|part| !part.is_empty()).collect();
            Question {
                text,
                libs: filled(libs, ','),
                expected: filled(expected, '|'),
            }
        })
        .collect()
}

/// The place of the first that is expected, from 1. What should find nothing and finds nothing is at place 1.
fn place(catalogue: &Catalogue, question: &Question<'_>) -> (Option<usize>, Vec<String>) {
    let page = search(catalogue, &query(question.text, &question.libs, 200)).unwrap();
    let found: Vec<String> = page.data.into_iter().map(|set| set.qualified).collect();
    let place = match (&*question.expected, &*found) {
        ([], []) => Some(0),
        _ => found
            .iter()
            .position(|name| question.expected.contains(&&**name)),
    };
    (place.map(|at| at + 1), found)
}

#[test]
fn what_is_meant_comes_first() {
    for table in TABLES {
        assert!(questions(table).len() >= 150);
        println!("{}", judge(table, LEAST));
    }
}

#[test]
fn what_was_mended_stays_so() {
    println!("{}", judge(MENDED, 1.0));
}

fn judge(table: &'static str, least: f64) -> String {
    let (catalogue, questions) = (catalogue(), questions(table));
    let (mut first, mut third, mut reciprocal) = (0.0, 0.0, 0.0);
    let mut missed = String::new();
    for question in &questions {
        let (place, found) = place(&catalogue, question);
        first += f64::from(place == Some(1));
        third += f64::from(place.is_some_and(|place| place <= 3));
        reciprocal += place.map_or(0.0, |place| 1.0 / place as f64);
        if place != Some(1) {
            let (text, libs) = (question.text, &question.libs);
            let found = &found[..found.len().min(4)];
            let _ = writeln!(
                missed,
                "{text:?} in {libs:?}: at {place:?}, found {found:?}"
            );
        }
    }
    let of = |sum: f64| sum / questions.len() as f64;
    let [first, third, reciprocal] = [of(first), of(third), of(reciprocal)];
    let count = questions.len();
    let said = format!(
        "{count} questions: hit@1 {first:.4}, hit@3 {third:.4}, reciprocal rank {reciprocal:.4}\n{missed}"
    );
    assert!(first >= least, "hit@1 {first:.4}\n{missed}");
    assert!(third >= least, "hit@3 {third:.4}\n{missed}");
    assert!(reciprocal >= least, "{reciprocal:.4}\n{missed}");
    said
}

/// For members that people use, in their class: after how many keys each is the first.
#[test]
fn three_keys_find_a_member() {
    let catalogue = catalogue();
    let libs = [
        "vector",
        "basic_string",
        "map",
        "unordered_map",
        "list",
        "unique_ptr",
        "optional",
        "thread",
    ];
    let (mut keys, mut members) = (0, 0);
    for lib in libs {
        for set in search(&catalogue, &query("", &[lib], 200)).unwrap().data {
            let member = set.qualified.starts_with(&format!("std::{lib}::"));
            if set.kind != Kind::Function || !member {
                continue;
            }
            let typed = (1..=set.name.len()).find(|typed| {
                let page = search(&catalogue, &query(&set.name[..*typed], &[lib], 1)).unwrap();
                page.data[0].qualified == set.qualified
            });
            keys += typed.unwrap_or_else(|| panic!("{} is never first", set.qualified));
            members += 1;
        }
    }
    let mean = f64::from(u32::try_from(keys).unwrap()) / f64::from(members);
    println!("{members} members: {mean:.2} keys each");
    assert!(
        members > 200 && mean <= 2.7,
        "{members} members, {mean:.2} keys each"
    );
}
