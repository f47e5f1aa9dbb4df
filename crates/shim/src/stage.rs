//! Between the fork and the command.

use std::{
    convert::Infallible,
    env,
    ffi::CString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::fd::AsRawFd,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use nix::{
    errno::Errno,
    sys::{prctl::set_pdeathsig, signal::Signal},
    unistd::{close, execv, getppid, setsid},
};
use serde::{Deserialize, Serialize};
use signal_hook::{consts::SIGPIPE, flag};

use crate::{
    Cgroup, Limits,
    wire::{NotStarted, Step},
};

/// What a stage exits with that does not become the command. Its shim knows more.
const NOT_EXECUTABLE: u8 = 126;
/// What it says of itself just before it becomes the command.
pub(crate) const READY: u8 = b'r';

/// What a stage does before it becomes the command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Preparation {
    pub(crate) limits: Limits,
    /// The cgroup that it enters.
    pub(crate) cgroup: Option<PathBuf>,
    /// The folder that it goes to.
    pub(crate) dir: PathBuf,
    /// The descriptor on which it tells its shim how that went: closed without a word more than [`READY`] once it is the command.
    pub(crate) tells: i32,
    /// The number of its shim.
    pub(crate) shim: u32,
}

/// Opens a session of its own, sets the limits, closes what was inherited, and becomes the command. Returns only where that
/// could not be done, which its shim is told.
pub(crate) fn stage(preparation: &str, argv: &[String]) -> ExitCode {
    if let Ok((preparation, mut tells)) = open(preparation)
        && let Err(not) = become_command(&preparation, &mut tells, argv)
        && let Ok(not) = serde_json::to_vec(&not)
    {
        // Without a shim there is nobody to tell.
        let _ = tells.write_all(&not);
    }
    ExitCode::from(NOT_EXECUTABLE)
}

/// The way to the shim is opened once more, as then the kernel closes it where the command begins.
fn open(preparation: &str) -> io::Result<(Preparation, File)> {
    let preparation: Preparation = serde_json::from_str(preparation)?;
    let tells = OpenOptions::new()
        .write(true)
        .open(format!("/proc/self/fd/{}", preparation.tells))?;
    Ok((preparation, tells))
}

fn become_command(
    preparation: &Preparation,
    tells: &mut File,
    argv: &[String],
) -> Result<Infallible, NotStarted> {
    let Preparation {
        limits,
        cgroup,
        dir,
        shim,
        ..
    } = preparation;
    let process = NotStarted::from;
    // While there is memory for it, which the limits may change.
    let argv = c_strings(argv).map_err(process)?;
    let program = argv.first().ok_or(io::ErrorKind::InvalidInput);
    let program = program.map_err(|kind| process(kind.into()))?;
    die_with(*shim).map_err(process)?;
    enter(cgroup.as_ref()).map_err(process)?;
    // Only a leader of a group cannot, and whoever was just forked is none.
    setsid().map_err(|errno| process(errno.into()))?;
    close_inherited(tells).map_err(process)?;
    env::set_current_dir(dir).map_err(|error| NotStarted::at(Step::Dir, &error))?;
    // A program that was ignored this signal for would not end where nobody reads it. Ours does, as Rust has it so; a signal that is
    // handled becomes what it is by default where another program begins.
    flag::register(SIGPIPE, Arc::new(AtomicBool::new(false))).map_err(process)?;
    limits.set()?;
    tells.write_all(&[READY]).map_err(process)?;
    // Never by a shell, as execvp(3) does with what the kernel does not know: none was asked for.
    execv(program, &argv).map_err(not_executed)
}

fn c_strings(texts: &[String]) -> io::Result<Vec<CString>> {
    let texts = texts.iter();
    let texts = texts.map(|text| CString::new(text.as_str()).map_err(io::Error::from));
    texts.collect()
}

/// The program was there a moment ago.
fn not_executed(errno: Errno) -> NotStarted {
    let mut not = NotStarted::at(Step::Program, &errno.into());
    if errno == Errno::ENOENT {
        "what its first line or its header names to run it is not there".clone_into(&mut not.why);
    }
    if errno == Errno::ENOEXEC {
        "it is no program of this system, and no script that begins with #!"
            .clone_into(&mut not.why);
    }
    not
}

/// Dies with its shim, and so does the command: nobody would keep it.
fn die_with(shim: u32) -> io::Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    if u32::try_from(getppid().as_raw()) == Ok(shim) {
        Ok(())
    } else {
        Err(io::Error::other("its keeper is gone"))
    }
}

fn enter(cgroup: Option<&PathBuf>) -> io::Result<()> {
    match cgroup.map_or(Ok(()), |cgroup| Cgroup::join(cgroup)) {
        // It was taken away: the shim is gone, and nobody would keep the command.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
        // Where it cannot be entered, the shim has the command in hand all the same.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Everything but stdin, stdout and stderr: a descriptor of the server's, or of whoever started it, is none of the command's
/// business. The way to the shim stays until the command begins.
fn close_inherited(tells: &File) -> io::Result<()> {
    let open: Vec<i32> = fs::read_dir("/proc/self/fd")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2 && *descriptor != tells.as_raw_fd())
        .collect();
    for descriptor in open {
        // The folder that was just read is among them, and is closed already.
        let _ = close(descriptor);
    }
    Ok(())
}
