//! The conformance kit as a command.

use crate::{
    frames,
    run::{Server, fails, longwire, prints, scratch},
};

#[test]
fn a_server_is_played_against_and_passes() {
    let server = Server::new();
    let said = prints(&["conformance", "server", &server.url, "--only", "refusals"]);
    assert!(said.contains("pass"), "{said}");
    assert!(said.contains(" passed, 0 failed, 0 left out"), "{said}");
}

#[test]
fn what_goes_otherwise_is_told_with_its_place_and_exits_with_1() {
    let server = Server::new();
    let dir = scratch("planted-dialogues");
    let dialogue = "{\"dialogue\":\"a planted one\"}\n{\">\":{\"route\":\"status\",\"id\":1}}\n{\"<\":{\"id\":1,\"status\":\"fine\"}}\n";
    std::fs::write(dir.join("planted.jsonl"), dialogue).unwrap();
    let dir = dir.to_str().unwrap();
    let url = server.url.clone();
    let done = longwire(&["conformance", "server", &url, "--dialogues", dir]);
    assert_eq!(done.code, 1);
    for part in [
        "FAIL",
        "a planted one",
        "planted.jsonl:3: status: expected \"fine\", got \"ok\"",
        "> {\"route\":\"status\",\"id\":1}",
        "0 passed, 1 failed, 0 left out",
    ] {
        assert!(done.stdout.contains(part), "{part}: {}", done.stdout);
    }
    let done = longwire(&["conformance", "server", &url, "--dialogues", dir, "--json"]);
    let said = frames(&done.stdout);
    assert_eq!((done.code, said.len()), (1, 2));
    assert_eq!(said[0]["verdict"], "failed");
    assert_eq!(said[0]["why"]["place"], "planted.jsonl:3");
    assert_eq!(said[1]["failed"][0], "a planted one");
}

const UNSUPPORTED: &str = "\"error\":{\"code\":\"unsupported\",\"message\":\"feeds\"}";

#[test]
fn what_a_driver_leaves_out_is_named_and_fails_where_the_whole_is_wanted_or_nothing_passed() {
    let dir = scratch("left-out");
    let asked = |name: &str, verb: &str| {
        format!(
            "{{\"dialogue\":\"{name}\",\"connect\":false}}\n{{\"!\":{{\"do\":\"{verb}\"}}}}\n{{\"=\":{{\"ok\":\"<any>\"}}}}\n"
        )
    };
    let planted = asked("of a feed", "feed") + &asked("of a page", "status");
    std::fs::write(dir.join("planted.jsonl"), planted).unwrap();
    let script = format!(
        "read -r order; case $order in *feed*) echo '{{\"n\":1,{UNSUPPORTED}}}';; *) echo '{{\"n\":1,\"ok\":{{}}}}';; esac; cat >/dev/null"
    );
    for (flags, code, counted) in [
        (vec![], 0, "1 passed, 0 failed, 1 left out"),
        (vec!["--whole"], 1, "1 passed, 0 failed, 1 left out"),
        (
            vec!["--only", "of a feed"],
            1,
            "0 passed, 0 failed, 1 left out",
        ),
    ] {
        let mut args = vec![
            "conformance",
            "client",
            "--dialogues",
            dir.to_str().unwrap(),
        ];
        args.extend(flags);
        args.extend(["--", "sh", "-c", &script]);
        let done = longwire(&args);
        assert_eq!(done.code, code, "{}", done.stdout);
        for part in [
            counted,
            "left out: of a feed",
            "left out by the driver: feeds",
        ] {
            assert!(done.stdout.contains(part), "{part}: {}", done.stdout);
        }
    }
}

#[test]
fn a_driver_that_leaves_out_connecting_fails() {
    let script = format!("read -r order; echo '{{\"n\":1,{UNSUPPORTED}}}'; cat >/dev/null");
    let driver = ["--only", "1009", "--", "sh", "-c", &script];
    let done = longwire(&[&["conformance", "client"], &driver[..]].concat());
    assert_eq!(done.code, 1);
    let said = "0 passed, 1 failed, 0 left out";
    assert!(done.stdout.contains(said), "{}", done.stdout);
}

#[test]
fn a_server_that_is_not_there_is_told_once() {
    // A port that nobody can listen on.
    let args = ["conformance", "server", "--server", "http://127.0.0.1:0"];
    let done = longwire(&args);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    let told = "cannot connect to ws://127.0.0.1:0/ws: ";
    assert_eq!(done.stderr.matches(told).count(), 1, "{}", done.stderr);
}

#[test]
fn the_dialogues_are_listed_and_a_name_that_is_of_none_is_told() {
    let listed = prints(&["conformance", "client", "--list"]);
    assert!(listed.lines().count() > 60, "{listed}");
    assert!(
        listed.contains("while the connection breaks 50 times"),
        "{listed}"
    );
    let listed = prints(&[
        "conformance",
        "server",
        "--list",
        "--only",
        "1009",
        "--json",
    ]);
    assert_eq!(frames(&listed).len(), 1);
    let args = ["conformance", "client", "--only", "no such", "--", "true"];
    fails(&args, 2, "no dialogue has \"no such\"");
    fails(
        &["conformance", "server", "ftp://host"],
        2,
        "must be like http://127.0.0.1:8000",
    );
    fails(&["conformance", "client"], 2, "<PROGRAM>");
}
