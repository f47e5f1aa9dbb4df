//! `longwire store`

use std::{io::ErrorKind, path::Path};

use longwire_protocol::{EventFrame, Timestamp};
use longwire_server::stores::embedded::{DiskError, Folder, Offline};
use serde::Serialize;

use crate::{
    args::{StoreAction, StoreArgs},
    exit::Exit,
    failure::Failure,
    print,
    serve::{data_dir, loaded},
};

pub(crate) fn run(args: &StoreArgs) -> Result<Exit, Failure> {
    let config = loaded(args.config.as_deref())?;
    let dir = data_dir(&args.data, &config)?;
    let file = Folder::database(&dir);
    let failed = |error: DiskError| failed(&file, &error);
    match std::fs::metadata(&file) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let why = "no jobs are kept here; say where they are with --data DIR";
            return Err(Failure::Failed(format!("{}: {why}", dir.display())));
        }
        Err(error) => return Err(failed(error.into())),
    }
    let folder = match args.action {
        StoreAction::Check | StoreAction::Export => Folder::to_read(&dir),
        StoreAction::Compact => Folder::new(&dir, config.store.reserve_bytes),
    };
    let folder = folder.map_err(failed)?;
    let mut offline = Offline::open(&folder).map_err(failed)?;
    match args.action {
        StoreAction::Check => check(&mut offline, &file)?,
        StoreAction::Compact => compact(offline, &file)?,
        StoreAction::Export => export(&offline, &file)?,
    }
    Ok(Exit::Ok)
}

fn check(offline: &mut Offline, file: &Path) -> Result<(), Failure> {
    let found = offline.check().map_err(|error| failed(file, &error))?;
    print::line(&format!(
        "{}: whole; {} jobs that have not ended, {} that have, {} events of them, {} jobs that expired",
        file.display(),
        found.live_jobs,
        found.ended_jobs,
        found.events,
        found.expired_jobs
    ))?;
    Ok(())
}

fn compact(mut offline: Offline, file: &Path) -> Result<(), Failure> {
    let before = size(file)?;
    offline.compact().map_err(|error| failed(file, &error))?;
    // What is given back is gone once it is closed.
    drop(offline);
    let after = size(file)?;
    print::line(&format!("{}: {before} bytes, now {after}", file.display()))?;
    Ok(())
}

/// An event as the socket sends it, and when it was.
#[derive(Serialize)]
struct Exported {
    at: Timestamp,
    #[serde(flatten)]
    event: EventFrame,
}

fn export(offline: &Offline, file: &Path) -> Result<(), Failure> {
    let mut printed = Ok(());
    let read = offline.jobs(|job, events| {
        for event in events {
            if printed.is_ok() {
                printed = print::json(&Exported {
                    at: event.at,
                    event: EventFrame::new(job.spec(), event, true),
                });
            }
        }
    });
    printed?;
    read.map_err(|error| failed(file, &error))
}

fn size(file: &Path) -> Result<u64, Failure> {
    let metadata = std::fs::metadata(file);
    Ok(metadata.map_err(|e| failed(file, &e.into()))?.len())
}

/// What is wrong, and what would be right.
fn failed(file: &Path, error: &DiskError) -> Failure {
    let advice = error.advice().map(|advice| format!("; {advice}"));
    let advice = advice.unwrap_or_default();
    Failure::Failed(format!("{}: {error}{advice}", file.display()))
}
