//! What workers ask of an engine.

use std::borrow::Cow;

use std::{collections::BTreeSet, sync::Arc};

use longwire_protocol::{
    Append, Claim, Claimed, Code, Encoding, EndJob, Failure, Lease, Refusal, Seq, Status, nearest,
};
use tokio::sync::oneshot;

use super::{
    Kept, Seat,
    line::{Printed, Said, Unsaid},
    table::Offer,
};
use crate::{Engine, Found, Job, Name, Principal, job::Work};

/// Characters of a name that a refusal repeats.
const SHOWN: usize = 64;

impl Engine {
    /// A seat for a worker. It offers nothing until it claims.
    #[must_use]
    pub fn seat(&self, kept: Kept) -> Seat {
        Seat::new(self.clone(), kept)
    }

    /// What a worker's seat offers from now on, instead of what it did.
    ///
    /// # Errors
    /// `missing_field`, `invalid_field`: no route, or one that no workers serve.
    pub fn claim(&self, _who: &Principal, seat: &Seat, claim: &Claim) -> Result<Claimed, Refusal> {
        if claim.routes.is_empty() && claim.slots > 0 {
            let message = "\"routes\" must be there: the names of routes that workers serve";
            return Err(Refusal::new(Code::MissingField, message).about("routes"));
        }
        let routes: BTreeSet<&str> = claim.routes.iter().map(|route| &**route).collect();
        let routes = routes.into_iter().map(|route| self.served(route));
        let offer = Offer {
            routes: routes.collect::<Result<_, _>>()?,
            slots: claim.slots as usize,
        };
        Ok(Claimed {
            id: None,
            route: "claim".into(),
            status: Status::Ok,
            slots: claim.slots,
            lost: seat.offer(offer, claim),
        })
    }

    /// The name of a route that workers serve.
    fn served(&self, name: &str) -> Result<Arc<str>, Refusal> {
        let found = self.router().find(name).ok();
        if let Some(route) = found.filter(|route| route.is_served_by_workers()) {
            return Ok(Arc::clone(&route.name));
        }
        let mut served = self.router().routes();
        served.retain(|route| route.is_served_by_workers());
        let names: Vec<&str> = served.iter().map(|route| &*route.name).collect();
        let advice = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None if names.is_empty() => "there is none on this server".to_owned(),
            None => format!("they are {}", names.join(", ")),
        };
        let got: String = name.chars().take(SHOWN).collect();
        Err(Refusal::invalid(
            "routes",
            format!("\"routes\" must name routes that workers serve; got {got:?}; {advice}"),
        ))
    }

    /// Adds to the log of the job that a lease is of. With `wait` it returns once that is in the log, and says how far the log
    /// goes then; without, once it is on its way there, which it is not while too much of the same job is.
    ///
    /// # Errors
    /// `lease_lost`; `too_many`, where many say more of it at once than its log takes in.
    pub async fn append(
        &self,
        _who: &Principal,
        append: Append,
        wait: bool,
    ) -> Result<Option<Seq>, Refusal> {
        let lease = append.lease;
        let (written, seq) = oneshot::channel();
        let said = Said::Append {
            output: append
                .output
                .map(|text| (append.stream, printed(text, append.encoding))),
            progress: append.progress,
            written: wait.then_some(written),
        };
        self.say(lease, said).await?;
        if !wait {
            return Ok(None);
        }
        match seq.await {
            Ok(seq) => Ok(Some(seq)),
            Err(_) => Err(self.lease_lost(lease).await),
        }
    }

    /// Ends the job that a lease is of. With `wait` it returns once the end is in the log, and says which event it is.
    ///
    /// # Errors
    /// `lease_lost`.
    pub async fn end(
        &self,
        _who: &Principal,
        end: EndJob,
        wait: bool,
    ) -> Result<Option<Seq>, Refusal> {
        let lease = end.lease;
        self.say(lease, Said::End(work(end))).await?;
        if !wait {
            return Ok(None);
        }
        let Found::Job(job) = self.0.writer.store.find(&Name::Job(lease.job())).await else {
            return Err(self.lease_lost(lease).await);
        };
        let ended = self.follow(job.id(), job.seq()).ended().await;
        Ok(ended.map(|job| job.seq()))
    }

    /// Says something of a job. It has its place in the order of all that is said of that at the first poll, also where whoever said it
    /// leaves then; this returns once more may be said.
    async fn say(&self, lease: Lease, said: Said) -> Result<(), Refusal> {
        let is_heard = match self.router().workers().say(lease, said) {
            Ok(room) => room.comes().await,
            Err(Unsaid::Lost) => false,
            Err(Unsaid::TooMuch) => return Err(too_much(lease)),
        };
        if is_heard {
            Ok(())
        } else {
            Err(self.lease_lost(lease).await)
        }
    }

    /// What became of a job whose lease is gone.
    async fn lease_lost(&self, lease: Lease) -> Refusal {
        let lost = |message: String| of_lease(Code::LeaseLost, message, lease);
        let Found::Job(job) = self.0.writer.store.find(&Name::Job(lease.job())).await else {
            return lost("no job that is kept was ever held under this lease".to_owned());
        };
        let mut refusal = lost(became(&job)).of(job.connid().clone());
        refusal.ended = job.ended_view().map(Box::new);
        refusal
    }
}

fn too_much(lease: Lease) -> Refusal {
    let message = "more was said of this job than its log takes in now; this was not, say it again";
    of_lease(Code::TooMany, message, lease)
}

fn of_lease(code: Code, message: impl Into<Cow<'static, str>>, lease: Lease) -> Refusal {
    let mut refusal = Refusal::new(code, message).about("lease");
    refusal.lease = Some(Box::new(lease));
    refusal
}

fn became(job: &Job) -> String {
    let (connid, status) = (job.connid(), job.status().as_str());
    if job.status().has_ended() {
        format!("{connid} has already ended: {status}; nobody holds it any more")
    } else {
        format!("this lease is gone; {connid} is {status} without it: stop working on it")
    }
}

/// What was printed; what is no base64, though it should be, is taken as it is: the frame's own check has refused it before.
fn printed(text: Arc<str>, encoding: Encoding) -> Printed {
    match encoding.decode(&text) {
        Some(bytes) if !encoding.is_text() => Printed::Bytes(bytes.into_owned()),
        Some(_) | None => Printed::Text(text),
    }
}

/// What the words of a worker come to.
fn work(end: EndJob) -> Work {
    match (end.error, end.result) {
        (Some(error), _) => Work::Over(Some(Failure::from(error))),
        (None, Some(result)) => Work::Done(Some(result)),
        (None, None) => Work::Over(None),
    }
}
