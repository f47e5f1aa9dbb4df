//! A reader's position in a log.

use longwire_protocol::Seq;
use tokio::sync::mpsc;

use crate::Error;

/// Happenings that wait for a slow reader, at most.
pub(crate) const WAITING: usize = 64;
/// Places for word that the reader fell behind, and for the last word.
const FOR_WORD: usize = 2;

/// What a reader is handed.
#[derive(Debug)]
pub(crate) enum Delivery<T> {
    Happening(T),
    /// No more was kept for the reader: it says when it has come to here.
    Behind,
    /// The last there is.
    Failed(Error),
}

/// The reader's end of a cursor.
pub(crate) type Deliveries<T> = mpsc::Receiver<Delivery<T>>;

/// A reader's position, and the channel to it.
///
/// A reader that does not keep up is not waited for, as others are read from the same socket: what comes is dropped, and
/// asked for again once the reader has taken all that waits for it.
#[derive(Debug)]
pub(crate) struct Cursor<T> {
    last: Seq,
    is_behind: bool,
    reader: mpsc::Sender<Delivery<T>>,
}

impl<T> Cursor<T> {
    /// A position after that number, and its reader's end.
    pub(crate) fn new(last: Seq) -> (Self, Deliveries<T>) {
        let (reader, deliveries) = mpsc::channel(WAITING + FOR_WORD);
        let cursor = Self {
            last,
            is_behind: false,
            reader,
        };
        (cursor, deliveries)
    }

    /// The last number the reader was handed.
    pub(crate) const fn last(&self) -> Seq {
        self.last
    }

    /// Whether the reader has yet to take what was kept for it.
    pub(crate) const fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// How many more happenings there is a place for.
    pub(crate) fn room(&self) -> usize {
        self.reader.capacity().saturating_sub(FOR_WORD)
    }

    /// Takes what has the number `seq` and is the next after `before`. Whoever is not there yet waits for it to come again.
    pub(crate) fn take(&mut self, before: Seq, seq: Seq, happening: T) {
        if self.is_behind || self.last < before || seq <= self.last {
            return;
        }
        if self.room() == 0 {
            self.is_behind = true;
            let _ = self.reader.try_send(Delivery::Behind);
            return;
        }
        // A reader that is gone says so itself.
        let _ = self.reader.try_send(Delivery::Happening(happening));
        self.last = seq;
    }

    /// The reader has taken all that waited for it.
    pub(crate) const fn caught_up(&mut self) {
        self.is_behind = false;
    }

    /// There will be no more.
    pub(crate) fn fail(self, error: Error) {
        let _ = self.reader.try_send(Delivery::Failed(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(reader: &mut Deliveries<u64>) -> Vec<String> {
        let deliveries = std::iter::from_fn(|| reader.try_recv().ok());
        deliveries
            .map(|delivery| match delivery {
                Delivery::Happening(number) => number.to_string(),
                Delivery::Behind => "behind".to_owned(),
                Delivery::Failed(error) => error.code().to_owned(),
            })
            .collect()
    }

    #[test]
    fn what_was_seen_is_dropped_and_what_is_not_next_is_waited_for() {
        let (mut cursor, mut reader) = Cursor::new(2);
        for (before, seq) in [(0, 1), (1, 2), (2, 3), (3, 4), (5, 6), (4, 5), (5, 6)] {
            cursor.take(before, seq, seq);
        }
        assert_eq!(waiting(&mut reader), ["3", "4", "5", "6"]);
    }

    #[test]
    fn a_slow_reader_is_told_and_there_is_room_for_the_last_word() {
        let (mut cursor, mut reader) = Cursor::new(0);
        let most = WAITING as u64;
        for seq in 1..=most + 2 {
            cursor.take(seq - 1, seq, seq);
        }
        assert!(cursor.is_behind());
        assert_eq!(cursor.last(), most);
        cursor.fail(Error::Closed);
        let got = waiting(&mut reader);
        assert_eq!(got.len(), WAITING + 2);
        assert_eq!(got[WAITING..], ["behind", "closed"]);
    }
}
