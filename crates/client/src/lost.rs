//! A start whose answer was lost: what to send for it, and what comes of looking for its job.

use std::time::Duration;

use longwire_protocol::{
    Code, OnConflict, Request, Seq, ServerFrame, Start, StatusPage, StatusQuery, Watch,
};

/// The event for which the reply to a start stands.
pub(crate) const ACCEPTED: Seq = 1;

/// What looks for its job, as no work is to be done twice, and none be killed that it started; or, once that was `looked` for, the start,
/// which joins the job where it runs, as the one before may come late.
pub(crate) fn repeated(start: &Start, made: bool, looked: Option<OnConflict>) -> Request {
    let connid = start.connid.clone();
    let replaces = start.on_conflict == OnConflict::Replace;
    match looked {
        None if made => Request::Watch(Watch {
            connid,
            after: Some(ACCEPTED),
            ..Watch::default()
        }),
        None if replaces => Request::Status(StatusQuery {
            connid,
            ..StatusQuery::default()
        }),
        None => again(start, OnConflict::Attach),
        Some(on_conflict) => again(start, on_conflict),
    }
}

fn again(start: &Start, on_conflict: OnConflict) -> Request {
    Request::Start(Start {
        on_conflict,
        ..start.clone()
    })
}

/// How a start that was first sent so long ago is to be sent after all, where this is what came of looking for its job.
pub(crate) fn found(start: &Start, since: Duration, frame: &ServerFrame) -> Option<OnConflict> {
    if let ServerFrame::Status(page) = frame {
        return Some(where_it_runs(page, since));
    }
    let ServerFrame::Refused(refused) = frame else {
        return None;
    };
    let code = refused.refusal.code;
    // A name that was used before may have expired; one that was made had no such past.
    let of_others = code == Code::Expired && start.on_conflict == OnConflict::Replace;
    (code == Code::UnknownConnid || of_others).then_some(OnConflict::Attach)
}

/// The job to be replaced is one that is older than the start. What is younger came of it, and is joined.
fn where_it_runs(page: &StatusPage, since: Duration) -> OnConflict {
    let mut running = page.jobs.iter().filter(|job| !job.status.has_ended());
    if running.any(|job| job.elapsed.as_duration() > since) {
        OnConflict::Replace
    } else {
        OnConflict::Attach
    }
}
