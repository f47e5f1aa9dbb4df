//! What happened to a job, in words.

use longwire_client::{Clock, EventFrame, Failure, KillNote, Receipt, Status, Wish};

use crate::{bar::span, print::plain};

/// How a job ended.
pub(crate) fn end(event: &EventFrame) -> String {
    match event.status {
        Status::Ok => "ok".to_owned(),
        Status::Failed => format!("failed{}", because(event.error.as_ref())),
        Status::Killed => match &event.kill {
            Some(KillNote::Receipt(receipt)) => self::receipt(receipt),
            Some(KillNote::Wish(_)) | None => "killed".to_owned(),
        },
        Status::Timeout => format!("timeout: {}", clock(event.clock)),
        Status::Lost => format!("lost{}", because(event.error.as_ref())),
        Status::Queued | Status::Running | Status::Ending => event.status.as_str().to_owned(),
    }
}

/// What happened before the end, where it is worth a line.
pub(crate) fn news(event: &EventFrame) -> Option<String> {
    if let Some(KillNote::Wish(wish)) = &event.kill {
        return Some(format!("told to end by {}", by(wish)));
    }
    if event.status == Status::Ending {
        return event
            .clock
            .map(|ran_out| format!("told to end: {}", clock(Some(ran_out))));
    }
    let is_first = event.route.is_some();
    match (event.time, event.status) {
        (Some(time), Status::Queued) if is_first => Some(format!("queued, with {}", span(time))),
        (Some(time), _) if is_first => Some(format!("running, with {}", span(time))),
        (Some(time), _) => Some(format!("extended: {} from now", span(time))),
        (None, Status::Running) if is_bare(event) => Some("running".to_owned()),
        _ => None,
    }
}

/// The kill receipt.
pub(crate) fn receipt(receipt: &Receipt) -> String {
    let forced = if receipt.forced {
        "by force"
    } else {
        "without force"
    };
    let left = match receipt.survivors {
        Some(0) => "nothing of it is left".to_owned(),
        Some(1) => "1 process of it is still alive".to_owned(),
        Some(more) => format!("{more} processes of it are still alive"),
        None => "whether anything of it is left could not be seen".to_owned(),
    };
    let (who, sent) = (by(&receipt.wish), signals(&receipt.signals));
    format!(
        "killed by {who}: dead after {} ms, {forced}{sent}, {left}",
        receipt.ms
    )
}

fn signals(signals: &[Box<str>]) -> String {
    if signals.is_empty() {
        return String::new();
    }
    format!(" ({})", plain(&signals.join(", ")))
}

fn by(wish: &Wish) -> String {
    let who = plain(&wish.by);
    match &wish.reason {
        Some(reason) => format!("{who} ({})", plain(reason)),
        None => who,
    }
}

fn because(failure: Option<&Failure>) -> String {
    failure.map_or_else(String::new, |failure| {
        format!(": {} ({})", plain(&failure.message), plain(&failure.code))
    })
}

pub(crate) fn clock(clock: Option<Clock>) -> &'static str {
    match clock {
        Some(Clock::IdleTime) => "nothing was heard of it for its idle time",
        Some(Clock::QueueTime) => "it waited in the queue for all its queue time",
        Some(Clock::Time) | None => "its time ran out",
    }
}

/// It says nothing but that the job left the queue.
fn is_bare(event: &EventFrame) -> bool {
    event.progress.is_none() && event.output.is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(fields: &Value) -> EventFrame {
        let mut all = json!({"connid": "42", "seq": 4});
        all.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn ends_are_told_in_words() {
        for (fields, words) in [
            (json!({"status": "ok"}), "ok"),
            (
                json!({"status": "failed", "error": {"code": "exit", "message": "exit 1\n"}}),
                "failed: exit 1  (exit)",
            ),
            (
                json!({"status": "killed", "kill": {"by": "ann", "reason": "old", "forced": false, "survivors": 0, "ms": 12}}),
                "killed by ann (old): dead after 12 ms, without force, nothing of it is left",
            ),
            (
                json!({"status": "killed", "kill": {"by": "ann", "forced": true, "survivors": 2, "signals": ["TERM", "KILL"], "ms": 9}}),
                "killed by ann: dead after 9 ms, by force (TERM, KILL), 2 processes of it are still alive",
            ),
            (
                json!({"status": "timeout", "clock": "idle_time"}),
                "timeout: nothing was heard of it for its idle time",
            ),
            (
                json!({"status": "lost", "error": {"code": "shutdown", "message": "the server stopped"}}),
                "lost: the server stopped (shutdown)",
            ),
        ] {
            assert_eq!(end(&event(&fields)), words);
        }
    }

    #[test]
    fn news_are_told_once_and_progress_is_none() {
        for (fields, words) in [
            (
                json!({"status": "running", "route": "request", "time": 30, "left": 30}),
                Some("running, with 30 s"),
            ),
            (
                json!({"status": "queued", "route": "request", "time": 30, "left": 30}),
                Some("queued, with 30 s"),
            ),
            (json!({"status": "running"}), Some("running")),
            (
                json!({"status": "running", "time": 60, "left": 60}),
                Some("extended: 60 s from now"),
            ),
            (
                json!({"status": "ending", "kill": {"by": "ann"}}),
                Some("told to end by ann"),
            ),
            (
                json!({"status": "ending", "clock": "time"}),
                Some("told to end: its time ran out"),
            ),
            (json!({"status": "running", "progress": {"done": 1}}), None),
            (
                json!({"status": "ending", "output": "x", "stream": "stdout"}),
                None,
            ),
        ] {
            assert_eq!(news(&event(&fields)).as_deref(), words);
        }
    }
}
