//! Two services as routes, as the README of the example says.

use std::{path::PathBuf, process::Command};

use serde_json::json;

use crate::{
    frames,
    run::{Running, Server},
};

fn example(file: &str) -> PathBuf {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/upstream");
    PathBuf::from(example).join(file)
}

/// A service of the example on a free port, and that port.
fn service(file: &str) -> (Running, String) {
    let mut command = Command::new("python3");
    command.arg(example(file)).arg("0");
    let mut running = Running::new(command);
    let line = running.line();
    let port = line.rsplit(' ').next().unwrap_or_default();
    assert!(port.parse::<u16>().is_ok(), "python3 says {line:?}");
    (running, port.to_owned())
}

/// Both services, and a server in front of them.
fn services() -> (Running, Running, Server) {
    let (reports, reports_port) = service("reports.py");
    let (builds, builds_port) = service("builds.py");
    let config = std::fs::read_to_string(example("longwire.toml")).unwrap();
    let config = config.replace(":8081", &format!(":{reports_port}"));
    let server = Server::with_config(&config.replace(":8082", &format!(":{builds_port}")));
    (reports, builds, server)
}

#[test]
fn a_rest_service_is_a_route() {
    let (_reports, _builds, server) = services();
    let start = |input| server.run(&["start", "report", "--json", "--input", input]);
    let done = start(r#"{"year":2026,"name":"sales & more"}"#);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let frames = frames(&done.stdout);
    let result = &frames.last().unwrap()["result"];
    assert_eq!(result["status"], 200);
    assert_eq!(result["headers"]["content-type"], "application/json");
    let body = json!({"year": 2026, "name": "sales & more", "rows": 3});
    assert_eq!(result["body"], body);

    let done = start(r#"{"year":"no year","name":"sales"}"#);
    let last = crate::frames(&done.stdout).pop().unwrap();
    assert_eq!(last["error"]["code"], "upstream_status");
    assert_eq!(
        last["error"]["detail"]["body"]["title"],
        "there is no such report"
    );
}

#[test]
fn a_stream_is_watched_and_its_kill_reaches_the_service() {
    let (_reports, mut builds, server) = services();
    let input = r#"{"steps":100000}"#;
    let mut follower = server.spawn(&["start", "build", "--connid", "b1", "--input", input]);
    follower.says("\"note\": \"step 2\"");
    let killed = server.run(&["kill", "b1", "--wait"]);
    assert_eq!(killed.code, 0, "{}", killed.stderr);
    builds.says("the client is gone: stopped at step");
    follower.says("b1: killed");
}

#[test]
fn a_stream_that_ends_has_said_all_its_lines() {
    let (_reports, _builds, server) = services();
    let done = server.run(&["start", "build", "--json", "--input", r#"{"steps":3}"#]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let frames = frames(&done.stdout);
    let output: String = frames
        .iter()
        .filter_map(|frame| frame["output"].as_str())
        .collect();
    assert_eq!(output.lines().count(), 3, "{output}");
    assert!(frames.iter().any(|frame| frame["progress"]["total"] == 3.0));
    assert_eq!(frames.last().unwrap()["result"]["status"], 200);
}
