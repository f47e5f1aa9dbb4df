//! What workers said of their leases.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::step::Acknowledge;

/// All that was said, by lease.
#[derive(Debug, Default)]
pub(super) struct Leases {
    pub(super) acknowledge: Acknowledge,
    said: BTreeMap<String, Said>,
}

#[derive(Debug, Default)]
struct Said {
    frames: u64,
    stdout: String,
    stderr: String,
    /// Something was, and was to be said again.
    refused: bool,
    /// Something was said after the end.
    late: bool,
    progress: Option<Value>,
    end: Option<Value>,
    ends: u64,
}

impl Leases {
    /// Whether a frame says something of a lease.
    pub(super) fn is_said(frame: &Value) -> bool {
        matches!(frame["route"].as_str(), Some("append" | "end"))
    }

    /// Takes what is said, and gives the answer where there is one.
    pub(super) fn take(&mut self, frame: &Value) -> Option<Value> {
        let lease = frame["lease"].as_str().unwrap_or_default();
        let said = self.said.entry(lease.to_owned()).or_default();
        if self.acknowledge == Acknowledge::TooMany {
            said.refused = true;
            return Some(json!({
                "id": frame["id"], "route": frame["route"], "status": "error", "code": "too_many",
                "message": "say it again", "lease": lease,
            }));
        }
        said.take(frame);
        let has_id = !frame["id"].is_null();
        match self.acknowledge {
            Acknowledge::Yes if has_id => Some(json!({
                "id": frame["id"], "route": frame["route"], "status": "ok", "seq": said.frames + 1,
            })),
            Acknowledge::Yes | Acknowledge::No | Acknowledge::TooMany => None,
            Acknowledge::Lost => Some(json!({
                "id": frame["id"], "route": frame["route"], "status": "error", "code": "lease_lost",
                "message": "nobody holds it any more", "field": "lease", "lease": lease,
            })),
        }
    }

    /// What was said of a lease so far.
    pub(super) fn of(&self, lease: &str) -> Value {
        let nothing = Said::default();
        let said = self.said.get(lease).unwrap_or(&nothing);
        json!({
            "stdout": said.stdout, "stderr": said.stderr, "progress": said.progress,
            "end": said.end, "ends": said.ends, "frames": said.frames, "refused": said.refused, "late": said.late,
        })
    }
}

impl Said {
    fn take(&mut self, frame: &Value) {
        self.frames += 1;
        if frame["route"] == "end" {
            self.ends += 1;
            self.end = Some(frame.clone());
            return;
        }
        self.late |= self.ends > 0;
        if let Some(output) = frame["output"].as_str() {
            let stream = if frame["stream"] == "stderr" {
                &mut self.stderr
            } else {
                &mut self.stdout
            };
            stream.push_str(output);
        }
        if !frame["progress"].is_null() {
            self.progress = Some(frame["progress"].clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_for_now_was_not_said_and_what_comes_after_the_end_is_late() {
        let mut leases = Leases {
            acknowledge: Acknowledge::TooMany,
            ..Leases::default()
        };
        let output = json!({"route": "append", "lease": "a", "output": "one", "id": 1});
        let refused = leases.take(&output).unwrap_or_default();
        assert_eq!(
            (&refused["id"], &refused["code"]),
            (&json!(1), &json!("too_many"))
        );
        let said = leases.of("a");
        assert_eq!(
            (&said["stdout"], &said["refused"]),
            (&json!(""), &json!(true))
        );

        leases.acknowledge = Acknowledge::Yes;
        for (frame, late) in [
            (&output, false),
            (&json!({"route": "end", "lease": "a"}), false),
            (&output, true),
        ] {
            leases.take(frame);
            assert_eq!(leases.of("a")["late"], late, "{frame}");
        }
    }
}
