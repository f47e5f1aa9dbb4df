//! What the clients of a run know together: the jobs, so that each can meddle with those of others.

use std::collections::{BTreeSet, HashMap, VecDeque};

use longwire_protocol::{Connid, JobId, Seq, ServerFrame};
use longwire_torture::Chance;
use parking_lot::Mutex;

/// Jobs that are remembered for others to meddle with.
const RECENT: usize = 48;

/// Shared by all clients.
#[derive(Default)]
pub(super) struct World(Mutex<Known>);

#[derive(Default)]
struct Known {
    jobs: HashMap<JobId, Job>,
    recent: VecDeque<JobId>,
    names: BTreeSet<Connid>,
    marked: VecDeque<Connid>,
}

/// A job as far as anyone knows.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) job: JobId,
    pub(super) connid: Connid,
    /// The last number that anyone has seen.
    pub(super) seq: Seq,
    pub(super) ended: bool,
}

impl World {
    /// Remembers what a frame says of jobs; `whose` is whose event it is.
    pub(super) fn learn(&self, frame: &ServerFrame, whose: Option<JobId>) {
        let mut known = self.0.lock();
        match frame {
            ServerFrame::Started(started) => {
                known.see(started.job, &started.connid, started.seq, false);
            }
            ServerFrame::Event(event) => {
                if let Some(job) = event.job.or(whose) {
                    known.see(job, &event.connid, event.seq, event.status.has_ended());
                }
            }
            ServerFrame::Done(done) => {
                if let (Some(job), Some(connid), Some(seq)) = (done.job, &done.connid, done.seq) {
                    known.see(job, connid, seq, false);
                }
            }
            ServerFrame::Status(page) => {
                for view in &page.jobs {
                    known.see(view.job, &view.connid, view.seq, view.status.has_ended());
                }
            }
            ServerFrame::Feed(change) => {
                let ended = change.status.has_ended();
                known.see(change.job, &change.connid, change.seq, ended);
            }
            ServerFrame::Routes(_)
            | ServerFrame::Found(_)
            | ServerFrame::Modules(_)
            | ServerFrame::Refused(_)
            | ServerFrame::Claimed(_)
            | ServerFrame::HandOver(_)
            | ServerFrame::Gap(_)
            | ServerFrame::Notice(_) => {}
        }
    }

    /// Remembers a name that a client gave.
    pub(super) fn name(&self, connid: &Connid) {
        self.0.lock().names.insert(connid.clone());
    }

    /// One of the jobs that were heard of lately.
    pub(super) fn recent(&self, chance: &mut Chance, alive: bool) -> Option<Job> {
        let known = self.0.lock();
        let jobs = known.recent.iter().filter_map(|job| known.jobs.get(job));
        let fitting: Vec<&Job> = jobs.filter(|job| !alive || !job.ended).collect();
        chance.one_of(&fitting).copied().cloned()
    }

    /// Asks that others kill a job, too.
    pub(super) fn mark(&self, connid: Connid) {
        self.0.lock().marked.push_back(connid);
    }

    /// A job that another kills just now.
    pub(super) fn marked(&self) -> Option<Connid> {
        self.0.lock().marked.pop_front()
    }

    /// Every job that anyone has heard of.
    pub(super) fn jobs(&self) -> BTreeSet<JobId> {
        self.0.lock().jobs.keys().copied().collect()
    }

    /// Every name that was given by anyone, the server included.
    pub(super) fn names(&self) -> BTreeSet<Connid> {
        let known = self.0.lock();
        let of_jobs = known.jobs.values().map(|job| job.connid.clone());
        known.names.iter().cloned().chain(of_jobs).collect()
    }
}

impl Known {
    fn see(&mut self, job: JobId, connid: &Connid, seq: Seq, ended: bool) {
        if let Some(known) = self.jobs.get_mut(&job) {
            known.seq = known.seq.max(seq);
            known.ended |= ended;
            return;
        }
        let connid = connid.clone();
        self.jobs.insert(
            job,
            Job {
                job,
                connid,
                seq,
                ended,
            },
        );
        self.recent.push_back(job);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }
}
