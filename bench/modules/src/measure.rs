//! Hits and times, as a table.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Error, Result};
use longwire_modules::{Limits, Query, cpp, readers, search};

use crate::{
    corpus::{Question, Symbol},
    engines::{ENGINES, Engine, Ours},
};

/// Each question is asked so often, or for so long.
const ROUNDS: usize = 20;
const BOUND: Duration = Duration::from_secs(20);

pub(crate) fn all(symbols: &[Symbol], lines: &str, questions: &[Question], only: &[&str]) -> Result<()> {
    println!("{} symbols, {} questions", symbols.len(), questions.len());
    if only.is_empty() || only.contains(&"longwire") {
        own(symbols.len(), lines)?;
    }
    println!("| engine | built in | hit@1 | hit@3 | reciprocal rank | libraries given: p50, p99 | everywhere: p50, p99 |");
    println!("|---|---|---|---|---|---|---|");
    for (name, build) in ENGINES {
        if !only.is_empty() && !only.contains(name) {
            continue;
        }
        let start = Instant::now();
        let mut engine = build(symbols, lines)?;
        let built = start.elapsed();
        let [first, third, reciprocal] = hits(&mut *engine, questions)?;
        let (within, everywhere): (Vec<_>, Vec<_>) =
            questions.iter().partition(|question| !question.libs.is_empty());
        let within = times(&mut *engine, &within)?;
        let everywhere = times(&mut *engine, &everywhere)?;
        println!("| {name} | {built:.1?} | {first} | {third} | {reciprocal} | {within} | {everywhere} |");
    }
    Ok(())
}

/// What ours takes of memory and time before it answers.
fn own(symbols: usize, lines: &str) -> Result<()> {
    let before = resident()?;
    let start = Instant::now();
    let catalogue = readers::read("catalogue.jsonl", lines.as_bytes(), &Limits::default())?;
    let mut built = start.elapsed();
    let taken = resident()?.saturating_sub(before);
    let (bytes, each) = (catalogue.bytes(), catalogue.bytes() / symbols.max(1));
    for _ in 0..if symbols < 100_000 { 20 } else { 0 } {
        let start = Instant::now();
        readers::read("catalogue.jsonl", lines.as_bytes(), &Limits::default())?;
        built = built.min(start.elapsed());
    }
    println!("built in {built:.1?} at best; {bytes} bytes, {each} a symbol; resident memory grew by {taken} kB");
    let mut ours = Ours(catalogue);
    let start = Instant::now();
    ours.ask("push", &[])?;
    println!("first question after {:.1?}", start.elapsed());
    Ok(())
}

fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let line = line.context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}

fn hits(engine: &mut dyn Engine, questions: &[Question]) -> Result<[String; 3]> {
    let judged: Vec<&Question> =
        questions.iter().filter(|question| !question.expected.is_empty()).collect();
    if judged.is_empty() {
        return Ok(["".to_owned(), "".to_owned(), "".to_owned()]);
    }
    let mut sums = [0.0; 3];
    for question in &judged {
        if let Some(place) = place(engine, question)? {
            sums[0] += f64::from(u8::from(place == 0));
            sums[1] += f64::from(u8::from(place < 3));
            sums[2] += 1.0 / (place + 1) as f64;
        }
    }
    Ok(sums.map(|sum| format!("{:.3}", sum / judged.len() as f64)))
}

fn place(engine: &mut dyn Engine, question: &Question) -> Result<Option<usize>> {
    let found = engine.ask(&question.text, &question.libs)?;
    Ok(found.iter().position(|name| question.expected.contains(name)))
}

fn times(engine: &mut dyn Engine, questions: &[&Question]) -> Result<String> {
    if questions.is_empty() {
        return Ok(String::new());
    }
    let begin = Instant::now();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        for question in questions {
            let start = Instant::now();
            engine.ask(&question.text, &question.libs)?;
            times.push(start.elapsed());
        }
        if begin.elapsed() > BOUND {
            break;
        }
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    Ok(format!("{:.1?}, {:.1?}", at(50), at(99)))
}

/// How long the built-in catalogue takes from nothing to its first answer, unpacking and all: each time anew.
pub(crate) fn first() -> Result<()> {
    let query = Query::from_pairs([("lib", "vector"), ("text", "push")])?;
    let mut times = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        let catalogue = cpp().get().map_err(Error::msg)?;
        search(&catalogue, &query)?;
        times.push(start.elapsed());
    }
    println!("first answer after {:.1?}", times[0]);
    times.sort_unstable();
    println!("of twenty: {:.1?} at best, {:.1?} in the middle", times[0], times[10]);
    Ok(())
}

/// The questions that take ours longest, each at its best of three.
pub(crate) fn slowest(symbols: &[Symbol], lines: &str, questions: &[Question]) -> Result<()> {
    let mut ours = Ours::build(symbols, lines)?;
    let mut times = Vec::new();
    for question in questions {
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let start = Instant::now();
            ours.ask(&question.text, &question.libs)?;
            best = best.min(start.elapsed());
        }
        times.push((best, &question.text));
    }
    times.sort_unstable_by(|a, b| b.cmp(a));
    for (best, text) in times.iter().take(40) {
        println!("{best:>10.1?}  {text}");
    }
    Ok(())
}

/// The questions that ours does not answer with what is meant first.
pub(crate) fn missed(symbols: &[Symbol], lines: &str, questions: &[Question]) -> Result<()> {
    let mut ours = Ours::build(symbols, lines)?;
    for question in questions.iter().filter(|question| !question.expected.is_empty()) {
        let known = symbols.iter().any(|symbol| question.expected.contains(&symbol.qualified));
        let place = place(&mut *ours, question)?;
        if place != Some(0) {
            let mut found = ours.ask(&question.text, &question.libs)?;
            found.truncate(4);
            let (text, libs) = (&question.text, &question.libs);
            println!("{text:?} in {libs:?}: at {place:?}, known {known}, found {found:?}");
        }
    }
    Ok(())
}
