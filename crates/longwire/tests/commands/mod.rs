//! Routes that are commands: what is run, what comes of it, and what is left of it once it was killed.

mod inputs;
mod kills;
mod output;
mod shim;

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::{
    frames,
    run::{Done, Server, scratch},
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

[routes.unread]
consumer = "exec"
argv = ["true"]
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

[routes.at-once]
consumer = "exec"
argv = ["sleep", "1000"]
kill_grace_seconds = 30

[routes.short]
consumer = "exec"
argv = ["sleep", "1000"]
kill_grace_seconds = 30
time_seconds = 0.001

[routes.no-interpreter]
consumer = "exec"
argv = ["./no-interpreter"]
dir = "DIR"

[routes.no-first-line]
consumer = "exec"
argv = ["./no-first-line"]
dir = "DIR"

[routes.garbage]
consumer = "exec"
argv = ["./garbage"]
dir = "DIR"

[routes.too-many-files]
consumer = "exec"
argv = ["true"]
open_files = 1048576

[routes.not-executable]
consumer = "exec"
argv = ["/etc/passwd"]
"#;

fn server() -> Server {
    Server::with_config(ROUTES)
}

/// A server, and a folder with programs that cannot be executed.
fn server_with_bad_programs(name: &str) -> Server {
    let dir = scratch(name);
    let programs: [(&str, &[u8]); 3] = [
        ("no-interpreter", b"#!/no/such/interpreter\n"),
        ("no-first-line", b"echo a shell ran it\n"),
        ("garbage", b"\x7fELF\0\0garbage"),
    ];
    for (name, bytes) in programs {
        let file = dir.join(name);
        fs::write(&file, bytes).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    Server::with_config(&ROUTES.replace("DIR", dir.to_str().unwrap()))
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
