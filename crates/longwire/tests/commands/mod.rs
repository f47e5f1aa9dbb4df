//! Routes that are commands: what is run, what comes of it, and what is left of it once it was killed.

mod inputs;
mod kills;
mod output;

use serde_json::{Value, json};

use crate::{
    frames,
    run::{Done, Server},
};

const ROUTES: &str = r#"
[routes.shell]
consumer = "exec"
argv = ["sh", "-c", "{script}"]
kill_grace_seconds = 0.2

[routes.one-by-one]
consumer = "exec"
argv = ["sh", "-c", "{script}"]
kill_grace_seconds = 0.2
cgroup = false

[routes.patient]
consumer = "exec"
argv = ["sh", "-c", "{script}"]
kill_grace_seconds = 60

[routes.say]
consumer = "exec"
argv = ["printf", "%s|", "{what}", "size={width}x{height}"]

[routes.after-dashes]
consumer = "exec"
argv = ["printf", "%s|", "--", "{what}"]

[routes.read]
consumer = "exec"
argv = ["cat"]
stdin = "json"

[routes.read-field]
consumer = "exec"
argv = ["cat"]
stdin = "field"
stdin_field = "text"

[routes.env]
consumer = "exec"
argv = ["env"]
dir = "/"
env = { GREETING = "hello", PATH = "/usr/bin:/bin" }

[routes.narrow]
consumer = "exec"
argv = ["sh", "-c", "{script}"]
output_bytes = 10000
open_files = 64
cpu_seconds = 1
memory_bytes = 100000000

[routes.json]
consumer = "exec"
argv = ["sh", "-c", "{script}"]
result = "json"
result_bytes = 100
progress = ['^(?<done>\d+) of (?<total>\d+)']

[routes.bar]
consumer = "exec"
argv = ["sh", "-c", "{script}"]
progress = ['^(?<done>\d+) of (?<total>\d+)', "osc"]

[routes.nowhere]
consumer = "exec"
argv = ["no-such-program"]

[routes.no-folder]
consumer = "exec"
argv = ["true"]
dir = "/no/such/folder"

[routes.not-executable]
consumer = "exec"
argv = ["/etc/passwd"]
"#;

fn server() -> Server {
    Server::with_config(ROUTES)
}

fn start(server: &Server, route: &str, input: &Value) -> Done {
    server.run(&["start", route, "--json", "--input", &input.to_string()])
}

fn shell(script: &str) -> Value {
    json!({ "script": script })
}

/// What a job printed to that stream, and its last event.
fn printed(done: &Done, stream: &str) -> (String, Value) {
    let frames = frames(&done.stdout);
    let of_stream = frames.iter().filter(|frame| frame["stream"] == stream);
    let text = of_stream
        .filter_map(|frame| frame["output"].as_str())
        .collect();
    (text, frames.last().cloned().unwrap_or_default())
}
