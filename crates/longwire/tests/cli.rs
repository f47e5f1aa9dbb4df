//! The binary against a server of its own: what is typed, what is printed, how it exits.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends with its first surprise"
)]

mod commands;
mod conformance;
mod examples;
mod modules;
mod reading_again;
mod run;
mod upstreams;
mod workers;

use run::{Server, fails, longwire, prints};
use serde_json::Value;

/// The lines of an output, as JSON.
pub(crate) fn frames(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_request_is_followed_to_its_end() {
    let server = Server::new();
    let done = server.run(&["start", "request", "--connid", "42", "--time", "0.2"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, ""));
    assert_eq!(done.stderr, "42: running, with 0.2 s\n42: ok\n");
}

#[test]
fn for_scripts_the_frames_are_printed_one_a_line() {
    let server = Server::new();
    let done = server.run(&["start", "request", "--time", "0.1", "--json"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let frames = frames(&done.stdout);
    assert_eq!(frames[0]["status"], "running");
    assert!(frames[0]["id"].is_null());
    let last = frames.last().unwrap();
    assert_eq!(
        (&last["status"], &last["connid"]),
        (&"ok".into(), &frames[0]["connid"])
    );
}

#[test]
fn a_kill_that_waits_prints_the_receipt_and_the_follower_exits_as_killed() {
    let server = Server::new();
    let mut follower = server.spawn(&["start", "request", "--connid", "42", "--time", "60"]);
    follower.says("42: running");
    let killed = server.run(&["kill", "42", "--reason", "enough", "--wait"]);
    assert_eq!(killed.code, 0, "{}", killed.stderr);
    assert!(
        killed
            .stdout
            .starts_with("42: killed by anonymous (enough): dead after ")
            && killed
                .stdout
                .ends_with(" ms, without force, nothing of it is left\n"),
        "{}",
        killed.stdout
    );
    follower.says("42: killed by anonymous (enough)");
    assert_eq!(follower.code(), 137);

    let again = server.run(&["kill", "42"]);
    assert_eq!(again.code, 3);
    assert!(again.stderr.contains("(already_ended)"), "{}", again.stderr);
}

#[test]
fn of_several_kills_all_are_tried() {
    let server = Server::new();
    let detached = server.run(&["start", "request", "--connid", "b", "--detach"]);
    assert_eq!((detached.code, detached.stdout.as_str()), (0, "b\n"));
    let killed = server.run(&["kill", "a", "b", "--json"]);
    assert_eq!(killed.code, 3);
    assert!(killed.stderr.contains("invalid connection id: a"));
    let frames = frames(&killed.stdout);
    assert_eq!(frames[0]["code"], "unknown_connid");
    assert_eq!(
        (&frames[1]["status"], &frames[1]["connid"]),
        (&"ok".into(), &"b".into())
    );
}

#[test]
fn a_detached_request_is_seen_extended_and_watched() {
    let server = Server::new();
    let started = server.run(&["start", "request", "--time", "60", "--tag", "x", "--detach"]);
    let connid = started.stdout.trim();
    assert_eq!(connid.len(), 13);

    let table = server.run(&["status", "--tag", "x"]).stdout;
    assert!(table.starts_with("CONNID "), "{table}");
    assert!(table.lines().nth(1).unwrap().starts_with(connid), "{table}");
    let none = server.run(&["status", "--tag", "y"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
    assert_eq!(none.stderr, "nothing runs\n");
    let sheet = server.run(&["status", connid]).stdout;
    assert!(sheet.contains("tags       x\n"), "{sheet}");

    let extended = server.run(&["extend", connid, "0.2"]).stdout;
    assert_eq!(extended, format!("{connid}: 0.2 s from now\n"));
    let watched = server.run(&["watch", connid, "--after", "0", "--json"]);
    assert_eq!(watched.code, 0, "{}", watched.stderr);
    let numbers: Vec<u64> = frames(&watched.stdout)
        .iter()
        .map(|frame| frame["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let rest = server.run(&["watch", connid, "--after", "1", "--json"]);
    assert_eq!(frames(&rest.stdout)[0]["seq"], 2);
}

#[test]
fn all_pages_are_read() {
    let server = Server::new();
    for connid in ["a", "b", "c"] {
        server.run(&["start", "request", "--connid", connid, "--detach"]);
    }
    let some = server.run(&["status", "--limit", "2"]);
    assert_eq!(some.stdout.lines().count(), 3);
    assert_eq!(some.stderr, "2 of 3 shown; --all shows the rest\n");
    let all = server.run(&["status", "--limit", "2", "--all"]);
    let names: Vec<&str> = all
        .stdout
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(names, ["CONNID", "a", "b", "c"]);
}

#[test]
fn ctrl_c_leaves_and_says_how_to_come_back() {
    let server = Server::new();
    let mut follower = server.spawn(&["start", "request", "--connid", "4 2", "--time", "60"]);
    follower.says("4 2: running");
    follower.signal("INT");
    follower.says("It goes on. Come back: longwire watch '4 2' --after ");
    assert_eq!(follower.code(), 130);
    assert_eq!(server.run(&["status", "4 2"]).code, 0);
}

#[test]
fn sigterm_leaves_at_once_and_kills_nothing() {
    let server = Server::new();
    let mut follower = server.spawn(&["start", "request", "--connid", "42", "--time", "60"]);
    follower.says("42: running");
    follower.signal("TERM");
    follower.says("It goes on. Come back: longwire watch 42 --after ");
    assert_eq!(follower.code(), 130);
    assert_eq!(server.run(&["kill", "42"]).code, 0);
}

#[test]
fn a_second_ctrl_c_kills() {
    let server = Server::new();
    let mut follower = server.spawn(&["start", "request", "--connid", "42", "--time", "60"]);
    follower.says("42: running");
    follower.signal("INT");
    follower.says("Ctrl-C again kills it");
    follower.signal("INT");
    follower.says("42: killed by anonymous (Ctrl-C): dead after ");
    assert_eq!(follower.code(), 137);
}

#[test]
fn a_follower_of_a_server_that_stops_says_what_became_of_it() {
    let mut server = Server::with_config("shutdown_grace_seconds = 0");
    let mut follower = server.spawn(&["start", "request", "--connid", "42", "--time", "60"]);
    follower.says("42: running");
    assert_eq!(server.stop(), 0);
    follower.says("42: lost");
    assert_eq!(follower.code(), 5);
}

#[test]
fn a_server_that_was_started_anew_has_lost_the_request() {
    let mut server = Server::new();
    let mut follower = server.spawn(&["start", "request", "--connid", "42", "--time", "60"]);
    follower.says("42: running");
    server.crash_and_restart();
    follower.says("error: 42 is lost: the server no longer knows it");
    assert_eq!(follower.code(), 5);
}

#[test]
fn the_feed_shows_changes_of_all() {
    let server = Server::new();
    let mut feed = server.spawn(&["watch", "--json"]);
    // The feed begins when it is watched: starts are made until one is seen.
    let frame = loop {
        server.run(&["start", "request", "--time", "0", "--detach"]);
        if let Some(line) = feed.line_if_any() {
            break line;
        }
    };
    assert!(frame.starts_with("{\"feed\":"), "{frame}");
    feed.signal("INT");
    assert_eq!(feed.code(), 0);
}

#[test]
fn a_live_table_goes_to_pipes_too() {
    let server = Server::new();
    server.run(&[
        "start", "request", "--connid", "42", "--time", "60", "--detach",
    ]);
    let mut live = server.spawn(&["status", "--watch"]);
    assert!(live.line().starts_with("CONNID"));
    assert!(live.line().starts_with("42 "));
    live.signal("INT");
    assert_eq!(live.code(), 0);
}

#[test]
fn refusals_exit_with_3() {
    let server = Server::new();
    server.run(&["start", "request", "--connid", "42", "--detach"]);
    for (args, says) in [
        (
            &["start", "request", "--connid", "42"][..],
            "(connid_in_use)",
        ),
        (&["start", "reqest"], "(unknown_route)"),
        (
            &["start", "request", "--time", "1000000000"],
            "(invalid_field)",
        ),
        (&["watch", "99"], "invalid connection id: 99"),
        (&["watch", "42", "--after", "99"], "(invalid_field)"),
        (&["extend", "99", "1"], "(unknown_connid)"),
        (&["status", "99"], "(unknown_connid)"),
    ] {
        let refused = server.run(args);
        assert_eq!(refused.code, 3, "{args:?}");
        assert!(
            refused.stderr.contains(says),
            "{args:?}: {}",
            refused.stderr
        );
    }
}

#[test]
fn who_cannot_be_reached_is_named() {
    fails(
        &["status", "--server", "http://127.0.0.1:1"],
        4,
        "error: no Longwire at http://127.0.0.1:1 (connection refused); start one with `longwire serve`",
    );
    fails(
        &["status", "--server", "localhost"],
        2,
        "it must be like http://127.0.0.1:8000",
    );
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    for (args, says) in [
        (
            &["start", "request", "--time", "abc"][..],
            "such as 30 or 0.5",
        ),
        (
            &["start", "request", "--input", "text"],
            "--input is not JSON",
        ),
        (
            &["start", "request", "--detach", "--on-disconnect", "kill"],
            "leave one of them out",
        ),
        (&["watch", "--after", "3"], "--after goes with"),
        (
            &["serve", "--data", "/tmp", "--ephemeral"],
            "cannot be used with",
        ),
        (
            &["serve", "--listen", "localhost"],
            "such as 127.0.0.1:8000",
        ),
        (&["serve", "--config", "/does/not/exist"], "cannot be read"),
        (&["frobnicate"], "unrecognized subcommand"),
    ] {
        fails(args, 2, says);
    }
}

#[test]
fn routes_are_listed_and_one_is_shown() {
    let server = Server::new();
    let list = server.run(&["routes"]).stdout;
    assert!(list.starts_with("ROUTE "), "{list}");
    assert!(
        list.lines().nth(1).unwrap().starts_with("request"),
        "{list}"
    );
    let one = server.run(&["routes", "request"]).stdout;
    assert!(one.contains("kill grace   5"), "{one}");
    let frames = frames(&server.run(&["routes", "--json"]).stdout);
    assert_eq!(frames[0]["routes"][0]["route"], "request");
    let unknown = server.run(&["routes", "requst"]);
    assert_eq!(unknown.code, 1, "{}", unknown.stderr);
    assert!(
        unknown.stderr.contains("no route \"requst\""),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_server_is_checked_without_being_started() {
    let dir = run::scratch("serve-check");
    let file = dir.join("longwire.toml");
    let path = file.to_str().unwrap();
    std::fs::write(
        &file,
        "[routes.sleep]\nconsumer = \"exec\"\nargv = [\"sleep\", \"{n}\"]\n",
    )
    .unwrap();
    let said = prints(&[
        "serve",
        "--check",
        "--config",
        path,
        "--listen",
        "127.0.0.1:1",
    ]);
    assert_eq!(
        said,
        "ok: would listen on 127.0.0.1:1 and serve request, sleep\n"
    );
    std::fs::write(
        &file,
        "[routes.sleep]\nconsumer = \"exec\"\nargv = [\"sleep\", \"{n\"]\n",
    )
    .unwrap();
    fails(
        &["serve", "--check", "--config", path],
        2,
        "longwire.toml:3: ",
    );
    std::fs::write(
        &file,
        "[routes.a]\nconsumer = \"exec\"\nargv = [\"sleep\"]\npass_env = [\"LONGWIRE_NO_SUCH\"]\n",
    )
    .unwrap();
    let said = prints(&["serve", "--check", "--config", path]);
    assert!(said.starts_with("ok: "), "{said}");
    std::fs::write(
        &file,
        "[routes.a]\nconsumer = \"exec\"\nargv = [\"sleep\"]\ndir = \"/no/such/folder\"\n\
         [routes.b]\nconsumer = \"exec\"\nargv = [\"no-such-program\"]\n",
    )
    .unwrap();
    for said in ["`routes.a.dir` is ", "`routes.b.argv` begins with "] {
        fails(&["serve", "--check", "--config", path], 2, said);
    }
}

#[test]
fn an_address_in_use_is_told() {
    let server = Server::new();
    let address = server.url.trim_start_matches("http://");
    fails(&["serve", "--listen", address], 1, "something else does");
}

#[test]
fn the_default_file_is_valid_and_mistakes_have_lines() {
    let dir = run::scratch("config");
    let file = dir.join("longwire.toml");
    std::fs::write(&file, prints(&["config"])).unwrap();
    let path = file.to_str().unwrap();
    assert_eq!(
        prints(&["config", "--check", path]),
        format!("{path}: ok\n")
    );
    std::fs::write(&file, "\nlistn = 3\n").unwrap();
    fails(&["config", "--check", path], 2, "longwire.toml:2: ");
    assert!(prints(&["config", "--markdown"]).starts_with("| key |"));
}

#[test]
fn what_is_generated_is_written() {
    let dir = run::scratch("generate");
    let path = dir.to_str().unwrap();
    prints(&["generate", path]);
    for file in [
        "docs/cli.md",
        "docs/configuration.md",
        "docs/longwire.default.toml",
        "docs/schema/client.json",
        "docs/schema/server.json",
    ] {
        assert!(dir.join(file).is_file(), "{file}");
    }
    prints(&["man", path]);
    assert!(dir.join("longwire-start.1").is_file());
    for shell in ["bash", "zsh", "fish"] {
        assert!(prints(&["completions", shell]).contains("longwire"));
    }
}

#[test]
fn help_teaches() {
    for (args, says) in [
        (&["--help"][..], "longwire serve "),
        (&["start", "--help"], "137  the job was killed"),
        (&["start", "-h"], "longwire start request --time 30"),
    ] {
        assert!(prints(args).contains(says), "{args:?}");
    }
    assert_eq!(longwire(&[]).code, 2);
}
