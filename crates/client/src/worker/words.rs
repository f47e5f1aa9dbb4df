//! What was said over a connection and is not answered: kept, so that it can be said again on the next.

use std::{
    collections::{BTreeMap, VecDeque},
    future::pending,
    time::Duration,
};

use longwire_protocol::{FrameId, Lease, Request};
use tokio::time::{Instant, sleep_until};

/// How long to wait before something is said again that the server could not take.
const SAY_AGAIN: Duration = Duration::from_millis(200);

/// What was said of a job.
pub(super) struct Said {
    pub(super) lease: Lease,
    pub(super) request: Request,
    /// How much room it takes of its job's.
    pub(super) room: u32,
}

/// Everything that was said and is not answered. How much of it there may be is for who says it.
#[derive(Default)]
pub(super) struct Words {
    last_id: u64,
    /// The offer, which goes before everything else.
    claim: Option<(u64, Request)>,
    said: BTreeMap<u64, Said>,
    /// Of that, what to send next.
    to_send: VecDeque<u64>,
    /// Of that, what the server could not take, and when to say it again.
    again: Option<(Instant, Vec<u64>)>,
}

impl Words {
    /// Claims, instead of what was claimed before.
    pub(super) fn claim(&mut self, claim: Request) {
        let id = self.next_id();
        self.claim = Some((id, claim));
        self.to_send.push_front(id);
    }

    /// Whether there is a claim that is not answered.
    pub(super) const fn is_claiming(&self) -> bool {
        self.claim.is_some()
    }

    /// Whether that was the claim, which is answered now.
    pub(super) fn take_claim(&mut self, id: u64) -> bool {
        self.claim.take_if(|(claim, _)| *claim == id).is_some()
    }

    pub(super) fn say(&mut self, said: Said) -> u64 {
        let id = self.next_id();
        self.said.insert(id, said);
        self.to_send.push_back(id);
        id
    }

    pub(super) fn get(&self, id: u64) -> Option<&Said> {
        self.said.get(&id)
    }

    /// What was said so, which is answered now.
    pub(super) fn take(&mut self, id: u64) -> Option<Said> {
        self.said.remove(&id)
    }

    /// Nothing more is to be said of a job.
    pub(super) fn forget(&mut self, lease: Lease) {
        self.said.retain(|_, said| said.lease != lease);
    }

    /// The server could not take that now.
    pub(super) fn say_later(&mut self, id: u64) {
        if self.said.contains_key(&id) {
            let at = Instant::now() + SAY_AGAIN;
            self.again.get_or_insert((at, Vec::new())).1.push(id);
        }
    }

    /// Waits until something is to be said again.
    pub(super) async fn due(&self) {
        match &self.again {
            Some((at, _)) => sleep_until(*at).await,
            None => pending().await,
        }
    }

    /// What is due is to be sent.
    pub(super) fn send_due(&mut self) {
        if let Some((_, ids)) = self.again.take_if(|(at, _)| *at <= Instant::now()) {
            self.to_send.extend(ids);
        }
    }

    /// There is nobody to send to.
    pub(super) fn hold(&mut self) {
        self.to_send.clear();
        self.again = None;
    }

    /// All is to be sent once more, in the order in which it was said.
    pub(super) fn send_all(&mut self) {
        self.to_send = self.said.keys().copied().collect();
    }

    pub(super) fn clear(&mut self) {
        self.hold();
        self.said.clear();
    }

    /// The text of the next frame to send.
    pub(super) fn next_frame(&mut self) -> Option<String> {
        while let Some(id) = self.to_send.pop_front() {
            let claim = self.claim.as_ref().filter(|(claim, _)| *claim == id);
            let said = self.said.get(&id).map(|said| &said.request);
            let request = said.or(claim.map(|(_, request)| request));
            // What came as JSON can be written as such.
            if let Some(Ok(text)) = request.map(|it| it.to_frame(Some(&FrameId::from(id)))) {
                return Some(text);
            }
        }
        None
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}
