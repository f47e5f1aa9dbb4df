//! When to ping, when to give up, and how much is too much.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use longwire_protocol::CloseCode;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::SocketSettings;

/// The clocks of one socket.
pub(super) struct Pulse {
    settings: SocketSettings,
    /// The longest time between two pings, where a worker's leases ask for one.
    of_leases: Option<Duration>,
    heard: Instant,
    pinged: Option<Instant>,
    /// Since when there was something to write and nothing could be, and how much had been written then.
    stuck: Option<(Instant, u64)>,
    timer: Pin<Box<Sleep>>,
}

/// What a clock says.
pub(super) enum Beat {
    Ping,
    GiveUp(CloseCode),
}

impl Pulse {
    pub(super) fn new(settings: SocketSettings) -> Self {
        let now = Instant::now();
        Self {
            timer: Box::pin(sleep_until(now + settings.ping_seconds)),
            settings,
            of_leases: None,
            heard: now,
            pinged: None,
            stuck: None,
        }
    }

    /// Pings at least so often from now on, or as often as ever. Says whether that is new.
    pub(super) fn ping_within(&mut self, span: Option<Duration>) -> bool {
        let is_new = self.of_leases != span;
        if is_new {
            self.of_leases = span;
            let next = self.next();
            self.timer.as_mut().reset(next);
        }
        is_new
    }

    fn ping_every(&self) -> Duration {
        let usual = self.settings.ping_seconds;
        self.of_leases.map_or(usual, |span| span.min(usual))
    }

    /// The peer said something.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// There was something to write; `blocked` says whether some of it is still there, after so many bytes in all.
    pub(super) fn wrote(&mut self, blocked: bool, sent: u64) {
        match self.stuck {
            _ if !blocked => self.stuck = None,
            Some((_, at)) if at == sent => {}
            Some(_) | None => {
                let now = Instant::now();
                self.stuck = Some((now, sent));
                let until = now + self.settings.stalled_seconds;
                if until < self.timer.deadline() {
                    self.timer.as_mut().reset(until);
                }
            }
        }
    }

    /// Whether there is something to write that the peer does not take.
    pub(super) const fn is_stuck(&self) -> bool {
        self.stuck.is_some()
    }

    /// From now on a reader that takes nothing is given up after so long.
    pub(super) fn hurry(&mut self, stalled: Duration) {
        self.settings.stalled_seconds = stalled.min(self.settings.stalled_seconds);
        let next = self.next();
        self.timer.as_mut().reset(next);
    }

    /// What is due. Pending until something is.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Beat> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let beat = self.beat(Instant::now());
            let next = self.next();
            self.timer.as_mut().reset(next);
            if let Some(beat) = beat {
                return Poll::Ready(beat);
            }
        }
        Poll::Pending
    }

    fn beat(&mut self, now: Instant) -> Option<Beat> {
        let reached = |since: Instant, span: Duration| now.duration_since(since) >= span;
        if self
            .stuck
            .is_some_and(|(since, _)| reached(since, self.settings.stalled_seconds))
        {
            return Some(Beat::GiveUp(CloseCode::STALLED));
        }
        if reached(self.heard, self.settings.dead_after_seconds) {
            return Some(Beat::GiveUp(CloseCode::SILENT));
        }
        let quiet_since = self
            .pinged
            .map_or(self.heard, |pinged| pinged.max(self.heard));
        if reached(quiet_since, self.ping_every()) {
            self.pinged = Some(now);
            return Some(Beat::Ping);
        }
        None
    }

    fn next(&self) -> Instant {
        let quiet_since = self
            .pinged
            .map_or(self.heard, |pinged| pinged.max(self.heard));
        let ping = quiet_since + self.ping_every();
        let dead = self.heard + self.settings.dead_after_seconds;
        let stalled = self
            .stuck
            .map(|(since, _)| since + self.settings.stalled_seconds);
        stalled.into_iter().fold(ping.min(dead), Instant::min)
    }
}

/// So many a second and no more.
pub(super) struct Quota {
    most: usize,
    left: usize,
    since: Instant,
}

impl Quota {
    pub(super) fn per_second(most: usize) -> Self {
        Self {
            most,
            left: most,
            since: Instant::now(),
        }
    }

    /// Takes one. False where there was none left.
    pub(super) fn spend(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            self.since = now;
            self.left = self.most;
        }
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return false,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    fn settings() -> SocketSettings {
        SocketSettings {
            ping_seconds: Duration::from_secs(20),
            dead_after_seconds: Duration::from_secs(50),
            stalled_seconds: Duration::from_secs(30),
            ..SocketSettings::default()
        }
    }

    async fn beats(pulse: &mut Pulse) -> (u64, &'static str) {
        let started = Instant::now();
        let what = match poll_fn(|cx| pulse.poll(cx)).await {
            Beat::Ping => "ping",
            Beat::GiveUp(code) => code.reason,
        };
        (started.elapsed().as_secs(), what)
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_pinged_and_then_given_up() {
        let mut pulse = Pulse::new(settings());
        assert_eq!(beats(&mut pulse).await, (20, "ping"));
        assert_eq!(beats(&mut pulse).await, (20, "ping"));
        assert_eq!(beats(&mut pulse).await, (10, CloseCode::SILENT.reason));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_answers_stays() {
        let mut pulse = Pulse::new(settings());
        for _ in 0..5 {
            assert_eq!(beats(&mut pulse).await.1, "ping");
            pulse.heard(Instant::now());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up_though_it_talks() {
        let mut pulse = Pulse::new(settings());
        pulse.wrote(true, 10);
        assert_eq!(beats(&mut pulse).await, (20, "ping"));
        pulse.heard(Instant::now());
        pulse.wrote(true, 10);
        assert_eq!(beats(&mut pulse).await, (10, CloseCode::STALLED.reason));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_a_little_stays() {
        let mut pulse = Pulse::new(settings());
        for sent in 0..5 {
            pulse.wrote(true, sent);
            assert_eq!(beats(&mut pulse).await.1, "ping");
            pulse.heard(Instant::now());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_is_filled_again_each_second() {
        let mut quota = Quota::per_second(2);
        let now = Instant::now();
        assert_eq!(
            [quota.spend(now), quota.spend(now), quota.spend(now)],
            [true, true, false]
        );
        assert!(quota.spend(now + Duration::from_secs(1)));
    }
}
