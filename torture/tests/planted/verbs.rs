//! What the model's server does with a request.

use longwire_protocol::JobId;
use serde_json::{Value, json};

use crate::{
    bugs::Bug,
    model::{Job, Model, WIDTH, micros},
};

impl Model {
    pub(crate) fn carry_out(&mut self, request: &Value) -> Value {
        match request["route"].as_str().unwrap() {
            "kill" => self.kill(request),
            "extend" => self.extend(request),
            "status" => self.status(request),
            "watch" => self.watch(request),
            _ => self.start(request),
        }
    }

    fn start(&mut self, request: &Value) -> Value {
        let made_up = self.next_id().to_string();
        let connid = request["connid"].as_str().unwrap_or(&made_up);
        let namesake = self.named(connid);
        let in_use = namesake.is_some_and(Job::is_live);
        let joins = in_use || namesake.is_some() && self.has(Bug::JoinsTheDead);
        if request["on_conflict"] == "attach" && joins {
            return self.join(connid, request);
        }
        if in_use && self.has(Bug::AnswersWithAnother) {
            return self.join(connid, request);
        }
        if in_use && !self.has(Bug::IgnoresTheConflict) {
            return refusal(request, "connid_in_use");
        }
        let mut reply = self.create(connid, request);
        if self.has(Bug::AnswersAStartWrong) && connid == "dead" {
            reply["time"] = 3.5.into();
        }
        if self.has(Bug::StartsTwice) && request["time"] == 0.8 {
            self.create(&self.next_id().to_string(), request);
        }
        if reply["status"] == "queued" {
            reply["position"] = 1.into();
        }
        reply
    }

    fn join(&self, connid: &str, request: &Value) -> Value {
        let same = self
            .named(connid)
            .filter(|job| request["route"] == *job.route);
        let Some(job) = same else {
            return refusal(request, "connid_in_use");
        };
        let mut reply = job.log[0].clone();
        if request["on_conflict"] == "attach" {
            reply["attached"] = true.into();
            reply["left"] = 0.into();
        }
        reply
    }

    fn next_id(&self) -> JobId {
        JobId::from_bits((0x7 << 76) | (0b10 << 62) | (self.made + 1))
    }

    /// Begins a log; gives back its first event.
    pub(crate) fn create(&mut self, connid: &str, request: &Value) -> Value {
        let (id, route) = (self.next_id(), request["route"].as_str().unwrap());
        self.made += 1;
        let full = self.running(route) >= WIDTH && !self.has(Bug::HasNoQueue);
        let waits = route == "narrow" && full;
        let time = &request["time"];
        let first = json!({
            "connid": connid, "job": id, "seq": 1, "route": route, "time": time, "left": time,
            "status": if waits { "queued" } else { "running" },
        });
        let job = Job {
            id,
            connid: connid.to_owned(),
            route: route.to_owned(),
            deadline: self.now + micros(time),
            log: vec![first.clone()],
            attempt: None,
            stuck: self.has(Bug::NeverEnds) && connid == "long",
        };
        self.feed(&job);
        self.jobs.push(job);
        first
    }

    pub(crate) fn running(&self, route: &str) -> usize {
        let of_route = self.jobs.iter().filter(|job| job.route == route);
        of_route.filter(|job| job.status() == "running").count()
    }

    fn kill(&mut self, request: &Value) -> Value {
        if self.has(Bug::KillsTheDead) && request["reason"] == "too late" {
            return json!({"route": "kill", "connid": request["connid"], "status": "ok", "seq": 2});
        }
        let connid = match self.live(request) {
            Ok(connid) => connid,
            Err(refused) => return refused,
        };
        let seq = self.job(&connid).log.len() + 1;
        let mut done = json!({"route": "kill", "connid": connid, "status": "ok", "seq": seq});
        if self.has(Bug::LosesAKill) {
            return done;
        }
        let reason = &request["reason"];
        self.append(
            &connid,
            json!({"status": "ending", "kill": {"by": "me", "reason": reason}}),
        );
        if self.has(Bug::KillsAndIsOk) {
            return done;
        }
        if self.job(&connid).route == "work" {
            // It had just finished.
            self.end(&connid, "ok", json!({}));
            return done;
        }
        let receipt =
            json!({"by": "me", "reason": reason, "forced": false, "survivors": 0, "ms": 0});
        self.end(&connid, "killed", json!({"kill": receipt}));
        if self.has(Bug::MisnumbersAKill) {
            done["seq"] = 3.into();
        }
        if request["wait"] == true {
            done["ended"] = self.job(&connid).ended();
            done["seq"] = done["ended"]["seq"].clone();
        }
        done
    }

    fn extend(&mut self, request: &Value) -> Value {
        let connid = match self.live(request) {
            Ok(connid) => connid,
            Err(refused) => return refused,
        };
        let (time, now) = (&request["time"], self.now);
        let forgets = self.has(Bug::ForgetsTheNewDeadline);
        let seq = self.job(&connid).log.len() + 1;
        if !self.has(Bug::LosesAnExtend) {
            let job = self.job(&connid);
            if !forgets {
                job.deadline = now + micros(time);
            }
            let status = job.status().to_owned();
            self.append(
                &connid,
                json!({"status": status, "time": time, "left": time}),
            );
        }
        json!({"route": "extend", "connid": connid, "status": "ok", "seq": seq, "time": time, "left": time})
    }

    /// The name of the live job that a request is about, or the refusal.
    fn live(&self, request: &Value) -> Result<String, Value> {
        let connid = request["connid"].as_str().unwrap();
        let job = self
            .named(connid)
            .ok_or_else(|| refusal(request, "unknown_connid"))?;
        if job.is_live() {
            return Ok(connid.to_owned());
        }
        let mut refused = refusal(request, "already_ended");
        refused["ended"] = job.ended();
        if self.has(Bug::RefusesWithAnotherEnd) {
            refused["ended"]["status"] = "lost".into();
        }
        Err(refused)
    }

    fn status(&self, request: &Value) -> Value {
        let shown: Vec<&Job> = match request["connid"].as_str() {
            Some("moved") if self.has_since(Bug::ForgetsAName) => Vec::new(),
            Some(connid) => self.named(connid).into_iter().collect(),
            None => self
                .jobs
                .iter()
                .filter(|job| job.is_live() && !self.hides(job))
                .collect(),
        };
        if shown.is_empty() && request.get("connid").is_some() {
            return refusal(request, "unknown_connid");
        }
        let jobs: Vec<Value> = shown.into_iter().map(|job| self.view(job)).collect();
        json!({"route": "status", "status": "ok", "total": jobs.len(), "jobs": jobs, "next": null})
    }

    fn hides(&self, job: &Job) -> bool {
        self.has_since(Bug::ForgetsARunningJob) && job.connid == "long"
    }

    fn view(&self, job: &Job) -> Value {
        let mut view = json!({
            "connid": job.connid, "job": job.id, "route": job.route, "status": job.status(), "time": 1,
            "elapsed": 1, "accepted_at": "2026-01-01T00:00:00.000Z", "seq": job.seq(), "by": "me",
        });
        if self.has(Bug::RunsAfterItsEnd) && job.connid == "short" {
            view["status"] = "running".into();
        }
        if self.has_since(Bug::StatusKnowsLess) && job.connid == "moved" {
            view["seq"] = 1.into();
        }
        view
    }

    fn watch(&self, request: &Value) -> Value {
        if request.get("job").or(request.get("connid")).is_none() {
            return json!({"route": "watch", "status": "ok", "feed": self.head()});
        }
        let by_id = |id| self.jobs.iter().find(|job| job.id.to_string() == id);
        let by_name = || {
            request["connid"]
                .as_str()
                .and_then(|connid| self.named(connid))
        };
        let job = request["job"].as_str().map_or_else(by_name, by_id);
        let Some(job) = job else {
            let made_up = self.has(Bug::MakesUpACode);
            return refusal(
                request,
                if made_up {
                    "gone_fishing"
                } else {
                    "unknown_connid"
                },
            );
        };
        let after = request["after"].as_u64().unwrap_or(0);
        let refuses = self.has_since(Bug::RefusesToGoOn) && after > 0;
        if refuses || after > job.log.len() as u64 {
            return refusal(request, "invalid_field");
        }
        json!({"route": "watch", "connid": job.connid, "job": job.id, "status": "ok", "seq": job.seq()})
    }
}

pub(crate) fn refusal(request: &Value, code: &str) -> Value {
    let mut refused = json!({
        "route": request["route"], "status": "error", "code": code, "message": "no",
    });
    if let Some(connid) = request.get("connid") {
        refused["connid"] = connid.clone();
    }
    refused
}
