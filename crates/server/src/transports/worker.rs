//! A worker's half of a session: what it says of its jobs, and what it is told. The same over every transport.

use longwire_engine::{Engine, News, Principal};
use longwire_protocol::{Append, Done, EndJob, Frame, FrameId, Lease, Refusal, Seq};

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
        News::HandOver(hand_over) => Ok(text_of(&**hand_over)),
        News::Event(event) => Ok(text_of(&**event)),
        News::Force(lease) => Err(*lease),
    }
}

/// A frame as text.
pub(crate) fn text_of<T: Frame>(frame: &T) -> String {
    let mut text = String::new();
    write_text(frame, &mut text);
    text
}

/// Has that be the text of a frame. The types of the protocol can all be written; were one not, the client must still be told.
pub(crate) fn write_text<T: Frame>(frame: &T, text: &mut String) {
    text.clear();
    if let Err(error) = frame.write_to(text) {
        tracing::error!(%error, "a frame could not be written");
        text.clear();
        text.push_str(
            r#"{"status":"error","code":"internal","message":"the server could not write its answer"}"#,
        );
    }
}
