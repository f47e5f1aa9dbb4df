//! One job's request beside its job: output goes into the log, and where the job is to end, the connection is closed.

use longwire_engine::{Stopped, Task, Work};
use longwire_protocol::{Failure, Payload, Stream};
use tokio::sync::mpsc;

use super::{
    super::output::Printer,
    fetch::{Fetch, Out},
    plan::Call,
    trace::Trace,
};

/// Nobody is asked, so nobody is forced; and what an upstream still does cannot be seen from here.
const CLOSED: Stopped = Stopped {
    forced: false,
    survivors: None,
    signals: Vec::new(),
};

/// Sends the request of a job.
pub(super) async fn run(
    fetch: &Fetch,
    call: &Call,
    trace: Trace,
    mut printer: Printer,
    mut task: Task,
) -> Work {
    let (out, mut pieces) = Out::new();
    let mut result = std::pin::pin!(fetch.result(call, trace, &out));
    let work = loop {
        tokio::select! {
            biased;
            _ = task.told_to_end() => break Work::Stopped(CLOSED),
            () = printer.line_due() => printer.say_lines(&task).await,
            Some(piece) = pieces.recv() => {
                if let Err(too_much) = printer.print(&task, Stream::Stdout, &piece).await {
                    break Work::Failed(too_much.into());
                }
            }
            result = &mut result => break end(result, &mut printer, &mut pieces, &task).await,
        }
    };
    printer.say_rest(&task).await;
    work
}

/// What a result comes to, once all output before it was printed.
async fn end(
    result: Result<Payload, Failure>,
    printer: &mut Printer,
    pieces: &mut mpsc::Receiver<Vec<u8>>,
    task: &Task,
) -> Work {
    while let Ok(piece) = pieces.try_recv() {
        if let Err(too_much) = printer.print(task, Stream::Stdout, &piece).await {
            return Work::Failed(too_much.into());
        }
    }
    match result {
        Ok(result) => Work::Done(Some(result)),
        Err(failure) => Work::Failed(failure),
    }
}
