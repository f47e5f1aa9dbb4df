//! The log of a job as server-sent events (WHATWG HTML, section 9.2): a position in it, and nothing queued.
//!
//! An event's id is the job and its number, so that a reader that comes back goes on in the very log it read, also where
//! the connid has been used again meanwhile.

use std::{convert::Infallible, fmt::Write as _, pin::Pin, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header},
    response::IntoResponse,
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use longwire_engine::{Engine, Follow, Mailbox, Page, Watched, Watcher};
use longwire_protocol::{Connid, EventFrame, GapFrame, JobId, Refusal, Seq, Spec, Target};
use serde::Serialize;

use super::{
    Answer, Rest, Shared,
    address::{self, Parameters},
};

const LAST_EVENT_ID: &str = "last-event-id";
const FIELD: &str = "Last-Event-ID";
/// Without anything to say for so long, a comment shows that the stream is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Said once: how long a reader waits before it comes back.
const GREETING: &str = "retry: 1000\n\n";

/// `GET /jobs/{connid}/events`
pub(super) async fn events(State(rest): Shared, uri: Uri, headers: HeaderMap) -> Answer {
    let parameters = Parameters::of(&uri, &["after"])?;
    let asked = parameters.read(
        "after",
        "the number of an event, such as 17",
        address::number,
    )?;
    let connid = address::connid(&uri, &rest.parse_limits)?;
    let (target, after) = match last_event_id(&headers)? {
        Some((job, seq)) => (Target::Job(job), Some(seq)),
        None => (Target::Connid(connid.clone()), asked),
    };
    let watched = rest.engine.watch(&rest.who(), &target, 0).await?;
    if watched.spec.connid != connid {
        return Err(of_another(&watched.spec.connid).into());
    }
    let Some(after) = after else {
        return Ok(streamed(rest.stream(watched)));
    };
    if after >= watched.seq && has_ended(&rest.engine, &watched).await {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let target = Target::Job(watched.spec.job);
    let watched = rest.engine.watch(&rest.who(), &target, after).await?;
    Ok(streamed(rest.stream(watched)))
}

/// What the reader saw last; an empty header is none.
fn last_event_id(headers: &HeaderMap) -> Result<Option<(JobId, Seq)>, Refusal> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let position = value.to_str().ok().and_then(position);
    let refuse = || {
        Refusal::invalid(
            FIELD,
            "\"Last-Event-ID\" must be the id of an event of this stream: JOB:SEQ",
        )
    };
    position.map(Some).ok_or_else(refuse)
}

fn position(id: &str) -> Option<(JobId, Seq)> {
    let (job, seq) = id.split_once(':')?;
    let seq = Some(seq)
        .filter(|seq| !seq.is_empty())
        .and_then(address::number);
    Some((JobId::parse(job)?, seq?))
}

fn of_another(connid: &Connid) -> Refusal {
    Refusal::invalid(
        FIELD,
        format!("\"Last-Event-ID\" is of another job: {connid}"),
    )
}

/// Whether the last event so far is an end.
async fn has_ended(engine: &Engine, watched: &Watched) -> bool {
    let before = watched.seq.saturating_sub(1);
    let page = engine
        .read(watched.spec.job, before, 1, &Mailbox::new())
        .await;
    let last = page.and_then(|page| page.events.first().map(|event| event.status));
    last.is_some_and(longwire_protocol::Status::has_ended)
}

fn streamed(
    events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
) -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies of nginx's kind would gather a response before they pass it on.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (
        headers.map(|(name, value)| (name, HeaderValue::from_static(value))),
        Body::from_stream(events),
    )
        .into_response()
}

/// A reader of a job's log. It holds a position; what is written next is read when the connection has room for it.
struct Reader {
    engine: Engine,
    spec: Arc<Spec>,
    follow: Follow,
    greeted: bool,
    /// Held for jobs that die with their last watcher, from the first byte on.
    watcher: Option<Watcher>,
    closing: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Rest {
    fn stream(
        &self,
        watched: Watched,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        let reader = Reader {
            engine: self.engine.clone(),
            follow: self.engine.follow(watched.spec.job, watched.after),
            spec: watched.spec,
            greeted: false,
            watcher: None,
            closing: Box::pin(self.stopping.clone().closing()),
        };
        stream::unfold(reader, |mut reader| async {
            let text = reader.next().await?;
            Some((Ok(Bytes::from(text)), reader))
        })
    }
}

impl Reader {
    /// What to write next. None where there is nothing more.
    async fn next(&mut self) -> Option<String> {
        if !self.greeted {
            self.greeted = true;
            self.watcher = self.engine.present(&self.spec);
            return Some(GREETING.to_owned());
        }
        let after = self.follow.after();
        tokio::select! {
            biased;
            page = self.follow.next() => page.map(|page| text_of(&self.spec, after, &page)),
            () = &mut self.closing => None,
            () = tokio::time::sleep(HEARTBEAT) => Some(":\n\n".to_owned()),
        }
    }
}

/// A piece of a log, for a reader that has seen everything up to a number.
fn text_of(spec: &Spec, after: Seq, page: &Page) -> String {
    let mut text = String::new();
    if let Some(gap) = page.gap_after(after) {
        let frame = GapFrame {
            connid: Some(spec.connid.clone()),
            job: None,
            gap,
        };
        text.push_str("event: gap\n");
        write_event(&mut text, spec.job, gap.to, &frame);
    }
    for event in &page.events {
        write_event(
            &mut text,
            spec.job,
            event.seq,
            &EventFrame::new(spec, event, false),
        );
    }
    text
}

fn write_event<T: Serialize>(text: &mut String, job: JobId, seq: Seq, frame: &T) {
    // Writing to a string cannot fail, and every frame can be written as JSON, which has no line breaks.
    let data = serde_json::to_string(frame).unwrap_or_default();
    let _ = write!(text, "id: {job}:{seq}\ndata: {data}\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        let job = "0197a000-0000-7000-8000-000000000001";
        for (id, expected) in [
            (format!("{job}:0"), Some(0)),
            (format!("{job}:17"), Some(17)),
            (format!("{job}:"), None),
            (format!("{job}:-1"), None),
            (format!("{job}:+1"), None),
            (format!("{job}:1:2"), None),
            (format!("{job}:99999999999999999999"), None),
            (job.to_owned(), None),
            ("42:1".to_owned(), None),
            ("17".to_owned(), None),
        ] {
            assert_eq!(position(&id).map(|(_, seq)| seq), expected, "{id}");
        }
    }
}
