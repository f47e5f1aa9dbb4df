//! One request and its answer, on a connection of its own. Where it is dropped, that is closed.

use std::{error::Error, future::Future, io, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header::CONTENT_ENCODING};
use http_body_util::{BodyExt, Full};
use hyper::{body::Body as _, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use longwire_protocol::Failure;

use super::{dial::Connection, gzip::Gunzip};

/// Bytes of an answer's head, and of what is read ahead, at most.
const HEAD_BYTES: usize = 64 * 1024;
/// Headers of an answer at most.
const HEADERS: usize = 128;

type Wire = Pin<Box<http1::Connection<TokioIo<Box<dyn Connection>>, Full<Bytes>>>>;

/// An answer whose body is still to come.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Incoming,
    wire: Quiet,
    gunzip: Option<Gunzip>,
}

/// Sends a request, and waits for the head of its answer: each time for so long at most, where there is a bound.
///
/// # Errors
/// Why there is none.
pub(super) async fn send(
    connection: Box<dyn Connection>,
    request: Request<Full<Bytes>>,
    read: Option<Duration>,
) -> Result<Answer, Failure> {
    let mut builder = http1::Builder::new();
    builder
        .max_buf_size(HEAD_BYTES)
        .max_header_size(HEAD_BYTES)
        .max_headers(HEADERS);
    let shaken = builder.handshake(TokioIo::new(connection)).await;
    let (mut sender, wire) = shaken.map_err(|error| bad_response(&error))?;
    let mut wire = Quiet {
        wire: Some(Box::pin(wire)),
        read,
    };
    let answered = wire
        .during("did not answer", sender.send_request(request))
        .await?;
    let (head, body) = answered.map_err(|error| bad_response(&error))?.into_parts();
    Ok(Answer {
        status: head.status,
        gunzip: unpacking(&head.headers)?,
        headers: head.headers,
        body,
        wire,
    })
}

impl Answer {
    /// Whether its body is packed, and so described by other headers than its own.
    pub(super) const fn is_packed(&self) -> bool {
        self.gunzip.is_some()
    }

    /// Whether it was said how long its body is.
    pub(super) fn has_length(&self) -> bool {
        self.body.size_hint().exact().is_some()
    }

    /// The next piece of its body, unpacked: 64 KiB or a little more at most.
    ///
    /// # Errors
    /// Why the rest does not come.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if let Some(gunzip) = &mut self.gunzip
                && let Some(piece) = gunzip.unpack().map_err(|error| bad_gzip(&error))?
            {
                return Ok(Some(piece));
            }
            match (self.data().await?, &mut self.gunzip) {
                (Some(packed), Some(gunzip)) => gunzip.feed(packed),
                (None, Some(gunzip)) => return gunzip.finish().map_err(|error| bad_gzip(&error)),
                (data, None) => return Ok(data),
            }
        }
    }

    /// The next data as it came.
    async fn data(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = self
                .wire
                .during("stopped in the midst of its answer", self.body.frame())
                .await?;
            match frame.transpose().map_err(|error| bad_response(&error))? {
                None => return Ok(None),
                Some(frame) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Ok(Some(data)),
                    // Trailers, which nobody asked for.
                    Err(_) => {}
                },
            }
        }
    }
}

/// The connection, which has to be driven beside whatever is awaited of it, and must not be quiet for too long.
struct Quiet {
    /// None once it is closed.
    wire: Option<Wire>,
    read: Option<Duration>,
}

impl Quiet {
    /// `else_it` says what the upstream did where the time is up.
    async fn during<T>(
        &mut self,
        else_it: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let driven = drive(&mut self.wire, work);
        match self.read {
            None => Ok(driven.await),
            Some(read) => tokio::time::timeout(read, driven).await.map_err(|_| {
                let seconds = read.as_secs_f64();
                let message = format!("the upstream {else_it}: {seconds} s went by (read_seconds)");
                Failure::new("read_timeout", message)
            }),
        }
    }
}

async fn drive<T>(wire: &mut Option<Wire>, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Some(running) = wire {
        tokio::select! {
            biased;
            done = &mut work => return done,
            // What became of it is told to the work.
            _ = running => {}
        }
        *wire = None;
    }
    work.await
}

fn unpacking(headers: &HeaderMap) -> Result<Option<Gunzip>, Failure> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let coding = codings.next().map_or(&b"identity"[..], |it| it.as_bytes());
    let coding = coding.trim_ascii().to_ascii_lowercase();
    match coding.as_slice() {
        b"identity" | b"" if codings.next().is_none() => Ok(None),
        b"gzip" | b"x-gzip" if codings.next().is_none() => Ok(Some(Gunzip::new())),
        other => {
            let shown = String::from_utf8_lossy(other);
            let message = format!(
                "the upstream packed its answer as {shown:?}, though only gzip was asked for"
            );
            Err(Failure::new("bad_response", message))
        }
    }
}

fn bad_gzip(error: &io::Error) -> Failure {
    let message = format!("the upstream's answer is no gzip, though it says so: {error}");
    Failure::new("bad_response", message)
}

fn bad_response(error: &hyper::Error) -> Failure {
    let message = if error.is_incomplete_message() || ended_early(error) {
        "the upstream closed the connection before its answer was whole".to_owned()
    } else if error.is_parse_too_large() {
        format!(
            "the head of the upstream's answer has more than {HEAD_BYTES} bytes or {HEADERS} headers"
        )
    } else if error.is_parse() {
        format!("what the upstream answered is no HTTP: {error}")
    } else {
        format!("the connection to the upstream broke: {}", root(error))
    };
    Failure::new("bad_response", message)
}

fn ended_early(error: &hyper::Error) -> bool {
    let mut of_system = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    of_system.any(|cause| cause.kind() == io::ErrorKind::UnexpectedEof)
}

/// What the system said, where it was the system.
fn root(error: &hyper::Error) -> String {
    let last = causes(error).last();
    last.map_or_else(String::new, ToString::to_string)
}

type Cause = dyn Error + 'static;

/// The error, and what it came of, one after the other.
fn causes(error: &hyper::Error) -> impl Iterator<Item = &Cause> {
    std::iter::successors(Some(error as &Cause), |&cause| cause.source())
}
