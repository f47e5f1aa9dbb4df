//! Whether the server serves, drains or closes, for everyone who must know.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use longwire_protocol::Timestamp;
use tokio::sync::watch;

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It serves.
    Serving,
    /// It takes no new jobs; those that run have until then.
    Draining(Timestamp),
    /// Every job has ended; connections are closed.
    Closing,
}

/// Knows the phase a server is in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Stopping(watch::Receiver<Phase>);

impl Stopping {
    pub(crate) const fn new(phases: watch::Receiver<Phase>) -> Self {
        Self(phases)
    }

    /// Ends once connections are to be closed.
    pub(crate) async fn closing(mut self) {
        // The sender lives as long as the server does; without it there is nothing left to serve either.
        drop(self.0.wait_for(|phase| *phase == Phase::Closing).await);
    }

    /// Ends once the server takes no new jobs.
    pub(crate) async fn begun(mut self) {
        drop(self.0.wait_for(|phase| *phase != Phase::Serving).await);
    }

    /// Whether connections are to be closed.
    pub(crate) fn is_closing(&self) -> bool {
        *self.0.borrow() == Phase::Closing
    }

    /// The phases to come. Whoever comes late hears of the one that is under way.
    pub(crate) fn follow(&self) -> Phases {
        let mut phases = self.0.clone();
        if *phases.borrow() != Phase::Serving {
            phases.mark_changed();
        }
        Phases(changed(phases))
    }
}

type Changed = Pin<Box<dyn Future<Output = watch::Receiver<Phase>> + Send>>;

/// Follows the phases of a server.
pub(crate) struct Phases(Changed);

impl Phases {
    /// The phase that comes next.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Phase> {
        let mut phases = ready!(self.0.as_mut().poll(cx));
        let phase = *phases.borrow_and_update();
        self.0 = changed(phases);
        Poll::Ready(phase)
    }
}

fn changed(mut phases: watch::Receiver<Phase>) -> Changed {
    Box::pin(async move {
        if phases.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        phases
    })
}
