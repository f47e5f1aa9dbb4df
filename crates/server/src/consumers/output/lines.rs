//! The bytes of a stream, as the pieces that go into the log.

use std::borrow::Cow;

/// Bytes that wait for the end of their line at most.
const LINE_BYTES: usize = 16 * 1024;

/// A part of a stream that is to be said at once. What need not be kept is not copied: there may be gigabytes of it.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    /// Known to be text.
    Text(Cow<'a, str>),
    /// All of it is UTF-8, or it is to be told byte by byte.
    Bytes(Vec<u8>),
}

/// Puts a stream together to whole lines. What a carriage return takes back, as the bars of many programs do, is left out, and so
/// do they not fill the log. Of what is not text nothing is left out: a line with bytes in it that are no UTF-8 is a piece
/// of its own, and a stream with a NUL in it has no lines from there on, but is passed on as it comes.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pending: Vec<u8>,
    /// What is pending was said before, and nothing came since.
    said: bool,
    /// A NUL came: it is no text in lines.
    binary: bool,
}

impl Lines {
    /// Takes what came; returns what can be said now.
    pub(crate) fn push<'a>(&mut self, bytes: &'a [u8]) -> Vec<Piece<'a>> {
        self.said &= bytes.is_empty();
        self.binary |= memchr::memchr(0, bytes).is_some();
        if let Some(lines) = self.plain_lines(bytes) {
            return vec![Piece::Text(lines.into())];
        }
        self.pending.extend_from_slice(bytes);
        let whole = match memchr::memrchr(b'\n', &self.pending) {
            _ if self.binary => whole_characters(&self.pending),
            Some(at) => at + 1,
            None if self.pending.len() > LINE_BYTES => whole_characters(&self.pending),
            None => 0,
        };
        let whole = self.take(whole);
        if self.binary {
            return some(whole).into_iter().collect();
        }
        drop_overwritten(&mut self.pending);
        pieces(whole)
    }

    /// What came, where it is whole lines, all text, and nothing of it was taken back.
    fn plain_lines<'a>(&self, bytes: &'a [u8]) -> Option<&'a str> {
        let whole = self.pending.is_empty() && bytes.ends_with(b"\n") && !self.binary;
        let plain = whole && !is_taken_back(bytes);
        if !plain {
            return None;
        }
        str::from_utf8(bytes).ok()
    }

    /// Whether there is a line that has not ended, and was not said as it stands.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.pending.is_empty() && !self.said
    }

    /// The line that has not ended, as far as it came: a question that waits for its answer, or a bar. A bar may still be taken back,
    /// so it stays.
    pub(crate) fn so_far(&mut self) -> Option<Piece<'static>> {
        if self.pending.last() == Some(&b'\r') && str::from_utf8(&self.pending).is_ok() {
            self.said = true;
            return some(self.pending.clone());
        }
        let whole = whole_characters(&self.pending);
        some(self.take(whole))
    }

    /// What is left at the end.
    pub(crate) fn rest(&mut self) -> Option<Piece<'static>> {
        let rest = std::mem::take(&mut self.pending);
        some(rest).filter(|_| !self.said)
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.pending.split_off(count);
        std::mem::replace(&mut self.pending, rest)
    }
}

fn some(bytes: Vec<u8>) -> Option<Piece<'static>> {
    (!bytes.is_empty()).then_some(Piece::Bytes(bytes))
}

/// Of a line that has not ended, what a carriage return and more text has taken back.
fn drop_overwritten(line: &mut Vec<u8>) {
    let before_last = line.len().saturating_sub(1);
    if let Some(at) = line[..before_last].iter().rposition(|byte| *byte == b'\r')
        && str::from_utf8(&line[..=at]).is_ok()
    {
        line.drain(..=at);
    }
}

/// Whether something of these lines may have been taken back.
fn is_taken_back(lines: &[u8]) -> bool {
    memchr::memchr(b'\r', lines).is_some()
}

/// Whole lines as pieces: one as it stands, where all of it is text.
fn pieces(lines: Vec<u8>) -> Vec<Piece<'static>> {
    if is_taken_back(&lines) {
        return line_by_line(&lines);
    }
    match String::from_utf8(lines) {
        Ok(text) if text.is_empty() => Vec::new(),
        Ok(text) => vec![Piece::Text(text.into())],
        Err(error) => line_by_line(error.as_bytes()),
    }
}

/// Those that are text together, each without what was taken back in it, and those that are not.
fn line_by_line(lines: &[u8]) -> Vec<Piece<'static>> {
    let mut pieces: Vec<(bool, Vec<u8>)> = Vec::new();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let is_text = str::from_utf8(line).is_ok();
        if pieces.last().is_none_or(|(last, _)| *last != is_text) {
            pieces.push((is_text, Vec::new()));
        }
        if let Some((_, piece)) = pieces.last_mut() {
            add(piece, line, is_text);
        }
    }
    let bytes = pieces.into_iter().map(|(_, piece)| piece);
    bytes.map(Piece::Bytes).collect()
}

fn add(piece: &mut Vec<u8>, line: &[u8], is_text: bool) {
    if !is_text {
        return piece.extend_from_slice(line);
    }
    let end = if line.ends_with(b"\r\n") {
        2
    } else {
        usize::from(line.ends_with(b"\n"))
    };
    let (line, end) = line.split_at(line.len() - end);
    let from = line.iter().rposition(|byte| *byte == b'\r');
    piece.extend_from_slice(&line[from.map_or(0, |at| at + 1)..]);
    piece.extend_from_slice(end);
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

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (&'a [&'a [u8]], &'a [&'a [u8]]);

    fn bytes(piece: Piece<'_>) -> Vec<u8> {
        match piece {
            Piece::Text(text) => text.into_owned().into_bytes(),
            Piece::Bytes(bytes) => bytes,
        }
    }

    fn push(lines: &mut Lines, came: &[u8]) -> Vec<Vec<u8>> {
        lines.push(came).into_iter().map(bytes).collect()
    }

    fn said(came: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut lines = Lines::default();
        let mut said: Vec<Vec<u8>> = came
            .iter()
            .flat_map(|came| push(&mut lines, came))
            .collect();
        said.extend(lines.rest().map(bytes));
        said
    }

    #[test]
    fn lines_stay_whole() {
        let table: [Row<'_>; 8] = [
            (&[b"a\n"], &[b"a\n"]),
            (&[b"a", b"b\nc", b"\n"], &[b"ab\n", b"c\n"]),
            (&[b"a\nb\nc"], &[b"a\nb\n", b"c"]),
            (&[b"a\r\nb\r\n"], &[b"a\r\nb\r\n"]),
            (&[b"\xc3", b"\xa4\n"], &["ä\n".as_bytes()]),
            (&[b"\n\n"], &[b"\n\n"]),
            (&[b""], &[]),
            (&[b"a\r", b"\nb"], &[b"a\r\n", b"b"]),
        ];
        for (came, expected) in table {
            assert_eq!(said(came), expected, "{came:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_from_the_lines_around_it_and_nothing_of_it_is_lost() {
        let table: [Row<'_>; 7] = [
            (&[b"\xff\n"], &[b"\xff\n"]),
            (&[b"a\nb\ncaf\xe9\nd\n"], &[b"a\nb\n", b"caf\xe9\n", b"d\n"]),
            (&[b"\xe9\n\xff\n", b"a\n"], &[b"\xe9\n\xff\n", b"a\n"]),
            (&[b"1\xb7\r", b"2\xb7\r", b"x\n"], &[b"1\xb7\r2\xb7\rx\n"]),
            (&[b"caf\xe9"], &[b"caf\xe9"]),
            (&[b"a\0b\r", b"c\n\xff"], &[b"a\0b\r", b"c\n\xff"]),
            (&[b"\0\xc3", b"\xa4"], &[b"\0", "ä".as_bytes()]),
        ];
        for (came, expected) in table {
            assert_eq!(said(came), expected, "{came:?}");
        }
    }

    #[test]
    fn bars_leave_their_last_state() {
        assert_eq!(said(&[b"1%\r2%\r3%\n"]), [b"3%\n"]);
        assert_eq!(said(&[b"1%\r", b"2%\r", b"3%\r", b"\n"]), [b"3%\r\n"]);
        assert_eq!(said(&[b"\r1%", b"\r2%", b"\r3%"]), [b"3%"]);
        assert_eq!(said(&[b"x\n1%\r", b"2%\r"]), [&b"x\n"[..], b"2%\r"]);
    }

    #[test]
    fn a_line_without_an_end_is_said_in_time_and_once() {
        let mut lines = Lines::default();
        assert!(!lines.is_waiting());
        lines.push(b"Name? \xc3");
        assert!(lines.is_waiting());
        assert_eq!(lines.so_far().map(bytes).as_deref(), Some(&b"Name? "[..]));
        assert_eq!(push(&mut lines, b"\xa4\n"), ["ä\n".as_bytes()]);

        lines.push(b"10%\r");
        assert_eq!(lines.so_far().map(bytes).as_deref(), Some(&b"10%\r"[..]));
        assert!(!lines.is_waiting());
        lines.push(b"20%\r");
        assert!(lines.is_waiting());
        assert_eq!(lines.rest().map(bytes).as_deref(), Some(&b"20%\r"[..]));

        // A bar that is no text is not taken back, so it is said once.
        lines.push(b"1\xb7\r");
        assert_eq!(lines.so_far().map(bytes).as_deref(), Some(&b"1\xb7\r"[..]));
        lines.push(b"2\xb7\r");
        assert_eq!(lines.so_far().map(bytes).as_deref(), Some(&b"2\xb7\r"[..]));
    }

    #[test]
    fn a_line_that_never_ends_comes_in_pieces_of_whole_characters() {
        let mut lines = Lines::default();
        let long = "ä".repeat(LINE_BYTES);
        let (first, second) = long.as_bytes().split_at(LINE_BYTES + 1);
        let first = push(&mut lines, first);
        assert!(first.iter().all(|piece| str::from_utf8(piece).is_ok()));
        let mut together = first.concat();
        together.extend(push(&mut lines, second).concat());
        together.extend(lines.rest().map(bytes).unwrap_or_default());
        assert_eq!(together, long.as_bytes());
    }
}
