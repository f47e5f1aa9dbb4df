//! One job's request beside its job: output goes into the log, and where the job is to end, the connection is closed.

use longwire_engine::{Stopped, Task, Work};
use longwire_protocol::{Failure, Payload, Stream};
use tokio::sync::mpsc;

use super::{
    super::output::{Printer, TooMuchOutput},
    fetch::{Fetch, Out, Piece},
    plan::Call,
    trace::Trace,
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
            // Nobody is asked, so nobody is forced; and what an upstream still does cannot be seen from here.
            _ = task.told_to_end() => break Work::Stopped(Stopped::SAID),
            () = printer.line_due() => printer.say_lines(&task).await,
            Some(piece) = pieces.recv() => {
                if let Err(too_much) = print(&mut printer, piece, &task).await {
                    break Work::Failed(too_much);
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
    pieces: &mut mpsc::Receiver<Piece>,
    task: &Task,
) -> Work {
    while let Ok(piece) = pieces.try_recv() {
        if let Err(too_much) = print(printer, piece, task).await {
            return Work::Failed(too_much);
        }
    }
    match result {
        Ok(result) => Work::Done(Some(result)),
        Err(failure) => Work::Failed(failure),
    }
}

/// # Errors
/// Where there is more than may be printed.
async fn print(printer: &mut Printer, piece: Piece, task: &Task) -> Result<(), Failure> {
    match piece {
        Piece::Output(bytes) => {
            let printed = printer.print(task, Stream::Stdout, &bytes).await;
            printed.map_err(too_much)
        }
        Piece::Note(note) => {
            // It is ours, and bounded by the attempts. A job that is over takes no more, and whoever serves it is dropped next.
            let _ = task.print(Stream::Stderr, note.as_bytes()).await;
            Ok(())
        }
    }
}

fn too_much(too_much: TooMuchOutput) -> Failure {
    let message = format!(
        "the upstream's answer has more than the {} bytes of output that its route allows (output_bytes), and its connection was closed",
        too_much.output_bytes
    );
    Failure::new("too_much_output", message).with(&too_much)
}
