//! The checker, against a server that keeps its word and against one that makes mistakes.
#![allow(
    clippy::unwrap_used,
    reason = "in a test, what is not there is a mistake of the test"
)]

mod bugs;
mod model;
mod verbs;

use std::collections::BTreeSet;

use longwire_torture::{Chance, History, Invariant, Violation, check};
use serde_json::{Value, json};

use crate::{
    bugs::{Bug, TABLE},
    model::{Fate, Model},
};

/// Two clients, every verb, a crash with requests under way, and both clients again.
fn story(bug: Option<Bug>) -> History {
    let mut model = Model::new(bug);
    let (a, b) = (model.connect(), model.connect());
    let start =
        |connid: &str, time: f64| json!({"route": "request", "connid": connid, "time": time});
    let narrow =
        |connid: &str, time: f64| json!({"route": "narrow", "connid": connid, "time": time});
    let kill = |connid: &str, reason: &str, wait: bool| json!({"route": "kill", "connid": connid, "reason": reason, "wait": wait});
    model.ask(b, json!({"route": "watch"}));
    model.ask(a, start("short", 0.05));
    model.ask(a, start("long", 3.0));
    model.ask(a, start("moved", 1.0));
    model.ask(b, json!({"route": "watch", "connid": "long", "after": 0}));
    model.ask(
        b,
        json!({"route": "extend", "connid": "moved", "time": 2.0}),
    );
    for (connid, time) in [("n1", 0.4), ("n2", 0.5), ("n3", 2.0), ("n4", 0.2)] {
        model.ask(a, narrow(connid, time));
    }
    model.ask(b, start("long", 2.5));
    model.ask(b, json!({"route": "status"}));
    model.pass(100_000);
    model.ask(b, json!({"route": "status", "connid": "short"}));
    model.ask(b, json!({"route": "watch", "connid": "nobody"}));
    model.ask(a, start("dead", 3.0));
    model.ask(b, kill("dead", "first", false));
    model.ask(a, kill("dead", "second", true));
    model.ask(a, start("doomed", 3.0));
    model.ask(b, kill("doomed", "third", true));
    model.ask(a, json!({"route": "request", "time": 0.7}));
    model.ask(b, json!({"route": "work", "connid": "worked", "time": 4.0}));
    model.ask(a, start("late", 0.5));
    model.ask_with(a, start("unheard", 0.1), Fate::Unheard);
    model.ask_with(a, json!({"route": "request", "time": 0.8}), Fate::Unheard);
    model.ask_with(b, start("lost", 0.1), Fate::Lost);
    let watched = ["long", "moved"].map(|connid| {
        let job = model.job(connid);
        json!({"route": "watch", "job": job.id, "after": job.log.len()})
    });
    model.crash();
    let (a, b) = (model.connect(), model.connect());
    for (watch, socket) in watched.into_iter().zip([a, b]) {
        model.ask(socket, watch);
    }
    model.ask(a, json!({"route": "status"}));
    model.ask(b, json!({"route": "status", "connid": "moved"}));
    model.ask(
        a,
        json!({"route": "extend", "connid": "moved", "time": 1.5}),
    );
    model.ask(b, start("after", 0.1));
    model.pass(4_000_000);
    model.ask(b, json!({"route": "status", "connid": "long"}));
    model.pass(6_000_000);
    model.look();
    model.history()
}

fn broken(violations: &[Violation]) -> BTreeSet<Invariant> {
    violations
        .iter()
        .map(|violation| violation.invariant)
        .collect()
}

fn told(violations: &[Violation]) -> String {
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn a_server_that_keeps_its_word_is_clean() {
    let violations = check(&story(None));
    assert!(violations.is_empty(), "{}", told(&violations));
}

#[test]
fn each_mistake_breaks_its_invariants_and_no_other() {
    let mut wrong = Vec::new();
    for (bug, invariants) in TABLE {
        let violations = check(&story(Some(*bug)));
        if broken(&violations) != invariants.iter().copied().collect() {
            wrong.push(format!(
                "{bug:?}, not {invariants:?}:\n{}",
                told(&violations)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_invariant_is_broken_by_some_mistake() {
    let broken: BTreeSet<Invariant> = TABLE
        .iter()
        .flat_map(|(_, broken)| broken.iter().copied())
        .collect();
    let all: BTreeSet<Invariant> = Invariant::all().collect();
    assert_eq!(broken, all);
}

#[test]
fn a_history_without_a_last_look_proves_nothing() {
    let mut history = story(None);
    let looks =
        |entry: &longwire_torture::Entry| matches!(entry.fact, longwire_torture::Fact::Look { .. });
    let look = history.entries.iter().position(looks).unwrap();
    history.entries.truncate(look);
    assert!(broken(&check(&history)).contains(&Invariant::AcknowledgedIsThere));
}

/// A request that a seed decides, about few names, so that they meet.
fn request(chance: &mut Chance, model: &Model, count: u64) -> Value {
    let names = model.names();
    let fresh = format!("name-{}", chance.within(0..6));
    let known = chance.one_of(&names).unwrap_or(&fresh).clone();
    let time = chance.within(0..400_000) as f64 / 1e6;
    let route = if chance.percent(30) {
        "narrow"
    } else {
        "request"
    };
    match chance.within(0..10) {
        0..2 => json!({"route": route, "connid": fresh, "time": time}),
        2 => json!({"route": route, "connid": known, "time": time}),
        3 => json!({"route": route, "time": time}),
        4 => {
            json!({"route": "kill", "connid": known, "reason": format!("kill {count}"), "wait": chance.percent(50)})
        }
        5 => json!({"route": "extend", "connid": known, "time": time}),
        6 if chance.percent(20) => json!({"route": "watch"}),
        6 => json!({"route": "status"}),
        7 => json!({"route": "status", "connid": known}),
        8 => json!({"route": "watch", "connid": known, "after": chance.within(0..4)}),
        _ => {
            let job = model.named(&known).map(|job| job.id);
            match job {
                Some(job) => json!({"route": "watch", "job": job, "after": chance.within(0..4)}),
                None => json!({"route": "status"}),
            }
        }
    }
}

fn random_story(seed: u64) -> History {
    let mut chance = Chance::new(seed);
    let mut model = Model::new(None);
    model.slow = chance.percent(80);
    let mut sockets = [model.connect(), model.connect(), model.connect()];
    for count in 0..chance.within(10..200) {
        let socket = *chance.one_of(&sockets).unwrap();
        let request = request(&mut chance, &model, count);
        let fate = match chance.within(0..20) {
            0 => Fate::Unheard,
            1 => Fate::Lost,
            _ => Fate::Answered,
        };
        model.ask_with(socket, request, fate);
        if fate != Fate::Answered || chance.percent(2) {
            model.crash();
            sockets = [model.connect(), model.connect(), model.connect()];
        }
        for socket in sockets {
            model.arrive(socket, usize::try_from(chance.within(0..6)).unwrap());
        }
        model.pass(chance.within(0..60_000));
    }
    model.slow = false;
    for socket in sockets {
        model.arrive(socket, usize::MAX);
    }
    model.ask(
        sockets[0],
        json!({"route": "request", "connid": "probe", "time": 0}),
    );
    model.pass(9_000_000);
    model.look();
    model.history()
}

#[test]
fn whatever_happens_a_server_that_keeps_its_word_is_clean() {
    for seed in 0..250 {
        let violations = check(&random_story(seed));
        assert!(violations.is_empty(), "seed {seed}:\n{}", told(&violations));
    }
}
