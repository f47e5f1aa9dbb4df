//! How a command begins: looked for, started, given its input, listened to.

use std::{
    env, fs,
    io::{self, PipeReader, PipeWriter, Read, pipe, stdin},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::PermissionsExt,
    },
    path::{Path, PathBuf},
    process::{self, Command},
    sync::mpsc::{Receiver, Sender, sync_channel},
    thread,
};

use nix::{
    errno::Errno,
    sys::{
        prctl::set_child_subreaper,
        signal::Signal,
        wait::{Id, WaitPidFlag, WaitStatus, waitid},
    },
    unistd::Pid,
};

use crate::{
    feed::{Input, input},
    hook::stage_command,
    pump::{Pump, Reports},
    serve::News,
    stage::{Preparation, READY},
    wire::{Exit, NotStarted, Order, Output, Start, Step},
};

/// Bytes that a stage says at most.
const STAGE_BYTES: u64 = 64 * 1024;

/// What became of a command that was to be started.
pub(crate) enum Begun {
    /// It runs.
    Runs,
    /// It could not be started.
    Not(NotStarted),
    /// It was killed before it began.
    Killed,
}

/// The command's ends of its pipes.
struct Ends {
    stdin: PipeReader,
    stdout: PipeWriter,
    stderr: PipeWriter,
}

/// Starts everything that brings news of the command, and then the command: where there is no thread for it, there is no command
/// that nobody keeps.
pub(crate) fn begin(
    start: &Start,
    enters: bool,
    reports: &Reports,
    news: &Sender<News>,
) -> Result<i32, NotStarted> {
    set_child_subreaper(true).map_err(io::Error::from)?;
    let program = program(start)?;
    let (tell_pid, pid) = sync_channel(1);
    let (told, tells) = nix::unistd::pipe().map_err(io::Error::from)?;
    let ends = bring_news(start, reports, news)?;
    let watcher = news.clone();
    spawn(move || watch(&pid, told.into(), &watcher))?;
    let mut command = command(start, program, enters, &tells)?;
    let Ends {
        stdin,
        stdout,
        stderr,
    } = ends;
    // By this thread, which is there to the end: whoever it started dies with it.
    let child = command.stdin(stdin).stdout(stdout).stderr(stderr).spawn()?;
    // Its ends of the pipes are its own alone from here on.
    drop(command);
    drop(tells);
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    // Whoever waits for it is there.
    let _ = tell_pid.send(pid);
    Ok(pid)
}

/// Starts what reads, feeds and listens.
fn bring_news(start: &Start, reports: &Reports, news: &Sender<News>) -> io::Result<Ends> {
    let (stdin, fed) = pipe()?;
    let (out, stdout) = pipe()?;
    let (err, stderr) = pipe()?;
    let (input, feeder) = input()?;
    let (first, more, told) = (start.stdin.clone(), start.more_stdin, reports.clone());
    spawn(move || feeder.feed(fed, first.as_bytes(), more, &told))?;
    for (stream, output) in [(out, Output::Stdout), (err, Output::Stderr)] {
        let (pump, news) = (Pump::new(stream, reports, output)?, news.clone());
        spawn(move || {
            pump.run();
            // Nobody waits any more where it cannot be told.
            let _ = news.send(News::Drained);
        })?;
    }
    let listener = news.clone();
    spawn(move || listen(&listener, input))?;
    Ok(Ends {
        stdin,
        stdout,
        stderr,
    })
}

/// A thread that ends with the process; an error where there can be none.
fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().spawn(work).map(drop)
}

fn program(start: &Start) -> Result<PathBuf, NotStarted> {
    let folder = fs::metadata(&start.dir).and_then(|about| match about.is_dir() {
        true => Ok(()),
        false => Err(Errno::ENOTDIR.into()),
    });
    folder.map_err(|error| NotStarted::at(Step::Dir, &error))?;
    let path = start.env.get("PATH").map_or("", String::as_str);
    let program = start.argv.first().ok_or(io::ErrorKind::InvalidInput.into());
    program
        .and_then(|program| find(program, path, &start.dir))
        .map_err(|error| NotStarted::at(Step::Program, &error))
}

fn command(start: &Start, program: PathBuf, enters: bool, tells: &OwnedFd) -> io::Result<Command> {
    let preparation = Preparation {
        limits: start.limits,
        cgroup: start.cgroup.clone().filter(|_| enters),
        dir: start.dir.clone(),
        tells: tells.as_raw_fd(),
        shim: process::id(),
    };
    let mut command = stage_command(&serde_json::to_string(&preparation)?);
    command
        .arg(program)
        .args(start.argv.iter().skip(1))
        .env_clear()
        .envs(&start.env);
    Ok(command)
}

/// The program as it will be started from that folder, with that `PATH`: looked for before anything is, so that one that is not there
/// is told from one that failed.
///
/// # Errors
/// Where there is none, or none that may be executed.
pub fn find(program: &str, path: &str, dir: &Path) -> io::Result<PathBuf> {
    if program.contains('/') {
        let file = dir.join(program);
        return executable(&file).map(|()| file);
    }
    let mut denied = None;
    for folder in env::split_paths(path) {
        let file = dir.join(folder).join(program);
        match executable(&file) {
            Ok(()) => return Ok(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => denied = Some(error),
        }
    }
    let missing = || io::Error::new(io::ErrorKind::NotFound, "it is not in its PATH");
    Err(denied.unwrap_or_else(missing))
}

fn executable(file: &Path) -> io::Result<()> {
    let about = fs::metadata(file)?;
    if about.is_file() && about.permissions().mode() & 0o111 != 0 {
        Ok(())
    } else {
        Err(Errno::EACCES.into())
    }
}

/// Takes orders, and waits for nothing else: input waits for its turn elsewhere, so that no order to end waits for a command that does
/// not read, and nothing is reported here, as the server may read no reports while it gives an order. Whoever is to end is given no
/// more.
fn listen(news: &Sender<News>, input: Input) {
    let mut orders = stdin().lock();
    let mut input = Some(input);
    while let Ok(Some(order)) = Order::read(&mut orders) {
        match order {
            Order::Input(bytes) => {
                if let Some(input) = &input {
                    input.give(bytes);
                }
            }
            order @ (Order::Start(_) | Order::Ask | Order::Force) => {
                input = None;
                if news.send(News::Order(order)).is_err() {
                    return;
                }
            }
        }
    }
    drop(input);
    let _ = news.send(News::Left);
}

/// Tells how the command began, and how it ended.
fn watch(pid: &Receiver<i32>, told: PipeReader, news: &Sender<News>) {
    let Ok(pid) = pid.recv() else {
        // There is none.
        return;
    };
    let _ = news.send(News::Begun(until_begun(told)));
    let _ = news.send(News::Exited(wait_for(pid)));
}

/// Reads what the stage says, to its end: there it has become the command, or is gone.
fn until_begun(told: PipeReader) -> Begun {
    let mut said = Vec::new();
    // What cannot be read was not said.
    let _ = told.take(STAGE_BYTES).read_to_end(&mut said);
    let why = said.strip_prefix(&[READY]).unwrap_or(&said);
    match serde_json::from_slice(why) {
        Ok(not) => Begun::Not(not),
        Err(_) if said == [READY] => Begun::Runs,
        Err(_) => Begun::Killed,
    }
}

/// Waits for the end of that child and leaves it there: its number must not be given to another while we may still send it a
/// signal.
fn wait_for(pid: i32) -> Exit {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    loop {
        match waitid(Id::Pid(Pid::from_raw(pid)), flags) {
            Ok(WaitStatus::Exited(_, code)) => return Exit::Code(code),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Exit::Signal(signal as i32),
            Ok(_) | Err(Errno::EINTR) => {}
            // It was taken away by another: then it was killed.
            Err(_) => return Exit::Signal(Signal::SIGKILL as i32),
        }
    }
}
