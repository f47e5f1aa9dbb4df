//! Measures the search over catalogues of symbols, beside others. What came of it is in `docs/modules.md`.
#![allow(clippy::print_stdout, reason = "a command line talks on stdout")]

mod corpus;
mod engines;
#[path = "../../src/made_up.rs"]
mod made_up;
mod measure;

use std::{env::args, path::Path};

use anyhow::{Result, bail};

const USAGE: &str = "usage:
  longwire-modules-bench standard CATALOGUE QUESTIONS [ENGINE...]   a catalogue and questions about it (TSV)
  longwire-modules-bench synthetic SYMBOLS [ENGINE...]              so many symbols, always the same
  longwire-modules-bench first                                      the first question to the catalogue that is built in
  longwire-modules-bench slowest SYMBOLS                            what takes ours longest there
  longwire-modules-bench missed CATALOGUE QUESTIONS                 what ours does not put first";

fn main() -> Result<()> {
    let words: Vec<String> = args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["standard", catalogue, questions, ref only @ ..] => {
            let (symbols, lines) = corpus::read(Path::new(catalogue))?;
            let questions = corpus::questions(Path::new(questions))?;
            measure::all(&symbols, &lines, &questions, only)
        }
        ["synthetic", count, ref only @ ..] => {
            let (symbols, lines) = corpus::synthetic(count.parse()?);
            let questions = corpus::synthetic_questions(&symbols);
            measure::all(&symbols, &lines, &questions, only)
        }
        ["first"] => measure::first(),
        ["slowest", count] => {
            let (symbols, lines) = corpus::synthetic(count.parse()?);
            let questions = corpus::synthetic_questions(&symbols);
            measure::slowest(&symbols, &lines, &questions)
        }
        ["missed", catalogue, questions] => {
            let (symbols, lines) = corpus::read(Path::new(catalogue))?;
            let questions = corpus::questions(Path::new(questions))?;
            measure::missed(&symbols, &lines, &questions)
        }
        _ => bail!(USAGE),
    }
}
