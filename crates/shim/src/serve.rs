//! The shim: starts the command, passes on what it prints, and sees to its end.

use std::{
    io::stdin,
    process::ExitCode,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::Duration,
};

use nix::{
    sys::{
        resource::{UsageWho, getrusage},
        signal::{Signal, killpg},
        time::TimeVal,
    },
    unistd::Pid,
};

use crate::{
    Cgroup,
    begin::begin,
    family,
    pump::Reports,
    wire::{Exit, Gone, Order, Report},
};

/// How long output is waited for once the command itself has ended: whoever holds its pipes has no more to say for it.
const DRAIN: Duration = Duration::from_millis(500);

/// What the shim waits for.
pub(crate) enum News {
    Order(Order),
    /// The server is gone.
    Left,
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
    let reports = Reports::new();
    let (news, told) = mpsc::channel();
    let cgroup = start
        .cgroup
        .clone()
        .and_then(|dir| Cgroup::create(dir).ok());
    match begin(&start, cgroup.is_some(), &reports, &news) {
        Ok(pid) => Keeper {
            told,
            cgroup,
            reports,
            group: Pid::from_raw(pid),
            grace: Duration::from_millis(start.grace_ms),
            open_pipes: 2,
            signals: Vec::new(),
            forced: false,
        }
        .keep(),
        Err(error) => {
            if let Some(cgroup) = cgroup {
                // It never had anybody in it.
                let _ = cgroup.remove();
            }
            reports.tell(&Report::NotStarted(error.into()));
        }
    }
    ExitCode::SUCCESS
}

/// Sees a command to its end.
struct Keeper {
    told: Receiver<News>,
    /// All of the command is in it, if there is one.
    cgroup: Option<Cgroup>,
    reports: Reports,
    group: Pid,
    grace: Duration,
    /// Of the command's stdout and stderr, those that somebody still holds.
    open_pipes: u32,
    signals: Vec<String>,
    forced: bool,
}

impl Keeper {
    fn keep(mut self) {
        let exit = self.until_exit();
        self.reports.tell(&Report::Exited(exit));
        self.drain();
        let survivors = self.force();
        if let Some(cgroup) = &self.cgroup {
            // It stays where somebody survived in it.
            let _ = cgroup.remove();
        }
        let gone = self.gone(survivors);
        self.reports.tell(&Report::Gone(gone));
    }

    /// Does as it is ordered until the command itself has ended.
    fn until_exit(&mut self) -> Exit {
        let mut left = false;
        loop {
            let news = if left {
                // Nobody is left to order it.
                self.told.recv_timeout(self.grace)
            } else {
                self.told.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match news {
                Ok(News::Exited(exit)) => return exit,
                Ok(News::Order(Order::Ask)) => self.ask(),
                Ok(News::Left) => {
                    left = true;
                    self.ask();
                }
                Ok(News::Order(Order::Force)) | Err(_) => {
                    self.force();
                    left = false;
                }
                Ok(News::Drained) => self.open_pipes -= 1,
                Ok(News::Order(Order::Start(_) | Order::Input(_))) => {}
            }
        }
    }

    fn ask(&mut self) {
        // Whoever has just ended need not be asked.
        if killpg(self.group, Signal::SIGTERM).is_ok() {
            self.sent("TERM");
        }
    }

    /// Kills all that is left.
    fn force(&mut self) -> u32 {
        let killed = family::kill_all(self.cgroup.as_ref());
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
                Ok(News::Order(_) | News::Left | News::Exited(_)) => {}
            }
        }
    }

    fn gone(&self, survivors: u32) -> Gone {
        let mut gone = Gone {
            survivors,
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

fn millis(time: TimeVal) -> u64 {
    let micros = i128::from(time.tv_sec()) * 1_000_000 + i128::from(time.tv_usec());
    u64::try_from(micros / 1_000).unwrap_or(0)
}
