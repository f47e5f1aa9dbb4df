//! One job's command, from its start until nothing of it is left.

use std::io;

use longwire_engine::{BadInput, Stopped, Task, Work};
use longwire_protocol::{Failure, Payload, Stream};
use longwire_shim::wire::{Exit, Gone, Order, Report, Start};
use serde::Serialize;

use super::{super::output::Printer, keeper::Keeper};

/// What the work of a command comes to.
#[derive(Serialize)]
struct Done {
    exit_code: i32,
    user_ms: u64,
    system_ms: u64,
    max_rss_bytes: u64,
}

/// Runs the command of a job.
pub(super) async fn run(start: Result<Start, BadInput>, task: Task, printer: Printer) -> Work {
    let start = match start {
        Ok(start) => start,
        // The route was another when the job was accepted.
        Err(bad) => return failed("bad_input", format!("{}: {}", bad.field, bad.message)),
    };
    let program = start.argv.first().cloned().unwrap_or_default();
    let keeper = match Keeper::start(start).await {
        Ok(keeper) => keeper,
        Err(error) => return not_started(&program, &error.to_string()),
    };
    let run = Run {
        program,
        keeper,
        task,
        told: false,
        asked: None,
        exit: None,
        printer,
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
    printer: Printer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Told,
    TooMuchOutput,
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
                Step::LineDue => self.printer.say_lines(&self.task).await,
                Step::Report(Ok(Some(Report::Gone(gone)))) => {
                    self.printer.say_rest(&self.task).await;
                    self.keeper.until_gone().await;
                    return work(self.asked, self.exit, gone);
                }
                Step::Report(Ok(Some(Report::NotStarted(why)))) => {
                    return not_started(&self.program, &why);
                }
                Step::Report(Ok(Some(report))) => self.take(report).await,
                Step::Report(Ok(None)) => return self.keeper_lost("its keeper was killed"),
                Step::Report(Err(error)) => return self.keeper_lost(&error.to_string()),
            }
        }
    }

    async fn step(&mut self, forced: bool) -> Step {
        let (told, line_due) = (self.told, self.printer.line_due());
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
            Report::NotStarted(_) | Report::Gone(_) => {}
        }
    }

    async fn print(&mut self, stream: Stream, bytes: &[u8]) {
        let printed = self.printer.print(&self.task, stream, bytes).await;
        if printed.is_err() && self.asked.is_none() {
            self.asked = Some(Why::TooMuchOutput);
            self.order(&Order::Force).await;
        }
    }

    fn keeper_lost(self, why: &str) -> Work {
        if self.told {
            return Work::Stopped(Stopped::UNSEEN);
        }
        failed(
            "keeper_lost",
            format!("nobody can say what became of the command: {why}"),
        )
    }
}

fn work(asked: Option<Why>, exit: Option<Exit>, gone: Gone) -> Work {
    match (asked, exit) {
        (Some(Why::Told), _) => Work::Stopped(Stopped {
            forced: gone.forced,
            survivors: Some(gone.survivors),
            signals: gone.signals.into_iter().map(Into::into).collect(),
        }),
        (Some(Why::TooMuchOutput), _) => failed(
            "too_much_output",
            "it printed more than its route allows (output_bytes), and was ended".to_owned(),
        ),
        (None, Some(Exit::Code(0))) => done(&gone),
        (None, Some(Exit::Code(code))) => failed("exit", format!("it exited with code {code}")),
        (None, Some(Exit::Signal(signal))) => {
            let name = longwire_shim::signal_name(signal);
            failed("signal", format!("it was killed by {name} ({signal})"))
        }
        (None, None) => failed("keeper_lost", "its exit was not seen".to_owned()),
    }
}

fn done(gone: &Gone) -> Work {
    let done = Done {
        exit_code: 0,
        user_ms: gone.user_ms,
        system_ms: gone.system_ms,
        max_rss_bytes: gone.max_rss_bytes,
    };
    match Payload::new(&done) {
        Ok(result) => Work::Done(Some(result)),
        Err(error) => failed("internal", error.to_string()),
    }
}

fn not_started(program: &str, why: &str) -> Work {
    failed(
        "not_started",
        format!("{program} could not be started: {why}"),
    )
}

fn failed(code: &str, message: String) -> Work {
    Work::Failed(Failure::new(code, message))
}
