//! A worker's half of a session: what it says of its jobs, and what it is told. The same over every transport.

use longwire_engine::{Engine, News, Principal};
use longwire_protocol::{Append, Done, EndJob, EventFrame, FrameId, Lease, Refusal, Seq};
use serde::Serialize;

/// Adds to the log of a job. A reply only where the frame had an id.
///
/// # Errors
/// `lease_lost`.
pub(crate) async fn append(
    engine: &Engine,
    who: &Principal,
    id: Option<FrameId>,
    append: Append,
) -> Result<Option<String>, Refusal> {
    let seq = engine.append(who, append, id.is_some()).await?;
    Ok(reply("append", id, seq))
}

/// Ends a job. A reply only where the frame had an id.
///
/// # Errors
/// `lease_lost`.
pub(crate) async fn end(
    engine: &Engine,
    who: &Principal,
    id: Option<FrameId>,
    end: EndJob,
) -> Result<Option<String>, Refusal> {
    let seq = engine.end(who, end, id.is_some()).await?;
    Ok(reply("end", id, seq))
}

fn reply(verb: &'static str, id: Option<FrameId>, seq: Option<Seq>) -> Option<String> {
    id.map(|id| {
        text_of(&Done {
            id: Some(id),
            seq,
            ..Done::new(verb)
        })
    })
}

/// What a worker is told, or the lease for whose sake it is to be killed.
pub(crate) fn told(news: &News) -> Result<String, Lease> {
    match news {
        News::HandOver(hand_over) => Ok(text_of(hand_over)),
        News::Event(event) => Ok(text_of(event)),
        News::Force(lease) => Err(*lease),
    }
}

/// A frame as text. The types of the protocol can all be written; were one not, the client must still be told.
pub(crate) fn text_of<T: Serialize>(frame: &T) -> String {
    or_failed(serde_json::to_string(frame))
}

/// An event as text, which may be a long one.
pub(crate) fn text_of_event(frame: EventFrame) -> String {
    or_failed(frame.into_text())
}

fn or_failed(text: serde_json::Result<String>) -> String {
    text.unwrap_or_else(|error| {
        tracing::error!(%error, "a frame could not be written");
        r#"{"status":"error","code":"internal","message":"the server could not write its answer"}"#
            .to_owned()
    })
}
