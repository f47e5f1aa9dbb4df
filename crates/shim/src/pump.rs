//! What a command prints, on its way to the server.

use std::{
    io::{Read, Stdout, stdout},
    sync::{Arc, Mutex, PoisonError},
};

use crate::wire::Report;

/// Bytes of output in one report at most.
const PIECE: usize = 32 * 1024;

/// The way to the server: one report at a time.
#[derive(Clone)]
pub(crate) struct Reports(Arc<Mutex<Stdout>>);

impl Reports {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(stdout())))
    }

    /// Tells the server. False where nobody listens any more.
    pub(crate) fn tell(&self, report: &Report) -> bool {
        let mut stdout = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        report.write(&mut *stdout).is_ok()
    }
}

/// Passes on what comes until there is no more. What nobody listens to is read all the same, so that nobody waits for it.
pub(crate) fn pump(mut from: impl Read, reports: &Reports, report: fn(Vec<u8>) -> Report) {
    let mut piece = vec![0; PIECE];
    let mut heard = true;
    while let Ok(count) = from.read(&mut piece) {
        if count == 0 {
            return;
        }
        heard = heard && reports.tell(&report(piece[..count].to_vec()));
    }
}
