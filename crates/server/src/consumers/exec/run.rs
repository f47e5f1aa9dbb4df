//! One job's command, from its start until nothing of it is left.

use std::io;

use longwire_engine::{BadInput, Task, Work};
use longwire_protocol::{Failure, Stream};
use longwire_shim::wire::{Exit, Gone, Order, Report, Start};

use super::{
    super::output::{Printer, result::Gathered},
    end::{self, Why},
};
use crate::keeper::Keeper;

/// What becomes of what a command prints.
pub(super) struct Outlet {
    pub(super) printer: Printer,
    /// What is gathered of its stdout, where that is the job's result.
    pub(super) gathered: Option<Gathered>,
}

/// Runs the command of a job.
pub(super) async fn run(start: Result<Start, BadInput>, task: Task, outlet: Outlet) -> Work {
    let start = match start {
        Ok(start) => start,
        Err(bad) => return bad.into(),
    };
    let program = start.argv.first().cloned().unwrap_or_default();
    let keeper = match Keeper::start(start).await {
        Ok(keeper) => keeper,
        Err(error) => return end::not_started(&program, error.into()),
    };
    let run = Run {
        program,
        keeper,
        task,
        told: false,
        asked: None,
        exit: None,
        outlet,
    };
    run.until_gone().await
}

struct Run {
    program: String,
    keeper: Keeper,
    task: Task,
    /// The job was told to end.
    told: bool,
    /// Why the command had to end, where it did not do so by itself before.
    asked: Option<Why>,
    exit: Option<Exit>,
    outlet: Outlet,
}

/// What a run waits for.
enum Step {
    Told,
    Force,
    LineDue,
    Report(io::Result<Option<Report>>),
}

impl Run {
    async fn until_gone(mut self) -> Work {
        let mut forced = false;
        loop {
            match self.step(forced).await {
                Step::Told => self.ask().await,
                Step::Force => {
                    forced = true;
                    self.order(&Order::Force).await;
                }
                Step::LineDue => self.outlet.printer.say_lines(&self.task).await,
                Step::Report(Ok(Some(Report::Gone(gone)))) => return self.end(gone).await,
                Step::Report(Ok(Some(Report::NotStarted(why)))) => {
                    return end::not_started(&self.program, why);
                }
                Step::Report(Ok(Some(report))) => self.take(report).await,
                Step::Report(Ok(None)) => return self.keeper_lost("its keeper was killed").await,
                Step::Report(Err(error)) => return self.keeper_lost(&error.to_string()).await,
            }
        }
    }

    async fn step(&mut self, forced: bool) -> Step {
        let (told, line_due) = (self.told, self.outlet.printer.line_due());
        // One future, as both need the task to themselves.
        let task = &mut self.task;
        let orders = async move {
            if !told {
                task.told_to_end().await;
                return Step::Told;
            }
            if !forced {
                task.told_to_force().await;
                return Step::Force;
            }
            std::future::pending().await
        };
        tokio::select! {
            biased;
            step = orders => step,
            () = line_due => Step::LineDue,
            report = self.keeper.report() => Step::Report(report),
        }
    }

    /// Asks the command to end.
    async fn ask(&mut self) {
        self.told = true;
        if self.exit.is_none() && self.asked.is_none() {
            self.asked = Some(Why::Told);
            self.order(&Order::Ask).await;
        }
    }

    async fn order(&mut self, order: &Order) {
        if let Err(error) = self.keeper.order(order).await {
            // Its reports end, too, and that is what counts.
            tracing::debug!(%error, "the keeper of a command takes no orders");
        }
    }

    async fn take(&mut self, report: Report) {
        match report {
            Report::Stdout(bytes) => self.print(Stream::Stdout, &bytes).await,
            Report::Stderr(bytes) => self.print(Stream::Stderr, &bytes).await,
            Report::Exited(exit) => self.exit = Some(exit),
            Report::Started(pid) => tracing::debug!(pid, "a command was started"),
            Report::Fed(_) | Report::NotStarted(_) | Report::Gone(_) => {}
        }
    }

    async fn print(&mut self, stream: Stream, bytes: &[u8]) {
        let Outlet { printer, gathered } = &mut self.outlet;
        let taken = match (stream, gathered) {
            (Stream::Stdout, Some(gathered)) => gathered.push(bytes).map_err(Failure::from),
            _ => {
                let printed = printer.print(&self.task, stream, bytes).await;
                printed.map_err(Failure::from)
            }
        };
        if let Err(failure) = taken
            && self.asked.is_none()
        {
            self.asked = Some(Why::Fault(failure));
            self.order(&Order::Force).await;
        }
    }

    async fn end(mut self, gone: Gone) -> Work {
        let result = self.outlet.gathered.as_ref().map(Gathered::result);
        let work = end::work(self.asked.take(), self.exit, gone, result);
        if let (Some(gathered), false) = (&self.outlet.gathered, matches!(work, Work::Done(_))) {
            // It is no result, but it may say why. What is too much even so is left out.
            let (printer, text) = (&mut self.outlet.printer, gathered.bytes());
            let _ = printer.print(&self.task, Stream::Stdout, text).await;
        }
        self.outlet.printer.say_rest(&self.task).await;
        self.keeper.until_gone().await;
        work
    }

    /// What its keeper has left is killed without it.
    async fn keeper_lost(self, why: &str) -> Work {
        let swept = self.keeper.sweep().await;
        if self.told {
            return Work::Stopped(swept);
        }
        end::keeper_lost(why)
    }
}
