//! The client against scripted dialogues.

mod connection;
mod ends;
mod fake;
mod slow;
mod starts;
mod verbs;
mod watching;
mod worker;

use std::time::Duration;

use futures_util::FutureExt;
use longwire_protocol::{Connid, JobId, Seconds, Seq, Start, StatusQuery, Target};
use serde_json::{Value, json};

use self::fake::{Fake, Peer, quick};
use crate::{
    Backoff, Client, Error, FeedHappening, Happening, Job, Link, OnConflict, OnDisconnect, Options,
    StreamName,
};

const JOB: &str = "01970000-0000-7000-8000-000000000001";

fn connid(name: &str) -> Connid {
    Connid::new(name).unwrap()
}

fn named(name: &str) -> Start {
    Start {
        connid: Some(connid(name)),
        ..Start::new("request")
    }
}

fn started(id: u64, name: &str) -> Value {
    json!({"id": id, "connid": name, "job": JOB, "seq": 1, "status": "running", "route": "request", "time": 30, "left": 30})
}

fn watching(id: u64, name: &str, seq: Seq) -> Value {
    json!({"id": id, "route": "watch", "connid": name, "job": JOB, "status": "ok", "seq": seq})
}

fn killed(id: u64, name: &str, seq: Seq) -> Value {
    json!({"id": id, "route": "kill", "connid": name, "status": "ok", "seq": seq})
}

fn output(name: &str, seq: Seq) -> Value {
    json!({"connid": name, "seq": seq, "status": "running", "output": seq.to_string(), "stream": "stdout"})
}

/// Where the job was asked for by the server's name for it.
fn output_by_job(name: &str, seq: Seq) -> Value {
    let mut frame = output(name, seq);
    frame["job"] = json!(JOB);
    frame
}

fn unknown(id: u64, name: &str) -> Value {
    json!({"id": id, "route": "watch", "status": "error", "code": "unknown_connid", "message": format!("invalid connection id: {name}")})
}

/// What happened, in short: numbers of events, and gaps.
async fn seen(job: &mut Job) -> Vec<(Seq, Seq)> {
    let mut all = Vec::new();
    while let Some(happening) = job.next().await {
        all.push(match happening.unwrap() {
            Happening::Event(event) => (event.seq, event.seq),
            Happening::Gap(gap) => (gap.from, gap.to),
        });
    }
    all
}

async fn start(client: &Client, peer: &mut Peer, name: &str) -> Job {
    let serve = async {
        let expected = json!({"route": "request", "connid": name});
        let id = peer.expects(expected).await;
        peer.says(started(id, name)).await;
    };
    let (job, ()) = tokio::join!(client.start(named(name)), serve);
    job.unwrap()
}
