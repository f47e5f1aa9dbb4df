//! What is searched, and what is asked.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::made_up::{self, Chance, HEAD};

/// A symbol, as every engine is given it.
pub(crate) struct Symbol {
    pub(crate) qualified: String,
    pub(crate) name: String,
    /// Everything by which its place can be asked for.
    pub(crate) libs: Vec<String>,
}

/// A question: nothing expected where only time is measured.
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) libs: Vec<String>,
    pub(crate) expected: Vec<String>,
}

/// A catalogue in our own JSON lines: its symbols, and its text.
pub(crate) fn read(path: &Path) -> Result<(Vec<Symbol>, String)> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut symbols = Vec::new();
    let lines = || text.lines().skip(1).map(serde_json::from_str::<Value>);
    let mut aliases: Vec<(String, String)> = Vec::new();
    for line in lines() {
        let line = line?;
        let class = line["qualified"].as_str().unwrap_or_default().trim_start_matches("std::");
        for alias in line["aliases"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            aliases.push((class.to_owned(), alias.to_owned()));
        }
    }
    for line in lines() {
        let line = line?;
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let qualified = text("qualified");
        let name = qualified.rsplit("::").next().unwrap_or_default().to_owned();
        let lib = text("lib");
        let also = aliases.iter().filter(|(class, _)| *class == lib);
        let mut libs: Vec<String> = also.map(|(_, alias)| alias.clone()).collect();
        libs.extend([lib, text("header")]);
        symbols.push(Symbol {
            qualified,
            name,
            libs,
        });
    }
    Ok((symbols, text))
}

pub(crate) fn questions(path: &Path) -> Result<Vec<Question>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let rows = text.lines().filter(|row| !row.starts_with("# "));
    Ok(rows
        .map(|row| {
            let mut cells = row.split('\t');
            let mut next = || cells.next().unwrap_or_default();
            let (text, libs, expected) = (next(), next(), next());
            let filled = |list: &str, by| -> Vec<String> {
                let parts = list.split(by).filter(|part| !part.is_empty());
                parts.map(str::to_owned).collect()
            };
            Question {
                text: text.to_owned(),
                libs: filled(libs, ','),
                expected: filled(expected, '|'),
            }
        })
        .collect())
}

/// So many symbols of a made-up library, and their catalogue.
pub(crate) fn synthetic(count: usize) -> (Vec<Symbol>, String) {
    let mut lines = HEAD.to_owned();
    let mut symbols = Vec::with_capacity(count);
    made_up::write(count, &mut lines, |class, name| {
        symbols.push(Symbol {
            qualified: format!("{class}::{name}"),
            name: name.to_owned(),
            libs: vec![class.to_owned()],
        });
    });
    (symbols, lines)
}

/// What someone types who looks for one of the symbols: begins, words, pieces, typos.
pub(crate) fn synthetic_questions(symbols: &[Symbol]) -> Vec<Question> {
    let mut chance = Chance(0x2545_f491_4f6c_dd1d);
    let question = |at: usize| {
        let symbol = &symbols[chance.below(symbols.len())];
        let name = &symbol.name;
        let typed = 2 + chance.below(name.len() - 2);
        let text = match at % 10 {
            0..=5 => name[..typed].to_owned(),
            6 => name.split_once('_').map_or(name.clone(), |(_, rest)| rest.to_owned()),
            7 => name.replace('_', ""),
            8 => {
                let mut letters = name.clone().into_bytes();
                letters.swap(1, 2);
                String::from_utf8(letters).unwrap_or_default()
            }
            _ => name[1..typed.max(3)].to_owned(),
        };
        Question {
            text,
            libs: Vec::new(),
            expected: Vec::new(),
        }
    };
    (0..500).map(question).collect()
}
