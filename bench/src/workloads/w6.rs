//! Requests of zero time, answered once they are on a disk.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::contenders::{Contender, Places, Running};
use crate::machine::Watch;
use crate::workloads::closed::{self, Span};
use crate::workloads::figures::Measured;

/// One that speaks no dialect has a program of its own that is the load.
const OWN_LOAD: &str = "celery";
/// How long that may take in all.
const PATIENCE_SECONDS: &str = "120";

/// Over so many sockets, one unanswered on each.
pub(crate) fn measure(
    contender: &Contender,
    places: &Places,
    sockets: usize,
    span: Span,
) -> Result<Measured> {
    let running = Running::start(contender, places, "")?;
    if contender.name == OWN_LOAD {
        return by_program(&running, places, sockets, span);
    }
    closed::measure(&running.target, sockets, 1, span)
}

/// What such a program prints: figures, as every load has them.
#[derive(Deserialize)]
struct Printed {
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
}

fn by_program(running: &Running, places: &Places, clients: usize, span: Span) -> Result<Measured> {
    let folder = places.peers.join(OWN_LOAD);
    // It ends with this program, and within a bound.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]);
    command.args(["timeout", "--kill-after=5", PATIENCE_SECONDS]);
    command
        .arg(folder.join(".venv/bin/python"))
        .arg("load.py")
        .args(["--clients", &clients.to_string()]);
    command.args(["--seconds", &span.measured.as_secs_f64().to_string()]);
    command
        .env("PORT", running.target.address.port().to_string())
        .current_dir(&folder);
    let watch = Watch::start(&running.target.tree)?;
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let shares = watch.stop(&running.target.tree)?;
    let complained = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?}: {}\n{complained}",
        output.status
    );
    let printed: Printed = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("it printed {}", String::from_utf8_lossy(&output.stdout)))?;
    Ok(Measured::new(shares)
        .set("per_second", printed.per_second)
        .set("p50_us", printed.p50_us)
        .set("p99_us", printed.p99_us))
}
