//! `longwire start`

use std::io::Read;

use longwire_client::{Payload, Start};
use longwire_protocol::not_startable;

use crate::{
    Global,
    args::{Disconnect, StartArgs},
    connect,
    exit::Exit,
    failure::Failure,
    follow, print,
};

/// More than any server takes.
const MOST_INPUT: u64 = 64 * 1024 * 1024;

pub(crate) async fn run(global: &Global, args: StartArgs) -> Result<Exit, Failure> {
    let (detach, dies) = (args.detach, args.on_disconnect == Disconnect::Kill);
    if detach && dies {
        let why = "--detach leaves the request without a watcher, and --on-disconnect kill then kills it; leave one of them out";
        return Err(Failure::Usage(why.to_owned()));
    }
    let start = start(args)?;
    let client = connect::for_long(global).await?;
    let job = connect::first(&client, client.start(start)).await?;
    if !detach {
        return follow::run(global, client, job, dies).await;
    }
    match job.started().filter(|_| global.json) {
        Some(started) => print::json(started)?,
        None => print::line(job.connid().as_str())?,
    }
    client.close().await;
    Ok(Exit::Ok)
}

fn start(args: StartArgs) -> Result<Start, Failure> {
    if let Some(why) = not_a_route(&args.route) {
        return Err(Failure::Usage(why));
    }
    let tags = args.tags.into_iter().map(String::into_boxed_str).collect();
    Ok(Start {
        connid: args.connid,
        time: args.time,
        idle_time: args.idle_time,
        queue_time: args.queue_time,
        input: args.input.as_deref().map(input).transpose()?,
        on_conflict: args.on_conflict.into(),
        on_disconnect: args.on_disconnect.into(),
        tags,
        ..Start::new(args.route)
    })
}

/// A verb is sent under its name as a start is under its route's: it must not be mistaken for one.
fn not_a_route(name: &str) -> Option<String> {
    let refusal = not_startable(name)?;
    Some(match name {
        "kill" | "status" | "watch" | "extend" => {
            format!("{name:?} is a verb, not a route; use `longwire {name}`")
        }
        "unwatch" => {
            "\"unwatch\" is a verb, not a route; Ctrl-C ends a `longwire watch`".to_owned()
        }
        "claim" | "append" | "end" => format!("{name:?} is a verb, not a route; it is for workers"),
        _ => refusal.message.into_owned(),
    })
}

fn input(given: &str) -> Result<Payload, Failure> {
    let text = match given.strip_prefix('@') {
        Some(file) => read(file, std::fs::File::open(file))?,
        None if given == "-" => read("stdin", Ok(std::io::stdin()))?,
        None => given.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| {
        Failure::Usage(format!(
            "--input is not JSON ({error}); it must be like '{{\"pages\": 3}}', and a text stands in quotes: '\"text\"'"
        ))
    })
}

fn read(name: &str, opened: std::io::Result<impl Read>) -> Result<String, Failure> {
    let mut text = String::new();
    let read = opened.and_then(|source| source.take(MOST_INPUT + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if bytes as u64 > MOST_INPUT => Err(Failure::Usage(format!(
            "--input: {name} is larger than {MOST_INPUT} bytes"
        ))),
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::Usage(format!(
            "--input: {name} cannot be read: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_no_routes() {
        for (name, says) in [
            (
                "kill",
                Some("\"kill\" is a verb, not a route; use `longwire kill`"),
            ),
            (
                "unwatch",
                Some("\"unwatch\" is a verb, not a route; Ctrl-C ends a `longwire watch`"),
            ),
            (
                "claim",
                Some("\"claim\" is a verb, not a route; it is for workers"),
            ),
            ("request", None),
            ("killer", None),
        ] {
            assert_eq!(not_a_route(name).as_deref(), says);
        }
    }

    #[test]
    fn inputs_are_json() {
        for (given, got) in [
            ("{\"a\":1}", Ok("{\"a\":1}")),
            (" [1] ", Ok("[1]")),
            ("-1", Ok("-1")),
            ("text", Err("--input is not JSON")),
            (
                "@/does/not/exist",
                Err("--input: /does/not/exist cannot be read"),
            ),
        ] {
            match (input(given), got) {
                (Ok(payload), Ok(expected)) => assert_eq!(payload.as_str(), expected),
                (Err(failure), Err(start)) => {
                    assert!(failure.to_string().starts_with(start), "{failure}");
                }
                (other, _) => panic!("{given}: {other:?}"),
            }
        }
    }
}
