//! The log of one job, as much of it as is kept.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use longwire_engine::{Events, Mailbox, Page};
use longwire_protocol::{Event, Gap, Seq};
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
#[derive(Debug)]
pub(super) struct Log {
    events: VecDeque<Event>,
    bytes: usize,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            events: VecDeque::with_capacity(1),
            bytes: 0,
        }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn extend(&mut self, events: Events) {
        for event in events {
            self.bytes += event.weight();
            self.events.push_back(event);
        }
    }

    /// Lets go of the oldest events until what is left is within bounds. The last one always stays. Says whether any went.
    pub(super) fn trim(&mut self, bytes: usize, events: usize) -> bool {
        let before = self.events.len();
        while self.events.len() > 1 && (self.bytes > bytes || self.events.len() > events) {
            if let Some(event) = self.events.pop_front() {
                self.bytes -= event.weight();
            }
        }
        self.events.len() < before
    }

    /// The number of the oldest event that is kept.
    pub(super) fn first(&self) -> Seq {
        self.events.front().map_or(1, |event| event.seq)
    }

    /// What comes after a number, up to about so many bytes, at least one event if there is one.
    pub(super) fn page(&self, after: Seq, bytes: usize) -> Page {
        let first = self.first();
        let from = after.saturating_add(1);
        let gap = (from < first).then_some(Gap {
            from,
            to: first - 1,
        });
        let skip = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        let mut taken = 0;
        let events = self
            .events
            .iter()
            .skip(skip)
            .take_while(|event| {
                let fits = taken == 0 || taken < bytes;
                taken += event.weight();
                fits
            })
            .cloned()
            .collect();
        Page { gap, events }
    }
}
