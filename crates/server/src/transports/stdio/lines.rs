//! The bytes of a process as lines, and how many of them the server's log takes.

use std::collections::VecDeque;

use tokio::time::{Duration, Instant};

/// A line of a process.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// As it came, without its end.
    Whole(String),
    /// It had more bytes than it may have, and was not kept.
    TooLong,
}

/// Puts a stream together to lines of at most so many bytes.
pub(super) struct Lines {
    most: usize,
    pending: Vec<u8>,
    /// The line that is being read is too long: what comes is dropped up to its end.
    over: bool,
}

impl Lines {
    pub(super) const fn new(most: usize) -> Self {
        Self {
            most,
            pending: Vec::new(),
            over: false,
        }
    }

    /// Takes what came; returns every line that ended in it.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut pieces = bytes.split(|byte| *byte == b'\n');
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            self.take(piece);
            lines.push(self.line());
        }
        self.take(last);
        lines
    }

    /// What came after the end of the last line; none where that was all.
    pub(super) fn rest(&mut self) -> Option<Line> {
        (self.over || !self.pending.is_empty()).then(|| self.line())
    }

    fn take(&mut self, piece: &[u8]) {
        self.over |= self.pending.len() + piece.len() > self.most;
        if !self.over {
            self.pending.extend_from_slice(piece);
        }
    }

    fn line(&mut self) -> Line {
        let bytes = std::mem::take(&mut self.pending);
        if std::mem::take(&mut self.over) {
            return Line::TooLong;
        }
        Line::Whole(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Lines of one process that go into the server's log in a second, at most.
const LOGGED_PER_SECOND: u32 = 20;
/// Lines that are remembered for its end.
const LAST: usize = 5;
/// Characters of a line that are shown.
const SHOWN: usize = 500;

/// Lets so many lines a second into the server's log, and counts the others.
pub(super) struct Rate {
    since: Instant,
    logged: u32,
    left_out: u32,
}

impl Rate {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            logged: 0,
            left_out: 0,
        }
    }

    /// Whether one more may be logged, and how many were left out before it.
    pub(super) fn take(&mut self, now: Instant) -> Option<u32> {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            (self.since, self.logged) = (now, 0);
        }
        if self.logged == LOGGED_PER_SECOND {
            self.left_out += 1;
            return None;
        }
        self.logged += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

/// What a process says beside, on its way to the server's log.
pub(super) struct Murmur {
    rate: Rate,
    last: VecDeque<String>,
}

impl Murmur {
    pub(super) fn new() -> Self {
        Self {
            rate: Rate::new(),
            last: VecDeque::with_capacity(LAST),
        }
    }

    /// Takes a line. Returns what there is to log of it, and how many lines were left out before it.
    pub(super) fn take(&mut self, line: Line, now: Instant) -> Option<(String, u32)> {
        let Line::Whole(text) = line else {
            self.rate.left_out += 1;
            return None;
        };
        let shown: String = text.chars().take(SHOWN).collect();
        self.last.truncate(LAST - 1);
        self.last.push_front(shown.clone());
        let left_out = self.rate.take(now)?;
        Some((shown, left_out))
    }

    /// The last lines, the oldest first.
    pub(super) fn last_words(&self) -> String {
        let lines: Vec<&str> = self.last.iter().rev().map(String::as_str).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Line {
        Line::Whole(text.to_owned())
    }

    #[test]
    fn a_stream_comes_in_lines_however_it_is_cut() {
        let text = b"one\n\ntwo and more than ten\nthree\nlast";
        for size in 1..text.len() {
            let mut lines = Lines::new(10);
            let got: Vec<Line> = text
                .chunks(size)
                .flat_map(|piece| lines.push(piece))
                .collect();
            let expected = [whole("one"), whole(""), Line::TooLong, whole("three")];
            assert_eq!(got, expected, "in pieces of {size}");
            assert_eq!(lines.rest(), Some(whole("last")));
            assert_eq!(lines.rest(), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_lines_is_counted_and_its_end_is_remembered() {
        let (mut murmur, now) = (Murmur::new(), Instant::now());
        let logged = (0..100).filter_map(|n| murmur.take(whole(&n.to_string()), now));
        assert_eq!(logged.count(), 20);
        let later = now + Duration::from_secs(1);
        assert_eq!(murmur.take(whole("x"), later), Some(("x".to_owned(), 80)));
        assert_eq!(murmur.last_words(), "96\n97\n98\n99\nx");
    }
}
