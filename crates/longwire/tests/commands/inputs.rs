//! What is run for an input.

use std::fs;

use serde_json::json;

use super::{ROUTES, printed, server, shell, start};
use crate::{
    frames,
    run::{Server, fails, longwire, scratch},
};

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
    // Nobody has to read it, though it is more than a pipe holds.
    let unread = start(&server, "unread", &json!({ "text": "x".repeat(90_000) }));
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
fn a_descriptor_that_the_server_inherited_is_none_of_a_commands_business() {
    let server = Server::with_config_and_a_descriptor(ROUTES);
    let of_server = format!("/proc/{}/fd/9", server.pid());
    assert!(fs::read_link(of_server).is_ok(), "the server has it");
    let script = "ls /proc/self/fd | tr '\\n' ' '";
    let (stdout, _) = printed(&start(&server, "shell", &shell(script)), "stdout");
    assert_eq!(stdout, "0 1 2 3 ", "the fourth is the folder itself");
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
