//! Runs every workload for every store in turn, round after round, each in a process and a directory of its own, and
//! writes down the medians.

use std::collections::BTreeMap;
use std::env::current_exe;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::process::user_seconds;
use crate::stores::KINDS;

/// The group sizes of the first workload.
const GROUPS: [usize; 4] = [1, 8, 64, 512];

/// A run is disturbed, and done again, where other programs used more than this part of one CPU.
const DISTURBED: f64 = 0.1;
/// How often it is done again, at most.
const TRIES: usize = 4;
/// How long a run waits for the machine to be quiet, at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is measured, how often, and where.
pub(crate) struct Plan {
    /// How often each is run.
    pub(crate) rounds: usize,
    /// How long a workload of commits takes.
    pub(crate) seconds: u64,
    /// A directory on the disk to measure.
    pub(crate) dir: PathBuf,
    /// The workloads, by their first word; all where there is none.
    pub(crate) only: Vec<String>,
}

/// Workload, figure, store: what was measured in each round.
type Figures = BTreeMap<(String, String, &'static str), Vec<f64>>;

/// Runs the plan. After each round the tables so far are in `report.md`.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let mut figures = Figures::new();
    let mut order = Vec::new();
    for round in 1..=plan.rounds {
        for workload in workloads(plan) {
            for kind in KINDS {
                eprintln!("round {round}: {workload}: {}", kind.name);
                for (name, figure) in undisturbed(plan, &workload, kind.name)? {
                    let row = (workload.clone(), name);
                    if !order.contains(&row) {
                        order.push(row.clone());
                    }
                    figures
                        .entry((row.0, row.1, kind.name))
                        .or_default()
                        .push(figure);
                }
            }
        }
        let report = table(&order, &figures)?;
        fs::write(plan.dir.join("report.md"), &report)?;
        fs::write(plan.dir.join("rounds.txt"), format!("{figures:#.3?}"))?;
    }
    print!("{}", table(&order, &figures)?);
    Ok(())
}

fn workloads(plan: &Plan) -> Vec<String> {
    let commits = GROUPS.iter().map(|group| format!("commits {group}"));
    let rest = [
        "retention",
        "output",
        "closed 100000",
        "killed 100000",
        "killed 1000000",
    ]
    .map(str::to_owned);
    let wanted = |workload: &String| {
        plan.only.is_empty()
            || plan
                .only
                .iter()
                .any(|word| workload.starts_with(word.as_str()))
    };
    commits.chain(rest).filter(wanted).collect()
}

/// Runs one workload for one store while the machine does nothing else.
fn undisturbed(plan: &Plan, workload: &str, store: &str) -> Result<Vec<(String, f64)>> {
    let mut figures = Vec::new();
    for _ in 0..TRIES {
        wait_for_quiet()?;
        let (run, share) = others(|| one(plan, workload, store))?;
        figures = run;
        figures.push(("others' CPU".to_owned(), share));
        if share <= DISTURBED {
            break;
        }
    }
    Ok(figures)
}

fn wait_for_quiet() -> Result<()> {
    let began = Instant::now();
    let nap = || {
        sleep(Duration::from_millis(300));
        Ok(())
    };
    while others(nap)?.1 > DISTURBED && began.elapsed() < PATIENCE {}
    Ok(())
}

/// Does something, and tells what part of one CPU other programs used meanwhile.
fn others<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let (began, before) = (Instant::now(), user_seconds()?);
    let outcome = work()?;
    let after = user_seconds()?;
    let foreign = (after.0 - before.0) - (after.1 - before.1);
    Ok((outcome, foreign.max(0.0) / began.elapsed().as_secs_f64()))
}

/// Runs one workload for one store, and returns its figures.
fn one(plan: &Plan, workload: &str, store: &str) -> Result<Vec<(String, f64)>> {
    if store == "floor" && workload == "retention" {
        return Ok(Vec::new()); // It cannot delete.
    }
    let dir = plan.dir.join("run");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    let (name, size) = workload.split_once(' ').unwrap_or((workload, ""));
    let result = match name {
        "closed" => child(&["fill", store, size], &dir),
        "killed" => fill_and_kill(store, size, &dir),
        _ => child(&[name, store, size, &plan.seconds.to_string()], &dir),
    };
    let result = match name {
        "closed" | "killed" => result.and_then(|_| child(&["open", store, size], &dir)),
        _ => result,
    };
    fs::remove_dir_all(&dir)?;
    result
}

fn command(words: &[&str], dir: &Path) -> Result<Command> {
    let mut command = Command::new(current_exe()?);
    command
        .arg(words[0])
        .arg(words[1])
        .arg(dir)
        .args(&words[2..]);
    Ok(command)
}

fn child(words: &[&str], dir: &Path) -> Result<Vec<(String, f64)>> {
    let output = command(words, dir)?.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{words:?} failed");
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(parse).collect()
}

fn parse(line: &str) -> Result<(String, f64)> {
    let (name, figure) = line.rsplit_once(' ').context("no figure")?;
    Ok((name.to_owned(), figure.parse()?))
}

/// Kills a process with signal 9 while it is writing.
fn fill_and_kill(store: &str, jobs: &str, dir: &Path) -> Result<Vec<(String, f64)>> {
    let mut child = command(&["fill-on", store, jobs], dir)?
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
    ensure!(line.starts_with("filled"), "{store} could not be filled");
    sleep(Duration::from_millis(300));
    child.kill()?;
    child.wait()?;
    Ok(Vec::new())
}

/// A Markdown table for each workload: the median of the rounds, a column a store.
fn table(order: &[(String, String)], figures: &Figures) -> Result<String> {
    let mut text = String::new();
    let mut last = "";
    for (workload, figure) in order {
        if workload != last {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            writeln!(
                text,
                "\n| {workload} | {} |\n|---|{}",
                names.join(" | "),
                "--:|".repeat(names.len())
            )?;
            last = workload;
        }
        write!(text, "| {figure} |")?;
        for kind in KINDS {
            let runs = figures.get(&(workload.clone(), figure.clone(), kind.name));
            let cell = runs.map_or_else(|| "–".to_owned(), |runs| short(median(runs)));
            write!(text, " {cell} |")?;
        }
        writeln!(text)?;
    }
    Ok(text)
}

fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// Three figures are all that such a measurement can tell.
fn short(figure: f64) -> String {
    if figure >= 100.0 {
        format!("{figure:.0}")
    } else if figure >= 10.0 {
        format!("{figure:.1}")
    } else if figure >= 1.0 {
        format!("{figure:.2}")
    } else {
        format!("{figure:.4}")
    }
}
