//! What the command line asks for.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::contenders::{Contender, Places, Target, named};
use crate::dialects::Dialect;
use crate::machine::{Cores, pin, raise_open_files};
use crate::process::Tree;
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
    /// A server that runs already (w1 to w4, and w6).
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
        pin(cores.load)?;
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
        let line = serde_json::json!({ "workload": format!("{:?}", load.workload), "ask": ask.to_string(),
            "figures": measured.figures, "shares": measured.shares });
        println!("{line:#}");
    }
    Ok(())
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
