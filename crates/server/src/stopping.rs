//! Whether the server serves, drains or closes, for everyone who must know.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker, ready},
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
        Phases::after(phases)
    }
}

type Changed = Pin<Box<dyn Future<Output = watch::Receiver<Phase>> + Send>>;

/// Follows the phases of a server.
pub(crate) struct Phases {
    phases: watch::Receiver<Phase>,
    changed: Changed,
    /// Who is told of the next phase.
    told: Option<Waker>,
}

impl Phases {
    /// The phase that comes next.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Phase> {
        // Every turn of every socket asks, and waiting anew takes a lock that all of them share.
        let waits = self
            .told
            .as_ref()
            .is_some_and(|told| told.will_wake(cx.waker()));
        if waits && !self.phases.has_changed().unwrap_or(false) {
            return Poll::Pending;
        }
        self.told = Some(cx.waker().clone());
        let mut phases = ready!(self.changed.as_mut().poll(cx));
        let phase = *phases.borrow_and_update();
        *self = Self::after(phases);
        Poll::Ready(phase)
    }

    fn after(phases: watch::Receiver<Phase>) -> Self {
        Self {
            changed: changed(phases.clone()),
            phases,
            told: None,
        }
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
