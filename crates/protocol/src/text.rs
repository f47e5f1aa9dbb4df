//! What a server says, as text.
//!
//! All of it is what serde makes of the types. Those that are said with every job are put together by hand, to the same letter: so much of
//! a server's work is writing that this is worth its lines.

use serde::Serialize;
use serde_json::Error;

use crate::{
    Claimed, Connid, Done, EventFrame, FeedFrame, Found, FrameId, GapFrame, HandOver, JobId,
    KillNote, ModulesPage, Notice, RefusalFrame, RoutesPage, Seconds, Started, StatusPage, Wish,
    escape,
};

/// A frame of a server.
pub trait Frame: Serialize {
    /// Adds the frame as JSON text.
    ///
    /// # Errors
    /// None in practice: every frame can be written. What was added until then is to be thrown away.
    fn write_to(&self, text: &mut String) -> Result<(), Error> {
        let made = serde_json::to_string(self)?;
        if text.is_empty() {
            *text = made;
        } else {
            text.push_str(&made);
        }
        Ok(())
    }

    /// The frame as JSON text.
    ///
    /// # Errors
    /// None in practice: every frame can be written.
    fn to_text(&self) -> Result<String, Error> {
        let mut text = String::new();
        self.write_to(&mut text)?;
        Ok(text)
    }
}

impl Frame for StatusPage {}
impl Frame for RoutesPage {}
impl Frame for Found {}
impl Frame for ModulesPage {}
impl Frame for Claimed {}
impl Frame for HandOver {}
impl Frame for RefusalFrame {}
impl Frame for FeedFrame {}
impl Frame for GapFrame {}
impl Frame for Notice {}

impl Frame for Started {
    fn write_to(&self, text: &mut String) -> Result<(), Error> {
        let mut object = Object::frame(text);
        object.id(self.id.as_ref());
        object.connid(&self.connid);
        object.job(self.job);
        object.number(r#""seq":"#, self.seq);
        object.word(r#""status":"#, self.status.as_str());
        object.string(r#""route":"#, &self.route);
        object.seconds(r#""time":"#, self.time)?;
        object.seconds(r#""left":"#, self.left)?;
        object.some(r#""position":"#, self.position.as_ref())?;
        if self.attached {
            object.flag(r#""attached":"#, true);
        }
        object.end();
        Ok(())
    }
}

impl Frame for EventFrame {
    fn write_to(&self, text: &mut String) -> Result<(), Error> {
        let mut object = Object::frame(text);
        object.some(r#""lease":"#, self.lease.as_ref())?;
        object.connid(&self.connid);
        if let Some(job) = self.job {
            object.job(job);
        }
        object.number(r#""seq":"#, self.seq);
        object.some(r#""at":"#, self.at.as_ref())?;
        object.word(r#""status":"#, self.status.as_str());
        object.some(r#""attempt":"#, self.attempt.as_ref())?;
        object.some(r#""route":"#, self.route.as_ref())?;
        object.some(r#""time":"#, self.time.as_ref())?;
        object.some(r#""left":"#, self.left.as_ref())?;
        object.some(r#""progress":"#, self.progress.as_ref())?;
        if let Some(output) = &self.output {
            object.string(r#""output":"#, output);
        }
        object.some(
            r#""encoding":"#,
            (!self.encoding.is_text()).then_some(&self.encoding),
        )?;
        object.some(r#""stream":"#, self.stream.as_ref())?;
        if let Some(kill) = &self.kill {
            object.kill(kill)?;
        }
        object.some(r#""clock":"#, self.clock.as_ref())?;
        object.some(r#""result":"#, self.result.as_ref())?;
        object.some(r#""error":"#, self.error.as_ref())?;
        object.end();
        Ok(())
    }
}

impl Frame for Done {
    fn write_to(&self, text: &mut String) -> Result<(), Error> {
        let mut object = Object::frame(text);
        object.id(self.id.as_ref());
        object.string(r#""route":"#, &self.route);
        if let Some(connid) = &self.connid {
            object.connid(connid);
        }
        if let Some(job) = self.job {
            object.job(job);
        }
        object.word(r#""status":"#, self.status.as_str());
        if let Some(seq) = self.seq {
            object.number(r#""seq":"#, seq);
        }
        object.some(r#""feed":"#, self.feed.as_ref())?;
        object.some(r#""killed":"#, self.killed.as_ref())?;
        object.some(r#""time":"#, self.time.as_ref())?;
        object.some(r#""left":"#, self.left.as_ref())?;
        object.some(r#""ended":"#, self.ended.as_ref())?;
        object.end();
        Ok(())
    }
}

/// A JSON object in the making. A key comes with all that stands around it, as in `"seq":`, and nothing in it has to be escaped. What writes
/// members is inlined, so that each copies as many bytes as its key is known to have.
struct Object<'a>(&'a mut String);

impl<'a> Object<'a> {
    /// Longer than most frames.
    const USUAL_BYTES: usize = 240;

    fn frame(text: &'a mut String) -> Self {
        text.reserve(Self::USUAL_BYTES);
        Self::begin(text)
    }

    fn begin(text: &'a mut String) -> Self {
        text.push('{');
        Self(text)
    }

    /// The object has a member.
    fn end(self) {
        // Instead of the last comma.
        self.0.pop();
        self.0.push('}');
    }

    #[inline(always)]
    fn raw(&mut self, key: &'static str, value: &str) {
        self.0.push_str(key);
        self.0.push_str(value);
        self.0.push(',');
    }

    /// A string in which nothing has to be escaped.
    #[inline(always)]
    fn word(&mut self, key: &'static str, word: &str) {
        self.0.push_str(key);
        self.0.push('"');
        self.0.push_str(word);
        self.0.push_str("\",");
    }

    #[inline(always)]
    fn string(&mut self, key: &'static str, string: &str) {
        self.0.reserve(escape::likely_bytes(string));
        self.0.push_str(key);
        self.0.push('"');
        escape::push(string, self.0);
        self.0.push_str("\",");
    }

    fn number(&mut self, key: &'static str, number: u64) {
        self.raw(key, itoa::Buffer::new().format(number));
    }

    fn flag(&mut self, key: &'static str, flag: bool) {
        self.raw(key, if flag { "true" } else { "false" });
    }

    fn seconds(&mut self, key: &'static str, seconds: Seconds) -> Result<(), Error> {
        match seconds.as_whole() {
            Some(whole) => self.number(key, whole),
            None => self.value(key, &seconds)?,
        }
        Ok(())
    }

    fn id(&mut self, id: Option<&FrameId>) {
        if let Some(id) = id {
            self.raw(r#""id":"#, id.as_str());
        }
    }

    fn connid(&mut self, connid: &Connid) {
        self.string(r#""connid":"#, connid.as_str());
    }

    fn job(&mut self, job: JobId) {
        self.word(r#""job":"#, job.encode(&mut JobId::buffer()));
    }

    fn kill(&mut self, kill: &KillNote) -> Result<(), Error> {
        self.0.push_str(r#""kill":"#);
        let mut object = Object::begin(self.0);
        match kill {
            KillNote::Wish(wish) => object.wish(wish),
            KillNote::Receipt(receipt) => {
                object.wish(&receipt.wish);
                object.flag(r#""forced":"#, receipt.forced);
                if let Some(survivors) = receipt.survivors {
                    object.number(r#""survivors":"#, survivors.into());
                }
                let signals = Some(&receipt.signals).filter(|signals| !signals.is_empty());
                object.some(r#""signals":"#, signals)?;
                object.number(r#""ms":"#, receipt.ms);
            }
        }
        object.end();
        self.0.push(',');
        Ok(())
    }

    fn wish(&mut self, wish: &Wish) {
        self.string(r#""by":"#, &wish.by);
        if let Some(reason) = &wish.reason {
            self.string(r#""reason":"#, reason);
        }
    }

    fn some<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: Option<&T>,
    ) -> Result<(), Error> {
        value.map_or(Ok(()), |value| self.value(key, value))
    }

    fn value<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        let value = serde_json::to_string(value)?;
        self.raw(key, &value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        Change, Clock, Encoding, End, Event, Failure, OnDisconnect, Outcome, Output, Payload,
        Progress, Receipt, Spec, Status, Stream, Timestamp, Wish,
    };

    fn same<T: Frame + ?Sized>(frame: &T) {
        let text = frame.to_text().unwrap();
        assert_eq!(text, serde_json::to_string(frame).unwrap());
    }

    fn spec(connid: &str, time: Seconds) -> Arc<Spec> {
        Arc::new(Spec {
            job: JobId::from_bits(0x0198_0c4e_6f2b_7d3a_9c41_2f6a_8e5b_7d10),
            connid: connid.parse().unwrap(),
            route: "re\"quest".into(),
            time,
            idle_time: None,
            queue_time: None,
            input: None,
            tags: Arc::default(),
            on_disconnect: OnDisconnect::Keep,
            by: "anonymous".into(),
        })
    }

    fn changes(spec: &Arc<Spec>) -> Vec<Change> {
        let wish = Wish {
            by: "a".into(),
            reason: Some("\u{7f}\u{1}".into()),
        };
        let end = End {
            result: Payload::new(&["\u{2028}"]).ok(),
            error: Some(Failure::new("a", "b").with(&1)),
            clock: Some(Clock::IdleTime),
            kill: Some(Receipt {
                wish: wish.clone(),
                forced: true,
                survivors: Some(0),
                signals: vec!["TERM".into()],
                ms: 7,
            }),
            ..End::plain(Outcome::Killed)
        };
        let output = |text: &str, encoding| {
            Change::Output(Output {
                text: text.into(),
                encoding,
                stream: Stream::Stderr,
            })
        };
        vec![
            Change::Accepted(Arc::clone(spec)),
            Change::Taken,
            Change::Progress(Arc::new(Progress::of(1, 3).with_note("\n"))),
            output("größe \"\t\\ \u{1f}", Encoding::Text),
            output("aGFsbG8=", Encoding::Base64),
            Change::Wished(Arc::new(wish)),
            Change::TimeUp(Clock::Time),
            Change::Extended(Timestamp::from_micros(2_500_000)),
            Change::Again,
            Change::Ended(Arc::new(end)),
            Change::Ended(Arc::new(End {
                kill: Some(Receipt {
                    wish: Wish {
                        by: "b".into(),
                        reason: None,
                    },
                    forced: false,
                    survivors: None,
                    signals: Vec::new(),
                    ms: 0,
                }),
                ..End::plain(Outcome::Killed)
            })),
            Change::Ended(Arc::new(End::plain(Outcome::Ok))),
        ]
    }

    #[test]
    fn what_is_put_together_by_hand_is_what_serde_makes() {
        for (connid, micros) in [("42", 30_000_000), ("a \"b\" ö", 1)] {
            let time = Seconds::from_micros(micros);
            let spec = spec(connid, time);
            for (change, status) in changes(&spec).into_iter().zip(Status::ALL.iter().cycle()) {
                let event = Event {
                    seq: u64::MAX,
                    at: Timestamp::from_micros(1),
                    attempt: 2,
                    status: *status,
                    change,
                };
                same(&EventFrame {
                    at: Some(event.at),
                    ..EventFrame::new(&spec, &event, true)
                });
                same(&EventFrame::new(
                    &spec,
                    &Event {
                        attempt: 1,
                        ..event
                    },
                    false,
                ));
            }
            for id in [
                None,
                Some(FrameId::from(7)),
                serde_json::from_str("\"\\n\"").ok(),
            ] {
                same(&Started {
                    id: id.clone(),
                    connid: spec.connid.clone(),
                    job: spec.job,
                    seq: 1,
                    status: Status::Queued,
                    route: Arc::clone(&spec.route),
                    time,
                    left: time,
                    position: Some(3).filter(|_| id.is_some()),
                    attached: id.is_none(),
                });
                let done = Done {
                    id: id.clone(),
                    ..Done::new("kill")
                };
                same(&done);
                same(&Done {
                    connid: Some(spec.connid.clone()),
                    job: Some(spec.job),
                    seq: Some(2),
                    feed: Some(1),
                    killed: Some(3),
                    time: Some(time),
                    left: Some(time),
                    ..done
                });
            }
        }
    }
}
