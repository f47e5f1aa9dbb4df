//! What is left of a command once it was killed: nothing.

use std::{fs, io::Read, path::PathBuf, process::Command};

use serde_json::json;

use super::{printed, server, shell, start};
use crate::{
    frames,
    run::{Running, longwire, processes_with, scratch, until},
};

/// The processes that have that connid in their environment, as all have that come of its command and keep that.
fn processes_of(connid: &str) -> Vec<String> {
    processes_with(&format!("LONGWIRE_CONNID={connid}"))
}

/// A process: its number, which may be given to another, and when it began.
type Born = (String, String);

/// The parent of a process, and when it began; none where it is dead.
fn parent_and_birth(pid: &str) -> Option<(String, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    (fields[0] != "Z").then(|| (fields[1].to_owned(), fields[19].to_owned()))
}

/// All that descends from a process, whatever it has in its environment.
fn descendants_of(root: &str) -> Vec<Born> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let seen: Vec<(String, Born)> = pids
        .filter_map(|entry| {
            let pid = entry.file_name().to_string_lossy().into_owned();
            let (parent, birth) = parent_and_birth(&pid)?;
            Some((parent, (pid, birth)))
        })
        .collect();
    let mut found: Vec<Born> = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(parent) = open.pop() {
        for (_, born) in seen.iter().filter(|(of, _)| *of == parent) {
            open.push(born.0.clone());
            found.push(born.clone());
        }
    }
    found
}

fn alive((pid, birth): &Born) -> bool {
    parent_and_birth(pid).is_some_and(|(_, other)| other == *birth)
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
        (
            "nameless",
            "trap '' TERM; (env -i setsid sleep 1000 &); env -i sleep 1000 & sleep 0.1; echo ready; wait",
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
        let family = descendants_of(&keeper_of(connid));
        let killed = server.run(&["kill", connid, "--wait", "--json"]);
        assert_eq!(killed.code, 0, "{connid}: {}", killed.stderr);
        assert_eq!(processes_of(connid), Vec::<String>::new(), "{connid}");
        assert!(!family.is_empty() && !family.iter().any(alive), "{connid}");
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
fn a_command_that_is_told_to_end_at_once_is_asked_first() {
    let server = server();
    for round in 0..20 {
        let connid = format!("at-once-{round}");
        let mut job = server.spawn(&["start", "at-once", "--connid", &connid, "--json"]);
        job.says("running");
        let killed = server.run(&["kill", &connid, "--wait", "--json"]);
        let receipt = frames(&killed.stdout).pop().unwrap()["ended"]["kill"].clone();
        assert_eq!(receipt["forced"], false, "{receipt}");
        assert_eq!(receipt["signals"], json!(["TERM"]), "{receipt}");
    }
    // A clock that runs out in that moment: the end does not wait for the grace, which the test would.
    let done = server.run(&["start", "short", "--json"]);
    let end = frames(&done.stdout).pop().unwrap();
    assert_eq!(end["status"], "timeout", "{end}");
}

#[test]
fn a_command_that_gets_rid_of_its_keeper_goes_with_it() {
    let server = server();
    let script = "setsid sleep 1000 & (sleep 1000 &) ; env -i sleep 1000 & sleep 0.1; kill -9 $PPID; sleep 1000";
    for route in ["shell", "one-by-one"] {
        let connid = format!("alone-{route}");
        let input = shell(script).to_string();
        let done = server.run(&[
            "start", route, "--connid", &connid, "--json", "--input", &input,
        ]);
        let end = frames(&done.stdout).pop().unwrap();
        assert_eq!(end["error"]["code"], "keeper_lost", "{end}");
        assert_eq!(processes_of(&connid), Vec::<String>::new());
    }
}

#[test]
fn a_keeper_that_its_command_has_stopped_goes_on_for_a_kill() {
    let server = server();
    for route in ["shell", "one-by-one"] {
        let connid = format!("halting-{route}");
        let script = "trap '' TERM; setsid sleep 1000 & echo ready; sleep 0.3; kill -STOP $PPID; while :; do sleep 1; done";
        let input = shell(script).to_string();
        let mut job = server.spawn(&["start", route, "--connid", &connid, "--input", &input]);
        job.says("ready");
        let keeper = keeper_of(&connid);
        until("its keeper is stopped", || state_of(&keeper) == "T");
        let killed = server.run(&["kill", &connid, "--wait", "--json"]);
        let receipt = frames(&killed.stdout).pop().unwrap()["ended"]["kill"].clone();
        assert_eq!(receipt["survivors"], 0, "{receipt}");
        assert_eq!(processes_of(&connid), Vec::<String>::new());
        assert_eq!(parent_and_birth(&keeper), None, "its keeper is kept");
    }
}

#[test]
fn a_keeper_that_is_stopped_again_and_again_is_killed_and_its_command_too() {
    let server = server();
    // Whoever stops it is none of the command's, and so outlives the force.
    let script = "trap '' TERM; setsid sleep 1000 & echo ready; while :; do sleep 1; done";
    let input = shell(script).to_string();
    let mut job = server.spawn(&["start", "one-by-one", "--connid", "held", "--input", &input]);
    job.says("ready");
    let keeper = keeper_of("held");
    let halting = format!("while kill -STOP {keeper} 2>/dev/null; do :; done");
    let mut halting = Command::new("sh").args(["-c", &halting]).spawn().unwrap();
    until("its keeper is stopped", || state_of(&keeper) == "T");
    let killed = server.run(&["kill", "held", "--wait", "--json"]);
    let receipt = frames(&killed.stdout).pop().unwrap()["ended"]["kill"].clone();
    assert_eq!(receipt["forced"], true, "{receipt}");
    assert_eq!(processes_of("held"), Vec::<String>::new());
    assert_eq!(parent_and_birth(&keeper), None, "its keeper is kept");
    halting.wait().unwrap();
}

#[test]
fn a_command_that_asks_its_keeper_to_end_is_not_rid_of_it() {
    let server = server();
    let script = "for signal in HUP INT QUIT TERM; do kill -s $signal $PPID; done; setsid sleep 1000 & sleep 0.1";
    let done = start(&server, "one-by-one", &shell(script));
    let end = frames(&done.stdout).pop().unwrap();
    assert_eq!(end["status"], "ok", "{end}");
}

#[test]
fn a_server_that_is_killed_leaves_nothing_with_a_keeper_that_was_stopped() {
    let mut server = server();
    let script = "setsid sleep 1000 & echo ready; sleep 0.3; kill -STOP $PPID; sleep 1000";
    let input = shell(script).to_string();
    let mut job = server.spawn(&["start", "shell", "--connid", "frozen", "--input", &input]);
    job.says("ready");
    let keeper = keeper_of("frozen");
    until("its keeper is stopped", || state_of(&keeper) == "T");
    server.crash();
    until("its keeper is gone", || parent_and_birth(&keeper).is_none());
    assert_eq!(processes_of("frozen"), Vec::<String>::new());
}

fn state_of(pid: &str) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat.rsplit_once(") ").map(|(_, after)| after.to_owned());
    after.unwrap_or_default().chars().take(1).collect()
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
        let kill = ["--server", &server.url, "kill", &connid, "--wait", "--json"];
        let killed = std::thread::scope(|scope| {
            let kill = scope.spawn(|| longwire(&kill));
            for _ in 0..round * 800 {
                std::thread::yield_now();
            }
            drop(held);
            kill.join().unwrap()
        });
        let said = frames(&killed.stdout).pop().unwrap();
        let status = server.run(&["status", &connid, "--json"]);
        let job = frames(&status.stdout)[0]["jobs"][0].clone();
        match job["status"].as_str().unwrap() {
            "killed" => assert_eq!(
                (&said["ended"]["status"], &job["kill"]["survivors"]),
                (&json!("killed"), &json!(0)),
                "{job}"
            ),
            // It read the end of a file, or was done before the kill came.
            "failed" | "ok" => assert!(
                said["code"] == "already_ended" || said["ended"]["status"] == job["status"],
                "{said} {job}"
            ),
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
    until("it sleeps", || processes_of("orphan").len() >= 2);
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
