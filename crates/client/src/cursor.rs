//! A position in a log, and who reads from there.

use longwire_protocol::{Gap, Seq};
use tokio::sync::mpsc;

use crate::Error;

/// How often in a row a server may leave out what it was asked for.
const MOST_HOLES: u8 = 3;

/// Happenings that wait for a slow reader.
pub(crate) const WAITING: usize = 64;

/// What a reader is handed.
#[derive(Debug)]
pub(crate) enum Delivery<T> {
    Happening(T),
    /// No more was kept for the reader: it asks for what comes after, when it has come to here.
    Behind,
    /// The last there is.
    Failed(Error),
}

/// A position in a log, and the channel to its reader.
///
/// A reader that does not keep up is not waited for, as others are read from the same socket: what comes is dropped, and
/// asked for again once the reader has taken all that waits for it.
#[derive(Debug)]
pub(crate) struct Cursor<T> {
    last: Seq,
    hears: Hears,
    holes: u8,
    reader: mpsc::Sender<Delivery<T>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hears {
    /// What comes is the reader's.
    All,
    /// Nothing, until the reader asks for more.
    UntilAsked,
    /// Nothing, until the server has answered that it sends from here on.
    UntilAnswered,
}

/// What became of what was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The reader has it.
    Yes,
    /// It was seen before, or there was no place for it.
    No,
    /// Something before it is missing: ask for it.
    Hole,
    /// The server leaves it out whenever it is asked.
    StillAHole { expected: Seq },
}

impl<T> Cursor<T> {
    /// A position after that number, and its reader's end.
    pub(crate) fn new(last: Seq) -> (Self, mpsc::Receiver<Delivery<T>>) {
        let (reader, deliveries) = mpsc::channel(WAITING);
        let cursor = Self {
            last,
            hears: Hears::All,
            holes: 0,
            reader,
        };
        (cursor, deliveries)
    }

    /// The last number the reader was handed.
    pub(crate) const fn last(&self) -> Seq {
        self.last
    }

    /// What has this number in a log without holes. Only the server knows what is no longer kept: where something is missing and it said
    /// nothing, that is asked for, and no gap is made up.
    pub(crate) fn next(&mut self, seq: Seq, happening: T) -> Taken {
        let expected = self.last.saturating_add(1);
        if self.hears == Hears::All && seq > expected {
            self.holes += 1;
            return if self.holes < MOST_HOLES {
                Taken::Hole
            } else {
                Taken::StillAHole { expected }
            };
        }
        self.skipping(seq, happening)
    }

    /// What has this number in a log that may have holes.
    pub(crate) fn skipping(&mut self, seq: Seq, happening: T) -> Taken {
        if self.hears != Hears::All || seq <= self.last {
            return Taken::No;
        }
        // The last place is for word that the reader fell behind.
        if self.reader.capacity() <= 1 {
            self.hears = Hears::UntilAsked;
            let _ = self.reader.try_send(Delivery::Behind);
            return Taken::No;
        }
        let handed = self.reader.try_send(Delivery::Happening(happening));
        if handed.is_err() {
            return Taken::No;
        }
        (self.last, self.holes) = (seq, 0);
        Taken::Yes
    }

    /// These numbers are no longer kept.
    pub(crate) fn missing(&mut self, missing: Gap, gap: fn(Gap) -> T) {
        let from = missing.from.max(self.last.saturating_add(1));
        let rest = Gap {
            from,
            to: missing.to,
        };
        self.skipping(missing.to, gap(rest));
    }

    /// The reader has taken all that waited for it.
    pub(crate) fn asked(&mut self) {
        self.hears = Hears::UntilAnswered;
    }

    /// The server was asked to send from here on.
    pub(crate) fn asking(&mut self) {
        if self.hears == Hears::All {
            self.hears = Hears::UntilAnswered;
        }
    }

    /// The server sends from here on.
    pub(crate) fn answered(&mut self) {
        if self.hears == Hears::UntilAnswered {
            self.hears = Hears::All;
        }
    }

    /// Whether the reader has yet to ask for more.
    pub(crate) fn is_behind(&self) -> bool {
        self.hears == Hears::UntilAsked
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_left(&self) -> bool {
        self.reader.is_closed()
    }

    /// There will be no more. Where the reader is behind there is no place left to say why.
    pub(crate) fn fail(self, error: Error) {
        let _ = self.reader.try_send(Delivery::Failed(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(missing: Gap) -> u64 {
        1000 * missing.from + missing.to
    }

    fn waiting(reader: &mut mpsc::Receiver<Delivery<u64>>) -> Vec<u64> {
        let mut got = Vec::new();
        while let Ok(delivery) = reader.try_recv() {
            match delivery {
                Delivery::Happening(number) => got.push(number),
                Delivery::Behind => got.push(0),
                Delivery::Failed(error) => panic!("{error}"),
            }
        }
        got
    }

    #[test]
    fn what_was_seen_is_dropped_and_what_is_missing_is_told() {
        let (mut cursor, mut reader) = Cursor::new(2);
        assert_eq!(cursor.next(1, 1), Taken::No);
        assert_eq!(cursor.next(2, 2), Taken::No);
        assert_eq!(cursor.next(3, 3), Taken::Yes);
        cursor.missing(Gap { from: 1, to: 3 }, gap);
        cursor.missing(Gap { from: 2, to: 5 }, gap);
        assert_eq!(cursor.next(6, 6), Taken::Yes);
        assert_eq!(waiting(&mut reader), [3, 4005, 6]);
    }

    #[test]
    fn a_hole_is_asked_for_and_never_taken_for_a_gap() {
        let (mut cursor, mut reader) = Cursor::new(0);
        for _ in 1..MOST_HOLES {
            assert_eq!(cursor.next(3, 3), Taken::Hole);
            cursor.asking();
            assert_eq!(cursor.next(4, 4), Taken::No, "under way from before");
            cursor.answered();
        }
        assert_eq!(cursor.next(1, 1), Taken::Yes);
        for _ in 1..MOST_HOLES {
            assert_eq!(cursor.next(3, 3), Taken::Hole, "counted anew");
        }
        assert_eq!(cursor.next(3, 3), Taken::StillAHole { expected: 2 });
        assert_eq!(waiting(&mut reader), [1]);
    }

    #[test]
    fn a_slow_reader_is_told_and_asks_for_the_rest() {
        let (mut cursor, mut reader) = Cursor::new(0);
        let taken = |cursor: &mut Cursor<u64>, seq| cursor.next(seq, seq);
        let room = WAITING as u64 - 1;
        for seq in 1..=room {
            assert_eq!(taken(&mut cursor, seq), Taken::Yes);
        }
        assert_eq!(taken(&mut cursor, room + 1), Taken::No);
        assert_eq!(taken(&mut cursor, room + 2), Taken::No);
        assert!(cursor.is_behind());
        let got = waiting(&mut reader);
        assert_eq!((got.len(), got.last()), (WAITING, Some(&0)));

        cursor.asked();
        assert_eq!(taken(&mut cursor, room + 3), Taken::No, "not answered yet");
        cursor.answered();
        assert_eq!(taken(&mut cursor, room + 1), Taken::Yes);
        assert_eq!(waiting(&mut reader), [room + 1]);
    }
}
