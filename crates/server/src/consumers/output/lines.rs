//! The bytes of a stream, as the pieces of text that go into the log.

/// Bytes that wait for the end of their line at most.
const LINE_BYTES: usize = 16 * 1024;

/// Puts a stream together to whole lines. What a carriage return takes back, as the bars of many programs do, is left out, and so
/// do they not fill the log.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pending: Vec<u8>,
    /// What is pending was said before, and nothing came since.
    said: bool,
}

impl Lines {
    /// Takes what came; returns the text of all lines that are whole now.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Option<String> {
        self.said &= bytes.is_empty();
        self.pending.extend_from_slice(bytes);
        let whole = match self.pending.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if self.pending.len() > LINE_BYTES => whole_characters(&self.pending),
            None => {
                drop_overwritten(&mut self.pending);
                return None;
            }
        };
        let rest = self.pending.split_off(whole);
        let whole = std::mem::replace(&mut self.pending, rest);
        drop_overwritten(&mut self.pending);
        Some(shown(&whole)).filter(|text| !text.is_empty())
    }

    /// Whether there is a line that has not ended, and was not said as it stands.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.pending.is_empty() && !self.said
    }

    /// The line that has not ended, as far as it came: a question that waits for its answer, or a bar. A bar may still be taken back,
    /// so it stays.
    pub(crate) fn so_far(&mut self) -> Option<String> {
        if self.pending.last() == Some(&b'\r') {
            self.said = true;
            return Some(text(&self.pending));
        }
        let rest = self.pending.split_off(whole_characters(&self.pending));
        let whole = std::mem::replace(&mut self.pending, rest);
        (!whole.is_empty()).then(|| text(&whole))
    }

    /// What is left at the end.
    pub(crate) fn rest(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.pending);
        (!rest.is_empty() && !self.said).then(|| text(&rest))
    }
}

/// Of a line that has not ended, what a carriage return and more text has taken back.
fn drop_overwritten(line: &mut Vec<u8>) {
    let before_last = line.len().saturating_sub(1);
    if let Some(at) = line[..before_last].iter().rposition(|byte| *byte == b'\r') {
        line.drain(..=at);
    }
}

/// Whole lines, each without what was taken back in it.
fn shown(lines: &[u8]) -> String {
    let mut shown = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let end = if line.ends_with(b"\r\n") {
            2
        } else {
            usize::from(line.ends_with(b"\n"))
        };
        let (line, end) = line.split_at(line.len() - end);
        let from = line.iter().rposition(|byte| *byte == b'\r');
        shown.extend_from_slice(&line[from.map_or(0, |at| at + 1)..]);
        shown.extend_from_slice(end);
    }
    text(&shown)
}

/// How many bytes there are before a character that has only begun.
fn whole_characters(bytes: &[u8]) -> usize {
    let cut = bytes.utf8_chunks().last().map_or(0, |chunk| {
        let invalid = chunk.invalid();
        let begun = invalid.first().map_or(0, |first| character_bytes(*first));
        if invalid.len() < begun {
            invalid.len()
        } else {
            0
        }
    });
    bytes.len() - cut
}

/// The bytes of a character that begins with that one.
const fn character_bytes(first: u8) -> usize {
    match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 0,
    }
}

/// What is no UTF-8 comes as U+FFFD.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut said: Vec<String> = pieces
            .iter()
            .filter_map(|piece| lines.push(piece))
            .collect();
        said.extend(lines.rest());
        said
    }

    #[test]
    fn lines_stay_whole() {
        let table: [(&[&[u8]], &[&str]); 9] = [
            (&[b"a\n"], &["a\n"]),
            (&[b"a", b"b\nc", b"\n"], &["ab\n", "c\n"]),
            (&[b"a\nb\nc"], &["a\nb\n", "c"]),
            (&[b"a\r\nb\r\n"], &["a\r\nb\r\n"]),
            (&[b"\xc3", b"\xa4\n"], &["ä\n"]),
            (&[b"\xff\n"], &["\u{fffd}\n"]),
            (&[b"\n\n"], &["\n\n"]),
            (&[b""], &[]),
            (&[b"a\r", b"\nb"], &["a\r\n", "b"]),
        ];
        for (pieces, expected) in table {
            assert_eq!(said(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn bars_leave_their_last_state() {
        assert_eq!(said(&[b"1%\r2%\r3%\n"]), ["3%\n"]);
        assert_eq!(said(&[b"1%\r", b"2%\r", b"3%\r", b"\n"]), ["3%\r\n"]);
        assert_eq!(said(&[b"\r1%", b"\r2%", b"\r3%"]), ["3%"]);
        assert_eq!(said(&[b"x\n1%\r", b"2%\r"]), ["x\n", "2%\r"]);
    }

    #[test]
    fn a_line_without_an_end_is_said_in_time_and_once() {
        let mut lines = Lines::default();
        assert!(!lines.is_waiting());
        lines.push(b"Name? \xc3");
        assert!(lines.is_waiting());
        assert_eq!(lines.so_far().as_deref(), Some("Name? "));
        assert_eq!(lines.push(b"\xa4\n").as_deref(), Some("ä\n"));

        lines.push(b"10%\r");
        assert_eq!(lines.so_far().as_deref(), Some("10%\r"));
        assert!(!lines.is_waiting());
        lines.push(b"20%\r");
        assert!(lines.is_waiting());
        assert_eq!(lines.rest().as_deref(), Some("20%\r"));
    }

    #[test]
    fn a_line_that_never_ends_comes_in_pieces_of_whole_characters() {
        let mut lines = Lines::default();
        let long = "ä".repeat(LINE_BYTES);
        let bytes = long.as_bytes();
        let (first, second) = bytes.split_at(LINE_BYTES + 1);
        let mut together = lines.push(first).unwrap();
        together.extend(lines.push(second));
        together.extend(lines.rest());
        assert_eq!(together, long);
    }
}
