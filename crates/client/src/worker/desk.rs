//! All that a worker's connection knows and that outlives it: the jobs that it holds, and what was said of them and is not answered.
//!
//! Nothing here does I/O.

use std::{collections::HashMap, sync::Arc};

use longwire_protocol::{
    Claim, Claimed, Code, EventFrame, HandOver, JobId, Lease, Progress, Refusal, RefusalFrame,
    Request, ServerFrame, Status,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    say::{self, Command, Say},
    stopped::Why,
    task::{Shared, Task},
    words::{Said, Words},
};
use crate::{Error, connection::Desk, desk::id_of};

/// Leases that a claim may name.
const MOST_LEASES: usize = 1000;

/// What a worker offers.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) routes: Box<[Box<str>]>,
    pub(super) slots: u32,
    pub(super) name: Option<Box<str>>,
}

/// A worker's end of a connection.
pub(super) struct WorkDesk {
    offer: Offer,
    held: HashMap<Lease, Held>,
    words: Words,
    connected: bool,
    leaving: bool,
    ways: Ways,
}

/// The ways from a desk to the rest of its worker.
pub(super) struct Ways {
    pub(super) commands: mpsc::Sender<Command>,
    /// To who does the work.
    pub(super) handed: mpsc::Sender<Task>,
    /// The first claim stands.
    pub(super) claimed: Option<oneshot::Sender<Result<(), Error>>>,
    /// The worker is to leave once its jobs have ended.
    pub(super) leave: CancellationToken,
    /// It holds no job, and will be handed none.
    pub(super) left: CancellationToken,
}

/// A job that is held.
struct Held {
    job: JobId,
    shared: Arc<Shared>,
    /// The progress that was said and is not answered.
    progress: Option<u64>,
    /// The progress to say then.
    next_progress: Option<Progress>,
}

impl WorkDesk {
    pub(super) fn new(offer: Offer, ways: Ways) -> Self {
        let mut desk = Self {
            offer,
            held: HashMap::new(),
            words: Words::default(),
            connected: true,
            leaving: false,
            ways,
        };
        desk.claim(Box::default());
        desk
    }

    fn claim(&mut self, leases: Box<[Lease]>) {
        self.words.claim(Request::Claim(Claim {
            routes: self.offer.routes.clone(),
            slots: if self.leaving { 0 } else { self.offer.slots },
            worker: self.offer.name.clone(),
            leases,
        }));
    }

    fn say(&mut self, lease: Lease, request: Request, room: u32) -> u64 {
        self.words.say(Said {
            lease,
            request,
            room,
        })
    }

    fn say_progress(&mut self, lease: Lease, progress: Progress) {
        let Some(held) = self.held.get_mut(&lease) else {
            return;
        };
        if held.progress.is_some() {
            held.next_progress = Some(progress);
            return;
        }
        let id = self.say(lease, say::progress(lease, progress), 0);
        if let Some(held) = self.held.get_mut(&lease) {
            held.progress = Some(id);
        }
    }

    /// The progress that waits is the last that the job came to.
    fn say_end(&mut self, lease: Lease, request: Request) {
        if let Some(held) = self.held.get_mut(&lease)
            && let Some(progress) = held.next_progress.take()
        {
            self.say(lease, say::progress(lease, progress), 0);
        }
        self.say(lease, request, 0);
    }

    fn hand_over(&mut self, job: HandOver) -> Result<(), Error> {
        let (id, lease) = (job.job, job.lease);
        if self.held.contains_key(&lease) {
            return Ok(());
        }
        let before = self.held.iter().find(|(_, held)| held.job == id);
        if let Some(before) = before.map(|(lease, _)| *lease) {
            self.lose(before);
        }
        let most = 2 * self.offer.slots.max(1) as usize;
        let shared = Shared::new();
        let task = Task::new(job, Arc::clone(&shared), self.ways.commands.clone());
        if self.held.len() >= most || self.ways.handed.try_send(task).is_err() {
            let slots = self.offer.slots;
            let what = format!("more jobs than the {slots} that this worker has slots for");
            return Err(Error::Unexpected(what));
        }
        let held = Held {
            job: id,
            shared,
            progress: None,
            next_progress: None,
        };
        self.held.insert(lease, held);
        Ok(())
    }

    /// What happened to a job that is held. On a new connection it may be told again, and comes to the same.
    fn event(&mut self, event: &EventFrame) {
        let Some(lease) = event.lease else { return };
        let Some(held) = self.held.get(&lease) else {
            return;
        };
        match event.status {
            Status::Running => {}
            Status::Ending => held.shared.tell(Why::of(event)),
            Status::Queued
            | Status::Ok
            | Status::Failed
            | Status::Killed
            | Status::Timeout
            | Status::Lost => self.lose(lease),
        }
    }

    /// The job is no longer held: it has ended, or is somebody else's.
    fn lose(&mut self, lease: Lease) {
        if let Some(held) = self.held.remove(&lease) {
            held.shared.lose();
            self.words.forget(lease);
        }
    }

    fn claimed(&mut self, claimed: &Claimed, id: u64) {
        if !self.words.take_claim(id) {
            return;
        }
        for lease in &claimed.lost {
            self.lose(*lease);
        }
        if let Some(first) = self.ways.claimed.take() {
            drop(first.send(Ok(())));
        }
    }

    fn answered(&mut self, id: u64) {
        let Some(said) = self.words.take(id) else {
            return;
        };
        if matches!(said.request, Request::End(_)) {
            return self.lose(said.lease);
        }
        self.let_go(&said, id);
    }

    /// There is room for more of the same job.
    fn let_go(&mut self, said: &Said, id: u64) {
        let Some(held) = self.held.get_mut(&said.lease) else {
            return;
        };
        held.shared.answered(said.room);
        if held.progress.take_if(|progress| *progress == id).is_some()
            && let Some(progress) = held.next_progress.take()
        {
            self.say_progress(said.lease, progress);
        }
    }

    fn refused(&mut self, frame: RefusalFrame, id: u64) -> Result<(), Error> {
        let refusal = frame.refusal;
        if self.words.take_claim(id) {
            let error = Error::Refused(Box::new(refusal));
            if let Some(first) = self.ways.claimed.take() {
                drop(first.send(Err(error.clone())));
            }
            return Err(error);
        }
        if refusal.code == Code::LeaseLost {
            if let Some(said) = self.words.get(id) {
                self.lose(said.lease);
            }
        } else if matches!(refusal.code, Code::TooMany | Code::Unavailable) {
            self.words.say_later(id);
        } else {
            self.not_taken(id, refusal);
        }
        Ok(())
    }

    /// What the server never takes: a job that it cannot be told the end of so is told to have failed of that.
    fn not_taken(&mut self, id: u64, refusal: Refusal) {
        let Some(said) = self.words.take(id) else {
            return;
        };
        let Some(held) = self.held.get(&said.lease) else {
            return;
        };
        let failure = say::of_refusal(refusal);
        if let Request::End(end) = &said.request {
            if end.error.is_some() {
                return self.lose(said.lease);
            }
            self.say(said.lease, say::end(said.lease, Err(failure.into())), 0);
        } else {
            held.shared.refused(failure);
            self.let_go(&said, id);
        }
    }

    /// Leaves once nothing is held, and nothing can be handed over.
    fn leave_if_done(&self) {
        let hears_nothing = !self.connected || !self.words.is_claiming();
        if self.leaving && self.held.is_empty() && hears_nothing {
            self.ways.left.cancel();
        }
    }
}

impl Desk for WorkDesk {
    type Command = Command;

    fn take(&mut self, Command { lease, say }: Command) {
        if !self.held.contains_key(&lease) {
            return;
        }
        match say {
            Say::Output(output, room) => drop(self.say(lease, say::output(lease, output), room)),
            Say::Progress(progress) => self.say_progress(lease, progress),
            Say::End(end) => self.say_end(lease, say::end(lease, end)),
        }
    }

    async fn stirs(&self) {
        tokio::select! {
            () = self.ways.leave.cancelled(), if !self.leaving => {}
            () = self.words.due() => {}
        }
    }

    fn look(&mut self) {
        self.words.send_due();
        if !self.leaving && self.ways.leave.is_cancelled() {
            self.leaving = true;
            if self.connected {
                self.claim(Box::default());
            }
            self.leave_if_done();
        }
    }

    fn next_frame(&mut self) -> Option<String> {
        self.words.next_frame()
    }

    fn hear(&mut self, frame: ServerFrame) -> Result<(), Error> {
        let id = id_of(&frame);
        match (frame, id) {
            (ServerFrame::HandOver(job), _) => self.hand_over(*job)?,
            (ServerFrame::Event(event), _) => self.event(&event),
            (ServerFrame::Claimed(claimed), Some(id)) => self.claimed(&claimed, id),
            (ServerFrame::Done(_), Some(id)) => self.answered(id),
            (ServerFrame::Refused(frame), Some(id)) => self.refused(*frame, id)?,
            // It asked for nothing else.
            (other, _) => drop(other),
        }
        self.leave_if_done();
        Ok(())
    }

    /// It was answered, and no refusal is ever not understood.
    fn not_understood(&mut self, id: u64, _error: Error) {
        self.answered(id);
    }

    /// What was sent may or may not have been heard.
    fn broke(&mut self) {
        self.connected = false;
        self.words.hold();
        self.leave_if_done();
    }

    /// Claims what is held, and says again what was not answered.
    fn reconnected(&mut self) {
        self.connected = true;
        self.words.send_all();
        let leases = self.held.keys().copied();
        self.claim(leases.take(MOST_LEASES).collect());
    }

    fn fail(&mut self, error: &Error) {
        for (_, held) in self.held.drain() {
            held.shared.lose();
        }
        self.words.clear();
        if let Some(first) = self.ways.claimed.take() {
            drop(first.send(Err(error.clone())));
        }
    }
}
