//! Following logs: being woken, and a position as an async reader.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use longwire_protocol::{JobId, Seq};
use parking_lot::Mutex;

use crate::{Job, Name, Page, Store, pace::Paces, store::Found};

/// Where a store leaves word for one reader. It says what has grown, not what came: whoever is told asks again.
#[derive(Debug, Default)]
pub struct Mailbox {
    inbox: Mutex<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    word: Word,
    waker: Option<Waker>,
}

/// What a mailbox was told since it was last emptied.
#[derive(Debug, Default)]
pub struct Word {
    /// Logs that have grown.
    pub jobs: Vec<JobId>,
    /// The feed has grown.
    pub feed: bool,
    /// An earlier alarm was set.
    pub alarms: bool,
    /// Something waits in a queue that was empty.
    pub queues: bool,
    /// There is something for the worker whose seat this is.
    pub seat: bool,
}

impl Word {
    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && !self.feed && !self.alarms && !self.queues && !self.seat
    }
}

impl Mailbox {
    /// An empty mailbox.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Leaves word. For stores, and for whoever wants its reader to look again.
    pub fn tell(&self, word: impl FnOnce(&mut Word)) {
        let mut inbox = self.inbox.lock();
        word(&mut inbox.word);
        let waker = inbox.waker.take();
        drop(inbox);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes everything that was told; pending while that is nothing. One reader at a time.
    pub fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Word> {
        let mut inbox = self.inbox.lock();
        if inbox.word.is_empty() {
            match &mut inbox.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        }
        Poll::Ready(std::mem::take(&mut inbox.word))
    }

    /// Whether something was told and not taken yet.
    #[must_use]
    pub fn holds_word(&self) -> bool {
        !self.inbox.lock().word.is_empty()
    }

    /// Waits for word and takes it.
    pub async fn take(&self) -> Word {
        poll_fn(|cx| self.poll_take(cx)).await
    }
}

/// A position in a job's log that can be read on from, and waits where the log ends.
pub struct Follow {
    store: Arc<dyn Store>,
    mailbox: Arc<Mailbox>,
    /// Who is told where it is.
    paces: Option<Arc<Paces>>,
    job: JobId,
    after: Seq,
    ended: bool,
}

impl Follow {
    /// How much one page holds, in bytes, about.
    const PAGE_BYTES: usize = 64 * 1024;

    /// The log of a job from after a number on.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, job: JobId, after: Seq) -> Self {
        Self {
            store,
            mailbox: Mailbox::new(),
            paces: None,
            job,
            after,
            ended: false,
        }
    }

    /// The same as one of the readers that a log which grows fast waits for.
    pub(crate) fn paced(mut self, paces: Arc<Paces>) -> Self {
        self.paces = Some(paces);
        self
    }

    /// The number of the last event that was read.
    #[must_use]
    pub const fn after(&self) -> Seq {
        self.after
    }

    /// What comes next, waiting for it. None after the end, or where the job is no longer kept.
    pub async fn next(&mut self) -> Option<Page> {
        while !self.ended {
            if let Some(paces) = &self.paces {
                paces.note(self.job, &self.mailbox, self.after);
            }
            let page = self
                .store
                .read(self.job, self.after, Self::PAGE_BYTES, Some(&self.mailbox))
                .await?;
            if let Some(last) = page.events.last() {
                self.after = last.seq;
                self.ended = last.status.has_ended();
                return Some(page);
            }
            if page.gap.is_some() {
                self.after = page.gap.map_or(self.after, |gap| gap.to);
                return Some(page);
            }
            // After the last event of an ended job there is nothing to wait for.
            match self.store.find(&Name::Job(self.job)).await {
                Found::Job(job) if job.status().has_ended() && job.seq() <= self.after => break,
                Found::Job(_) => drop(self.mailbox.take().await),
                Found::Expired | Found::Unknown => break,
            }
        }
        self.ended = true;
        None
    }

    /// Waits for the end of the job and says how it stands then. None where it is no longer kept.
    pub async fn ended(mut self) -> Option<Job> {
        while self.next().await.is_some() {}
        match self.store.find(&Name::Job(self.job)).await {
            Found::Job(job) => Some(job),
            Found::Expired | Found::Unknown => None,
        }
    }
}
