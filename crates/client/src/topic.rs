//! A log that is read here: how far what the server sends of it has come, and who reads it from where.

use longwire_protocol::{Gap, Seq};
use thiserror::Error;

use crate::cursor::{Cursor, WAITING};

/// One log, and its readers, each with a position of its own.
///
/// A socket is sent a log once, from one position on: what comes is for those who are there, and for whom it is too far on the server is
/// asked to start over.
#[derive(Debug)]
pub(crate) struct Topic<T> {
    readers: Vec<(u64, Cursor<T>)>,
    /// The number up to which it was sent; none while nothing that comes counts.
    sent: Option<Seq>,
    /// The watch that was sent and is not answered, and the number that it goes on after.
    asked: Option<(u64, Seq)>,
    /// After this number something was left out, so often in a row.
    missed: Option<(Seq, u8)>,
    /// Up to where it was heard for whoever wants to know how it ends, be it read or not.
    to_end: Option<Seq>,
    /// The number of its last event, where the server said so.
    last: Option<Seq>,
    rules: Rules,
}

/// How often in a row something may be left out, and is asked for again.
const ASKED_AGAIN: u8 = 2;

/// The server leaves events out, and says of no gap: what it does not say is not told to readers as if it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it leaves events out: {got} comes where {due} is due, time and again")]
pub(crate) struct LeftOut {
    due: Seq,
    got: Seq,
}

/// What differs between logs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Whether its numbers are without holes.
    pub(crate) whole: bool,
    /// Whether nothing becomes of it when nobody watches for a while.
    pub(crate) may_leave: bool,
}

/// What is to be asked of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    /// To send what comes after this number.
    Watch(Seq),
    /// To send no more.
    Unwatch,
}

/// What can be done with any log, whatever is read of it.
pub(crate) trait Listened {
    /// That reader reads no more.
    fn leave(&mut self, number: u64);
    /// That reader has taken all that waited for it.
    fn caught_up(&mut self, number: u64);
    /// Somebody wants to know how it ends, be it read or not.
    fn want_end(&mut self);
    /// Whether nobody reads it any more.
    fn is_left(&self) -> bool;
    /// Whether it is sent.
    fn is_on(&self) -> bool;
    /// Whether nobody who reads it could take what comes next.
    fn is_full(&self) -> bool;
    /// What is to be asked of the server, so that everyone who can read is sent what comes next, and nothing is sent in vain.
    fn need(&self) -> Need;
    /// That watch was sent: what comes before its answer is of an earlier one.
    fn asked(&mut self, id: u64, after: Seq);
    /// That watch was answered: the server sends what it asked for.
    fn answered(&mut self, id: u64);
    /// Nothing is sent any more, and nothing was asked for.
    fn silent(&mut self);
}

impl<T> Listened for Topic<T> {
    fn leave(&mut self, number: u64) {
        self.readers.retain(|(other, _)| *other != number);
    }

    fn caught_up(&mut self, number: u64) {
        let reader = self.readers.iter_mut().find(|(other, _)| *other == number);
        if let Some((_, cursor)) = reader {
            cursor.caught_up();
        }
    }

    fn want_end(&mut self) {
        let asked = self.asked.map(|(_, after)| after);
        let read = self.readers.iter().map(|(_, it)| it.last()).max();
        let from = self.to_end.or(self.sent).or(asked).or(read);
        // Of what has ended the last event tells it.
        let before = self.last.map(|last| last.saturating_sub(1));
        self.to_end = from.map(|from| before.map_or(from, |before| from.min(before)));
    }

    fn is_left(&self) -> bool {
        self.readers.is_empty()
    }

    fn is_on(&self) -> bool {
        self.sent.is_some()
    }

    fn is_full(&self) -> bool {
        let reading = self.readers.iter().filter(|(_, it)| !it.is_behind());
        let mut reading = reading.peekable();
        self.to_end.is_none() && reading.peek().is_some() && reading.all(|(_, it)| it.room() == 0)
    }

    fn need(&self) -> Need {
        let reading = self.readers.iter().filter(|(_, it)| !it.is_behind());
        let reading = reading.map(|(_, it)| it.last());
        let reading = reading.filter(|read| self.last.is_none_or(|last| *read < last));
        let Some(least) = reading.chain(self.to_end).min() else {
            let is_sent = self.sent.is_some() || self.asked.is_some();
            let leaves = self.is_left() || self.rules.may_leave;
            return if is_sent && leaves {
                Need::Unwatch
            } else {
                Need::Nothing
            };
        };
        let from = self.asked.map(|(_, after)| after).or(self.sent);
        if from.is_some_and(|from| from <= least) {
            Need::Nothing
        } else {
            Need::Watch(least)
        }
    }

    fn asked(&mut self, id: u64, after: Seq) {
        (self.sent, self.asked) = (None, Some((id, after)));
    }

    fn answered(&mut self, id: u64) {
        if let Some((_, after)) = self.asked.take_if(|(asked, _)| *asked == id) {
            self.sent = Some(after);
        }
    }

    fn silent(&mut self) {
        (self.sent, self.asked) = (None, None);
    }
}

impl<T: Clone> Topic<T> {
    pub(crate) const fn new(rules: Rules) -> Self {
        Self {
            readers: Vec::new(),
            sent: None,
            asked: None,
            missed: None,
            to_end: None,
            last: None,
            rules,
        }
    }

    /// A reader that comes with a watch of its own, by which the server starts over where it is.
    pub(crate) fn join(&mut self, number: u64, cursor: Cursor<T>) {
        self.sent = self.asked.is_none().then_some(cursor.last());
        self.readers.push((number, cursor));
    }

    /// It has ended, with that number: whoever is there has read it all.
    pub(crate) const fn has_ended(&mut self, last: Seq) {
        self.last = Some(last);
    }

    /// It is known that nothing becomes of it when nobody watches.
    pub(crate) const fn may_be_left(&mut self) {
        self.rules.may_leave = true;
    }

    /// Whether somebody has half of what may wait yet to read.
    pub(crate) fn is_crowded(&self) -> bool {
        let mut readers = self.readers.iter();
        readers.any(|(_, it)| it.room() <= WAITING / 2)
    }

    /// Whether this number is the next.
    fn expects(&self, seq: Seq) -> bool {
        self.sent.is_some_and(|sent| sent.saturating_add(1) == seq)
    }

    /// What has this number. Where something before it is missing that is asked for again.
    ///
    /// # Errors
    /// Where the server leaves it out even then.
    pub(crate) fn happened(&mut self, seq: Seq, happening: T) -> Result<(), LeftOut> {
        if self.reaches(seq)? {
            self.hand_out(seq, happening);
        }
        Ok(())
    }

    /// The server says that these numbers are no longer kept.
    ///
    /// # Errors
    /// As [`Topic::happened`].
    pub(crate) fn gap(&mut self, missing: Gap, gap: fn(Gap) -> T) -> Result<(), LeftOut> {
        let next = self.sent.map_or(0, |sent| sent.saturating_add(1));
        let from = missing.from.max(next);
        if from <= missing.to && self.reaches(from)? {
            self.skip_to(missing.to, gap);
        }
        Ok(())
    }

    /// The last there is: those who were handed it read no more. Those who have yet to come to it ask for it.
    /// Says whether it is: what is heard out of order is not.
    pub(crate) fn ended(&mut self, seq: Seq) -> bool {
        let is_last = self.sent == Some(seq);
        if is_last {
            self.readers.retain(|(_, cursor)| cursor.last() < seq);
            self.to_end = None;
            self.silent();
        }
        is_last
    }

    /// There will be no more.
    pub(crate) fn fail(self, error: &crate::Error) {
        for (_, cursor) in self.readers {
            cursor.fail(error.clone());
        }
    }

    /// Whether this number is to be handed out, with nothing missing before it.
    fn reaches(&mut self, seq: Seq) -> Result<bool, LeftOut> {
        let Some(sent) = self.sent.filter(|sent| seq > *sent) else {
            return Ok(false);
        };
        if !self.rules.whole || self.expects(seq) {
            return Ok(true);
        }
        let before = self.missed.filter(|(after, _)| *after == sent);
        let times = before.map_or(0, |(_, times)| times);
        if times == ASKED_AGAIN {
            let due = sent.saturating_add(1);
            return Err(LeftOut { due, got: seq });
        }
        self.missed = Some((sent, times + 1));
        self.silent();
        Ok(false)
    }

    fn come_to(&mut self, before: Seq, seq: Seq) {
        let come = self.to_end.as_mut().filter(|come| **come >= before);
        if let Some(come) = come {
            *come = seq.max(*come);
        }
    }

    fn skip_to(&mut self, to: Seq, gap: fn(Gap) -> T) {
        let Some(before) = self.sent.replace(to) else {
            return;
        };
        self.come_to(before, to);
        for (_, cursor) in &mut self.readers {
            let from = cursor.last().saturating_add(1);
            cursor.take(before, to, gap(Gap { from, to }));
        }
    }

    fn hand_out(&mut self, seq: Seq, happening: T) {
        let Some(before) = self.sent.replace(seq) else {
            return;
        };
        self.come_to(before, seq);
        if let Some(((_, last), others)) = self.readers.split_last_mut() {
            for (_, cursor) in others {
                cursor.take(before, seq, happening.clone());
            }
            last.take(before, seq, happening);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::{Deliveries, Delivery};

    /// Events are their numbers, and a gap from 2 to 5 is 2005.
    fn gap(missing: Gap) -> u64 {
        1000 * missing.from + missing.to
    }

    fn job() -> Topic<u64> {
        Topic::new(Rules {
            whole: true,
            may_leave: false,
        })
    }

    fn join(topic: &mut Topic<u64>, number: u64, after: Seq) -> Deliveries<u64> {
        let (cursor, reader) = Cursor::new(after);
        topic.join(number, cursor);
        reader
    }

    fn happen(topic: &mut Topic<u64>, seqs: impl IntoIterator<Item = Seq>) {
        for seq in seqs {
            topic.happened(seq, seq).unwrap();
        }
    }

    fn waiting(reader: &mut Deliveries<u64>) -> Vec<u64> {
        let deliveries = std::iter::from_fn(|| reader.try_recv().ok());
        let happenings = deliveries.filter_map(|delivery| match delivery {
            Delivery::Happening(number) => Some(number),
            Delivery::Behind | Delivery::Failed(_) => None,
        });
        happenings.collect()
    }

    #[test]
    fn what_was_seen_is_dropped_and_what_is_no_longer_kept_is_told() {
        let mut topic = job();
        let mut reader = join(&mut topic, 1, 2);
        happen(&mut topic, [1, 2, 3]);
        topic.gap(Gap { from: 1, to: 3 }, gap).unwrap();
        topic.gap(Gap { from: 2, to: 5 }, gap).unwrap();
        happen(&mut topic, [5, 6]);
        assert_eq!(waiting(&mut reader), [3, 4005, 6]);
        assert_eq!(topic.need(), Need::Nothing);
    }

    #[test]
    fn what_is_missing_is_asked_for_twice_and_no_gap_is_made_up() {
        let mut topic = job();
        let mut reader = join(&mut topic, 1, 1);
        happen(&mut topic, [2, 4]);
        for id in [7, 8] {
            assert_eq!(topic.need(), Need::Watch(2));
            topic.asked(id, 2);
            happen(&mut topic, [5]);
            topic.answered(6);
            happen(&mut topic, [3]);
            topic.answered(id);
            assert_eq!(topic.happened(5, 5).is_err(), id == 8, "asked twice");
        }
        assert_eq!(waiting(&mut reader), [2]);

        let mut topic = job();
        let mut reader = join(&mut topic, 1, 1);
        for after in [1, 2, 3] {
            happen(&mut topic, [after + 2]);
            topic.asked(after, after);
            topic.answered(after);
            happen(&mut topic, [after + 1]);
        }
        assert_eq!(waiting(&mut reader), [2, 3, 4], "each is another");
    }

    #[test]
    fn each_reader_has_a_position_of_its_own_and_the_least_is_watched() {
        let mut topic = job();
        let mut first = join(&mut topic, 1, 0);
        happen(&mut topic, 1..=4);
        let mut second = join(&mut topic, 2, 2);
        assert_eq!(topic.need(), Need::Nothing, "it starts over after 2");
        happen(&mut topic, 3..=5);
        assert_eq!(waiting(&mut first), [1, 2, 3, 4, 5]);
        assert_eq!(waiting(&mut second), [3, 4, 5]);

        let mut third = join(&mut topic, 3, 9);
        assert_eq!(topic.need(), Need::Watch(5), "others are not there yet");
        topic.asked(8, 5);
        topic.answered(8);
        happen(&mut topic, 6..=10);
        topic.ended(10);
        for (reader, seen) in [
            (&mut first, 6..=10),
            (&mut second, 6..=10),
            (&mut third, 10..=10),
        ] {
            assert_eq!(waiting(reader), seen.collect::<Vec<_>>());
        }
        assert!(topic.is_left(), "it has ended for all");
        assert_eq!(topic.need(), Need::Nothing);
    }

    #[test]
    fn a_reader_that_is_behind_holds_up_no_other_and_is_not_sent_what_it_drops() {
        let most = WAITING as u64;
        for may_leave in [false, true] {
            let mut topic = Topic::new(Rules {
                whole: true,
                may_leave,
            });
            let mut slow = join(&mut topic, 1, 0);
            let mut quick = join(&mut topic, 2, 0);
            happen(&mut topic, 1..=most);
            assert_eq!(waiting(&mut quick).len(), WAITING);
            happen(&mut topic, [most + 1]);
            assert_eq!(topic.need(), Need::Nothing, "one of them reads");
            assert_eq!(waiting(&mut quick), [most + 1]);
            topic.leave(2);
            let left = if may_leave {
                Need::Unwatch
            } else {
                Need::Nothing
            };
            assert_eq!(topic.need(), left);
            assert_eq!(waiting(&mut slow).len(), WAITING);
            topic.caught_up(1);
            assert_eq!(topic.need(), Need::Watch(most));
            topic.leave(1);
            assert_eq!(topic.need(), Need::Unwatch);
        }
    }

    #[test]
    fn whoever_wants_the_end_is_sent_what_nobody_reads() {
        let most = WAITING as u64;
        let mut topic = job();
        topic.may_be_left();
        let mut slow = join(&mut topic, 1, 0);
        happen(&mut topic, 1..=most + 1);
        assert_eq!(topic.need(), Need::Unwatch);
        topic.silent();
        topic.want_end();
        assert_eq!(topic.need(), Need::Watch(most));
        topic.asked(7, most);
        topic.answered(7);
        happen(&mut topic, most + 1..=most + 9);
        assert_eq!((topic.need(), topic.is_full()), (Need::Nothing, false));
        assert!(!topic.ended(most + 8), "that is not where it is");
        assert!(topic.ended(most + 9));
        assert_eq!(waiting(&mut slow).len(), WAITING);
        topic.caught_up(1);
        assert_eq!(topic.need(), Need::Watch(most), "the rest can be read yet");
    }

    #[test]
    fn whoever_has_not_come_to_the_end_asks_for_it() {
        let mut topic = job();
        let most = WAITING as u64;
        let mut slow = join(&mut topic, 1, 0);
        happen(&mut topic, 1..=most + 5);
        topic.ended(most + 5);
        assert_eq!((topic.is_left(), topic.need()), (false, Need::Nothing));
        waiting(&mut slow);
        topic.caught_up(1);
        assert_eq!(topic.need(), Need::Watch(most));
    }

    #[test]
    fn numbers_that_are_left_out_of_the_feed_are_none_of_ours() {
        let mut topic = Topic::new(Rules {
            whole: false,
            may_leave: true,
        });
        let mut reader = join(&mut topic, 1, 7);
        happen(&mut topic, [8, 10]);
        topic.gap(Gap { from: 9, to: 20 }, gap).unwrap();
        happen(&mut topic, [25]);
        assert_eq!(waiting(&mut reader), [8, 10, 11020, 25]);
    }
}
