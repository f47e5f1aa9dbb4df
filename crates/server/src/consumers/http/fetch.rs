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

/// Where output goes. It is taken in piece by piece, so an upstream is never read faster than the log can be written.
pub(super) struct Out(mpsc::Sender<Vec<u8>>);

impl Out {
    pub(super) fn new() -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (pieces, taken) = mpsc::channel(1);
        (Self(pieces), taken)
    }

    async fn put(&self, piece: Vec<u8>) {
        // Nobody takes it in any more once the job is over, and then this future is dropped.
        let _ = self.0.send(piece).await;
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
            let failed = match self.attempt(call, trace, out).await {
                Ok(result) => return Ok(result),
                Err(failed) => failed,
            };
            let Some(wait) = self.retry.wait(attempts, &failed) else {
                return Err(failed.failure);
            };
            let code = &*failed.failure.code;
            tracing::debug!(attempts, code, ?wait, "a request is sent again");
            attempts += 1;
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, call: &Call, trace: Trace, out: &Out) -> Result<Payload, Failed> {
        let answer = self.ask(call, trace).await?;
        if !answer.status.is_success() {
            let (status, headers) = (answer.status, answer.headers.clone());
            let failure = answer::failure(answer).await;
            return Err(Failed::answered(status, &headers, failure));
        }
        let result = match streamed(&answer, self.stream) {
            None => answer::whole(answer, self.response_bytes).await,
            Some(how) => self.print(answer, how, out).await,
        };
        result.map_err(Failed::for_good)
    }

    /// The answer to a request, past the redirects that are followed.
    async fn ask(&self, call: &Call, trace: Trace) -> Result<Answer, Failed> {
        let mut call = Cow::Borrowed(call);
        for _ in 0..=REDIRECTS {
            let answer = self.send(&call, trace).await?;
            let Some(location) = location(&answer) else {
                return Ok(answer);
            };
            let target = self.followed(&call.target, &answer, &location);
            let target = target.map_err(Failed::for_good)?;
            call = Cow::Owned(redirected(&call, answer.status, target));
        }
        let message = format!("the upstream redirects more than {REDIRECTS} times");
        Err(Failed::for_good(Failure::new("redirect", message)))
    }

    async fn send(&self, call: &Call, trace: Trace) -> Result<Answer, Failed> {
        let request = self.request(call, trace).map_err(Failed::for_good)?;
        let connected = self.dial.connect(&self.plan.origin).await;
        let connection = connected.map_err(Failed::to_connect)?;
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
    fn followed(&self, from: &str, answer: &Answer, location: &str) -> Result<String, Failure> {
        let status = answer.status;
        let origin = &self.plan.origin;
        let to = origin.follow(from, location).map_err(|why| {
            let message = format!("the upstream answered {status}, and where that leads {why}");
            redirect(status, message, None)
        })?;
        let why = match self.redirects {
            RedirectsConfig::SameHost if to.origin == *origin => return Ok(to.target()),
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
                out.put(piece).await;
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

fn redirect(status: StatusCode, message: String, location: Option<&str>) -> Failure {
    let detail = json!({ "status": status.as_u16(), "location": location });
    Failure::new("redirect", message).with(&detail)
}
