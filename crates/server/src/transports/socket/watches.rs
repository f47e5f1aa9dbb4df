//! Which logs a socket follows, how far it has read each, and whose turn it is.

use std::{collections::VecDeque, sync::Arc};

use longwire_engine::Watcher;
use longwire_protocol::{Connid, JobId, Seq, Spec};
use rustc_hash::FxHashMap;

/// A position in the log of a job.
pub(super) struct Cursor {
    pub(super) spec: Arc<Spec>,
    pub(super) after: Seq,
    /// Whether the job was asked for by the server's name, so that every frame says it.
    pub(super) by_job: bool,
    waiting: bool,
    /// Held for jobs that die with their last watcher.
    _watcher: Option<Box<Watcher>>,
}

/// What may have something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Job(JobId),
    Feed,
}

/// All positions of a socket. Those with something to say wait in line, each once.
#[derive(Default)]
pub(super) struct Watches {
    cursors: FxHashMap<JobId, Cursor>,
    line: VecDeque<Turn>,
    feed: Option<Seq>,
}

impl Watches {
    pub(super) fn len(&self) -> usize {
        self.cursors.len()
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
        let cursor = Cursor {
            spec,
            after,
            by_job,
            waiting: false,
            _watcher: watcher.map(Box::new),
        };
        let waiting = self
            .cursors
            .insert(job, cursor)
            .is_some_and(|old| old.waiting);
        if waiting {
            self.line.retain(|turn| *turn != Turn::Job(job));
        }
        self.queue(job);
    }

    pub(super) fn contains(&self, job: JobId) -> bool {
        self.cursors.contains_key(&job)
    }

    /// Whether that job is followed from a number before that one.
    pub(super) fn is_before(&self, job: JobId, after: Seq) -> bool {
        self.cursors
            .get(&job)
            .is_some_and(|cursor| cursor.after < after)
    }

    pub(super) fn get_mut(&mut self, job: JobId) -> Option<&mut Cursor> {
        self.cursors.get_mut(&job)
    }

    pub(super) fn remove(&mut self, job: JobId) -> Option<Cursor> {
        self.cursors.remove(&job)
    }

    /// The job of that name that is followed: the latest, where there are several.
    pub(super) fn named(&self, connid: &Connid) -> Option<JobId> {
        let named = self
            .cursors
            .values()
            .filter(|cursor| cursor.spec.connid == *connid);
        named.map(|cursor| cursor.spec.job).max()
    }

    /// The log of that job has grown: its turn comes.
    pub(super) fn queue(&mut self, job: JobId) {
        if let Some(cursor) = self.cursors.get_mut(&job).filter(|cursor| !cursor.waiting) {
            cursor.waiting = true;
            self.line.push_back(Turn::Job(job));
        }
    }

    /// The position in the feed, if it is followed.
    pub(super) const fn feed(&self) -> Option<Seq> {
        self.feed
    }

    /// Follows the feed from there, or no longer.
    pub(super) fn set_feed(&mut self, after: Option<Seq>) {
        self.feed = after;
        if after.is_some() {
            self.queue_feed();
        }
    }

    /// The feed has grown: its turn comes.
    pub(super) fn queue_feed(&mut self) {
        if self.feed.is_some() && !self.line.contains(&Turn::Feed) {
            self.line.push_back(Turn::Feed);
        }
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self) -> Option<Turn> {
        let turn = self.line.pop_front()?;
        if let Turn::Job(job) = turn
            && let Some(cursor) = self.cursors.get_mut(&job)
        {
            cursor.waiting = false;
        }
        Some(turn)
    }
}
