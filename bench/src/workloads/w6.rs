//! Requests of zero time, answered once they are on a disk.

use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

use anyhow::Result;

use crate::contenders::{Contender, Places, Running, Start};
use crate::machine::{Loader, Watch, pin};
use crate::moment::now;
use crate::process::Tree;
use crate::workloads::closed::{self, Span};
use crate::workloads::figures::{Latencies, Measured};
use crate::workloads::program::Program;

/// What the floor writes of a request: what was asked and what was answered.
const WRITTEN: &[u8] =
    br#"{"route":"request","connid":"0-10000000","time":0}{"connid":"0-10000000","status":"ok"}"#;

/// Over so many sockets, one unanswered on each.
pub(crate) fn measure(
    contender: &Contender,
    places: &Places,
    sockets: usize,
    span: Span,
) -> Result<Measured> {
    match (contender.start, contender.dialect) {
        (Start::Here, _) => floor(places, span),
        (Start::Folder(folder, _), None) => {
            let running = Running::start(contender, places, "")?;
            let clients = sockets.to_string();
            let [seconds, warm] = [span.measured, span.warm].map(|it| it.as_secs_f64().to_string());
            let program = [
                "load.py",
                "--clients",
                &clients,
                "--seconds",
                &seconds,
                "--warm",
                &warm,
            ];
            let mut program = Program::start(folder, &program, &running, places)?;
            let shares = program.stretch(&running)?;
            program.measured(shares)
        }
        _ => {
            let running = Running::start(contender, places, "")?;
            closed::measure(&running.target()?, sockets, 1, span)
        }
    }
}

/// No server and no load: the bytes appended to a file and on the disk, one request after the other, on a server's core.
fn floor(places: &Places, span: Span) -> Result<Measured> {
    let path = places.scratch.join("floor");
    let mut file = File::create(&path)?;
    pin(places.cores.server)?;
    let measured = write_on(&mut file, span);
    pin(places.cores.load)?;
    fs::remove_file(path)?;
    measured
}

fn write_on(file: &mut File, span: Span) -> Result<Measured> {
    let mut latencies = Latencies::new()?;
    let own = Tree {
        root: std::process::id(),
    };
    write_for(file, span.warm, &mut latencies)?;
    latencies.forget();
    let watch = Watch::of(own, Loader::Nobody)?;
    let writes = write_for(file, span.measured, &mut latencies)?;
    Ok(Measured::new(watch.stop()?)
        .with_answers(writes)
        .with_latencies(&latencies))
}

fn write_for(file: &mut File, how_long: Duration, latencies: &mut Latencies) -> Result<u64> {
    let (begun, mut writes) = (now(), 0);
    while begun.elapsed() < how_long {
        let asked = now();
        file.write_all(WRITTEN)?;
        file.sync_data()?;
        latencies.record(asked.elapsed());
        writes += 1;
    }
    Ok(writes)
}
