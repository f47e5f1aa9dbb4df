//! A job that the kit serves by itself: a log, and positions in it.

use serde_json::{Map, Value, json};

use super::step::JobScript;

/// The log of a job, the first event of which is its acceptance.
#[derive(Debug)]
pub(super) struct Job {
    script: JobScript,
    connid: Option<String>,
    started: bool,
    released: bool,
}

/// What comes next at a position.
pub(super) enum Next {
    /// These texts, one after the other.
    Texts(Vec<String>),
    /// Half of this text, and no more.
    Half(String),
}

/// What came next, where that leads, and whether the connection breaks then.
pub(super) struct Turn {
    pub(super) next: Next,
    pub(super) position: u64,
    pub(super) breaks: bool,
}

impl Job {
    pub(super) fn new(script: JobScript) -> Self {
        Self {
            connid: script.connid.clone(),
            // What has a name from the beginning runs already.
            started: script.connid.is_some(),
            released: script.hold.is_none(),
            script,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.script.name
    }

    pub(super) fn release(&mut self) {
        self.released = true;
    }

    /// Whether a frame that names a job means this one.
    pub(super) fn is_named(&self, frame: &Value) -> bool {
        let job = frame["job"].as_str();
        let connid = frame["connid"].as_str();
        job.is_some_and(|job| job == self.script.id)
            || (self.started && connid.is_some() && connid == self.connid.as_deref())
    }

    pub(super) fn is_route(&self, frame: &Value) -> bool {
        frame["route"] == self.script.route.as_str()
    }

    /// The reply to a start.
    pub(super) fn start(&mut self, frame: &Value) -> Value {
        let attach = self.started && frame["on_conflict"] == "attach";
        if self.started && !attach {
            return json!({
                "id": frame["id"], "route": frame["route"], "status": "error", "code": "connid_in_use",
                "message": "the kit has this job already: was it started twice?", "field": "connid",
            });
        }
        self.started = true;
        let made = frame["connid"].as_str().unwrap_or("made");
        let connid = self.connid.get_or_insert_with(|| made.to_owned());
        let mut reply = json!({
            "id": frame["id"], "connid": connid, "job": self.script.id, "seq": 1, "status": "running",
            "route": self.script.route, "time": 60, "left": 60,
        });
        if attach {
            reply["attached"] = Value::Bool(true);
        }
        reply
    }

    /// The reply to a watch, and from which number on it watches.
    pub(super) fn watch(&self, frame: &Value) -> (Value, u64) {
        let (last, after) = (self.last(), frame["after"].as_u64().unwrap_or(0));
        let mut reply = json!({
            "id": frame["id"], "route": "watch", "connid": self.connid, "job": self.script.id,
            "status": "ok", "seq": last,
        });
        if let Some(ended) = self.ended().filter(|_| after >= last) {
            reply["ended"] = ended;
        }
        (reply, after + 1)
    }

    /// How it ended, in short, once it has: a result is not in it.
    fn ended(&self) -> Option<Value> {
        let is_whole = self.last() == 1 + self.script.lines + self.script.events.len() as u64;
        let mut end = self.script.events.last().filter(|_| is_whole)?.clone();
        let status = end.get("status").and_then(Value::as_str)?;
        let has_ended = matches!(status, "ok" | "failed" | "killed" | "timeout" | "lost");
        end.retain(|key, _| key != "result");
        end.insert("seq".to_owned(), self.last().into());
        has_ended.then_some(Value::Object(end))
    }

    /// What comes at a position of a watch; by its id where it was named so.
    pub(super) fn next(&mut self, position: u64, by_id: bool) -> Option<Turn> {
        if position > self.last() {
            return None;
        }
        if position < self.script.kept_from {
            return Some(self.gap(position, by_id));
        }
        if self.script.missing.contains(&position) || take(&mut self.script.skip, position) {
            return self.next(position + 1, by_id);
        }
        let text = self.event(position, by_id).to_string();
        if take(&mut self.script.half, position) {
            return Some(Turn {
                next: Next::Half(text),
                position,
                breaks: true,
            });
        }
        let texts = if self.script.twice {
            vec![text.clone(), text]
        } else {
            vec![text]
        };
        Some(Turn {
            next: Next::Texts(texts),
            position: position + 1,
            breaks: take(&mut self.script.cut, position),
        })
    }

    fn gap(&self, position: u64, by_id: bool) -> Turn {
        let kept_from = self.script.kept_from;
        let gap = json!({"from": position, "to": kept_from - 1});
        let mut frame = json!({"connid": self.connid, "gap": gap});
        if by_id {
            frame["job"] = json!(self.script.id);
        }
        Turn {
            next: Next::Texts(vec![frame.to_string()]),
            position: kept_from,
            breaks: false,
        }
    }

    fn last(&self) -> u64 {
        let last = 1 + self.script.lines + self.script.events.len() as u64;
        let hold = self.script.hold.filter(|_| !self.released);
        hold.map_or(last, |hold| hold.min(last))
    }

    fn event(&self, seq: u64, by_id: bool) -> Value {
        let mut event = Map::new();
        event.insert("connid".to_owned(), json!(self.connid));
        if by_id || seq == 1 {
            event.insert("job".to_owned(), json!(self.script.id));
        }
        event.insert("seq".to_owned(), json!(seq));
        event.insert("status".to_owned(), json!("running"));
        let carried = self.carried(seq);
        if carried.contains_key("output") {
            event.insert("stream".to_owned(), json!("stdout"));
        }
        event.extend(carried);
        Value::Object(event)
    }

    fn carried(&self, seq: u64) -> Map<String, Value> {
        let carried = if seq == 1 {
            json!({"route": self.script.route, "time": 60, "left": 60})
        } else if seq - 1 <= self.script.lines {
            let dots = ".".repeat(self.script.wide);
            json!({"output": format!("line {}{dots}\n", seq - 1)})
        } else {
            let index = usize::try_from(seq - 2 - self.script.lines).ok();
            let event = index.and_then(|index| self.script.events.get(index));
            return event.cloned().unwrap_or_default();
        };
        carried.as_object().cloned().unwrap_or_default()
    }
}

/// Whether that was still to come; it is taken out.
fn take(once: &mut Vec<u64>, seq: u64) -> bool {
    let place = once.iter().position(|it| *it == seq);
    place.map(|place| once.remove(place)).is_some()
}
