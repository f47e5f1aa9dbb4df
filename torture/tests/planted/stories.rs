//! What clients do with the model: one story that has a place for every mistake, and as many as one likes that a seed tells.

use longwire_torture::{Chance, History};
use serde_json::{Value, json};

use crate::{
    bugs::Bug,
    model::{Fate, Model},
};

fn start(connid: &str, time: f64) -> Value {
    json!({"route": "request", "connid": connid, "time": time})
}

fn narrow(connid: &str, time: f64) -> Value {
    json!({"route": "narrow", "connid": connid, "time": time})
}

fn work(connid: &str, time: f64) -> Value {
    json!({"route": "work", "connid": connid, "time": time})
}

fn join(connid: &str, time: f64) -> Value {
    json!({"route": "request", "connid": connid, "time": time, "on_conflict": "attach"})
}

fn nameless(time: f64) -> Value {
    json!({"route": "request", "time": time})
}

fn kill(connid: &str, reason: &str, wait: bool) -> Value {
    json!({"route": "kill", "connid": connid, "reason": reason, "wait": wait})
}

fn extend(connid: &str, time: f64) -> Value {
    json!({"route": "extend", "connid": connid, "time": time})
}

fn status(connid: &str) -> Value {
    json!({"route": "status", "connid": connid})
}

fn watch(connid: &str) -> Value {
    json!({"route": "watch", "connid": connid, "after": 0})
}

/// Two clients, every verb, a crash with requests under way, and both clients again.
pub(crate) fn story(bug: Option<Bug>) -> History {
    let mut model = Model::new(bug);
    before_the_crash(&mut model);
    let watched = ["long", "moved"].map(|connid| {
        let job = model.job(connid);
        json!({"route": "watch", "job": job.id, "after": job.log.len()})
    });
    model.crash();
    after_the_crash(&mut model, watched);
    model.look();
    model.history()
}

fn before_the_crash(model: &mut Model) {
    let (a, b) = (model.connect(), model.connect());
    model.ask(b, json!({"route": "watch"}));
    model.ask(a, start("short", 0.05));
    model.ask(a, start("long", 3.0));
    model.ask(a, start("moved", 1.0));
    model.ask(b, watch("long"));
    model.ask(b, extend("moved", 2.0));
    for (connid, time) in [
        ("n1", 0.4),
        ("n2", 0.5),
        ("n3", 2.0),
        ("n4", 0.2),
        ("n5", 0.06),
    ] {
        model.ask(a, narrow(connid, time));
    }
    model.ask(b, start("long", 2.5));
    model.ask(b, join("long", 2.5));
    model.ask(b, json!({"route": "status"}));
    model.pass(100_000);
    model.ask(b, status("short"));
    model.ask(b, kill("short", "too late", false));
    model.ask(b, watch("nobody"));
    model.ask(a, start("dead", 3.0));
    model.ask(b, kill("dead", "first", false));
    model.ask(a, kill("dead", "second", true));
    model.ask(a, start("doomed", 3.0));
    model.ask(b, kill("doomed", "third", true));
    model.ask(a, start("short", 3.0));
    model.ask(b, kill("short", "fourth", false));
    model.ask(a, work("finished", 3.0));
    model.ask(b, kill("finished", "fifth", false));
    model.ask(b, join("doomed", 0.3));
    model.ask(a, nameless(0.7));
    model.ask(b, work("worked", 4.0));
    model.ask(a, start("late", 0.5));
    model.ask_with(a, start("unheard", 0.1), Fate::Unheard);
    model.ask_with(a, nameless(0.8), Fate::Unheard);
    model.ask_with(b, start("lost", 0.1), Fate::Lost);
}

fn after_the_crash(model: &mut Model, watched: [Value; 2]) {
    let (a, b) = (model.connect(), model.connect());
    for (watch, socket) in watched.into_iter().zip([a, b]) {
        model.ask(socket, watch);
    }
    model.ask(a, watch("moved"));
    model.ask(a, json!({"route": "status"}));
    model.ask(b, status("moved"));
    model.ask(a, extend("moved", 1.5));
    model.ask(b, start("after", 0.1));
    model.pass(4_000_000);
    model.ask(b, status("long"));
    model.pass(6_000_000);
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
        2 => {
            let on_conflict = if chance.percent(50) {
                "attach"
            } else {
                "reject"
            };
            json!({"route": route, "connid": known, "time": time, "on_conflict": on_conflict})
        }
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

/// Three clients that do anything, and are cut off now and then.
pub(crate) fn random_story(seed: u64) -> History {
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
            2 => Fate::Doubtful,
            _ => Fate::Answered,
        };
        model.ask_with(socket, request, fate);
        if matches!(fate, Fate::Unheard | Fate::Lost) || chance.percent(2) {
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
