//! What the end of a command means for its job.

use longwire_engine::Work;
use longwire_protocol::{Failure, Payload};
use longwire_shim::wire::{Exit, Gone, NotStarted, Step};
use serde::Serialize;

use crate::keeper::stopped;

/// Why a command had to end before it did so by itself.
pub(super) enum Why {
    /// The job was told to end.
    Told,
    /// The command did what its route does not allow.
    Fault(Failure),
}

/// How a command ended by itself, and what it took: a job's result, or what it failed of.
#[derive(Serialize)]
struct Told<T> {
    #[serde(flatten)]
    exit: T,
    user_ms: u64,
    system_ms: u64,
    max_rss_bytes: u64,
}

#[derive(Serialize)]
struct Code {
    exit_code: i32,
}

#[derive(Serialize)]
struct Signal<'a> {
    signal: &'a str,
    number: i32,
}

#[derive(Serialize)]
struct Missing {
    step: Step,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<String>,
}

/// What the work of a command comes to of which nothing is left. `result` is what it gave, where that is not its exit.
pub(super) fn work(
    asked: Option<Why>,
    exit: Option<Exit>,
    gone: Gone,
    result: Option<Result<Payload, Failure>>,
) -> Work {
    match (asked, exit) {
        (Some(Why::Told), _) => Work::Stopped(stopped(gone)),
        (Some(Why::Fault(failure)), _) => Work::Broke(failure, gone.survivors),
        (None, Some(Exit::Code(0))) => done(&gone, result),
        (None, Some(Exit::Code(exit_code))) => {
            let failure = Failure::new("exit", format!("it exited with code {exit_code}"));
            let failure = failure.with(&told(Code { exit_code }, &gone));
            Work::Broke(failure, gone.survivors)
        }
        (None, Some(Exit::Signal(number))) => Work::Broke(signalled(number, &gone), gone.survivors),
        (None, None) => keeper_lost("its exit was not seen"),
    }
}

fn done(gone: &Gone, result: Option<Result<Payload, Failure>>) -> Work {
    let result = result.unwrap_or_else(|| {
        Payload::new(&told(Code { exit_code: 0 }, gone))
            .map_err(|error| Failure::new("internal", error.to_string()))
    });
    match result {
        Ok(result) => Work::Done(Some(result)),
        Err(failure) => Work::Broke(failure, gone.survivors),
    }
}

fn signalled(number: i32, gone: &Gone) -> Failure {
    let name = longwire_shim::signal_name(number);
    let signal = Signal {
        signal: name.strip_prefix("SIG").unwrap_or(name),
        number,
    };
    let failure = Failure::new("signal", format!("it was killed by {name} ({number})"));
    failure.with(&told(signal, gone))
}

fn told<T>(exit: T, gone: &Gone) -> Told<T> {
    Told {
        exit,
        user_ms: gone.user_ms,
        system_ms: gone.system_ms,
        max_rss_bytes: gone.max_rss_bytes,
    }
}

/// It never ran.
pub(super) fn not_started(program: &str, not: NotStarted) -> Work {
    let NotStarted { why, errno, step } = not;
    let message = match step {
        Step::Dir => format!("{program} could not be started: its folder (dir): {why}"),
        Step::Limits | Step::Program | Step::Process => {
            format!("{program} could not be started: {why}")
        }
    };
    Work::Failed(Failure::new("not_started", message).with(&Missing { step, errno }))
}

/// Whoever could say how it ended is gone.
pub(super) fn keeper_lost(why: &str) -> Work {
    let message = format!("nobody can say what became of the command: {why}");
    Work::Failed(Failure::new("keeper_lost", message))
}
