//! Routes that are HTTP upstreams.

use super::{Config, FILE, read};

/// What is written, the key that is wrong, and how the complaint about it begins.
const WRONG: [(&str, &str, &str); 19] = [
    (
        "path = \"a/b\"",
        "path",
        "is \"a/b\"; it must begin with a \"/\"",
    ),
    (
        "query = { q = \"{\" }",
        "query",
        "has \"{\" in it, which has a",
    ),
    (
        "headers = { host = \"b\" }",
        "headers",
        "has \"host\" in it, which only the server",
    ),
    (
        "headers = { a = \"{\" }",
        "headers",
        "has \"{\" in it, which has a",
    ),
    (
        "headers = { a = \"{b}\\r\\nEvil: {c}\" }",
        "headers",
        "has \"{b}\\r\\nEvil: {c}\" in it: it has a line break",
    ),
    (
        "headers_from_env = { te = \"PATH\" }",
        "headers_from_env",
        "has \"te\" in it, which only the server",
    ),
    (
        "headers_from_env = { a = \"NO_SUCH_VARIABLE\" }",
        "headers_from_env",
        "names NO_SUCH_VARIABLE, which is no variable",
    ),
    (
        "allow_headers = [\"Cookie\", \"a b\"]",
        "allow_headers",
        "has \"a b\" in it, which is no name of a header",
    ),
    (
        "allow_headers = [\"Connection\"]",
        "allow_headers",
        "has \"Connection\" in it, which only the server",
    ),
    (
        "allow_headers = [\"A\"]\nheaders = { a = \"b\" }",
        "allow_headers",
        "has \"A\" in it, which `headers` sets, too",
    ),
    (
        "headers_from_env = { a = \"PATH\" }\nheaders = { A = \"b\" }",
        "headers_from_env",
        "has \"a\" in it, which `headers` sets, too",
    ),
    (
        "allow_headers = [\"Idempotency-Key\"]\nidempotency_key = true",
        "allow_headers",
        "has \"Idempotency-Key\" in it, which `idempotency_key`",
    ),
    (
        "body_field = \"x\"",
        "body_field",
        "goes with `body = \"field\"`",
    ),
    ("body = \"json\"", "body", "does not go with GET or HEAD"),
    (
        "retries = 1\nmethod = \"POST\"",
        "retries",
        "must be 0 for POST and PATCH",
    ),
    (
        "progress = [\"jsn\"]",
        "progress",
        "has \"jsn\" in it, which is no rule",
    ),
    (
        "method = \"get\"",
        "method",
        "is \"get\"; it must be one of \"GET\"",
    ),
    (
        "connect_seconds = 0",
        "connect_seconds",
        "is 0; it must be a number from 0.001",
    ),
    ("argv = [\"ls\"]", "argv", ""),
];

fn complaint(lines: &str) -> String {
    let text = format!("[routes.x]\nconsumer = \"http\"\n{lines}");
    Config::from_toml(&text, FILE).expect_err(lines).to_string()
}

#[test]
fn a_request_that_cannot_be_sent_like_that() {
    for (lines, key, what) in WRONG {
        let said = complaint(&format!("url = \"http://a\"\n{lines}"));
        let begin = if what.is_empty() {
            format!(
                "config.toml:4: unknown key `routes.x.{key}`; it goes with `consumer = \"exec\"`"
            )
        } else {
            format!("config.toml:4: `routes.x.{key}` {what}")
        };
        assert!(
            said.starts_with(&begin) && !said.contains('\n'),
            "{lines}: {said}"
        );
    }
}

#[test]
fn a_place_that_cannot_be_asked() {
    for (lines, says) in [
        (
            "",
            "config.toml:1: `routes.x.url` is missing; it must be text in quotes",
        ),
        (
            "url = \"reports.example.com\"",
            "config.toml:3: `routes.x.url` is no URL; it must be as in",
        ),
        (
            "url = \"http://{host}\"",
            "config.toml:3: `routes.x.url` has a place to fill",
        ),
        (
            "url = \"http://127.1\"",
            "config.toml:3: `routes.x.url` has the host \"127.1\", which is neither",
        ),
        (
            "url = \"http://a\"\nmethod = \"POST\"\nbody = \"field\"",
            "`routes.x.body_field` is missing; it must name the field",
        ),
    ] {
        let said = complaint(lines);
        assert!(said.contains(says), "{lines}: {said}");
    }
}

#[test]
fn a_request_that_can_be_sent() {
    for lines in [
        "headers_from_env = { a = \"PATH\" }",
        "retries = 3",
        "retries = 3\nmethod = \"POST\"\nidempotency_key = true",
        "method = \"DELETE\"\nbody = \"json\"",
        "allow_headers = [\"traceparent\", \"TraceState\"]",
        "progress = [\"json\"]",
    ] {
        read(&format!(
            "[routes.x]\nconsumer = \"http\"\nurl = \"http://a\"\n{lines}"
        ));
    }
}
