//! A client: it does what comes to its mind, loses its server, comes back, and watches on from what it saw last.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use longwire_protocol::{JobId, Request, Seq, Watch};
use longwire_torture::Chance;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Shared,
    load::Load,
    socket::{Gone, Socket},
};

/// Between two tries to reach the server.
const RETRY: Duration = Duration::from_millis(7);
/// Requests that may wait for an answer.
const UNANSWERED: usize = 24;

/// What clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Whatever comes to their minds.
    Load,
    /// Watch on, and ask for nothing new.
    Rest,
}

/// One client.
pub(super) struct Client {
    number: u32,
    load: Load,
    shared: Arc<Shared>,
    /// What was watched on the last socket and had not ended, and how far it had come.
    watched: Vec<(JobId, Seq)>,
}

impl Client {
    pub(super) const fn new(number: u32, chance: Chance, shared: Arc<Shared>) -> Self {
        Self {
            number,
            load: Load::new(number, chance),
            shared,
            watched: Vec::new(),
        }
    }

    /// Runs until its future is dropped.
    pub(super) async fn run(
        mut self,
        mut phase: watch::Receiver<Phase>,
        mut cuts: watch::Receiver<()>,
    ) {
        loop {
            if let Some(mut socket) = Socket::open(&self.shared, self.number).await {
                cuts.mark_unchanged();
                let Gone = tokio::select! {
                    gone = self.live(&mut socket, &mut phase) => gone,
                    Ok(()) = cuts.changed() => socket.lost(),
                };
                let open = socket.conversation().open_streams();
                self.watched = open.map(|s| (s.job, s.run.position())).collect();
                self.watched.sort_unstable();
                self.say_waiting(self.watched.len());
            }
            sleep(RETRY).await;
        }
    }

    /// One socket's life.
    async fn live(&mut self, socket: &mut Socket, phase: &mut watch::Receiver<Phase>) -> Gone {
        if let Err(gone) = self.resume(socket).await {
            return gone;
        }
        let mut next = self.after_a_pause();
        loop {
            self.say_waiting(socket.waiting());
            let busy = socket.conversation().unanswered().count() >= UNANSWERED;
            let acts = *phase.borrow() == Phase::Load && !busy;
            let done = tokio::select! {
                frame = socket.receive() => frame.map(drop),
                () = sleep_until(next), if acts => {
                    next = self.after_a_pause();
                    socket.send(self.load.next(&self.shared.world)).await.map(drop)
                }
                changed = phase.changed() => match changed {
                    Ok(()) => Ok(()),
                    // Whoever ran us is gone, and drops us next.
                    Err(_) => std::future::pending().await,
                },
            };
            if let Err(gone) = done {
                return gone;
            }
        }
    }

    /// Watches on where the last socket broke; one client in four also follows what happens to all jobs.
    async fn resume(&mut self, socket: &mut Socket) -> Result<(), Gone> {
        let on = self.watched.iter().map(|(job, after)| Watch {
            job: Some(*job),
            after: Some(*after),
            ..Watch::default()
        });
        let feed = self.number.is_multiple_of(4).then(Watch::default);
        let watches = on.chain(feed).map(Request::Watch).collect();
        socket.send(watches).await.map(drop)
    }

    fn after_a_pause(&mut self) -> Instant {
        Instant::now() + Duration::from_millis(self.load.pause())
    }

    fn say_waiting(&self, count: usize) {
        if let Some(waiting) = self.shared.waiting.get(self.number as usize) {
            waiting.store(count, Ordering::Relaxed);
        }
    }
}
