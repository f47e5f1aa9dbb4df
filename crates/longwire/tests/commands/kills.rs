//! What is left of a command once it was killed: nothing.

use std::{fs, io::Read, path::PathBuf, process::Command};

use serde_json::{Value, json};

use super::{printed, server, shell, start};
use crate::{
    frames,
    run::{Running, scratch},
};

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
    let routes = ["shell", "one-by-one"];
    let all = routes
        .into_iter()
        .flat_map(|route| trees.map(|tree| (route, tree)));
    for (route, (connid, script)) in all {
        let input = shell(script).to_string();
        let mut job: Running =
            server.spawn(&["start", route, "--connid", connid, "--input", &input]);
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

/// The shim that keeps a command: the one parent that is none of its processes.
fn keeper_of(connid: &str) -> String {
    let all = processes_of(connid);
    let parent = |pid: &String| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        Some(line.trim().to_owned())
    };
    let mut parents = all.iter().filter_map(parent);
    parents.find(|parent| !all.contains(parent)).unwrap()
}

#[test]
#[ignore = "needs a cgroup that it may write to: cargo xtask test cgroup"]
fn a_command_has_a_cgroup_of_its_own_and_dies_with_it_though_its_keeper_is_gone() {
    let server = server();
    let where_it_is = start(&server, "shell", &shell("cat /proc/self/cgroup"));
    let (stdout, _) = printed(&where_it_is, "stdout");
    let own = stdout.lines().find(|line| line.starts_with("0::")).unwrap();
    assert!(
        own.contains("/longwire-"),
        "it has none of its own: {stdout}"
    );
    let walked = start(&server, "one-by-one", &shell("cat /proc/self/cgroup"));
    assert!(!walked.stdout.contains("/longwire-"), "{}", walked.stdout);

    let script = "trap '' TERM; setsid sleep 1000 & (setsid sleep 1000 &); echo ready; while :; do sleep 1; done";
    let input = shell(script).to_string();
    let mut job = server.spawn(&[
        "start", "shell", "--connid", "kept", "--json", "--input", &input,
    ]);
    job.says("ready");
    let killed = Command::new("kill")
        .args(["-9", &keeper_of("kept")])
        .status();
    assert!(killed.unwrap().success());
    job.says("keeper_lost");
    assert_eq!(processes_of("kept"), Vec::<String>::new());
    let left = Command::new("find")
        .args(["/sys/fs/cgroup", "-name", "longwire-0*"])
        .output();
    let left = String::from_utf8(left.unwrap().stdout).unwrap();
    let job =
        frames(&server.run(&["status", "kept", "--json"]).stdout)[0]["jobs"][0]["job"].clone();
    assert!(!left.contains(job.as_str().unwrap()), "{left}");
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
fn an_exit_in_the_moment_of_a_kill_is_one_end_and_leaves_nothing() {
    let server = server();
    let fifo = fifo("same_moment");
    let input = shell(&format!("read line < {}", fifo.display())).to_string();
    for round in 0..24 {
        let connid = format!("same-{round}");
        let start = [
            "start", "shell", "--connid", &connid, "--detach", "--input", &input,
        ];
        assert_eq!(server.run(&start).code, 0);
        // Opens once the command reads; it exits when this is closed.
        let held = fs::File::create(&fifo).unwrap();
        let mut held = Some(held);
        // Every other time it is told to exit before the kill is sent.
        held.take_if(|_| round % 2 == 1);
        let mut kill = server.spawn(&["kill", &connid, "--wait", "--json"]);
        for _ in 0..round * 800 {
            std::thread::yield_now();
        }
        drop(held);
        let said: Value = serde_json::from_str(&kill.line()).unwrap_or_default();
        let said = said["ended"]["status"].clone();
        kill.code();
        let status = server.run(&["status", &connid, "--json"]);
        let job = frames(&status.stdout)[0]["jobs"][0].clone();
        match job["status"].as_str().unwrap() {
            "killed" => assert_eq!(
                (said, &job["kill"]["survivors"]),
                (json!("killed"), &json!(0))
            ),
            // It read the end of a file, or was done before the kill came.
            "failed" | "ok" => assert_ne!(said, json!("killed"), "{job}"),
            other => panic!("{other}: {job}"),
        }
        assert_eq!(processes_of(&connid), Vec::<String>::new());
    }
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
