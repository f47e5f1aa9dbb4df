//! What the kit answers by itself, on every connection alike.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    job::{Job, Turn},
    lease::Leases,
};

/// Jobs, leases, and what is answered of the rest.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) jobs: Vec<Job>,
    pub(super) leases: Leases,
    /// Routes that the dialogue itself answers.
    spoken_of: BTreeSet<String>,
}

/// A position in the log of a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    /// Which job, by its place at the desk.
    pub(super) job: usize,
    pub(super) next: u64,
    /// It is watched by its id, which its frames then say.
    pub(super) by_id: bool,
}

/// What becomes of a frame.
pub(super) enum Heard {
    /// It is the dialogue's.
    Theirs,
    /// It is answered so, or not at all, and a job may be watched from now on.
    Ours(Option<Value>, Option<Position>),
    /// The job is no longer watched.
    Left(Value, Option<usize>),
}

impl Desk {
    pub(super) fn new(spoken_of: BTreeSet<String>) -> Self {
        Self {
            spoken_of,
            ..Self::default()
        }
    }

    pub(super) fn named(&mut self, name: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.name() == name)
    }

    pub(super) fn next(&mut self, position: Position) -> Option<Turn> {
        let job = self.jobs.get_mut(position.job)?;
        job.next(position.next, position.by_id)
    }

    pub(super) fn hear(&mut self, frame: &Value) -> Heard {
        if Leases::is_said(frame) {
            return Heard::Ours(self.leases.take(frame), None);
        }
        let route = frame["route"].as_str().unwrap_or_default();
        let by_id = frame["job"].is_string();
        let named = self.jobs.iter().position(|job| job.is_named(frame));
        if let ("watch", Some(job)) = (route, named) {
            let (reply, next) = self.jobs[job].watch(frame);
            return Heard::Ours(Some(reply), Some(Position { job, next, by_id }));
        }
        if let Some(job) = self.jobs.iter().position(|job| job.is_route(frame)) {
            let reply = self.jobs[job].start(frame);
            let is_ok = reply["code"].is_null();
            let position = Position {
                job,
                next: 2,
                by_id: false,
            };
            return Heard::Ours(Some(reply), is_ok.then_some(position));
        }
        if self.spoken_of.contains(route) {
            return Heard::Theirs;
        }
        let id = &frame["id"];
        match route {
            // A start that was cut off was not heard: the client looks for it.
            "watch" if frame["connid"].is_string() => {
                let message = "nothing of that name was started";
                let reply = json!({"id": id, "route": route, "status": "error", "code": "unknown_connid", "message": message, "connid": frame["connid"]});
                Heard::Ours(Some(reply), None)
            }
            "unwatch" => {
                let reply = json!({"id": id, "route": route, "status": "ok"});
                Heard::Left(reply, named)
            }
            "status" => {
                let page = json!({"id": id, "route": route, "status": "ok", "total": 0, "jobs": [], "next": null});
                Heard::Ours(Some(page), None)
            }
            _ => Heard::Theirs,
        }
    }
}
