//! How a program becomes its own shim.

use std::{
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{serve::serve, stage::stage};

/// This program, also where its file was replaced or removed meanwhile: server, shim and stage are always of one version.
const THIS_PROGRAM: &str = "/proc/self/exe";
/// The word that makes this program the shim.
const SHIM: &str = "shim";
/// The word after it that makes it the stage.
const STAGE: &str = "stage";

static HOOKED: AtomicBool = AtomicBool::new(false);

/// Is the shim or the stage where this program was started as such, and then says with what to exit. To be called before all else
/// in `main`: without it this program would not become its own shim but run once more as what it is.
#[must_use]
pub fn hook() -> Option<ExitCode> {
    HOOKED.store(true, Ordering::Relaxed);
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [shim] if shim == SHIM => Some(serve()),
        [shim, name, preparation, dashes, argv @ ..]
            if shim == SHIM && name == STAGE && dashes == "--" =>
        {
            Some(stage(preparation, argv))
        }
        _ => None,
    }
}

/// Whether this program called [`hook`], and so may start shims.
#[must_use]
pub fn is_hooked() -> bool {
    HOOKED.load(Ordering::Relaxed)
}

/// The command that starts a shim. It is in a group of its own, so that an interrupt from the keyboard of the server does not
/// reach it.
#[must_use]
pub fn command() -> Command {
    let mut command = Command::new(THIS_PROGRAM);
    command
        .arg0("longwire")
        .arg(SHIM)
        .env_clear()
        .process_group(0);
    command
}

/// The command that starts a stage.
pub(crate) fn stage_command(preparation: &str) -> Command {
    let mut command = Command::new(THIS_PROGRAM);
    command
        .arg0("longwire")
        .args([SHIM, STAGE, preparation, "--"]);
    command
}
