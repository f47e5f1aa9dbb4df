//! What is printed.

use std::collections::BTreeMap;

use longwire_torture::{Fact, History, Invariant, Violation};
use serde_json::Value;

/// How many examples of a broken invariant are worth reading.
const EXAMPLES: usize = 5;

pub(crate) fn invariants() {
    for invariant in Invariant::all() {
        println!("{:24} {}", invariant.name(), invariant.sentence());
    }
}

/// How much there was to check.
pub(crate) fn summary(history: &History) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, fact) in history.facts() {
        for word in words(fact) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let setup = history.setup();
    println!("seed {}, {} cycles", setup.seed, setup.cycles);
    for (word, count) in counts {
        println!("{count:9} {word}");
    }
}

fn words(fact: &Fact) -> Vec<String> {
    match fact {
        Fact::Spawned { .. } => vec!["servers started".into()],
        Fact::Killed => vec!["servers killed".into()],
        Fact::Asked => vec!["servers asked to leave".into()],
        Fact::Connected { .. } => vec!["sockets opened".into()],
        Fact::Sent { frame, .. } => vec!["frames sent".into(), sent(frame)],
        Fact::Received { frame, .. } => vec!["frames received".into(), received(frame)],
        Fact::Setup(_)
        | Fact::Listens
        | Fact::Left { .. }
        | Fact::Garbled { .. }
        | Fact::Closed { .. }
        | Fact::Lost { .. }
        | Fact::Look { .. } => Vec::new(),
    }
}

fn sent(frame: &Value) -> String {
    let route = text(frame, "route");
    match route {
        "kill" | "status" | "watch" | "extend" => format!("frames sent: {route}"),
        _ => format!("frames sent: start of {route}"),
    }
}

fn received(frame: &Value) -> String {
    let status = text(frame, "status");
    let is_reply = frame.get("id").is_some();
    match (is_reply, status) {
        (true, "error") => format!("frames received: refusal {}", text(frame, "code")),
        (true, "ok") => format!("frames received: {} done", text(frame, "route")),
        (true, _) => "frames received: start acknowledged".into(),
        (false, _) if frame.get("feed").is_some() => "frames received: change in the feed".into(),
        (false, _) => format!("frames received: event {status}"),
    }
}

fn text<'f>(frame: &'f Value, key: &str) -> &'f str {
    frame.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Which invariants are broken, with examples; or that none is.
pub(crate) fn violations(violations: &[Violation]) {
    let mut broken: BTreeMap<Invariant, Vec<&Violation>> = BTreeMap::new();
    for violation in violations {
        broken
            .entry(violation.invariant)
            .or_default()
            .push(violation);
    }
    for (invariant, violations) in &broken {
        println!(
            "\nbroken, {} times: {}",
            violations.len(),
            invariant.sentence()
        );
        for violation in violations.iter().take(EXAMPLES) {
            println!("  {violation}");
        }
    }
    let all = Invariant::all().count();
    if broken.is_empty() {
        println!("\nclean: all {all} invariants hold");
    } else {
        println!("\nRED: {} of {all} invariants are broken", broken.len());
    }
}
