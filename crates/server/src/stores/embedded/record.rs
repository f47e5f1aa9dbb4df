//! Events and snapshots as bytes (CBOR, RFC 8949).
//!
//! What is written here is read by later versions. So numbers are never used again, fields are only added, at the end and as
//! options, and the types of the protocol may change without these.

use std::sync::Arc;

use longwire_engine::{Cause, Ending, Job, Snapshot};
use longwire_protocol::{
    Change, Clock, Connid, Encoding, End, Event, Failure, JobId, OnDisconnect, Outcome, Output,
    Payload, Progress, Receipt, Seconds, Seq, Spec, Status, Stream, Timestamp, Wish,
};
use minicbor::{Decode, Encode};

/// Bytes that are not what was written here.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("{0}")]
    Bytes(#[from] minicbor::decode::Error),
    #[error("{what} {got:?} is not known")]
    Value { what: &'static str, got: String },
}

fn unknown(what: &'static str, got: &(impl ToString + ?Sized)) -> Unreadable {
    Unreadable::Value {
        what,
        got: got.to_string(),
    }
}

#[derive(Encode, Decode)]
struct EventRecord<'a> {
    #[n(0)]
    at: u64,
    #[n(1)]
    attempt: u32,
    #[n(2)]
    status: u8,
    #[b(3)]
    change: ChangeRecord<'a>,
}

#[derive(Encode, Decode)]
enum ChangeRecord<'a> {
    #[n(0)]
    Accepted(#[b(0)] SpecRecord<'a>),
    #[n(1)]
    Taken,
    #[n(2)]
    Progress(#[b(0)] ProgressRecord<'a>),
    #[n(3)]
    Output(#[b(0)] &'a str, #[n(1)] u8, #[n(2)] Option<u8>),
    #[n(4)]
    Wished(#[b(0)] WishRecord<'a>),
    #[n(5)]
    TimeUp(#[n(0)] u8),
    #[n(6)]
    Extended(#[n(0)] u64),
    #[n(7)]
    Ended(#[b(0)] EndRecord<'a>),
    #[n(8)]
    Again,
}

#[derive(Encode, Decode)]
struct SpecRecord<'a> {
    #[b(0)]
    connid: &'a str,
    #[b(1)]
    route: &'a str,
    #[n(2)]
    time: u64,
    #[n(3)]
    idle_time: Option<u64>,
    #[n(4)]
    queue_time: Option<u64>,
    #[b(5)]
    input: Option<&'a str>,
    #[b(6)]
    tags: Vec<&'a str>,
    #[n(7)]
    dies_with_last_watcher: bool,
    #[b(8)]
    by: &'a str,
}

#[derive(Encode, Decode)]
struct ProgressRecord<'a> {
    #[n(0)]
    done: Option<f64>,
    #[n(1)]
    total: Option<f64>,
    #[b(2)]
    note: Option<&'a str>,
}

#[derive(Encode, Decode)]
struct WishRecord<'a> {
    #[b(0)]
    by: &'a str,
    #[b(1)]
    reason: Option<&'a str>,
}

#[derive(Encode, Decode)]
struct EndRecord<'a> {
    #[n(0)]
    outcome: u8,
    #[b(1)]
    result: Option<&'a str>,
    #[b(2)]
    error: Option<FailureRecord<'a>>,
    #[b(3)]
    kill: Option<ReceiptRecord<'a>>,
    #[n(4)]
    clock: Option<u8>,
}

#[derive(Encode, Decode)]
struct FailureRecord<'a> {
    #[b(0)]
    code: &'a str,
    #[b(1)]
    message: &'a str,
    #[b(2)]
    detail: Option<&'a str>,
}

#[derive(Encode, Decode)]
struct ReceiptRecord<'a> {
    #[b(0)]
    wish: WishRecord<'a>,
    #[n(1)]
    forced: bool,
    #[n(2)]
    survivors: Option<u32>,
    #[n(3)]
    ms: u64,
    #[b(4)]
    signals: Option<Vec<&'a str>>,
}

#[derive(Encode, Decode)]
struct SnapshotRecord<'a> {
    #[b(0)]
    spec: SpecRecord<'a>,
    #[n(1)]
    seq: u64,
    #[n(2)]
    status: u8,
    #[n(3)]
    attempt: u32,
    #[n(4)]
    waited: bool,
    #[n(5)]
    accepted_at: u64,
    #[n(6)]
    queued_at: u64,
    #[n(7)]
    started_at: Option<u64>,
    #[n(8)]
    last_at: u64,
    #[n(9)]
    deadline: u64,
    #[b(10)]
    progress: Option<ProgressRecord<'a>>,
    #[b(11)]
    ending: Option<EndingRecord<'a>>,
    #[b(12)]
    end: Option<EndRecord<'a>>,
}

#[derive(Encode, Decode)]
struct EndingRecord<'a> {
    #[b(0)]
    wish: Option<WishRecord<'a>>,
    #[n(1)]
    clock: Option<u8>,
    #[n(2)]
    at: u64,
    #[n(3)]
    seq: u64,
}

/// Writes an event. Its job and number are the key it is kept under.
pub(super) fn write_event(event: &Event, bytes: &mut Vec<u8>) {
    let record = EventRecord {
        at: event.at.as_micros(),
        attempt: event.attempt,
        status: of_status(event.status),
        change: (&event.change).into(),
    };
    write(&record, bytes);
}

/// Writes a job as it stands.
pub(super) fn write_job(job: &Job, bytes: &mut Vec<u8>) {
    let job = job.snapshot();
    let record = SnapshotRecord {
        spec: (&*job.spec).into(),
        seq: job.seq,
        status: of_status(job.status),
        attempt: job.attempt,
        waited: job.waited,
        accepted_at: job.accepted_at.as_micros(),
        queued_at: job.queued_at.as_micros(),
        started_at: job.started_at.map(Timestamp::as_micros),
        last_at: job.last_at.as_micros(),
        deadline: job.deadline.as_micros(),
        progress: job.progress.as_deref().map(Into::into),
        ending: job.ending.as_deref().map(Into::into),
        end: job.end.as_deref().map(Into::into),
    };
    write(&record, bytes);
}

fn write<T: Encode<()>>(record: &T, bytes: &mut Vec<u8>) {
    // A vector takes anything: there is nothing to fail.
    let _ = minicbor::encode(record, bytes);
}

/// The event that these bytes are.
pub(super) fn event(job: JobId, seq: Seq, bytes: &[u8]) -> Result<Event, Unreadable> {
    let record: EventRecord<'_> = minicbor::decode(bytes)?;
    Ok(Event {
        seq,
        at: Timestamp::from_micros(record.at),
        attempt: record.attempt,
        status: status(record.status)?,
        change: change(job, record.change)?,
    })
}

/// The job that these bytes are.
pub(super) fn job(id: JobId, bytes: &[u8]) -> Result<Job, Unreadable> {
    let record: SnapshotRecord<'_> = minicbor::decode(bytes)?;
    Ok(Job::restore(Snapshot {
        spec: Arc::new(spec(id, record.spec)?),
        seq: record.seq,
        status: status(record.status)?,
        attempt: record.attempt,
        waited: record.waited,
        accepted_at: Timestamp::from_micros(record.accepted_at),
        queued_at: Timestamp::from_micros(record.queued_at),
        started_at: record.started_at.map(Timestamp::from_micros),
        last_at: Timestamp::from_micros(record.last_at),
        deadline: Timestamp::from_micros(record.deadline),
        progress: record.progress.map(|record| Arc::new(record.into())),
        ending: record.ending.map(ending).transpose()?.map(Arc::new),
        end: record.end.map(end).transpose()?.map(Arc::new),
    }))
}

impl<'a> From<&'a Change> for ChangeRecord<'a> {
    fn from(change: &'a Change) -> Self {
        match change {
            Change::Accepted(spec) => Self::Accepted((&**spec).into()),
            Change::Taken => Self::Taken,
            Change::Progress(progress) => Self::Progress((&**progress).into()),
            Change::Output(output) => Self::Output(
                &output.text,
                of_stream(output.stream),
                of_encoding(output.encoding),
            ),
            Change::Wished(wish) => Self::Wished((&**wish).into()),
            Change::TimeUp(clock) => Self::TimeUp(of_clock(*clock)),
            Change::Extended(deadline) => Self::Extended(deadline.as_micros()),
            Change::Ended(end) => Self::Ended((&**end).into()),
            Change::Again => Self::Again,
        }
    }
}

fn change(job: JobId, record: ChangeRecord<'_>) -> Result<Change, Unreadable> {
    Ok(match record {
        ChangeRecord::Accepted(record) => Change::Accepted(Arc::new(spec(job, record)?)),
        ChangeRecord::Taken => Change::Taken,
        ChangeRecord::Progress(record) => Change::Progress(Arc::new(record.into())),
        ChangeRecord::Output(text, code, written) => Change::Output(Output {
            text: text.into(),
            encoding: encoding(written)?,
            stream: stream(code)?,
        }),
        ChangeRecord::Wished(record) => Change::Wished(Arc::new(record.into())),
        ChangeRecord::TimeUp(code) => Change::TimeUp(clock(code)?),
        ChangeRecord::Extended(deadline) => Change::Extended(Timestamp::from_micros(deadline)),
        ChangeRecord::Ended(record) => Change::Ended(Arc::new(end(record)?)),
        ChangeRecord::Again => Change::Again,
    })
}

impl<'a> From<&'a Spec> for SpecRecord<'a> {
    fn from(spec: &'a Spec) -> Self {
        Self {
            connid: spec.connid.as_str(),
            route: &spec.route,
            time: spec.time.as_micros(),
            idle_time: spec.idle_time.map(Seconds::as_micros),
            queue_time: spec.queue_time.map(Seconds::as_micros),
            input: spec.input.as_ref().map(Payload::as_str),
            tags: spec.tags.iter().map(|tag| &**tag).collect(),
            dies_with_last_watcher: spec.on_disconnect == OnDisconnect::Kill,
            by: &spec.by,
        }
    }
}

fn spec(job: JobId, record: SpecRecord<'_>) -> Result<Spec, Unreadable> {
    Ok(Spec {
        job,
        connid: Connid::new(record.connid).map_err(|_| unknown("the connid", record.connid))?,
        route: record.route.into(),
        time: Seconds::from_micros(record.time),
        idle_time: record.idle_time.map(Seconds::from_micros),
        queue_time: record.queue_time.map(Seconds::from_micros),
        input: record.input.map(payload).transpose()?,
        tags: record.tags.into_iter().map(Into::into).collect(),
        on_disconnect: if record.dies_with_last_watcher {
            OnDisconnect::Kill
        } else {
            OnDisconnect::Keep
        },
        by: record.by.into(),
    })
}

fn payload(json: &str) -> Result<Payload, Unreadable> {
    serde_json::from_str(json).map_err(|error| unknown("the JSON", &error))
}

impl<'a> From<&'a Progress> for ProgressRecord<'a> {
    fn from(progress: &'a Progress) -> Self {
        Self {
            done: progress.done,
            total: progress.total,
            note: progress.note.as_deref(),
        }
    }
}

impl From<ProgressRecord<'_>> for Progress {
    fn from(record: ProgressRecord<'_>) -> Self {
        Self {
            done: record.done,
            total: record.total,
            note: record.note.map(Into::into),
        }
    }
}

impl<'a> From<&'a Wish> for WishRecord<'a> {
    fn from(wish: &'a Wish) -> Self {
        Self {
            by: &wish.by,
            reason: wish.reason.as_deref(),
        }
    }
}

impl From<WishRecord<'_>> for Wish {
    fn from(record: WishRecord<'_>) -> Self {
        Self {
            by: record.by.into(),
            reason: record.reason.map(Into::into),
        }
    }
}

impl<'a> From<&'a Ending> for EndingRecord<'a> {
    fn from(ending: &'a Ending) -> Self {
        let (wish, clock) = match &ending.cause {
            Cause::Killed(wish) => (Some((&**wish).into()), None),
            Cause::TimeUp(clock) => (None, Some(of_clock(*clock))),
        };
        Self {
            wish,
            clock,
            at: ending.at.as_micros(),
            seq: ending.seq,
        }
    }
}

fn ending(record: EndingRecord<'_>) -> Result<Ending, Unreadable> {
    let cause = match (record.wish, record.clock) {
        (Some(wish), None) => Cause::Killed(Arc::new(wish.into())),
        (None, Some(code)) => Cause::TimeUp(clock(code)?),
        (Some(_), Some(_)) | (None, None) => return Err(unknown("the cause", "of an ending")),
    };
    Ok(Ending {
        cause,
        at: Timestamp::from_micros(record.at),
        seq: record.seq,
    })
}

impl<'a> From<&'a End> for EndRecord<'a> {
    fn from(end: &'a End) -> Self {
        Self {
            outcome: of_status(end.outcome.status()),
            result: end.result.as_ref().map(Payload::as_str),
            error: end.error.as_ref().map(|error| FailureRecord {
                code: &error.code,
                message: &error.message,
                detail: error.detail.as_ref().map(Payload::as_str),
            }),
            kill: end.kill.as_ref().map(|kill| ReceiptRecord {
                wish: (&kill.wish).into(),
                forced: kill.forced,
                survivors: kill.survivors,
                ms: kill.ms,
                signals: of_signals(&kill.signals),
            }),
            clock: end.clock.map(of_clock),
        }
    }
}

fn end(record: EndRecord<'_>) -> Result<End, Unreadable> {
    Ok(End {
        outcome: outcome(record.outcome)?,
        result: record.result.map(payload).transpose()?,
        error: record.error.as_ref().map(failure).transpose()?,
        kill: record.kill.map(receipt),
        clock: record.clock.map(clock).transpose()?,
    })
}

fn of_signals(signals: &[Box<str>]) -> Option<Vec<&str>> {
    (!signals.is_empty()).then(|| signals.iter().map(|signal| &**signal).collect())
}

fn receipt(record: ReceiptRecord<'_>) -> Receipt {
    let signals = record.signals.unwrap_or_default();
    Receipt {
        wish: record.wish.into(),
        forced: record.forced,
        survivors: record.survivors,
        signals: signals.into_iter().map(Into::into).collect(),
        ms: record.ms,
    }
}

fn failure(record: &FailureRecord<'_>) -> Result<Failure, Unreadable> {
    let detail = record.detail.map(payload).transpose()?;
    Ok(Failure {
        detail,
        ..Failure::new(record.code, record.message)
    })
}

const fn of_status(status: Status) -> u8 {
    match status {
        Status::Queued => 0,
        Status::Running => 1,
        Status::Ending => 2,
        Status::Ok => 3,
        Status::Failed => 4,
        Status::Killed => 5,
        Status::Timeout => 6,
        Status::Lost => 7,
    }
}

fn status(code: u8) -> Result<Status, Unreadable> {
    let known = Status::ALL.into_iter().find(|it| of_status(*it) == code);
    known.ok_or_else(|| unknown("the status", &code))
}

fn outcome(code: u8) -> Result<Outcome, Unreadable> {
    let outcome = status(code)?.outcome();
    outcome.ok_or_else(|| unknown("the outcome", &code))
}

const fn of_clock(clock: Clock) -> u8 {
    match clock {
        Clock::Time => 0,
        Clock::IdleTime => 1,
        Clock::QueueTime => 2,
    }
}

fn clock(code: u8) -> Result<Clock, Unreadable> {
    match code {
        0 => Ok(Clock::Time),
        1 => Ok(Clock::IdleTime),
        2 => Ok(Clock::QueueTime),
        _ => Err(unknown("the clock", &code)),
    }
}

const fn of_stream(stream: Stream) -> u8 {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
    }
}

fn stream(code: u8) -> Result<Stream, Unreadable> {
    match code {
        0 => Ok(Stream::Stdout),
        1 => Ok(Stream::Stderr),
        _ => Err(unknown("the stream", &code)),
    }
}

/// Text goes without saying, as it did before there was anything else.
const fn of_encoding(encoding: Encoding) -> Option<u8> {
    match encoding {
        Encoding::Text => None,
        Encoding::Base64 => Some(1),
    }
}

fn encoding(code: Option<u8>) -> Result<Encoding, Unreadable> {
    match code {
        None => Ok(Encoding::Text),
        Some(1) => Ok(Encoding::Base64),
        Some(other) => Err(unknown("the encoding", &other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(bytes: &[u8]) -> Output {
        let event = event(JobId::from_bits(7), 2, bytes).unwrap();
        let Change::Output(output) = event.change else {
            panic!("{event:?}");
        };
        output
    }

    fn receipt(bytes: &[u8]) -> Receipt {
        let event = event(JobId::from_bits(7), 2, bytes).unwrap();
        let Change::Ended(end) = event.change else {
            panic!("{event:?}");
        };
        end.kill.clone().unwrap()
    }

    fn killed(signals: &[&str]) -> Receipt {
        Receipt {
            wish: Wish {
                by: "me".into(),
                reason: None,
            },
            forced: true,
            survivors: Some(0),
            signals: signals.iter().copied().map(Into::into).collect(),
            ms: 9,
        }
    }

    #[test]
    fn what_was_written_before_a_field_was_added_still_reads() {
        let before = b"\x84\x00\x01\x01\x82\x03\x82\x61x\x01";
        let read = output(before);
        assert_eq!(read, Output::of_text(Stream::Stderr, "x"));

        let before = b"\x84\x00\x01\x05\x82\x07\x81\x84\x05\xf6\xf6\x84\x81\x62me\xf5\x00\x09";
        assert_eq!(receipt(before), killed(&[]));
    }

    fn written(status: Status, change: Change) -> Vec<u8> {
        let event = Event {
            seq: 2,
            at: Timestamp::from_micros(5),
            attempt: 1,
            status,
            change,
        };
        let mut bytes = Vec::new();
        write_event(&event, &mut bytes);
        bytes
    }

    #[test]
    fn what_is_written_now_reads_back() {
        let bytes = Output::of_bytes(Stream::Stdout, b"\xff");
        let event = written(Status::Running, Change::Output(bytes.clone()));
        assert_eq!(output(&event), bytes);

        let end = End {
            kill: Some(killed(&["TERM", "KILL"])),
            ..End::plain(Outcome::Killed)
        };
        let event = written(Status::Killed, Change::Ended(end.into()));
        assert_eq!(receipt(&event), killed(&["TERM", "KILL"]));
    }
}
