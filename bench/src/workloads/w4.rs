//! Sockets that say nothing: what each costs.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;

use crate::contenders::Target;
use crate::load::Load;
use crate::machine::Watch;
use crate::workloads::figures::Measured;

/// For what a server does after a handshake.
const SETTLE: Duration = Duration::from_secs(1);
/// Before anything is measured, so that what the first of all cost is not counted.
const BEFORE: usize = 100;

pub(crate) fn measure(target: &Target, sockets: usize) -> Result<Measured> {
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(BEFORE)?;
    sleep(SETTLE);
    let before = target.tree.resident()?;
    let watch = Watch::start(target.tree)?;
    load.open(sockets)?;
    let shares = watch.stop()?;
    sleep(SETTLE);
    let each = (target.tree.resident()? - before) / sockets as f64;
    Ok(Measured::new(shares).set("resident_bytes_each", each))
}
