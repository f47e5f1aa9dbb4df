//! What the command line asks for.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

use crate::contenders::{Contender, Places, Target, named};
use crate::dialects::Dialect;
use crate::machine::{Cores, pin, raise_open_files};
use crate::origin::Origin;
use crate::process::Tree;
use crate::report;
use crate::results::{self, Results, Row};
use crate::run::Plan;
use crate::workloads::{Ask, Measured, Scale, Workload};

/// More than any workload opens.
const OPEN_FILES: u64 = 12_000;

/// One turn, or one of each thing that a workload asks, as JSON on stdout.
#[derive(Args)]
pub struct Load {
    /// The workload.
    workload: Workload,
    /// A contender, which is started for it.
    #[arg(long, conflicts_with = "address", default_value = "longwire")]
    contender: String,
    /// A server that runs already (w1 to w4, w6, and w9).
    #[arg(long, requires = "pid")]
    address: Option<SocketAddr>,
    /// Its process.
    #[arg(long)]
    pid: Option<u32>,
    /// How it is spoken to.
    #[arg(long, value_enum, default_value = "json")]
    dialect: Dialect,
    /// Only what is called so, such as `depth 32`.
    #[arg(long)]
    ask: Option<String>,
    /// Seconds to measure, where that is not given by the workload.
    #[arg(long)]
    seconds: Option<f64>,
    /// As much as a full run asks for.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    place: Place,
}

/// Everything, in rounds.
#[derive(Args)]
pub struct Run {
    /// The workloads; all where none is named.
    workloads: Vec<Workload>,
    /// One short round of each, to see that it works: nothing is written but what the terminal shows.
    #[arg(long)]
    quick: bool,
    /// Only these contenders; then, too, the page stays as it is.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Rounds of each workload, instead of five or three.
    #[arg(long)]
    rounds: Option<usize>,
    /// Only says, a line each, what the contenders need on the machine before this can be run.
    #[arg(long)]
    needs: bool,
    /// Takes up a run that was broken off: what it measured is not measured again.
    #[arg(long = "continue")]
    continued: bool,
    /// Where the results of a workload go once it is through.
    #[arg(long, default_value = "bench/results")]
    results: PathBuf,
    /// The page with the tables.
    #[arg(long, default_value = "docs/performance.md")]
    page: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Where things are.
#[derive(Args)]
pub struct Place {
    /// The release binary of Longwire; it lies beside this program where this is left out.
    #[arg(long)]
    longwire: Option<PathBuf>,
    /// The folder of the peers.
    #[arg(long, default_value = "bench/peers")]
    peers: PathBuf,
    /// A folder for what servers write, on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    scratch: PathBuf,
}

impl Place {
    pub(crate) fn places(&self) -> Result<Places> {
        std::fs::create_dir_all(&self.scratch)?;
        let beside = std::env::current_exe()?.with_file_name("longwire");
        let longwire = self.longwire.clone().unwrap_or(beside);
        let found = std::path::absolute(longwire)?;
        ensure!(
            found.is_file(),
            "{} is missing: cargo build --release",
            found.display()
        );
        let cores = Cores::choose()?;
        raise_open_files(OPEN_FILES)?;
        Ok(Places {
            longwire: found,
            peers: std::path::absolute(&self.peers)?,
            scratch: std::path::absolute(&self.scratch)?,
            cores,
        })
    }
}

/// Takes the turn.
///
/// # Errors
///
/// The server could not be started, or gave an answer that is an error.
pub fn load(load: &Load) -> Result<()> {
    let places = load.place.places()?;
    pin(places.cores.load)?;
    let mut scale = if load.full { Scale::FULL } else { Scale::QUICK };
    if let Some(seconds) = load.seconds {
        scale.span.measured = std::time::Duration::try_from_secs_f64(seconds)?;
    }
    let asks = load.workload.asks(&scale);
    let wanted = |ask: &Ask| {
        load.ask
            .as_ref()
            .is_none_or(|wanted| *wanted == ask.to_string())
    };
    ensure!(
        asks.iter().any(wanted),
        "{:?} asks: {}",
        load.workload,
        listed(&asks)
    );
    for ask in asks.into_iter().filter(wanted) {
        let measured = one(load, ask, &places, &scale)?;
        let line = serde_json::json!({ "workload": load.workload.to_string(), "ask": ask.to_string(),
            "figures": measured.figures, "shares": measured.shares });
        println!("{line:#}");
    }
    Ok(())
}

/// Runs it. As each workload ends, it is written into its part of the page.
///
/// # Errors
///
/// Something could not be measured; all else was.
pub fn run(run: &Run) -> Result<()> {
    let places = run.place.places()?;
    let plan = run.plan(&places)?;
    if run.needs {
        plan.needs()
            .iter()
            .for_each(|tool| println!("needs {tool}"));
        return Ok(());
    }
    let folder = places
        .scratch
        .join(if run.is_whole() { "run" } else { "trial" });
    let mut all = run.results(&plan, &folder, &places.longwire)?;
    let unready = plan.make_ready();
    pin(places.cores.load)?;
    plan.run(&mut all, &folder, |results| {
        if run.is_whole() {
            results.write(&run.results)?;
            report::write(&run.results, &run.page)?;
        }
        Ok(())
    })?;
    let failed: Vec<String> = all.iter().flat_map(failures).chain(unready).collect();
    report::print(
        &all.into_iter()
            .map(|it| (it.workload.clone(), it))
            .collect(),
    );
    println!("the turns are in {}", folder.display());
    ensure!(
        failed.is_empty(),
        "not all could be measured:\n{}",
        failed.join("\n")
    );
    Ok(())
}

impl Run {
    /// Whether it is worth a page.
    fn is_whole(&self) -> bool {
        !self.quick && self.only.is_empty() && self.rounds.is_none()
    }

    fn plan<'a>(&self, places: &'a Places) -> Result<Plan<'a>> {
        let workloads = if self.workloads.is_empty() {
            Workload::value_variants().to_vec()
        } else {
            self.workloads.clone()
        };
        let only = self.only.iter().map(|name| contender(name));
        Ok(Plan {
            places,
            scale: if self.quick {
                Scale::QUICK
            } else {
                Scale::FULL
            },
            rounds: self.rounds,
            workloads,
            only: only.collect::<Result<_>>()?,
        })
    }

    /// Those of the run that is continued, or none yet.
    fn results(&self, plan: &Plan<'_>, folder: &Path, longwire: &Path) -> Result<Vec<Results>> {
        let here = Origin::here(longwire)?;
        let earlier = if self.continued {
            results::read(folder)?
        } else {
            results::remove(folder)?;
            BTreeMap::new()
        };
        let origin = match earlier.values().next() {
            Some(first) => first.run.clone().continued(&here)?,
            None if self.continued => bail!("{} has no run to be continued", folder.display()),
            None => here,
        };
        let of = |workload: &Workload| {
            let name = workload.to_string();
            let rounds = plan.rounds(*workload);
            let found = earlier.get(&name).cloned();
            let mut results = found.unwrap_or_else(|| Results::new(&name, origin.clone(), rounds));
            ensure!(
                results.rounds == rounds,
                "{name} was begun with {} rounds, and is to have {rounds} now",
                results.rounds
            );
            results.run = origin.clone();
            Ok(results)
        };
        plan.workloads.iter().map(of).collect()
    }
}

fn failures(results: &Results) -> Vec<String> {
    let failed = |row: &Row| {
        let failure = row.failure.as_ref()?;
        Some(format!(
            "{}, {}: {}: {failure}",
            results.workload, row.ask, row.contender
        ))
    };
    results.rows.iter().filter_map(failed).collect()
}

/// Writes results of earlier runs into the page again.
///
/// # Errors
///
/// A file cannot be read or written, or the page has not all its marks.
pub fn report(results: &Path, page: &Path) -> Result<()> {
    report::write(results, page)
}

fn one(load: &Load, ask: Ask, places: &Places, scale: &Scale) -> Result<Measured> {
    if let Some((address, root)) = load.address.zip(load.pid) {
        let target = Target {
            address,
            dialect: load.dialect,
            tree: Tree { root },
        };
        return load.workload.on(&target, ask, scale);
    }
    load.workload
        .turn(contender(&load.contender)?, ask, places, scale)
}

pub(crate) fn contender(name: &str) -> Result<&'static Contender> {
    named(name).with_context(|| format!("there is no contender {name:?}"))
}

fn listed(asks: &[Ask]) -> String {
    asks.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
