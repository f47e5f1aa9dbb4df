//! Whether the server serves, drains or closes, for everyone who must know.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
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
        Phases([changed(phases)].into_iter().collect())
    }
}

type Changed = Pin<Box<dyn Future<Output = watch::Receiver<Phase>> + Send>>;

/// Follows the phases of a server.
///
/// Every turn of every socket asks, and to ask the channel takes a lock that all of them share. The one that waits for it is among many
/// only in order to be asked no more often than it was woken.
pub(crate) struct Phases(FuturesUnordered<Changed>);

impl Phases {
    /// The phase that comes next.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Phase> {
        let mut phases = ready!(self.0.select_next_some().poll_unpin(cx));
        let phase = *phases.borrow_and_update();
        self.0.push(changed(phases));
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

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        task::Wake,
        time::Duration,
    };

    use parking_lot::Mutex;
    use tokio::{
        task::{JoinSet, consume_budget, coop::has_budget_remaining, yield_now},
        time::timeout,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_has_used_up_its_turn_is_told_all_the_same() {
        let (phase, phases) = watch::channel(Phase::Serving);
        let mut followed = Stopping::new(phases).follow();
        let mut told = JoinSet::new();
        told.spawn(async move {
            while has_budget_remaining() {
                assert!(consume_budget().now_or_never().is_some());
            }
            poll_fn(|cx| followed.poll_next(cx)).await
        });
        let told = timeout(Duration::from_secs(1), told.join_next());
        let close = async {
            yield_now().await;
            yield_now().await;
            phase.send_replace(Phase::Closing);
        };
        let (told, ()) = tokio::join!(told, close);
        let told = told.expect("it is told").unwrap();
        assert_eq!(told.unwrap(), Phase::Closing);
    }

    /// Follows the phases as a task does: asks again only where it was woken.
    struct Follower {
        phases: Mutex<Phases>,
        told: Mutex<Vec<Phase>>,
        woken: Arc<Woken>,
    }

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    impl Follower {
        fn ask(&self) {
            let waker = self.woken.clone().into();
            let mut phases = self.phases.lock();
            while let Poll::Ready(phase) = phases.poll_next(&mut Context::from_waker(&waker)) {
                self.told.lock().push(phase);
            }
        }

        fn go_on(&self) {
            while self.woken.0.swap(false, Ordering::Relaxed) {
                self.ask();
            }
        }
    }

    /// Asks while others are still being woken.
    struct Early(Arc<Follower>);

    impl Wake for Early {
        fn wake(self: Arc<Self>) {
            self.0.ask();
        }
    }

    /// Whoever sees a phase before it is woken for it is woken for nothing then, and for the next all the same. In which order the channel
    /// wakes is left to chance, so this is done often.
    #[test]
    fn a_phase_that_was_seen_early_hides_none() {
        let draining = Phase::Draining(Timestamp::from_micros(0));
        for _ in 0..64 {
            let (phase, phases) = watch::channel(Phase::Serving);
            let follower = Arc::new(Follower {
                phases: Mutex::new(Stopping::new(phases.clone()).follow()),
                told: Mutex::default(),
                woken: Arc::default(),
            });
            follower.ask();
            let early = Arc::new(Early(follower.clone())).into();
            let mut other = changed(phases);
            assert!(
                other
                    .poll_unpin(&mut Context::from_waker(&early))
                    .is_pending()
            );
            for next in [draining, Phase::Closing] {
                phase.send_replace(next);
                follower.go_on();
            }
            assert_eq!(*follower.told.lock(), [draining, Phase::Closing]);
        }
    }
}
