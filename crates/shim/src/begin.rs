//! How a command begins: looked for, started, given its input, listened to.

use std::{
    env, fs,
    io::{self, Read, Write, stdin},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver, Sender},
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
    hook::stage_command,
    pump::{Reports, pump},
    serve::News,
    stage::Preparation,
    wire::{Exit, Order, Report, Start},
};

/// Starts the command, and everything that brings news of it.
pub(crate) fn begin(
    start: &Start,
    enters: bool,
    reports: &Reports,
    news: &Sender<News>,
) -> io::Result<i32> {
    set_child_subreaper(true)?;
    let mut child = spawn(start, enters)?;
    reports.tell(&Report::Started(child.id()));
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    let (input, given) = mpsc::channel();
    let first = start.stdin.clone().into_bytes();
    let more = start.more_stdin.then_some(given);
    feed(&mut child, first, more, reports.clone());
    for (pipe, report) in pipes(&mut child) {
        let (reports, news) = (reports.clone(), news.clone());
        thread::spawn(move || {
            pump(pipe, &reports, report);
            // Nobody waits any more where it cannot be told.
            let _ = news.send(News::Drained);
        });
    }
    let listener = news.clone();
    thread::spawn(move || listen(&listener, &input));
    let watcher = news.clone();
    thread::spawn(move || {
        let _ = watcher.send(News::Exited(wait_for(pid)));
    });
    Ok(pid)
}

type Pipe = (Box<dyn Read + Send>, fn(Vec<u8>) -> Report);

fn pipes(child: &mut Child) -> Vec<Pipe> {
    let mut pipes: Vec<Pipe> = Vec::new();
    if let Some(out) = child.stdout.take() {
        pipes.push((Box::new(out), Report::Stdout));
    }
    if let Some(err) = child.stderr.take() {
        pipes.push((Box::new(err), Report::Stderr));
    }
    pipes
}

fn spawn(start: &Start, enters: bool) -> io::Result<Child> {
    let program = start.argv.first().ok_or(io::ErrorKind::InvalidInput)?;
    let path = start.env.get("PATH").map_or("", String::as_str);
    let program = find(program, path, &start.dir)?;
    let preparation = Preparation {
        limits: start.limits,
        cgroup: start.cgroup.clone().filter(|_| enters),
    };
    stage_command(&serde_json::to_string(&preparation)?)
        .arg(program)
        .args(&start.argv[1..])
        .env_clear()
        .envs(&start.env)
        .current_dir(&start.dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
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

/// Gives the command its input, and closes its stdin once there is no more.
fn feed(child: &mut Child, first: Vec<u8>, more: Option<Receiver<Vec<u8>>>, reports: Reports) {
    if let Some(mut pipe) = child.stdin.take() {
        thread::spawn(move || {
            // A command that does not read it has no use for it.
            let mut taken = pipe.write_all(&first).is_ok();
            for bytes in more.into_iter().flatten() {
                taken = taken && pipe.write_all(&bytes).is_ok();
                // Told also where it was not: it waits no longer.
                let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                reports.tell(&Report::Fed(count));
            }
        });
    }
}

/// Takes orders. Input waits for its turn elsewhere, so that no order to end waits for a command that does not read; how much of
/// it waits is for the server to bound, who is told of all that was taken.
fn listen(news: &Sender<News>, input: &Sender<Vec<u8>>) {
    let mut orders = stdin().lock();
    while let Ok(Some(order)) = Order::read(&mut orders) {
        if let Order::Input(bytes) = order {
            // Nobody takes it any more where the command has closed its stdin.
            let _ = input.send(bytes);
        } else if news.send(News::Order(order)).is_err() {
            return;
        }
    }
    let _ = news.send(News::Left);
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
