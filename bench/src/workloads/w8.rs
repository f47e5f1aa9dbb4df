//! From the start of the server to its first answer, and how large it is.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::contenders::{Contender, Places, Running, Target};
use crate::load::{answer, ask};
use crate::machine::{Loader, Watch};
use crate::moment::now;
use crate::process::Tree;
use crate::workloads::figures::{Latencies, Measured};

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two attempts to connect.
const TICK: Duration = Duration::from_micros(200);

/// So many starts.
pub(crate) fn measure(contender: &Contender, places: &Places, starts: usize) -> Result<Measured> {
    // Servers come and go; what they take of the machine is not told from what this program does.
    let here = Tree {
        root: std::process::id(),
    };
    let watch = Watch::of(here, Loader::Nobody)?;
    let mut latencies = Latencies::new()?;
    for _ in 0..starts {
        let begun = now();
        let running = Running::spawn(contender, places, "")?;
        first_answer(&running.target()?, begun)?;
        latencies.record(begun.elapsed());
    }
    let bytes = std::fs::metadata(&places.longwire)?.len();
    Ok(Measured::new(watch.stop()?)
        .set("p50_us", latencies.micros(0.5))
        .set("most_us", latencies.most_micros())
        .set("binary_bytes", bytes as f64))
}

fn first_answer(target: &Target, begun: Instant) -> Result<()> {
    loop {
        match ask(target.address, target.dialect) {
            Ok(mut asking) => {
                let running = answer::total(&asking.ask(target.dialect.status()?)?)?;
                ensure!(
                    running == 0,
                    "{running} run on a server that has just begun"
                );
                return Ok(());
            }
            Err(error) => ensure!(begun.elapsed() < PATIENCE, "no answer came: {error:#}"),
        }
        sleep(TICK);
    }
}
