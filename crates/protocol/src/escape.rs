//! What a job printed, as a string of JSON: as serde writes it, in a fraction of the time, as there may be gigabytes of it.

use serde_json::Error;

use crate::EventFrame;

/// Bytes that are looked at together.
const BLOCK: usize = 32;
/// A line has an end that is escaped, and few are shorter than this.
const LINE_BYTES: usize = 16;

impl EventFrame {
    /// The frame as JSON text.
    ///
    /// # Errors
    /// None in practice: every frame can be written.
    pub fn into_text(mut self) -> Result<String, Error> {
        const KEY: &str = r#""output":""#;
        let output = self.output.as_mut().map(std::mem::take);
        let frame = serde_json::to_string(&self)?;
        // Within a string of JSON there is no such thing, as its quotes are escaped.
        let Some((output, at)) = output.zip(frame.find(KEY)) else {
            return Ok(frame);
        };
        let (head, tail) = frame.split_at(at + KEY.len());
        let length = output.len();
        let mut text = String::with_capacity(frame.len() + length + length / LINE_BYTES);
        text.push_str(head);
        escape(&output, &mut text);
        text.push_str(tail);
        Ok(text)
    }
}

/// Adds what stands between the quotes.
fn escape(mut rest: &str, to: &mut String) {
    loop {
        let (plain, from_special) = rest.split_at(plain_bytes(rest.as_bytes()));
        to.push_str(plain);
        let Some(special) = from_special.bytes().next() else {
            return;
        };
        push_escaped(special, to);
        rest = &from_special[1..];
    }
}

fn push_escaped(byte: u8, to: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'\n' => "\\n",
        b'"' => "\\\"",
        b'\\' => "\\\\",
        b'\t' => "\\t",
        b'\r' => "\\r",
        0x08 => "\\b",
        0x0c => "\\f",
        _ => {
            to.push_str("\\u00");
            to.push(char::from(HEX[usize::from(byte >> 4)]));
            return to.push(char::from(HEX[usize::from(byte & 15)]));
        }
    };
    to.push_str(short);
}

/// How many bytes there are before one that has to be escaped. Where that is, there is a whole character.
fn plain_bytes(bytes: &[u8]) -> usize {
    let mut plain = 0;
    for block in bytes.chunks_exact(BLOCK) {
        // Without a branch, so that all of them are looked at at once.
        if block
            .iter()
            .fold(false, |any, byte| any | is_special(*byte))
        {
            break;
        }
        plain += BLOCK;
    }
    let rest = &bytes[plain..];
    let special = rest.iter().position(|byte| is_special(*byte));
    plain + special.unwrap_or(rest.len())
}

const fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Change, Event, OnDisconnect, Output, Spec, Status, Stream, Timestamp};

    fn frame(connid: &str, change: Change) -> EventFrame {
        let spec = Spec {
            job: crate::JobId::from_bits(7),
            connid: connid.parse().unwrap(),
            route: "print".into(),
            time: crate::Seconds::from_secs(1),
            idle_time: None,
            queue_time: None,
            input: None,
            tags: crate::Tags::default(),
            on_disconnect: OnDisconnect::Keep,
            by: "anonymous".into(),
        };
        let event = Event {
            seq: 2,
            at: Timestamp::from_micros(1),
            attempt: 2,
            status: Status::Running,
            change,
        };
        EventFrame::new(&spec, &event, true)
    }

    fn same(frame: &EventFrame) {
        let expected = serde_json::to_string(frame).unwrap();
        assert_eq!(frame.clone().into_text().unwrap(), expected);
    }

    proptest! {
        #[test]
        fn output_is_written_as_serde_writes_it(text in "([ -~]{0,40}|\\PC|[\0-\x7f]){0,40}") {
            let output = Output::of_text(Stream::Stderr, text);
            same(&frame("a\"output\":\"", Change::Output(output)));
        }
    }

    #[test]
    fn so_is_all_else() {
        let all: String = ('\0'..='\u{100}').collect();
        same(&frame(
            "42",
            Change::Output(Output::of_text(Stream::Stdout, all)),
        ));
        same(&frame(
            "42",
            Change::Output(Output::of_bytes(Stream::Stdout, b"\xff")),
        ));
        same(&frame("42", Change::Taken));
    }
}
