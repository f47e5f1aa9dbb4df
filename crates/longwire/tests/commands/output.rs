//! What comes of a command.

use serde_json::{Value, json};

use super::{printed, server, server_with_bad_programs, shell, start};
use crate::{frames, run::writes};

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
        (
            "no-folder",
            "",
            "not_started",
            "its folder (dir): No such file or directory",
        ),
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
        (
            "nowhere",
            "",
            json!({ "step": "program", "errno": "ENOENT" }),
        ),
        (
            "not-executable",
            "",
            json!({ "step": "program", "errno": "EACCES" }),
        ),
        ("no-folder", "", json!({ "step": "dir", "errno": "ENOENT" })),
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
fn a_command_that_cannot_begin_was_not_started() {
    let server = server_with_bad_programs("bad_programs");
    for (route, step, errno, says) in [
        (
            "no-interpreter",
            "program",
            "ENOENT",
            "to run it is not there",
        ),
        (
            "no-first-line",
            "program",
            "ENOEXEC",
            "no script that begins with #!",
        ),
        ("garbage", "program", "ENOEXEC", "no program of this system"),
        ("too-many-files", "limits", "EPERM", "its limit open_files"),
    ] {
        let (stdout, last) = printed(&start(&server, route, &json!({})), "stdout");
        let error = &last["error"];
        assert_eq!(
            (stdout.as_str(), &error["code"]),
            ("", &json!("not_started")),
            "{last}"
        );
        assert_eq!(error["detail"], json!({ "step": step, "errno": errno }));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(says), "{route}: {message}");
    }
}

#[test]
fn a_command_that_writes_to_nobody_ends_though_rust_ignores_that_signal() {
    let server = server();
    let ignored = start(&server, "shell", &shell("grep SigIgn /proc/self/status"));
    let (stdout, _) = printed(&ignored, "stdout");
    let mask = stdout.trim().rsplit('\t').next().unwrap();
    let sigpipe = 1 << 12;
    assert_eq!(
        u64::from_str_radix(mask, 16).unwrap() & sigpipe,
        0,
        "{stdout}"
    );
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
        // The last of a bar that begins with a carriage return, and has no end.
        (
            r"printf '\r1 of 4'; printf '\r4 of 4'",
            json!({ "done": 4.0, "total": 4.0 }),
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
