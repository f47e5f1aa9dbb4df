//! One job's request, with all its attempts and redirects, to what it comes to.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, HOST, LOCATION},
};
use http_body_util::Full;
use longwire_protocol::{Failure, Payload};
use serde_json::json;
use tokio::sync::mpsc;

use super::{
    answer::{self, Streamed, Told, streamed},
    dial::Dial,
    events::Events,
    exchange::{self, Answer},
    headers::TRACEPARENT,
    origin::Destination,
    plan::{Call, Plan},
    retry::{Failed, Retry},
    trace::Trace,
};
use crate::config::{RedirectsConfig, StreamConfig};

/// Redirects that are followed one after another.
const REDIRECTS: usize = 5;

/// What requests of a route are sent with.
pub(super) struct Fetch {
    pub(super) plan: Plan,
    pub(super) dial: Dial,
    pub(super) retry: Retry,
    pub(super) redirects: RedirectsConfig,
    pub(super) read: Option<Duration>,
    pub(super) response_bytes: u64,
    pub(super) stream: StreamConfig,
}

/// What goes into the job's log, piece by piece, so an upstream is never read faster than the log can be written.
pub(super) enum Piece {
    /// Of the answer.
    Output(Vec<u8>),
    /// A line of what is done about a failure.
    Note(String),
}

pub(super) struct Out(mpsc::Sender<Piece>);

impl Out {
    pub(super) fn new() -> (Self, mpsc::Receiver<Piece>) {
        let (pieces, taken) = mpsc::channel(1);
        (Self(pieces), taken)
    }

    async fn put(&self, piece: Piece) {
        // Nobody takes it in any more once the job is over, and then this future is dropped.
        let _ = self.0.send(piece).await;
    }
}

/// An attempt that failed. The body of an answer is read only where it was the last.
struct Missed {
    failed: Failed,
    answer: Option<Box<Answer>>,
}

impl From<Failed> for Missed {
    fn from(failed: Failed) -> Self {
        Self {
            failed,
            answer: None,
        }
    }
}

impl Missed {
    fn answered(answer: Answer) -> Self {
        let failure = answer::failure(&answer);
        Self {
            failed: Failed::answered(answer.status, &answer.headers, failure),
            answer: Some(Box::new(answer)),
        }
    }

    async fn for_good(self) -> Failure {
        match self.answer {
            Some(answer) => answer::failure_with_body(*answer).await,
            None => self.failed.failure,
        }
    }
}

impl Fetch {
    /// The result of a job.
    ///
    /// # Errors
    /// What it failed of.
    pub(super) async fn result(
        &self,
        call: &Call,
        trace: Trace,
        out: &Out,
    ) -> Result<Payload, Failure> {
        let mut attempts = 1;
        loop {
            let missed = match self.attempt(call, trace, out).await {
                Ok(result) => return Ok(result),
                Err(missed) => missed,
            };
            let Some(wait) = self.retry.wait(attempts, &missed.failed) else {
                return Err(missed.for_good().await);
            };
            attempts += 1;
            // The connection of what is tried again is closed now.
            let Missed { failed, answer } = missed;
            drop(answer);
            let note = self.retry.note(attempts, wait, &failed.failure);
            out.put(Piece::Note(note)).await;
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, call: &Call, trace: Trace, out: &Out) -> Result<Payload, Missed> {
        let answer = self.ask(call, trace).await?;
        if !answer.status.is_success() {
            return Err(Missed::answered(answer));
        }
        let result = match streamed(&answer, self.stream) {
            None => answer::whole(answer, self.response_bytes).await,
            Some(how) => self.print(answer, how, out).await,
        };
        result.map_err(|failure| Failed::for_good(failure).into())
    }

    /// The answer to a request, past the redirects that are followed.
    async fn ask(&self, call: &Call, trace: Trace) -> Result<Answer, Failed> {
        let mut call = Cow::Borrowed(call);
        let mut followed = 0;
        loop {
            let answer = self.send(&call, trace).await?;
            let Some(location) = location(&answer) else {
                return Ok(answer);
            };
            let to = self.followed(&call.target, &answer, &location);
            let to = to.map_err(Failed::for_good)?;
            if followed == REDIRECTS {
                return Err(Failed::for_good(round(answer.status, &to)));
            }
            followed += 1;
            call = Cow::Owned(redirected(&call, answer.status, to.target()));
        }
    }

    async fn send(&self, call: &Call, trace: Trace) -> Result<Answer, Failed> {
        let request = self.request(call, trace).map_err(Failed::for_good)?;
        let connection = self.dial.connect(&self.plan.origin).await?;
        let sent = exchange::send(connection, request, self.read).await;
        sent.map_err(Failed::for_good)
    }

    fn request(&self, call: &Call, trace: Trace) -> Result<Request<Full<Bytes>>, Failure> {
        let internal = |error: http::Error| Failure::new("internal", error.to_string());
        let body = call.body.clone().unwrap_or_default();
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(&call.target)
            .body(Full::new(body))
            .map_err(internal)?;
        let trace = trace.header(&*self.retry.random);
        let headers = request.headers_mut();
        headers.clone_from(&call.headers);
        for (name, text) in [(HOST, self.plan.origin.authority()), (TRACEPARENT, trace)] {
            let value = HeaderValue::try_from(text).map_err(|error| internal(error.into()))?;
            headers.insert(name, value);
        }
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.insert(
            http::header::ACCEPT_ENCODING,
            HeaderValue::from_static("gzip"),
        );
        Ok(request)
    }

    /// What is asked next, where a redirect may be followed.
    fn followed(
        &self,
        from: &str,
        answer: &Answer,
        location: &str,
    ) -> Result<Destination, Failure> {
        let status = answer.status;
        let origin = &self.plan.origin;
        let to = origin.follow(from, location).map_err(|why| {
            let message = format!("the upstream answered {status}, and where that leads {why}");
            redirect(status, message, None)
        })?;
        let why = match self.redirects {
            RedirectsConfig::SameHost if to.origin == *origin => return Ok(to),
            RedirectsConfig::SameHost => "which is not the scheme, host and port of its `url`",
            RedirectsConfig::None => "and the route follows no redirects (`redirects`)",
        };
        let message = format!("the upstream answered {status} and leads to {to}, {why}");
        Err(redirect(status, message, Some(&to.to_string())))
    }

    async fn print(
        &self,
        mut answer: Answer,
        how: Streamed,
        out: &Out,
    ) -> Result<Payload, Failure> {
        let told = Told::head(&answer);
        let mut events = Events::default();
        while let Some(piece) = answer.next().await? {
            let piece = match how {
                Streamed::AsItIs => piece.into(),
                Streamed::Events => events.push(&piece),
            };
            if !piece.is_empty() {
                out.put(Piece::Output(piece)).await;
            }
        }
        told.payload()
    }
}

/// Where an answer redirects to.
fn location(answer: &Answer) -> Option<String> {
    let redirects = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = answer.headers.get(LOCATION).filter(|_| redirects)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

/// The request that follows (RFC 9110, section 15.4, and what browsers do).
fn redirected(call: &Call, status: StatusCode, target: String) -> Call {
    let reads = match status.as_u16() {
        303 => call.method != Method::HEAD,
        301 | 302 => call.method == Method::POST,
        _ => false,
    };
    let mut call = Call {
        target,
        ..call.clone()
    };
    if reads {
        call.method = Method::GET;
        call.body = None;
        call.headers.remove(CONTENT_TYPE);
    }
    call
}

/// Redirects that were followed long enough.
fn round(status: StatusCode, to: &Destination) -> Failure {
    let message = format!("the upstream redirects more than {REDIRECTS} times, at last to {to}");
    redirect(status, message, Some(&to.to_string()))
}

fn redirect(status: StatusCode, message: String, location: Option<&str>) -> Failure {
    let detail = json!({ "status": status.as_u16(), "location": location });
    Failure::new("redirect", message).with(&detail)
}
