//! How far the log of a running job may be ahead of those who read it.
//!
//! A reader is a position, and the work waits for none. But work that prints faster than a server can tell of it would leave its watchers
//! with little but gaps, however fast they read. So the log of a job that prints much grows in steps. After each of them others have their turn;
//! and where it is more than a [`Lead`] ahead of somebody the next waits, [`MOMENT`] at most. Who was waited for in vain is not waited for
//! again before having caught up.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use longwire_protocol::{JobId, Seconds, Seq};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::Notify;

use crate::Mailbox;

/// Steps of which its lead over its readers is made.
const STEPS: usize = 8;
/// How long a step waits for them at most.
pub(crate) const MOMENT: Seconds = Seconds::from_micros(100_000);

/// How much a log may be ahead of those who read it before the work waits a moment for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead {
    /// Bytes of its events.
    pub bytes: usize,
    /// Its events.
    pub events: usize,
}

impl Lead {
    pub(crate) const NOTHING: Self = Self {
        bytes: 0,
        events: 0,
    };

    /// Whether it is further than so much from what was written before.
    const fn is_past(self, before: Self, step: Self) -> bool {
        self.bytes - before.bytes > step.bytes || self.events - before.events > step.events
    }
}

impl Default for Lead {
    fn default() -> Self {
        Self {
            bytes: 2 * 1024 * 1024,
            events: 10_000,
        }
    }
}

/// Where the readers of the logs are whose jobs may print.
#[derive(Default)]
pub(crate) struct Paces {
    /// How many logs that are: where there are none a read costs no lock.
    count: AtomicUsize,
    logs: Mutex<FxHashMap<JobId, Arc<Pace>>>,
}

/// The readers of one log.
#[derive(Default)]
struct Pace {
    readers: Mutex<Readers>,
    /// Nobody is behind any more.
    near: Notify,
}

#[derive(Default)]
struct Readers {
    /// By the addresses of their mailboxes, which stay theirs as long as they are known here.
    known: FxHashMap<usize, Reader>,
    /// What all of them should have read.
    goal: Seq,
    /// How many have not, of those who count.
    behind: usize,
}

struct Reader {
    mailbox: Weak<Mailbox>,
    after: Seq,
    /// It was waited for in vain, and has not caught up since.
    late: bool,
}

impl Paces {
    /// That reader asks what comes after that number: it has done with all before.
    pub(crate) fn note(&self, job: JobId, reader: &Arc<Mailbox>, after: Seq) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let pace = self.logs.lock().get(&job).cloned();
        if let Some(pace) = pace
            && pace.readers.lock().note(reader, after)
        {
            pace.near.notify_one();
        }
    }

    fn enter(&self, job: JobId) -> Arc<Pace> {
        let pace = Arc::default();
        let before = self.logs.lock().insert(job, Arc::clone(&pace));
        if before.is_none() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        pace
    }

    /// Forgets that pace. Where the job is served again meanwhile it has another.
    fn leave(&self, job: JobId, pace: &Arc<Pace>) {
        let mut logs = self.logs.lock();
        if logs.get(&job).is_some_and(|it| Arc::ptr_eq(it, pace)) {
            logs.remove(&job);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Readers {
    /// Whether with that nobody is behind any more.
    fn note(&mut self, reader: &Arc<Mailbox>, after: Seq) -> bool {
        let goal = self.goal;
        let key = Arc::as_ptr(reader).addr();
        let was_behind = self.known.get(&key).is_some_and(|it| it.is_behind(goal));
        let reader = self.known.entry(key).or_insert_with(|| Reader {
            mailbox: Arc::downgrade(reader),
            after,
            late: false,
        });
        reader.after = after;
        reader.late &= after < goal;
        self.behind += usize::from(reader.is_behind(goal));
        self.behind -= usize::from(was_behind);
        was_behind && self.behind == 0
    }

    /// All should have read up to that number. Whether somebody has not.
    fn aim(&mut self, goal: Seq) -> bool {
        self.goal = goal;
        self.known
            .retain(|_, reader| reader.mailbox.strong_count() > 0);
        let behind = self.known.values().filter(|it| it.is_behind(goal));
        self.behind = behind.count();
        self.behind > 0
    }

    /// Nobody is waited for any longer.
    fn give_up(&mut self) {
        let goal = self.goal;
        let behind = self.known.values_mut().filter(|it| it.is_behind(goal));
        behind.for_each(|reader| reader.late = true);
        self.behind = 0;
    }
}

impl Reader {
    const fn is_behind(&self, goal: Seq) -> bool {
        !self.late && self.after < goal
    }
}

/// How one job's log grows.
pub(crate) struct Stride {
    paces: Arc<Paces>,
    job: JobId,
    /// How far the log may be ahead.
    lead: Lead,
    /// What was written so far, and at its last step.
    written: Lead,
    stepped: Lead,
    /// Of the last steps, at which numbers they ended, and what was written until then.
    ends: VecDeque<(Seq, Lead)>,
    pace: Arc<Pace>,
    waits: bool,
}

impl Stride {
    pub(crate) fn new(paces: Arc<Paces>, job: JobId, lead: Lead) -> Self {
        Self {
            pace: paces.enter(job),
            paces,
            job,
            lead,
            written: Lead::NOTHING,
            stepped: Lead::NOTHING,
            ends: VecDeque::new(),
            waits: false,
        }
    }

    /// So much was written, and its last number is that. Whether it ends a step, after which others are to have their turn.
    pub(crate) fn wrote(&mut self, written: Lead, seq: Seq) -> bool {
        self.written.bytes += written.bytes;
        self.written.events += written.events;
        let step = Lead {
            bytes: self.lead.bytes / STEPS,
            events: self.lead.events / STEPS,
        };
        if !self.written.is_past(self.stepped, step) {
            return false;
        }
        self.stepped = self.written;
        self.ends.push_back((seq, self.written));
        if let Some(goal) = self.goal() {
            self.waits = self.pace.readers.lock().aim(goal);
        }
        true
    }

    /// The number of the last event from whose step on the log is too far ahead.
    fn goal(&mut self) -> Option<Seq> {
        let (written, lead) = (self.written, self.lead);
        let mut goal = None;
        while let Some((seq, _)) = self
            .ends
            .pop_front_if(|(_, until)| written.is_past(*until, lead))
        {
            goal = Some(seq);
        }
        goal
    }

    /// Whether so much was printed that it was a step.
    pub(crate) const fn has_stepped(&self) -> bool {
        self.stepped.bytes > 0
    }

    /// Whether the next step is to wait.
    pub(crate) const fn waits(&self) -> bool {
        self.waits
    }

    /// Ends when nobody is behind any more.
    pub(crate) async fn near(&self) {
        while self.pace.readers.lock().behind > 0 {
            self.pace.near.notified().await;
        }
    }

    /// Goes on, with whoever is behind or without.
    pub(crate) fn go_on(&mut self) {
        self.waits = false;
        self.pace.readers.lock().give_up();
    }
}

impl Drop for Stride {
    fn drop(&mut self) {
        self.paces.leave(self.job, &self.pace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: JobId = JobId::from_bits(7);

    /// A log that makes a step with each event, as far as it goes without waiting.
    fn stride(paces: &Arc<Paces>) -> Stride {
        let lead = Lead {
            bytes: 8 * STEPS,
            events: 1_000,
        };
        Stride::new(Arc::clone(paces), JOB, lead)
    }

    /// The number of the event after which it waits, or the last.
    fn goes_to(stride: &mut Stride, from: Seq, last: Seq) -> Seq {
        let one = Lead {
            bytes: 9,
            events: 1,
        };
        (from..=last)
            .find(|seq| stride.wrote(one, *seq) && stride.waits())
            .unwrap_or(last)
    }

    #[tokio::test]
    async fn a_log_waits_for_who_is_behind_and_not_again_for_who_is_late() {
        let paces = Arc::new(Paces::default());
        let (quick, slow) = (Mailbox::new(), Mailbox::new());
        let mut stride = stride(&paces);
        assert_eq!(goes_to(&mut stride, 1, 20), 20, "nobody reads");
        paces.note(JOB, &quick, 20);
        paces.note(JOB, &slow, 20);
        // The goal is eight steps back.
        assert_eq!(goes_to(&mut stride, 21, 99), 29);
        paces.note(JOB, &quick, 21);
        assert!(stride.waits() && stride.pace.readers.lock().behind == 1);
        paces.note(JOB, &slow, 21);
        stride.near().await;
        stride.go_on();

        assert_eq!(goes_to(&mut stride, 30, 99), 30);
        paces.note(JOB, &quick, 30);
        stride.go_on();
        assert_eq!(goes_to(&mut stride, 31, 99), 39, "not for who is late");
        paces.note(JOB, &quick, 39);
        paces.note(JOB, &slow, 30);
        stride.near().await;
        stride.go_on();
        paces.note(JOB, &slow, 39);
        paces.note(JOB, &quick, 99);
        assert_eq!(goes_to(&mut stride, 40, 99), 48, "again once caught up");
        drop(slow);
        stride.go_on();
        assert_eq!(goes_to(&mut stride, 49, 99), 99, "nor for who has left");
    }

    #[test]
    fn a_log_is_known_to_its_end_and_small_ones_make_no_step() {
        let paces = Arc::new(Paces::default());
        let mut stride = stride(&paces);
        assert_eq!(paces.count.load(Ordering::Relaxed), 1);
        let small = Lead {
            bytes: 8,
            events: 1,
        };
        assert!(!stride.wrote(small, 1));
        assert!(!stride.has_stepped());
        assert!(stride.wrote(small, 2));
        assert!(stride.has_stepped());
        drop(stride);
        assert_eq!(paces.count.load(Ordering::Relaxed), 0);
        assert!(paces.logs.lock().is_empty());
    }
}
