//! How a job ended, told beside its events: whoever asks for that need not read them.

use longwire_protocol::EventFrame;
use tokio::sync::watch;

use crate::Error;

/// The last event, or why there will be none here.
pub(crate) type End = Result<Box<EventFrame>, Error>;

/// The desk's side of it.
#[derive(Debug)]
pub(crate) struct Ending(watch::Sender<Option<End>>);

impl Ending {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// The first word counts.
    pub(crate) fn tell(&self, end: End) {
        self.0.send_if_modified(|told| {
            let is_first = told.is_none();
            told.get_or_insert(end);
            is_first
        });
    }

    pub(crate) fn is_told(&self) -> bool {
        self.0.borrow().is_some()
    }

    pub(crate) fn listen(&self) -> EndListener {
        EndListener(self.0.subscribe())
    }
}

/// A handle's side of it.
#[derive(Clone, Debug)]
pub(crate) struct EndListener(watch::Receiver<Option<End>>);

impl EndListener {
    /// What is known now.
    pub(crate) fn now(&self) -> Option<End> {
        self.0.borrow().clone()
    }

    /// Waits for it; none where the connection is gone without a word.
    pub(crate) async fn told(&mut self) -> Option<End> {
        let told = self.0.wait_for(Option::is_some).await;
        told.ok()?.clone()
    }
}
