//! The log of one job, as much of it as is kept.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use longwire_engine::{Events, Job, Mailbox, Page, Retention};
use longwire_protocol::{Change, Event, Gap, Seq};
use smallvec::SmallVec;

/// Those who wait for a log to grow. They are told once, and ask again.
#[derive(Debug, Default)]
pub(super) struct Readers(SmallVec<[Weak<Mailbox>; 2]>);

impl Readers {
    pub(super) fn add(&mut self, reader: &Arc<Mailbox>) {
        let known = self
            .0
            .iter()
            .any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(reader)));
        if known {
            return;
        }
        // Readers leave without a word: whoever comes sweeps up after them.
        self.0.retain(|known| known.strong_count() > 0);
        self.0.push(Arc::downgrade(reader));
    }

    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    pub(super) fn tell(self, word: impl Fn(&mut longwire_engine::Word)) {
        for reader in self.0 {
            if let Some(reader) = reader.upgrade() {
                reader.tell(&word);
            }
        }
    }
}

/// The events of a job that are kept: all from some number on.
///
/// What the job itself tells is not kept twice: its first event, and the one that ended it. So the log of most holds nothing. Whoever asks
/// for something hands in the job as this log adds up to it.
#[derive(Debug)]
pub(super) struct Log {
    /// None where nothing went and nothing came between.
    rest: Option<Box<Rest>>,
    bytes: usize,
}

#[derive(Debug)]
struct Rest {
    /// The number of the oldest event that is kept.
    first: Seq,
    between: VecDeque<Event>,
}

impl Default for Rest {
    fn default() -> Self {
        Self {
            first: 1,
            between: VecDeque::new(),
        }
    }
}

impl Log {
    /// A log that begins with these.
    pub(super) fn new(events: Events) -> Self {
        let mut log = Self {
            rest: None,
            bytes: 0,
        };
        let first = events.first().map_or(1, |event| event.seq);
        if first > 1 {
            log.rest.get_or_insert_default().first = first;
        }
        log.extend(events);
        log
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn extend(&mut self, events: Events) {
        for event in events {
            self.bytes += event.weight();
            if !matches!(event.change, Change::Accepted(_) | Change::Ended(_)) {
                self.rest.get_or_insert_default().between.push_back(event);
            }
        }
    }

    /// Lets go of the oldest events until what is left is within bounds. The last one always stays. Says whether any went.
    pub(super) fn trim(&mut self, job: &Job, limits: &Retention) -> bool {
        let before = self.first();
        let most = u64::try_from(limits.log_events_per_job).unwrap_or(u64::MAX);
        let bytes = limits.log_bytes_per_job;
        while self.first() < job.seq() && (self.bytes > bytes || job.seq() - self.first() >= most) {
            let rest = self.rest.get_or_insert_default();
            let oldest = if rest.first == 1 {
                Some(job.first_event())
            } else {
                rest.between.pop_front()
            };
            rest.first += 1;
            self.bytes -= oldest.map_or(0, |event| event.weight());
        }
        self.first() > before
    }

    /// The number of the oldest event that is kept.
    pub(super) fn first(&self) -> Seq {
        self.rest.as_ref().map_or(1, |rest| rest.first)
    }

    /// What comes after a number, up to about so many bytes, at least one event if there is one.
    pub(super) fn page(&self, job: &Job, after: Seq, bytes: usize) -> Page {
        let (first, from) = (self.first(), after.saturating_add(1));
        let gap = (from < first).then_some(Gap {
            from,
            to: first - 1,
        });
        let mut taken = 0;
        let events = self.from(job, from.max(first)).take_while(|event| {
            let fits = taken == 0 || taken < bytes;
            taken += event.weight();
            fits
        });
        Page {
            gap,
            events: events.collect(),
        }
    }

    /// The events from a number on that is kept, or to come.
    fn from(&self, job: &Job, from: Seq) -> impl Iterator<Item = Event> {
        let first = (from == 1).then(|| job.first_event());
        let skip = usize::try_from(from.saturating_sub(self.first().max(2))).unwrap_or(usize::MAX);
        let between = self
            .rest
            .iter()
            .flat_map(move |rest| rest.between.iter().skip(skip));
        let last = (from <= job.seq()).then(|| job.last_event()).flatten();
        first.into_iter().chain(between.cloned()).chain(last)
    }
}
