//! A history, sorted: who asked what and was told what, and what each frame says of which job.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use longwire_protocol::{
    Connid, Done, EndedView, EventFrame, JobId, Refusal, Request, Seq, ServerFrame, Started, Status,
};
use serde_json::Value;

use super::lives::Life;
use crate::{Conversation, History, Moment, Setup};

/// What a history says, sorted.
pub(super) struct Story<'a> {
    pub(super) history: &'a History,
    pub(super) setup: Setup,
    /// By how many microseconds clocks may be apart that should agree.
    pub(super) slack: u64,
    pub(super) asks: Vec<Ask>,
    pub(super) named: Named,
    pub(super) sockets: BTreeMap<u32, Socket>,
    pub(super) signs: Vec<Sign>,
    pub(super) ends: Vec<NamedEnd>,
    pub(super) lives: BTreeMap<JobId, Life>,
    pub(super) namesakes: HashMap<Connid, Vec<JobId>>,
    pub(super) strays: Vec<Stray>,
    /// Frames that no documented server sends.
    pub(super) odd: Vec<(Moment, String)>,
    pub(super) looks: Vec<Look>,
}

/// A request, and the reply to it if one came.
pub(super) struct Ask {
    pub(super) sent: Moment,
    pub(super) socket: u32,
    pub(super) request: Request,
    pub(super) reply: Option<Reply>,
    /// Whether it belongs to a last look.
    pub(super) last_look: bool,
}

pub(super) struct Reply {
    pub(super) seen: Moment,
    pub(super) frame: ServerFrame,
}

impl Ask {
    /// The refusal it was answered with.
    pub(super) fn refused(&self) -> Option<&Refusal> {
        if let ServerFrame::Refused(refused) = &self.reply.as_ref()?.frame {
            Some(&refused.refusal)
        } else {
            None
        }
    }

    /// The reply to a verb that was done.
    pub(super) fn done(&self) -> Option<&Done> {
        if let ServerFrame::Done(done) = &self.reply.as_ref()?.frame {
            Some(done)
        } else {
            None
        }
    }

    /// The job it was told to have started or joined.
    pub(super) fn started(&self) -> Option<&Started> {
        if let ServerFrame::Started(started) = &self.reply.as_ref()?.frame {
            Some(started)
        } else {
            None
        }
    }
}

/// The requests that are about a job, by the name they give it.
#[derive(Default)]
pub(super) struct Named {
    pub(super) starts: HashMap<Connid, Vec<usize>>,
    /// Those that left the name to the server.
    pub(super) nameless: Vec<usize>,
    pub(super) kills: HashMap<Connid, Vec<usize>>,
    pub(super) extends: HashMap<Connid, Vec<usize>>,
}

/// One socket's life.
#[derive(Default)]
pub(super) struct Socket {
    pub(super) conversation: Conversation,
    pub(super) gone: Option<Moment>,
}

/// Something that says how a job stood.
pub(super) struct Sign {
    pub(super) seen: Moment,
    /// The request it answers: then the job stood so after that was sent.
    pub(super) ask: Option<usize>,
    pub(super) job: JobId,
    pub(super) connid: Connid,
    pub(super) route: Option<Arc<str>>,
    /// The number of its last event then.
    pub(super) seq: Seq,
    pub(super) status: Option<Status>,
    /// The event of that number, where all of it was said.
    pub(super) body: Option<Box<Body>>,
}

impl Sign {
    /// Whether it says that the job has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.status.is_some_and(Status::has_ended)
    }
}

/// An event in full.
pub(super) struct Body {
    pub(super) event: EventFrame,
    /// The same without what depends on who is told.
    pub(super) frame: Value,
}

/// What was said of the end of a job by its connid only.
pub(super) struct NamedEnd {
    pub(super) seen: Moment,
    pub(super) connid: Connid,
    pub(super) ended: EndedView,
}

/// An event that came though nothing was watched that it belongs to.
pub(super) struct Stray {
    pub(super) seen: Moment,
    pub(super) after_end: bool,
    pub(super) frame: String,
}

/// How things stand in the end: what that socket is told from then on.
pub(super) struct Look {
    pub(super) socket: u32,
    pub(super) began: Moment,
}

impl<'a> Story<'a> {
    /// The jobs of that name.
    pub(super) fn lives_named(&self, connid: &Connid) -> impl Iterator<Item = &Life> {
        let jobs = self.namesakes.get(connid).into_iter().flatten();
        jobs.filter_map(|job| self.lives.get(job))
    }

    /// The signs of a job, the first first.
    pub(super) fn signs_of<'s>(&'s self, life: &'s Life) -> impl Iterator<Item = &'s Sign> {
        life.signs.iter().map(|sign| &self.signs[*sign])
    }

    /// Whether the jobs of that route end `ok` when their time is up and for nothing else.
    pub(super) fn is_timer(&self, life: &Life) -> bool {
        let route = life.route.as_deref();
        route.is_some_and(|route| self.setup.timers.iter().any(|timer| timer == route))
    }
}

impl Named {
    pub(super) fn add(&mut self, ask: usize, request: &Request) {
        let (index, connid) = match request {
            Request::Start(start) => (&mut self.starts, &start.connid),
            Request::Kill(kill) => (&mut self.kills, &kill.connid),
            Request::Extend(extend) => (&mut self.extends, &extend.connid),
            Request::Status(_)
            | Request::Watch(_)
            | Request::Unwatch(_)
            | Request::Routes(_)
            | Request::Search(_)
            | Request::Modules(_)
            | Request::Claim(_)
            | Request::Append(_)
            | Request::End(_) => return,
        };
        match (connid, request) {
            (Some(connid), _) => index.entry(connid.clone()).or_default().push(ask),
            (None, Request::Start(_)) => self.nameless.push(ask),
            // No client here kills or extends by the server's name.
            (None, _) => {}
        }
    }
}
