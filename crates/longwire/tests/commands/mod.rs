//! Routes that are commands: what is run, what comes of it, and what is left of it once it was killed.

use std::{fs, io::Read, path::PathBuf, process::Command};

use serde_json::{Value, json};

use crate::{
    frames,
    run::{Done, Running, Server, fails, longwire, scratch, writes},
};

const ROUTES: &str = r#"
[routes.shell]
consumer = "exec"
argv = ["sh", "-c", "{script}"]
kill_grace_seconds = 0.2

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

#[test]
fn an_input_fills_the_arguments_and_no_shell_sees_it() {
    let server = server();
    for (route, what, says) in [
        ("say", "a b", "a b|size=3x0.5|"),
        ("say", "$HOME `id`;*\n", "$HOME `id`;*\n|size=3x0.5|"),
        ("say", "", "|size=3x0.5|"),
        ("say", "-7", "-7|size=3x0.5|"),
        ("after-dashes", "-n", "--|-n|"),
        ("after-dashes", "--help", "--|--help|"),
    ] {
        let input = json!({ "what": what, "width": 3, "height": 0.5 });
        let (stdout, last) = printed(&start(&server, route, &input), "stdout");
        assert_eq!((stdout.as_str(), &last["status"]), (says, &"ok".into()));
        assert_eq!(last["result"]["exit_code"], 0);
        assert!(last["result"]["max_rss_bytes"].as_u64() > Some(0));
    }
}

#[test]
fn an_input_that_does_not_suit_never_becomes_a_job() {
    let server = server();
    for (route, input, field) in [
        ("say", json!({ "what": "x", "width": 3 }), "input.height"),
        (
            "say",
            json!({ "what": ["x"], "width": 3, "height": 4 }),
            "input.what",
        ),
        (
            "say",
            json!({ "what": "-n", "width": 3, "height": 4 }),
            "input.what",
        ),
        (
            "say",
            json!({ "what": "a\u{0}b", "width": 3, "height": 4 }),
            "input.what",
        ),
        (
            "say",
            json!({ "what": "x".repeat(131_072), "width": 3, "height": 4 }),
            "input",
        ),
        ("say", json!([]), "input"),
        ("read-field", json!({ "text": 7 }), "input.text"),
        ("read-field", json!({}), "input.text"),
    ] {
        let file = scratch("bad_input").join("input.json");
        fs::write(&file, input.to_string()).unwrap();
        let from = format!("@{}", file.display());
        let done = server.run(&["start", route, "--input", &from]);
        assert_eq!(done.code, 3, "{input}");
        let said = format!("{field:?} does not suit route {route:?}");
        assert!(done.stderr.contains(&said), "{input}: {}", done.stderr);
    }
    let none = server.run(&["status", "--json"]);
    assert_eq!(frames(&none.stdout)[0]["jobs"], json!([]));
}

#[test]
fn a_command_reads_what_its_route_says() {
    let server = server();
    for (route, input, read) in [
        (
            "read",
            json!({ "a": [1, "ö"] }),
            r#"{"a":[1,"ö"]}"#.to_owned(),
        ),
        (
            "read-field",
            json!({ "text": "a\u{0}ö" }),
            "a\u{0}ö".to_owned(),
        ),
        (
            "read-field",
            json!({ "text": "x".repeat(90_000) }),
            "x".repeat(90_000),
        ),
    ] {
        let (stdout, last) = printed(&start(&server, route, &input), "stdout");
        assert_eq!((stdout, &last["status"]), (read, &"ok".into()));
    }
    let nothing = start(&server, "shell", &shell("cat; echo end"));
    assert_eq!(printed(&nothing, "stdout").0, "end\n");
    // Nobody has to read it.
    let unread = start(&server, "read-field", &json!({ "text": "x" }));
    assert_eq!(printed(&unread, "stdout").1["status"], "ok");
}

#[test]
fn a_command_has_the_environment_of_its_route_alone() {
    let server = server();
    let done = server.run(&["start", "env", "--json", "--connid", "42"]);
    let (stdout, _) = printed(&done, "stdout");
    let mut names: Vec<&str> = stdout
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "GREETING",
            "LONGWIRE_ATTEMPT",
            "LONGWIRE_CONNID",
            "LONGWIRE_JOB",
            "PATH"
        ]
    );
    assert!(stdout.contains("GREETING=hello\n") && stdout.contains("LONGWIRE_CONNID=42\n"));
    let limit = start(&server, "shell", &shell("ulimit -Sn"));
    let files: u64 = printed(&limit, "stdout").0.trim().parse().unwrap();
    assert!(files <= 1024, "the server's own limit goes along: {files}");
    // The folder itself is the fourth.
    let open = start(
        &server,
        "shell",
        &shell("ls /proc/self/fd | wc -l; ps -o sid= -p $$ | tr -d ' '; echo $$"),
    );
    let (stdout, _) = printed(&open, "stdout");
    let lines: Vec<&str> = stdout.lines().map(str::trim).collect();
    assert_eq!(lines[0], "4", "what is open: {stdout}");
    assert_eq!(
        lines[1], lines[2],
        "it leads a session of its own: {stdout}"
    );
}

#[test]
fn each_way_to_fail_has_its_name() {
    let server = server();
    for (route, script, code, says) in [
        ("shell", "exit 3", "exit", "it exited with code 3"),
        (
            "shell",
            "kill -SEGV $$",
            "signal",
            "it was killed by SIGSEGV (11)",
        ),
        (
            "nowhere",
            "",
            "not_started",
            "no-such-program could not be started: it is not in its PATH",
        ),
        ("not-executable", "", "not_started", "Permission denied"),
        ("no-folder", "", "not_started", "No such file or directory"),
        ("narrow", "yes", "too_much_output", "output_bytes"),
        (
            "narrow",
            "while :; do :; done",
            "signal",
            "it was killed by SIGXCPU (24)",
        ),
        (
            "narrow",
            "test $(ulimit -v) = 97656 && exit 6",
            "exit",
            "code 6",
        ),
        (
            "narrow",
            "ulimit -n; exec 3</dev/null; test $(ulimit -n) = 64 && exit 5",
            "exit",
            "code 5",
        ),
    ] {
        let done = start(&server, route, &shell(script));
        let (_, last) = printed(&done, "stdout");
        assert_eq!(done.code, 1, "{script}: {last}");
        assert_eq!(last["error"]["code"], code, "{script}: {last}");
        let message = last["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(says), "{script}: {message}");
    }
}

#[test]
fn a_failure_says_more_for_programs() {
    let server = server();
    for (route, script, detail) in [
        ("shell", "exit 3", json!({ "exit_code": 3 })),
        (
            "shell",
            "kill -SEGV $$",
            json!({ "signal": "SEGV", "number": 11 }),
        ),
        ("narrow", "yes", json!({ "output_bytes": 10_000 })),
        ("nowhere", "", json!({ "errno": "ENOENT" })),
        ("not-executable", "", json!({ "errno": "EACCES" })),
        ("no-folder", "", json!({ "errno": "ENOENT" })),
    ] {
        let (_, last) = printed(&start(&server, route, &shell(script)), "stdout");
        let said = &last["error"]["detail"];
        let wanted = detail.as_object().unwrap();
        for (key, value) in wanted {
            assert_eq!(&said[key], value, "{route} {script}: {said}");
        }
        let ran = wanted.contains_key("exit_code") || wanted.contains_key("signal");
        assert_eq!(said["max_rss_bytes"].is_number(), ran, "{said}");
        assert_eq!(said["user_ms"].is_number(), ran, "{said}");
    }
}

#[test]
fn what_a_command_writes_to_stdout_can_be_the_result() {
    let server = server();
    let script = r#"echo 1 of 2 >&2; echo '{"a": [1.50,'; echo '"1 of 9"]}'"#;
    let done = start(&server, "json", &shell(script));
    let (stdout, last) = printed(&done, "stdout");
    assert_eq!((stdout.as_str(), &last["status"]), ("", &"ok".into()));
    assert_eq!(last["result"], json!({ "a": [1.5, "1 of 9"] }));
    assert!(done.stdout.contains(r#""result":{"a":[1.50,"1 of 9"]}"#));
    assert_eq!(printed(&done, "stderr").0, "1 of 2\n");
    let progress = frames(&done.stdout);
    let progress: Vec<_> = progress
        .iter()
        .filter_map(|frame| frame["progress"].as_object())
        .collect();
    assert_eq!(progress.len(), 1, "stdout says nothing of it: {progress:?}");

    for (script, code, says) in [
        (
            "echo '{}'; echo oops",
            "bad_result",
            "line 2 column 1; it begins with \"{}\\noops",
        ),
        ("true", "bad_result", "is empty"),
        ("yes", "bad_result", "(result_bytes)"),
        ("echo no such page; exit 4", "exit", "it exited with code 4"),
    ] {
        let (stdout, last) = printed(&start(&server, "json", &shell(script)), "stdout");
        assert_eq!(last["error"]["code"], code, "{script}: {last}");
        let message = last["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{script}: {message}");
        // What is no result is output after all.
        assert_eq!(stdout.is_empty(), script == "true", "{script}: {stdout}");
    }
}

#[test]
fn both_streams_are_told_apart_and_bars_leave_their_last_state() {
    let server = server();
    let script = "echo out; echo err >&2; for i in 1 2 3; do printf \"$i%%\\r\"; done; printf 'done\\n'; printf rest";
    let done = start(&server, "shell", &shell(script));
    assert_eq!(printed(&done, "stdout").0, "out\ndone\nrest");
    assert_eq!(printed(&done, "stderr").0, "err\n");
}

#[test]
fn bytes_that_are_no_text_come_out_as_they_went_in() {
    let server = server();
    // Every byte, in an order in which no two make a letter; and a line that is none among others.
    let every = r"i=255; while [ $i -ge 0 ]; do printf \\$(printf %03o $i); i=$((i-1)); done";
    let bytes: Vec<u8> = (0..=255).rev().collect();
    let input = shell(every).to_string();
    let start = [
        "--server",
        server.url.as_str(),
        "start",
        "shell",
        "--input",
        &input,
    ];
    assert_eq!(writes(&start), bytes);

    let done = self::start(&server, "shell", &shell(r"printf 'one\ncaf\351\ntwo\n'"));
    let frames = frames(&done.stdout);
    let told: Vec<_> = frames
        .iter()
        .filter(|frame| frame["output"].is_string())
        .map(|frame| (&frame["output"], &frame["encoding"]))
        .collect();
    let (none, base64) = (Value::Null, json!("base64"));
    assert_eq!(
        told,
        [
            (&json!("one\n"), &none),
            (&json!("Y2Fm6Qo="), &base64),
            (&json!("two\n"), &none)
        ]
    );
}

#[test]
fn what_a_command_prints_says_how_far_it_came() {
    let server = server();
    for (script, progress) in [
        ("echo 3 of 4", json!({ "done": 3.0, "total": 4.0 })),
        (
            r"printf '1 of 4\r2 of 4\r'",
            json!({ "done": 2.0, "total": 4.0 }),
        ),
        (
            r"printf '\033]9;4;1;40\007'",
            json!({ "done": 40.0, "total": 100.0 }),
        ),
    ] {
        let done = start(&server, "bar", &shell(script));
        let frames = frames(&done.stdout);
        let mut told = frames.iter().filter(|frame| frame["progress"].is_object());
        assert_eq!(
            told.next_back().unwrap()["progress"],
            progress,
            "{script}: {}",
            done.stdout
        );
    }
}

/// The processes that have that connid in their environment, as all have that come of its command.
fn processes_of(connid: &str) -> Vec<String> {
    let marker = format!("LONGWIRE_CONNID={connid}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let marked = processes.filter(|process| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&marker)
    });
    marked
        .map(|process| process.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_kill_leaves_nothing_of_any_tree() {
    let server = server();
    let trees = [
        ("plain-child", "sleep 1000 & echo ready; wait"),
        ("own-session", "setsid sleep 1000 & echo ready; wait"),
        (
            "two-forks",
            "(setsid sh -c 'sleep 1000 & sleep 1000 &' &); sleep 0.1; echo ready; sleep 1000",
        ),
        (
            "term-ignored",
            "trap '' TERM; setsid sleep 1000 & echo ready; while :; do sleep 1; done",
        ),
        (
            "leader-ends-at-term",
            "trap '' TERM; sleep 1000 & trap 'exit 0' TERM; setsid sleep 1000 & echo ready; while :; do sleep 0.01; done",
        ),
        ("halted", "echo ready; kill -STOP $$"),
        (
            "pipes-closed",
            "echo ready; exec <&- >&- 2>&-; trap '' TERM; while :; do sleep 1; done",
        ),
        (
            "many",
            "trap '' TERM; i=0; while [ $i -lt 200 ]; do setsid sleep 1000 & i=$((i+1)); done; echo ready; wait",
        ),
        (
            "forks-on-and-on",
            "trap '' TERM; echo ready; while :; do (sleep 0.3; sleep 0.3) & done",
        ),
        (
            "floods",
            "echo ready; trap '' TERM; yes & yes >&2; sleep 1000",
        ),
    ];
    for (connid, script) in trees {
        let input = shell(script).to_string();
        let mut job: Running =
            server.spawn(&["start", "shell", "--connid", connid, "--input", &input]);
        job.says("ready");
        assert!(
            !processes_of(connid).is_empty(),
            "{connid}: nothing is seen"
        );
        let killed = server.run(&["kill", connid, "--wait", "--json"]);
        assert_eq!(killed.code, 0, "{connid}: {}", killed.stderr);
        assert_eq!(processes_of(connid), Vec::<String>::new(), "{connid}");
        let receipt = frames(&killed.stdout).pop().unwrap()["ended"]["kill"].clone();
        assert_eq!(receipt["survivors"], 0, "{connid}: {receipt}");
    }
}

#[test]
fn the_receipt_says_which_signals_it_took() {
    let server = server();
    let input = shell("trap '' TERM; echo ready; while :; do sleep 1; done").to_string();
    let mut job = server.spawn(&["start", "shell", "--connid", "deaf", "--input", &input]);
    job.says("ready");
    let killed = server.run(&["kill", "deaf", "--wait"]);
    assert!(
        killed.stdout.contains(", by force (TERM, KILL), "),
        "{}",
        killed.stdout
    );
    let status = server.run(&["status", "deaf", "--json"]);
    let receipt = &frames(&status.stdout)[0]["jobs"][0]["kill"];
    assert_eq!(receipt["signals"], json!(["TERM", "KILL"]), "{receipt}");
}

#[test]
fn a_command_that_ends_when_asked_is_not_forced() {
    let server = server();
    let script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    let input = shell(script).to_string();
    let mut job = server.spawn(&["start", "patient", "--connid", "polite", "--input", &input]);
    job.says("ready");
    let killed = server.run(&["kill", "polite", "--wait", "--json"]);
    let receipt = frames(&killed.stdout).pop().unwrap()["ended"]["kill"].clone();
    assert_eq!(
        (
            &receipt["forced"],
            &receipt["survivors"],
            &receipt["signals"]
        ),
        (&json!(false), &json!(0), &json!(["TERM"]))
    );
    job.says("bye");
}

#[test]
fn what_a_command_leaves_behind_does_not_outlive_its_job() {
    let server = server();
    // The grandchild holds the pipes: the job does not wait for it.
    let script = "setsid sleep 1000 & echo told";
    let input = shell(script).to_string();
    let done = server.run(&[
        "start", "shell", "--connid", "left", "--json", "--input", &input,
    ]);
    let (stdout, last) = printed(&done, "stdout");
    assert_eq!((stdout.as_str(), &last["status"]), ("told\n", &"ok".into()));
    assert_eq!(processes_of("left"), Vec::<String>::new());
}

/// A pipe by name. Whoever reads it to its end has waited for all who hold it.
fn fifo(name: &str) -> PathBuf {
    let fifo = scratch(name).join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    fifo
}

fn until_released(fifo: &PathBuf) -> String {
    let mut text = String::new();
    fs::File::open(fifo)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[test]
fn a_server_that_is_killed_leaves_no_command_behind() {
    let mut server = server();
    let fifo = fifo("server_killed");
    let script = format!(
        "exec 3>{}; echo held >&3; trap '' TERM; setsid sleep 1000 & echo ready; while :; do sleep 1; done",
        fifo.display()
    );
    let input = shell(&script).to_string();
    let job = server.spawn(&[
        "start", "shell", "--connid", "orphan", "--detach", "--input", &input,
    ]);
    let waiter = std::thread::spawn({
        let fifo = fifo.clone();
        move || until_released(&fifo)
    });
    assert_eq!(job.code(), 0);
    // Its command has opened the pipe once the name of it is there for others.
    while processes_of("orphan").len() < 2 {
        std::thread::yield_now();
    }
    server.crash_and_restart();
    assert_eq!(waiter.join().unwrap(), "held\n");
}

#[test]
fn a_server_that_stops_takes_its_commands_along() {
    let mut server = server();
    let input = shell("trap '' TERM; echo ready; while :; do sleep 1; done").to_string();
    let mut job = server.spawn(&["start", "shell", "--connid", "stopped", "--input", &input]);
    job.says("ready");
    assert_eq!(server.stop(), 0);
    assert_eq!(processes_of("stopped"), Vec::<String>::new());
}

#[test]
fn a_route_that_cannot_be_is_refused_with_its_line() {
    for (keys, says) in [
        ("argv = []", "`routes.x.argv` is empty"),
        ("argv = [\"\"]", "`routes.x.argv` is empty"),
        ("argv = [\"{a}\"]", "has a placeholder for its program"),
        ("argv = [\"ls\", \"{\"]", "without its other"),
        ("argv = [\"ls\", \"{a b}\"]", "has the placeholder {a b}"),
        (
            "argv = [\"cat\"]\nstdin = \"field\"",
            "`routes.x.stdin_field` is missing",
        ),
        (
            "argv = [\"cat\"]\nstdin_field = \"a\"",
            "goes with `stdin = \"field\"`",
        ),
        (
            "argv = [\"cat\"]\nenv = { \"A=B\" = \"c\" }",
            "a variable has a name without `=`",
        ),
        ("argv = \"ls\"", "it must be a list"),
        ("", "`routes.x.argv` is missing"),
        ("argv = [\"ls\"]\nargs = []", "unknown key `routes.x.args`"),
    ] {
        let file = scratch("bad_route").join("longwire.toml");
        fs::write(&file, format!("[routes.x]\nconsumer = \"exec\"\n{keys}\n")).unwrap();
        let config = file.to_str().unwrap();
        fails(&["serve", "--ephemeral", "--config", config], 2, says);
    }
    assert_eq!(longwire(&["shim"]).code, 2, "a shim without orders ends");
}
