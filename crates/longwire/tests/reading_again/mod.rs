//! SIGHUP: a configuration that is read again while the server runs.

use serde_json::Value;

use crate::{
    frames,
    run::{self, Server},
};

#[test]
fn a_server_that_is_told_to_reads_its_routes_again_and_runs_on() {
    let file = run::scratch("read-again").join("longwire.toml");
    let routes = |text: &str| std::fs::write(&file, text).unwrap();
    let sleep = "consumer = \"exec\"\nargv = [\"sleep\", \"60\"]\nkill_grace_seconds = 0.5\n";
    routes(&format!("[routes.a]\n{sleep}\n[routes.b]\n{sleep}"));
    let mut server = Server::with_file(&file);
    server.run(&["start", "a", "--connid", "a", "--detach"]);
    server.run(&["start", "b", "--connid", "b", "--detach"]);

    routes(&format!(
        "shutdown_grace_seconds = 3\n[routes.b]\n{sleep}concurrency = 1\n[routes.c]\n{sleep}[routes.request]\n{sleep}"
    ));
    server.reads_again(
        "added: c; changed: b; removed: a; needs a restart: shutdown_grace_seconds, routes.request",
    );
    let names = |server: &Server| {
        let page = frames(&server.run(&["routes", "--json"]).stdout);
        let routes = page[0]["routes"].as_array().unwrap().clone();
        let names = routes
            .iter()
            .map(|route| route["route"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&server), ["b", "c", "request"]);
    let refused = server.run(&["start", "a", "--detach"]);
    assert!(
        refused.stderr.contains("unknown route \"a\""),
        "{}",
        refused.stderr
    );
    let clock = server.run(&["start", "request", "--time", "0.1"]);
    assert_eq!(
        clock
            .stderr
            .lines()
            .last()
            .unwrap_or_default()
            .split(": ")
            .nth(1),
        Some("ok")
    );

    routes("[routes.b]\nconsumer = \"exec\"\nargv = []\n");
    server.reads_again("was not taken over");
    assert_eq!(names(&server), ["b", "c", "request"]);
    routes(&format!(
        "[routes.b]\n{sleep}concurrency = 1\n[routes.c]\n{sleep}"
    ));
    server.reads_again("nothing has changed");

    let killed = server.run(&["kill", "a", "b", "--wait"]);
    assert_eq!(
        killed.stdout.matches("nothing of it is left").count(),
        2,
        "{}",
        killed.stdout
    );
}

#[test]
fn a_server_without_a_file_has_nothing_to_read_again() {
    let mut server = Server::new();
    server.reads_again("started without --config");
    assert_eq!(server.run(&["status"]).code, 0);
}

/// A worker that answers with a word and its process.
fn worker(word: &str) -> String {
    let script = r#"echo '{"route":"claim"}'
while read -r frame; do
  [[ $frame =~ \"lease\":\"([0-9a-f]+)\" ]] || continue
  echo "{\"route\":\"end\",\"lease\":\"${BASH_REMATCH[1]}\",\"result\":\"WORD $$\"}"
done"#;
    let script = script.replace("WORD", word);
    format!(
        "served_by = \"workers\"\ncommand = [\"bash\", \"-c\", \x27\x27\x27{script}\x27\x27\x27]\n"
    )
}

/// Who served a job on the route `kept`.
fn served_by(server: &Server) -> Value {
    let done = server.run(&["start", "kept", "--json"]);
    frames(&done.stdout).pop().unwrap()["result"].clone()
}

/// What is served in another way, or by processes that are started otherwise, waits for a restart, however often it is read.
#[test]
fn kept_workers_are_started_once_and_stay_as_they_were() {
    let file = run::scratch("read-again-workers").join("longwire.toml");
    let routes = |text: &str| std::fs::write(&file, text).unwrap();
    let (kept, ext) = (
        format!("[routes.kept]\n{}", worker("one")),
        "[routes.ext]\nserved_by = \"workers\"\n",
    );
    routes(&format!("{kept}{ext}"));
    let mut server = Server::with_file(&file);
    let first = served_by(&server);
    for _ in 0..3 {
        routes(ext);
        server.reads_again("removed: kept");
        routes(&format!("{kept}{ext}"));
        server.reads_again("added: kept");
    }
    assert_eq!(served_by(&server), first, "the same process");

    let other = format!("[routes.kept]\n{}concurrency = 3\n", worker("two"));
    routes(&format!(
        "{other}[routes.ext]\nconsumer = \"exec\"\nargv = [\"true\"]\n"
    ));
    server.reads_again(
        "changed: kept; needs a restart: routes.ext, routes.kept.command and what goes with it",
    );
    assert_eq!(served_by(&server), first, "the same process");
    routes(&format!(
        "{kept}concurrency = 3\n[routes.ext]\n{}",
        worker("three")
    ));
    server.reads_again("needs a restart: routes.ext.command and what goes with it");
}
