//! What a worker says of a job, as frames.

use longwire_protocol::{
    Append, Encoding, EndJob, Failure, Lease, Output, Payload, Progress, Refusal, Request, Stream,
    WorkError,
};

use super::stopped::Unfinished;

/// Bytes of output in one frame.
pub(super) const PIECE_BYTES: usize = 64 * 1024;
/// Bytes of a result as JSON, so that a frame of it is one that servers take.
pub(super) const RESULT_BYTES: usize = 1_000_000;
/// Bytes of the sentence that says what a job failed of.
const MESSAGE_BYTES: usize = 16 * 1024;

/// What a task wants to have said.
pub(super) struct Command {
    pub(super) lease: Lease,
    pub(super) say: Say,
}

pub(super) enum Say {
    /// Output, and how much room it takes until it is answered.
    Output(Output, u32),
    Progress(Progress),
    End(Result<Option<Payload>, Unfinished>),
}

/// A text in pieces of which each fits into a frame.
pub(super) fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (piece, rest) = text.split_at(text.floor_char_boundary(PIECE_BYTES));
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

pub(super) fn output(lease: Lease, output: Output) -> Request {
    Request::Append(Append {
        lease,
        output: Some(output.text),
        encoding: output.encoding,
        stream: output.stream,
        progress: None,
    })
}

pub(super) fn progress(lease: Lease, progress: Progress) -> Request {
    Request::Append(Append {
        lease,
        output: None,
        encoding: Encoding::default(),
        stream: Stream::default(),
        progress: Some(progress),
    })
}

/// The end of a job. Work that left off has nothing to say of it.
pub(super) fn end(lease: Lease, end: Result<Option<Payload>, Unfinished>) -> Request {
    let (result, error) = match end {
        Ok(result) => (result, None),
        Err(Unfinished::Stopped(_)) => (None, None),
        Err(Unfinished::Failed(failure)) => (None, Some(work_error(failure))),
    };
    Request::End(EndJob {
        lease,
        result,
        error,
    })
}

/// What a function returned, as the job's result: nothing is none.
pub(super) fn result(value: &impl serde::Serialize) -> Result<Option<Payload>, Unfinished> {
    let result = Payload::new(value)?;
    let got = result.as_str().len();
    if got > RESULT_BYTES {
        let message = format!(
            "the result has {got} bytes of JSON; of a worker it has at most {RESULT_BYTES}: put it somewhere, and say where"
        );
        return Err(Failure::new("result_too_large", message).into());
    }
    Ok(Some(result).filter(|result| result.as_str() != "null"))
}

/// What a server did not take of what was said, as a failure.
pub(super) fn of_refusal(refusal: Refusal) -> Failure {
    Failure::new(refusal.code.as_str(), refusal.message)
}

/// A failure within what servers take.
fn work_error(failure: Failure) -> WorkError {
    let mut message = String::from(failure.message);
    message.truncate(message.floor_char_boundary(MESSAGE_BYTES));
    let fits = |detail: &Payload| detail.as_str().len() <= RESULT_BYTES / 2;
    WorkError {
        code: if WorkError::is_code(&failure.code) {
            failure.code
        } else {
            "failed".into()
        },
        message: message.into(),
        detail: failure.detail.filter(fits),
    }
}

#[cfg(test)]
mod tests {
    use longwire_protocol::JobId;
    use serde_json::{Value, json};

    use super::*;

    fn ended(end: Result<Option<Payload>, Unfinished>) -> Value {
        let lease = Lease::new(JobId::from_bits(1), 2);
        let frame = super::end(lease, end).to_frame(None).unwrap();
        let mut frame: Value = serde_json::from_str(&frame).unwrap();
        frame.as_object_mut().unwrap().remove("lease");
        frame
    }

    #[test]
    fn texts_are_cut_between_letters() {
        let text = "ä".repeat(PIECE_BYTES);
        let cut: Vec<&str> = pieces(&text).collect();
        assert_eq!((cut.len(), cut.concat()), (2, text));
        let odd = format!("x{}", "ä".repeat(PIECE_BYTES / 2));
        assert_eq!(
            pieces(&odd).map(str::len).collect::<Vec<_>>(),
            [PIECE_BYTES - 1, 2]
        );
        assert_eq!(pieces("").count(), 0);
    }

    #[test]
    fn ends_are_within_what_servers_take() {
        let failed = |code: &str, message: &str| Err(Failure::new(code, message).into());
        let long = "x".repeat(MESSAGE_BYTES + 1);
        for (end, frame) in [
            (result(&7), json!({"route": "end", "result": 7})),
            (result(&()), json!({"route": "end"})),
            (
                failed("disk_full", "no"),
                json!({"route": "end", "error": {"code": "disk_full", "message": "no"}}),
            ),
            (
                failed("Disk full!", ""),
                json!({"route": "end", "error": {"code": "failed"}}),
            ),
            (
                failed("x", &long),
                json!({"route": "end", "error": {"code": "x", "message": long[1..]}}),
            ),
        ] {
            assert_eq!(ended(end), frame);
        }
        let large = ended(result(&"x".repeat(RESULT_BYTES)));
        assert_eq!(large["error"]["code"], "result_too_large");
    }
}
