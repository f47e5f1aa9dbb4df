//! Which logs a socket follows, how far it has read each, whose turn it is, and what was read and not sent yet.

use std::{collections::VecDeque, sync::Arc};

use hashbrown::hash_table::{Entry, HashTable};
use longwire_engine::Watcher;
use longwire_protocol::{Connid, JobId, Seq, Spec};
use rustc_hash::FxHashMap;

use super::frames::Text;
use crate::half_hash::{of_id, spread};

/// A position in the log of a job.
pub(super) struct Cursor {
    pub(super) spec: Arc<Spec>,
    pub(super) after: Seq,
    /// That of its job's id: so a table grows without a look at what was asked for, which may be long out of the processor's reach.
    hash: u32,
    /// Whether the job was asked for by the server's name, so that every frame says it.
    pub(super) by_job: bool,
    waiting: bool,
}

impl Cursor {
    fn hash(&self) -> u64 {
        spread(self.hash)
    }
}

/// The positions of a socket, each found by its job, whose id is in what was asked for and need not be held twice: there may be hundreds of
/// thousands.
#[derive(Default)]
struct Cursors(HashTable<Cursor>);

impl Cursors {
    fn get(&self, job: JobId) -> Option<&Cursor> {
        let is_it = |cursor: &Cursor| cursor.spec.job == job;
        self.0.find(spread(of_id(job)), is_it)
    }

    fn get_mut(&mut self, job: JobId) -> Option<&mut Cursor> {
        let is_it = |cursor: &Cursor| cursor.spec.job == job;
        self.0.find_mut(spread(of_id(job)), is_it)
    }

    /// The position in that job's log from now on, and the one before.
    fn insert(&mut self, cursor: Cursor) -> Option<Cursor> {
        let is_it = |other: &Cursor| other.spec.job == cursor.spec.job;
        match self.0.entry(cursor.hash(), is_it, Cursor::hash) {
            Entry::Occupied(mut known) => Some(std::mem::replace(known.get_mut(), cursor)),
            Entry::Vacant(free) => {
                free.insert(cursor);
                None
            }
        }
    }

    fn remove(&mut self, job: JobId) {
        let is_it = |cursor: &Cursor| cursor.spec.job == job;
        if let Ok(known) = self.0.find_entry(spread(of_id(job)), is_it) {
            known.remove();
        }
    }
}

/// What may have something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Job(JobId),
    Feed,
}

/// All positions of a socket. Those with something to say wait in line, each once.
///
/// A position that moves takes back what was read from where it was: after the reply to a watch comes nothing but what it asked for.
#[derive(Default)]
pub(super) struct Watches {
    cursors: Cursors,
    /// Held for those that die with their last watcher.
    watchers: FxHashMap<JobId, Watcher>,
    line: VecDeque<Turn>,
    feed: Option<Seq>,
    /// Frames that were read and not yet sent, and whose they are.
    unsent: VecDeque<(Turn, Text)>,
}

impl Watches {
    pub(super) fn len(&self) -> usize {
        self.cursors.0.len()
    }

    /// Follows a job from after a number on. A job that is followed already is read from there again.
    pub(super) fn add(
        &mut self,
        spec: Arc<Spec>,
        after: Seq,
        by_job: bool,
        watcher: Option<Watcher>,
    ) {
        let job = spec.job;
        self.unsay(Turn::Job(job));
        let cursor = Cursor {
            spec,
            after,
            hash: of_id(job),
            by_job,
            waiting: false,
        };
        // Whoever comes is there before whoever was leaves.
        let _left = match watcher {
            Some(watcher) => self.watchers.insert(job, watcher),
            None => self.watchers.remove(&job),
        };
        let known = self.cursors.insert(cursor);
        if known.is_some_and(|known| known.waiting) {
            self.line.retain(|turn| *turn != Turn::Job(job));
        }
        self.queue(job);
    }

    pub(super) fn contains(&self, job: JobId) -> bool {
        self.cursors.get(job).is_some()
    }

    /// Whether that job is followed, and was read up to that number.
    pub(super) fn is_at(&self, job: JobId, after: Seq) -> bool {
        self.cursors
            .get(job)
            .is_some_and(|cursor| cursor.after == after)
    }

    pub(super) fn get_mut(&mut self, job: JobId) -> Option<&mut Cursor> {
        self.cursors.get_mut(job)
    }

    /// Follows that job no longer, and says no more of it.
    pub(super) fn leave(&mut self, job: JobId) {
        self.end(job);
        self.unsay(Turn::Job(job));
    }

    /// All of that job's log was read, or there is no such log.
    pub(super) fn end(&mut self, job: JobId) {
        self.cursors.remove(job);
        self.watchers.remove(&job);
    }

    /// The job of that name that is followed: the latest, where there are several.
    pub(super) fn named(&self, connid: &Connid) -> Option<JobId> {
        let named = self
            .cursors
            .0
            .iter()
            .filter(|cursor| cursor.spec.connid == *connid);
        named.map(|cursor| cursor.spec.job).max()
    }

    /// The log of that job has grown: its turn comes.
    pub(super) fn queue(&mut self, job: JobId) {
        if let Some(cursor) = self.cursors.get_mut(job).filter(|cursor| !cursor.waiting) {
            cursor.waiting = true;
            self.line.push_back(Turn::Job(job));
        }
    }

    /// The position in the feed, if it is followed.
    pub(super) const fn feed(&self) -> Option<Seq> {
        self.feed
    }

    /// Follows the feed from after a number on, or no longer.
    pub(super) fn follow_feed(&mut self, after: Option<Seq>) {
        self.unsay(Turn::Feed);
        self.feed = after;
        self.queue_feed();
    }

    /// The feed was read up to that number.
    pub(super) fn feed_read(&mut self, to: Seq) {
        self.feed = Some(to);
        self.queue_feed();
    }

    /// The feed has grown: its turn comes.
    pub(super) fn queue_feed(&mut self) {
        if self.feed.is_some() && !self.line.contains(&Turn::Feed) {
            self.line.push_back(Turn::Feed);
        }
    }

    /// Something to send, once all before it was.
    pub(super) fn say(&mut self, whose: Turn, texts: impl IntoIterator<Item = Text>) {
        let texts = texts.into_iter().map(|text| (whose, text));
        self.unsent.extend(texts);
    }

    /// The next of what is to be sent.
    pub(super) fn next_text(&mut self) -> Option<Text> {
        self.unsent.pop_front().map(|(_, text)| text)
    }

    /// Whether all that was read has been sent.
    pub(super) fn has_said_all(&self) -> bool {
        self.unsent.is_empty()
    }

    fn unsay(&mut self, whose: Turn) {
        self.unsent.retain(|(turn, _)| *turn != whose);
    }

    /// Whose turn it is, where nobody else waits and all that was read has been sent.
    pub(super) fn only(&mut self) -> Option<Turn> {
        if self.line.len() == 1 && self.has_said_all() {
            self.next()
        } else {
            None
        }
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self) -> Option<Turn> {
        let turn = self.line.pop_front()?;
        if let Turn::Job(job) = turn
            && let Some(cursor) = self.cursors.get_mut(job)
        {
            cursor.waiting = false;
        }
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(number: u8) -> JobId {
        JobId::parse(&format!("01970000-0000-7000-8000-{number:012}")).expect("a name")
    }

    fn own(text: &str) -> Text {
        Text::Own(text.to_owned())
    }

    fn said(text: Text) -> String {
        match text {
            Text::Own(text) => text,
            Text::Shared(_) => unreachable!("nobody shares anything here"),
        }
    }

    #[test]
    fn a_position_takes_little_room() {
        assert!(size_of::<Cursor>() <= 24, "{}", size_of::<Cursor>());
    }

    #[test]
    fn a_position_that_moves_takes_back_what_was_read_from_where_it_was() {
        let mut watches = Watches::default();
        let read = |watches: &mut Watches| {
            watches.follow_feed(Some(0));
            watches.say(Turn::Feed, ["first", "second"].map(own));
            watches.say(Turn::Job(job(1)), ["other"].map(own));
            watches.feed_read(2);
            assert_eq!(watches.next_text().map(said).as_deref(), Some("first"));
        };
        let unsent = |watches: &mut Watches| -> Vec<String> {
            std::iter::from_fn(|| watches.next_text().map(said)).collect()
        };
        read(&mut watches);
        assert_eq!(unsent(&mut watches), ["second", "other"]);
        read(&mut watches);
        watches.follow_feed(Some(0));
        assert_eq!(unsent(&mut watches), ["other"], "watched anew");
        read(&mut watches);
        watches.follow_feed(None);
        assert_eq!(unsent(&mut watches), ["other"], "left");
        read(&mut watches);
        watches.leave(job(1));
        assert_eq!(unsent(&mut watches), ["second"]);
        read(&mut watches);
        watches.end(job(1));
        assert_eq!(unsent(&mut watches), ["second", "other"], "read to its end");
    }
}
