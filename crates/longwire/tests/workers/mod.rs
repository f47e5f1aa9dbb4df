//! Workers that the server keeps: what they say over stdin and stdout, how they end, and that nothing is left of them.

mod socket;

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    frames,
    run::{Done, Running, Server, processes_with, scratch, until},
};

/// A worker in bash. It reads frames; a job's input is one word, and says what it does.
const WORKER: &str = r#"
lease_of() { [[ $1 =~ \"lease\":\"([0-9a-f]+)\" ]] && lease=${BASH_REMATCH[1]}; }
append() { echo "{\"route\":\"append\",\"lease\":\"$lease\",$1}"; }
end() { echo "{\"route\":\"end\",\"lease\":\"$lease\"$1}"; }
echo "{\"route\":\"claim\",\"slots\":$SLOTS}"
while read -r frame; do
  [[ $frame == *shutting_down* ]] && exit 4
  [[ $frame =~ \"input\":\"([a-z-]+)\" ]] || continue
  word=${BASH_REMATCH[1]}
  lease_of "$frame"
  case $word in
    serve) append '"output":"one\n","progress":{"done":1,"total":2}'; append '"output":"two\n","stream":"stderr"'; end ',"result":7' ;;
    many) all=$(seq 0 4999 | sed "s/.*/{\"route\":\"append\",\"lease\":\"$lease\",\"output\":\"&\\\\n\"}/")
      printf '%s\n{"route":"end","lease":"%s","result":9}\n' "$all" "$lease" ;;
    fail) end ',"error":{"code":"disk_full","message":"no space is left"}' ;;
    answers) echo "{\"route\":\"append\",\"lease\":\"$lease\",\"output\":\"x\",\"id\":5}"; read -r answer
      end ",\"result\":$answer" ;;
    noise) echo hello; read -r refusal; end ",\"result\":$refusal" ;;
    long) head -c 3000000 /dev/zero | tr '\0' x; echo; read -r refusal; end ",\"result\":$refusal" ;;
    other-verb) echo '{"route":"kill","connid":"x","id":6}'; read -r refusal; end ",\"result\":$refusal" ;;
    gone) append "\"output\":\"$$\n\""; { sleep 0.4; end; } & exit 6 ;;
    stops-keeper) append '"output":"ready\n","id":5'; read -r answer; kill -STOP $PPID; sleep 1000 ;;
    last-words) append '"output":"before\n"'; end ',"result":8'; exit 3 ;;
    unfinished) printf '{"route":"end","lease":"%s","result":4}' "$lease"; printf 'bye, bye' >&2; exit 5 ;;
    noisy) for ((n = 0; n < 1000; n++)); do echo noise; done; end ;;
    die) append '"output":"before\n"'; echo "out of memory" >&2; exit 3 ;;
    segfault) kill -SEGV $$ ;;
    who) end ",\"result\":\"$LONGWIRE_ROUTE $HOME $MARK\"" ;;
    pid) end ",\"result\":$$" ;;
    polite) append '"output":"ready\n"'; read -r told; end ;;
    leaves) append '"output":"ready\n"'; read -r told; exit 0 ;;
    deaf) trap '' TERM; append '"output":"ready\n"'; setsid sleep 1000 & sleep 1000 & wait; sleep 1000 ;;
    flood) trap '' TERM; append '"output":"ready\n"'; while :; do echo noise; done ;;
  esac
done
"#;

/// A route of one process that has that mark, and serves so many jobs at once.
fn route(mark: &str, name: &str, slots: u32, keys: &str) -> String {
    format!(
        "[routes.{name}]\nserved_by = \"workers\"\ncommand = [\"bash\", \"-c\", '''{WORKER}''']\n\
         env = {{ MARK = \"{mark}\", SLOTS = \"{slots}\" }}\nkill_grace_seconds = 0.5\n{keys}\n"
    )
}

/// Two routes of one process each, and one of a process that serves two jobs; what is marked so is of these.
fn server(mark: &str) -> Server {
    let route = |name: &str, slots: u32, keys: &str| route(mark, name, slots, keys);
    Server::with_config(&format!(
        "shutdown_grace_seconds = 0.5\n{}{}{}",
        route("one", 1, ""),
        route("again", 1, "on_lost = \"again\"\nmax_attempts = 2"),
        route("two", 2, ""),
    ))
}

fn start(server: &Server, route: &str, word: &str) -> Done {
    let input = json!(word).to_string();
    server.run(&["start", route, "--json", "--input", &input])
}

/// The last event of a job.
fn end_of(done: &Done) -> Value {
    frames(&done.stdout).pop().unwrap()
}

/// The processes that have that mark in their environment: the shims have not, nor has the server.
fn marked(mark: &str) -> Vec<String> {
    processes_with(&format!("MARK={mark}"))
}

fn begin(server: &Server, route: &str, connid: &str, word: &str) -> Running {
    let input = json!(word).to_string();
    let mut job = server.spawn(&["start", route, "--connid", connid, "--input", &input]);
    job.says("ready");
    job
}

fn receipt(server: &Server, connid: &str) -> Value {
    let killed = server.run(&["kill", connid, "--wait", "--json"]);
    assert_eq!(killed.code, 0, "{}", killed.stderr);
    frames(&killed.stdout).pop().unwrap()["ended"].clone()
}

#[test]
fn a_process_serves_a_route_over_its_stdin_and_stdout() {
    let server = server("serves");
    let done = start(&server, "one", "serve");
    let (all, none) = (frames(&done.stdout), Value::Null);
    let told: Vec<_> = all[1..]
        .iter()
        .map(|frame| (&frame["output"], &frame["progress"], &frame["result"]))
        // It may have waited for the process to be started.
        .filter(|told| *told != (&none, &none, &none))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("one\n"), &none, &none),
            (&none, &json!({ "done": 1.0, "total": 2.0 }), &none),
            (&json!("two\n"), &none, &none),
            (&none, &none, &json!(7)),
        ]
    );
    let failed = end_of(&start(&server, "one", "fail"));
    assert_eq!(failed["status"], "failed");
    let error = json!({ "code": "disk_full", "message": "no space is left" });
    assert_eq!(failed["error"], error);
    // Its own route and what it was given, and nothing of the server's environment.
    let who = end_of(&start(&server, "one", "who"));
    assert_eq!(who["result"], "one  serves");
    // The same process all the time.
    let pid = || end_of(&start(&server, "one", "pid"))["result"].clone();
    assert_eq!(pid(), pid());
}

#[test]
fn what_it_says_in_one_go_is_in_the_log_as_it_was_said() {
    let server = server("many");
    let started = server.run(&[
        "start", "one", "--connid", "m", "--detach", "--input", "\"many\"",
    ]);
    assert_eq!(started.code, 0, "{}", started.stderr);
    socket::has_printed_all(&server.url, "m");
}

#[test]
fn what_it_says_is_answered_where_it_asks_for_that_or_is_no_frame() {
    let server = server("answers");
    let result = |word| end_of(&start(&server, "one", word))["result"].clone();
    let answer = result("answers");
    assert_eq!(
        (&answer["id"], &answer["route"], &answer["status"]),
        (&json!(5), &json!("append"), &json!("ok"))
    );
    assert!(answer["seq"].is_u64(), "{answer}");
    for (word, code) in [
        ("noise", "invalid_json"),
        ("long", "too_large"),
        ("other-verb", "unknown_route"),
    ] {
        let refusal = result(word);
        assert_eq!(refusal["status"], "error", "{word}: {refusal}");
        assert_eq!(refusal["code"], code, "{word}: {refusal}");
    }
}

/// As a program does that writes its last word without an end of line.
#[test]
fn what_it_says_last_counts_without_an_end_of_line() {
    let mut server = server("unfinished");
    let ended = end_of(&start(&server, "one", "unfinished"));
    assert_eq!(
        (&ended["status"], &ended["result"]),
        (&json!("ok"), &json!(4))
    );
    server.says("\"last_words\":\"bye, bye\"");
}

#[test]
fn the_log_of_the_server_is_not_filled_by_what_is_refused() {
    let server = server("noisy");
    assert_eq!(end_of(&start(&server, "one", "noisy"))["status"], "ok");
    let log = server.said();
    let complaints = log.matches("a line that is no frame").count();
    // Twenty a second.
    assert!((20..200).contains(&complaints), "{complaints}: {log}");
}

#[test]
fn a_process_that_ends_while_the_server_stops_is_not_started_again() {
    let server = server("drains");
    let _deaf = begin(&server, "two", "a", "deaf");
    until("three processes", || marked("drains").len() == 5);
    let log = server.said();
    assert!(log.contains("it exited with code 4"), "{log}");
    assert_eq!(log.matches("a worker was started").count(), 3, "{log}");
}

#[test]
fn a_process_that_ends_gives_up_its_job_and_is_started_again() {
    let server = server("ends");
    for (word, says) in [
        ("die", "it exited with code 3"),
        ("segfault", "it was killed by SIGSEGV"),
    ] {
        let lost = end_of(&start(&server, "one", word));
        assert_eq!(lost["status"], "lost", "{lost}");
        assert_eq!(lost["error"]["code"], "worker_lost", "{lost}");
        let message = lost["error"]["message"].as_str().unwrap();
        assert!(message.ends_with(says), "{message}");
        // The next one waits for its successor.
        assert_eq!(end_of(&start(&server, "one", "serve"))["status"], "ok");
    }
    // What it said before is still so.
    let done = start(&server, "one", "last-words");
    let said = |frame: &Value| frame["output"] == "before\n";
    assert!(frames(&done.stdout).iter().any(said), "{}", done.stdout);
    assert_eq!(end_of(&done)["result"], 8);
    // Another attempt, where the route asks for it, and no more than it asks for.
    let twice = start(&server, "again", "die");
    let attempts: Vec<_> = frames(&twice.stdout)
        .iter()
        .filter(|frame| frame["output"] == "before\n" || frame["status"] == "lost")
        .map(|frame| (frame["status"].clone(), frame["attempt"].clone()))
        .collect();
    let second = json!(2);
    assert_eq!(
        attempts,
        [
            (json!("running"), Value::Null),
            (json!("running"), second.clone()),
            (json!("lost"), second)
        ]
    );
}

#[test]
fn a_kill_asks_the_worker_and_then_kills_its_process_with_all_that_came_of_it() {
    let server = server("kill");
    let _polite = begin(&server, "one", "a", "polite");
    let ended = receipt(&server, "a");
    assert_eq!(ended["kill"]["forced"], false, "{ended}");
    assert_eq!(ended["kill"]["survivors"], Value::Null, "{ended}");
    // Its process ends when it is told to: that it is gone was seen.
    let _leaves = begin(&server, "one", "b", "leaves");
    let ended = receipt(&server, "b");
    assert_eq!(ended["status"], "killed");
    assert_eq!(ended["kill"]["survivors"], 0, "{ended}");
    let _deaf = begin(&server, "one", "c", "deaf");
    until("two of them sleep", || marked("kill").len() == 5);
    let ended = receipt(&server, "c");
    let kill = &ended["kill"];
    assert_eq!(
        (&kill["forced"], &kill["survivors"], &kill["signals"]),
        (&json!(true), &json!(0), &json!(["KILL"]))
    );
    // Another is started, and serves on.
    assert_eq!(end_of(&start(&server, "one", "serve"))["status"], "ok");
    assert_eq!(marked("kill").len(), 3);
}

/// One that writes and writes, and never reads what it is answered, does not fill the server.
#[test]
fn a_process_that_does_not_read_is_killed() {
    let server = server("flood");
    let lost = end_of(&start(&server, "one", "flood"));
    assert_eq!(lost["status"], "lost", "{lost}");
    let message = lost["error"]["message"].as_str().unwrap();
    let says = "it was killed, as it did not read what it was told";
    assert!(message.ends_with(says), "{message}");
    assert_eq!(end_of(&start(&server, "one", "serve"))["status"], "ok");
}

#[test]
fn a_process_that_serves_several_jobs_is_not_killed_for_one() {
    let server = server("several");
    let mut other = begin(&server, "two", "a", "polite");
    // While the first waits to be told, the second is not even read: it is forced without a look.
    let input = json!("polite").to_string();
    let _second = server.spawn(&["start", "two", "--connid", "b", "--input", &input]);
    until("b runs", || {
        let status = server.run(&["status", "b", "--json"]);
        status.stdout.contains("running")
    });
    let pids = marked("several");
    let ended = receipt(&server, "b");
    assert_eq!(ended["kill"]["forced"], true, "{ended}");
    assert_eq!(ended["kill"]["survivors"], Value::Null, "{ended}");
    assert_eq!(marked("several"), pids);
    other.says("a: ok");
}

/// What it started goes on for a moment and ends its job: the next one is not lost with it.
#[test]
fn a_process_that_is_gone_is_handed_nothing() {
    let server = server("gone");
    let mut first = server.spawn(&["start", "two", "--input", "\"gone\""]);
    let pid = loop {
        if let Ok(pid) = first.line().parse::<u32>() {
            break pid;
        }
    };
    let process = Path::new("/proc").join(pid.to_string());
    until("it has exited", || !process.exists());
    // There is a place for another, and who is there cannot read it.
    assert_eq!(end_of(&start(&server, "two", "serve"))["status"], "ok");
}

/// A keeper that was stopped takes no input: that stops nobody else, and a server that stops leaves nothing.
#[test]
fn a_server_stops_though_what_a_process_is_told_is_not_taken() {
    let server = Server::with_config(&format!(
        "shutdown_grace_seconds = 0.5\n{}",
        route("stopped", "two", 2, "")
    ));
    let _stops = begin(&server, "two", "a", "stops-keeper");
    let input = json!("x".repeat(60_000)).to_string();
    for connid in ["b", "c", "d"] {
        let args = [
            "start", "two", "--connid", connid, "--detach", "--input", &input,
        ];
        assert_eq!(server.run(&args).code, 0);
        let killed = server.run(&["kill", connid, "--wait", "--json"]);
        assert_eq!(killed.code, 0, "{}", killed.stderr);
    }
    let said = server.said();
    assert!(!said.contains("did not end in time"), "{said}");
    assert_eq!(marked("stopped"), Vec::<String>::new());
}

/// A frame may be larger than what its keeper takes at a time.
#[test]
fn a_job_of_many_megabytes_is_handed_over() {
    let server = Server::with_config(&format!(
        "limits.frame_bytes = 33554432\n{}",
        r#"
[routes.large]
served_by = "workers"
command = ["python3", "-u", "-c", """
import json, sys
print('{"route":"claim"}')
for line in sys.stdin:
    frame = json.loads(line)
    if frame.get("input"):
        print(json.dumps({"route": "end", "lease": frame["lease"], "result": len(frame["input"])}))
"""]
"#
    ));
    let file = scratch("many_megabytes").join("input.json");
    let input = json!("x".repeat(20_000_000)).to_string();
    fs::write(&file, input).unwrap();
    let input = format!("@{}", file.display());
    let done = server.run(&[
        "start", "large", "--json", "--time", "20", "--input", &input,
    ]);
    let ended = frames(&done.stdout).pop();
    assert!(ended.is_some(), "{}", done.stderr);
    assert_eq!(ended.unwrap()["result"], json!(20_000_000));
}

/// One that is not there, one that fails before it is ready, and one that claims another's route.
#[test]
fn a_process_that_has_not_claimed_takes_no_job() {
    for (command, says) in [
        (
            r#"["no-such-program"]"#,
            r#"\"no-such-program\" could not be started in /"#,
        ),
        (
            r#"["sh", "-c", "echo no module >&2; exit 3"]"#,
            "it exited with code 3",
        ),
        (
            r#"["sh", "-c", "echo '{\"route\":\"claim\",\"routes\":[\"other\"]}'; read refusal; echo $refusal >&2; read more"]"#,
            "the route that this process was started for",
        ),
    ] {
        let mut server = Server::with_config(&format!(
            "[routes.none]\nserved_by = \"workers\"\ncommand = {command}\n"
        ));
        let started = server.run(&["start", "none", "--connid", "a", "--detach"]);
        assert_eq!(started.code, 0, "{}", started.stderr);
        server.says(says);
        let status = server.run(&["status", "a", "--json"]);
        assert_eq!(frames(&status.stdout)[0]["jobs"][0]["status"], "queued");
    }
}

#[test]
fn nothing_is_left_of_workers_when_their_server_stops_or_dies() {
    for how in ["TERM", "KILL"] {
        let mark = format!("stop-{how}");
        let mut server = server(&mark);
        until("three processes", || marked(&mark).len() == 3);
        let _deaf = begin(&server, "one", "deaf", "deaf");
        if how == "TERM" {
            server.stop();
            assert_eq!(marked(&mark), Vec::<String>::new());
        } else {
            server.crash();
            until("nothing is left", || marked(&mark).is_empty());
        }
    }
}
