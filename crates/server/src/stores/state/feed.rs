//! The changes of state of all jobs, the latest so many of them.

use std::{collections::VecDeque, sync::Arc};

use longwire_engine::{Events, FeedEvent, FeedPage, Job, Mailbox};
use longwire_protocol::{Change, Event, Gap, Seq};

use super::log::Readers;

#[derive(Debug)]
pub(in crate::stores) struct Feed {
    most: usize,
    events: VecDeque<FeedEvent>,
    head: Seq,
    readers: Readers,
}

impl Feed {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            events: VecDeque::new(),
            head: 0,
            readers: Readers::default(),
        }
    }

    pub(in crate::stores) const fn head(&self) -> Seq {
        self.head
    }

    /// Adds those of a job's events that change its state. Who waited for a change is to be told.
    pub(super) fn add(&mut self, job: &Job, events: &Events) -> Readers {
        let changes_state =
            |event: &&Event| !matches!(event.change, Change::Progress(_) | Change::Output(_));
        let before = self.head;
        for event in events.iter().filter(changes_state) {
            self.add_change(job, event);
        }
        if self.head > before {
            self.readers.take()
        } else {
            Readers::default()
        }
    }

    fn add_change(&mut self, job: &Job, event: &Event) {
        self.head += 1;
        let first = matches!(event.change, Change::Accepted(_)).then(|| job.spec());
        if self.events.len() == self.most {
            self.events.pop_front();
        }
        self.events.push_back(FeedEvent {
            number: self.head,
            at: event.at,
            connid: job.connid().clone(),
            job: job.id(),
            route: Arc::clone(&job.spec().route),
            seq: event.seq,
            status: event.status,
            deadline: job.deadline(),
            by: first.map(|spec| Arc::clone(&spec.by)),
            tags: first.map(|spec| Arc::clone(&spec.tags)).unwrap_or_default(),
        });
    }

    pub(in crate::stores) fn page(
        &mut self,
        after: Seq,
        most: usize,
        reader: Option<&Arc<Mailbox>>,
    ) -> FeedPage {
        let first = self
            .events
            .front()
            .map_or(self.head + 1, |event| event.number);
        let from = after.saturating_add(1);
        let gap = (from < first).then_some(Gap {
            from,
            to: first - 1,
        });
        let skip = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        let events: Vec<FeedEvent> = self.events.iter().skip(skip).take(most).cloned().collect();
        if let Some(reader) = reader.filter(|_| events.is_empty()) {
            self.readers.add(reader);
        }
        FeedPage { gap, events }
    }
}
