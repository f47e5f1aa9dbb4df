//! Between the fork and the command.

use std::{
    fs, io,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, ExitCode},
};

use nix::unistd::{close, setsid};

use serde::{Deserialize, Serialize};

use crate::{Cgroup, Limits};

/// What the shell says of a command that cannot be executed.
const NOT_EXECUTABLE: u8 = 126;

/// What a stage does before it becomes the command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Preparation {
    pub(crate) limits: Limits,
    /// The cgroup that it enters.
    pub(crate) cgroup: Option<PathBuf>,
}

/// Opens a session of its own, sets the limits, closes what was inherited, and becomes the command. Returns only where that
/// could not be done, which is then said on stderr.
pub(crate) fn stage(preparation: &str, argv: &[String]) -> ExitCode {
    let error = become_command(preparation, argv);
    let program = argv.first().map_or("", String::as_str);
    eprintln!("longwire: {program} cannot be executed: {error}");
    ExitCode::from(NOT_EXECUTABLE)
}

fn become_command(preparation: &str, argv: &[String]) -> io::Error {
    let Some((program, args)) = argv.split_first() else {
        return io::ErrorKind::InvalidInput.into();
    };
    if let Err(error) = prepare(preparation) {
        return error;
    }
    Command::new(program).args(args).exec()
}

fn prepare(preparation: &str) -> io::Result<()> {
    let Preparation { limits, cgroup } = serde_json::from_str(preparation)?;
    match cgroup.map_or(Ok(()), |cgroup| Cgroup::join(&cgroup)) {
        // It was taken away: the shim is gone, and nobody would keep the command.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
        // Where it cannot be entered, the shim has the command in hand all the same.
        Ok(()) | Err(_) => {}
    }
    // Only a leader of a group cannot, and whoever was just forked is none.
    setsid()?;
    close_inherited()?;
    limits.set()
}

/// Everything but stdin, stdout and stderr: a descriptor of the server's, or of whoever started it, is none of the command's
/// business.
fn close_inherited() -> io::Result<()> {
    let open: Vec<i32> = fs::read_dir("/proc/self/fd")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // The folder that was just read is among them, and is closed already.
        let _ = close(descriptor);
    }
    Ok(())
}
