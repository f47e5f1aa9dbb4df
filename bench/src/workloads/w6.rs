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

/// What such a program prints, of what every load does.
#[derive(Deserialize)]
struct Printed {
    figures: Figures,
}

#[derive(Deserialize)]
struct Figures {
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
}

fn by_program(running: &Running, places: &Places, clients: usize, span: Span) -> Result<Measured> {
    let folder = places.peers.join(OWN_LOAD);
    let mut command = Command::new(folder.join(".venv/bin/python"));
    command
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
    let Printed { figures } = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("it printed {}", String::from_utf8_lossy(&output.stdout)))?;
    Ok(Measured::new(shares)
        .set("per_second", figures.per_second)
        .set("p50_us", figures.p50_us)
        .set("p99_us", figures.p99_us))
}
