//! The shim: starts the command, passes on what it prints, and sees to its end.

use std::{
    io::stdin,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{
        Arc,
        atomic::AtomicBool,
        mpsc::{self, Receiver},
    },
    time::Duration,
};

use nix::{
    sys::{
        prctl::set_pdeathsig,
        resource::{UsageWho, getrusage},
        signal::{Signal, killpg},
        time::TimeVal,
    },
    unistd::Pid,
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    flag,
};

use crate::{
    Cgroup,
    begin::{Begun, begin},
    clock::Deadline,
    family,
    pump::Reports,
    wire::{Exit, Gone, NotStarted, Order, Report, Start, Step},
};

/// How long output is waited for once the command itself has ended: whoever holds its pipes has no more to say for it.
const DRAIN: Duration = Duration::from_millis(500);
/// How long everything that is left is killed again and again, before it is called a survivor.
const FORCE: Duration = Duration::from_secs(8);
/// How long the command's own exit is waited for, once all that could be killed was.
const LAST_EXIT: Duration = Duration::from_millis(500);

/// What the shim waits for.
pub(crate) enum News {
    Order(Order),
    /// The server is gone.
    Left,
    /// The command runs, or does not.
    Begun(Begun),
    /// The command itself has ended.
    Exited(Exit),
    /// A pipe of the command was closed.
    Drained,
}

/// Serves one command: orders come from stdin, reports go to stdout.
pub(crate) fn serve() -> ExitCode {
    let mut orders = stdin().lock();
    let start = match Order::read(&mut orders) {
        Ok(Some(Order::Start(start))) => *start,
        Ok(_) => return ExitCode::from(2),
        Err(error) => {
            eprintln!("longwire shim: no order to start: {error}");
            return ExitCode::from(2);
        }
    };
    drop(orders);
    let kept = catch_unwind(AssertUnwindSafe(|| keep(&start)));
    if kept.is_err() {
        // Whatever went wrong here, no command goes on without its keeper.
        family::kill_all(None, Deadline::within(FORCE));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// What would end a keeper before its command, and its command could send it; the kernel may send the first to one that was stopped
/// when its server dies.
const UNHEEDED: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// Starts the command, and sees to its end.
fn keep(start: &Start) {
    for signal in UNHEEDED {
        // Caught and not ignored, as the command would inherit that. Where it cannot be, it ends the shim, and the command with it.
        let _ = flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
    // A command may have stopped it when the server dies. That a group which is orphaned goes on is the kernel's custom too, but only
    // where all of its threads have stopped by then. Without this it would keep the command alive for ever.
    let _ = set_pdeathsig(Signal::SIGCONT);
    let reports = Reports::new();
    let (news, told) = mpsc::channel();
    let cgroup = start
        .cgroup
        .clone()
        .and_then(|dir| Cgroup::create(dir).ok());
    match begin(start, cgroup.is_some(), &reports, &news) {
        Ok(pid) => Keeper {
            told,
            cgroup,
            reports,
            group: Pid::from_raw(pid),
            grace: Duration::from_millis(start.grace_ms),
            runs: false,
            asked: false,
            due: Due::Never,
            force_until: None,
            open_pipes: 2,
            signals: Vec::new(),
            forced: false,
        }
        .keep(),
        Err(not) => {
            if let Some(cgroup) = cgroup {
                // It never had anybody in it.
                let _ = cgroup.remove();
            }
            reports.tell(&Report::NotStarted(not));
        }
    }
}

/// What comes of itself where nothing else comes.
#[derive(Clone, Copy)]
enum Due {
    Never,
    /// The server is gone, and nobody is left to order it.
    Force(Deadline),
    /// All was killed, and the command itself does not end.
    GiveUp(Deadline),
}

/// How a command came to its end.
enum Ended {
    /// By itself, or by a signal.
    Exited(Exit),
    /// It was killed, and is there all the same.
    Survives,
    /// It never began.
    Not(NotStarted),
}

/// Sees a command to its end.
struct Keeper {
    told: Receiver<News>,
    /// All of the command is in it, if there is one.
    cgroup: Option<Cgroup>,
    reports: Reports,
    group: Pid,
    grace: Duration,
    /// The command has begun, and so its group is there.
    runs: bool,
    /// It is to be asked to end.
    asked: bool,
    due: Due,
    /// Until when what is left is killed, since that began.
    force_until: Option<Deadline>,
    /// Of the command's stdout and stderr, those that somebody still holds.
    open_pipes: u32,
    signals: Vec<String>,
    forced: bool,
}

impl Keeper {
    fn keep(mut self) {
        let last = match self.until_end() {
            Ended::Not(not) => {
                self.force();
                Report::NotStarted(not)
            }
            Ended::Exited(exit) => {
                self.reports.tell(&Report::Exited(exit));
                self.drain();
                Report::Gone(self.gone())
            }
            Ended::Survives => Report::Gone(self.gone()),
        };
        if let Some(cgroup) = &self.cgroup {
            // It stays where somebody survived in it.
            let _ = cgroup.remove();
        }
        self.reports.tell(&last);
    }

    /// Does as it is ordered until the command itself has ended, or never will.
    fn until_end(&mut self) -> Ended {
        loop {
            match (self.next(), self.due) {
                (Some(News::Exited(exit)), _) => return Ended::Exited(exit),
                (Some(News::Begun(Begun::Not(not))), _) => return Ended::Not(not),
                (Some(News::Begun(Begun::Runs)), _) => self.begun(),
                (Some(News::Begun(Begun::Killed)), _) if self.forced => {}
                (Some(News::Begun(Begun::Killed)), _) => return Ended::Not(killed_before()),
                (Some(News::Order(Order::Ask)), _) => self.ask(),
                (Some(News::Left), _) => {
                    self.ask();
                    self.due = Due::Force(Deadline::within(self.grace));
                }
                (Some(News::Order(Order::Force)), _) | (None, Due::Never | Due::Force(_)) => {
                    self.force();
                    self.due = Due::GiveUp(Deadline::within(LAST_EXIT));
                }
                (None, Due::GiveUp(_)) => return Ended::Survives,
                (Some(News::Drained), _) => self.open_pipes -= 1,
                (Some(News::Order(Order::Start(_) | Order::Input(_))), _) => {}
            }
        }
    }

    /// What comes next; none where it does not come in time.
    fn next(&self) -> Option<News> {
        match self.due {
            Due::Never => self.told.recv().ok(),
            Due::Force(at) | Due::GiveUp(at) => self.told.recv_timeout(at.left()).ok(),
        }
    }

    fn begun(&mut self) {
        self.runs = true;
        self.reports
            .tell(&Report::Started(self.group.as_raw().unsigned_abs()));
        if self.asked {
            self.ask();
        }
    }

    /// Asks the command to end. Before it has begun there is no group to be asked, so that waits for it.
    fn ask(&mut self) {
        self.asked = true;
        // Whoever has just ended need not be asked.
        if self.runs && killpg(self.group, Signal::SIGTERM).is_ok() {
            self.sent("TERM");
        }
    }

    /// Kills all that is left; how much survives that.
    fn force(&mut self) -> u32 {
        let until = *self
            .force_until
            .get_or_insert_with(|| Deadline::within(FORCE));
        let killed = family::kill_all(self.cgroup.as_ref(), until);
        if killed.any {
            self.forced = true;
            self.sent("KILL");
        }
        killed.survivors
    }

    fn sent(&mut self, signal: &str) {
        if !self.signals.iter().any(|sent| sent == signal) {
            self.signals.push(signal.to_owned());
        }
    }

    /// Waits for the last of the output, but not for whoever else holds the pipes.
    fn drain(&mut self) {
        while self.open_pipes > 0 {
            match self.told.recv_timeout(DRAIN) {
                Ok(News::Drained) => self.open_pipes -= 1,
                Ok(News::Order(Order::Force)) | Err(_) => return,
                Ok(News::Order(_) | News::Left | News::Begun(_) | News::Exited(_)) => {}
            }
        }
    }

    /// Kills all that is left, and says what is all the same.
    fn gone(&mut self) -> Gone {
        let mut gone = Gone {
            survivors: self.force(),
            signals: self.signals.clone(),
            forced: self.forced,
            ..Gone::default()
        };
        if let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) {
            gone.user_ms = millis(usage.user_time());
            gone.system_ms = millis(usage.system_time());
            // Linux counts it in KiB.
            gone.max_rss_bytes = u64::try_from(usage.max_rss()).unwrap_or(0) * 1024;
        }
        gone
    }
}

/// Nobody here did it.
fn killed_before() -> NotStarted {
    NotStarted {
        why: "it was killed before it began".to_owned(),
        errno: None,
        step: Step::Process,
    }
}

fn millis(time: TimeVal) -> u64 {
    let micros = i128::from(time.tv_sec()) * 1_000_000 + i128::from(time.tv_usec());
    u64::try_from(micros / 1_000).unwrap_or(0)
}
