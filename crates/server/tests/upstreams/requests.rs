//! What is sent for an input, and what is refused before it becomes a job.

use serde_json::{Value, json};

use crate::bench::{Bench, Upstream, run};

#[test]
fn an_input_fills_the_request() {
    const READS: &str = r#"
        path = "/reports/{year}/{name}.json"
        query = { lang = "{lang}", "a b" = "1" }
        headers = { accept = "application/json", x-name = "n={lang}" }
    "#;
    const SENDS: &str = "path = \"/x\"\nmethod = \"POST\"\nbody = \"json\"";
    const SENDS_FIELD: &str = "method = \"PUT\"\nbody = \"field\"\nbody_field = \"doc\"\nheaders = { content-type = \"application/x\" }";
    const ALLOWS: &str =
        "method = \"POST\"\nbody = \"json\"\nallow_headers = [\"Accept-Language\", \"accept\"]";
    run(async {
        for (lines, input, line, headers, body) in [
            (
                READS,
                json!({"year": 2026, "name": "a/b", "lang": "de&x=1"}),
                "GET /reports/2026/a%2Fb.json?a%20b=1&lang=de%26x%3D1 HTTP/1.1",
                &[("accept", "application/json"), ("x-name", "n=de&x=1")][..],
                "",
            ),
            ("", json!(null), "GET / HTTP/1.1", &[("accept", "*/*")], ""),
            (
                SENDS,
                json!({"b": 1.000, "a": 12_345_678_901_234_567_890_u64}),
                "POST /x HTTP/1.1",
                &[("content-type", "application/json")],
                "{\"a\":12345678901234567890,\"b\":1.0}",
            ),
            (SENDS, json!([1, "x"]), "POST /x HTTP/1.1", &[], "[1,\"x\"]"),
            (
                SENDS_FIELD,
                json!({"doc": ["y"], "more": 1}),
                "PUT / HTTP/1.1",
                &[("content-type", "application/x")],
                "[\"y\"]",
            ),
            (
                ALLOWS,
                json!({"a": {"headers": 1}, "headers": {"ACCEPT-language": "de", "accept": "text/plain"}}),
                "POST / HTTP/1.1",
                &[("accept-language", "de"), ("accept", "text/plain")],
                "{\"a\":{\"headers\":1}}",
            ),
            (
                ALLOWS,
                json!(7),
                "POST / HTTP/1.1",
                &[("accept", "*/*")],
                "7",
            ),
        ] {
            let (upstream, mut asked) = Upstream::recording().await;
            let mut bench = Bench::new(upstream.address, lines).await;
            let end = bench.job(input.clone()).await;
            assert_eq!(end["status"], "ok", "{end}");
            let request = asked.recv().await.unwrap();
            assert_eq!((&*request.line, &*request.body), (line, body));
            for (name, value) in headers {
                assert_eq!(request.header(name), Some(*value), "{input}");
            }
            let host = upstream.address.to_string();
            assert_eq!(request.header("host"), Some(&*host));
            assert_eq!(request.header("connection"), Some("close"));
            assert_eq!(request.header("accept-encoding"), Some("gzip"));
            assert!(
                request
                    .header("user-agent")
                    .unwrap()
                    .starts_with("longwire/")
            );
        }
    });
}

#[test]
fn a_body_is_what_was_written_each_key_once() {
    run(async {
        let lines = "path = \"/{a}\"\nmethod = \"POST\"\nbody = \"json\"";
        for (input, line, body) in [
            (
                r#" { "z":1.10, "a":123, "b": [123456789012345678901234567890] }"#,
                "POST /123 HTTP/1.1",
                r#"{"a":123,"b":[123456789012345678901234567890],"z":1.10}"#,
            ),
            (r#"{"a":"x","a":"y"}"#, "POST /y HTTP/1.1", r#"{"a":"y"}"#),
        ] {
            let (upstream, mut asked) = Upstream::recording().await;
            let mut bench = Bench::new(upstream.address, lines).await;
            let frame = format!(r#"{{"route":"r","input":{input}}}"#);
            bench.send_text(&frame).await;
            let request = asked.recv().await.unwrap();
            assert_eq!((&*request.line, &*request.body), (line, body));
        }
    });
}

#[test]
fn an_input_that_does_not_suit_never_becomes_a_job() {
    const PATH: &str = "path = \"/{name}\"\nheaders = { x-a = \"{a}\" }";
    const BODY: &str = "method = \"POST\"\nbody = \"field\"\nbody_field = \"doc\"";
    const ALLOWS: &str = "allow_headers = [\"accept-language\"]";
    run(async {
        for (lines, input, field, why) in [
            (PATH, json!(null), "input", "there is none"),
            (PATH, json!([1]), "input", "no object"),
            (PATH, json!({"a": "x"}), "input.name", "it is missing"),
            (
                PATH,
                json!({"name": "..", "a": "x"}),
                "input.name",
                "a part of a path",
            ),
            (
                PATH,
                json!({"name": "", "a": "x"}),
                "input.name",
                "it is empty",
            ),
            (
                PATH,
                json!({"name": ["x"], "a": "x"}),
                "input.name",
                "it is a list",
            ),
            (
                PATH,
                json!({"name": "x", "a": "x\r\nEvil: 1"}),
                "input.a",
                "line break",
            ),
            (PATH, json!({"name": "x", "a": "x\u{0}"}), "input.a", "NUL"),
            (PATH, json!({"name": "x", "a": "ä"}), "input.a", "ASCII"),
            (
                PATH,
                json!({"name": "x".repeat(16_384), "a": "x"}),
                "input",
                "16385 bytes",
            ),
            (BODY, json!({"d": 1}), "input.doc", "it is missing"),
            (
                ALLOWS,
                json!({"headers": 1}),
                "input.headers",
                "object of strings",
            ),
            (
                ALLOWS,
                json!({"headers": {"accept-language": 1}}),
                "input.headers.accept-language",
                "a string",
            ),
            (
                ALLOWS,
                json!({"headers": {"accept-language": "a\nb"}}),
                "input.headers.accept-language",
                "line break",
            ),
            (
                ALLOWS,
                json!({"headers": {"Host": "evil"}}),
                "input.headers.Host",
                "it allows accept-language",
            ),
            (
                ALLOWS,
                json!({"headers": {"a\r\nb": "evil"}}),
                "input.headers.a\r\nb",
                "does not allow",
            ),
        ] {
            let (upstream, mut asked) = Upstream::recording().await;
            let mut bench = Bench::new(upstream.address, lines).await;
            let refusal = bench.start(input.clone()).await;
            assert_eq!(refusal["code"], "invalid_field", "{input}: {refusal}");
            assert_eq!(refusal["field"], field, "{input}: {refusal}");
            assert!(
                refusal["message"].as_str().unwrap().contains(why),
                "{refusal}"
            );
            assert!(asked.try_recv().is_err());
        }
    });
}

#[test]
fn a_secret_is_sent_and_never_told() {
    // A variable that every process of this test has.
    let secret = std::env::var("PATH").unwrap();
    run(async {
        let (upstream, mut asked) = Upstream::recording().await;
        let lines = "headers_from_env = { authorization = \"PATH\" }";
        let mut bench = Bench::new(upstream.address, lines).await;
        let end = bench.job(json!({})).await;
        assert!(!end.to_string().contains(&secret));
        let request = asked.recv().await.unwrap();
        assert_eq!(request.header("authorization"), Some(&*secret));
    });
}

#[test]
fn each_request_belongs_to_a_trace() {
    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let with = |parent: &str| json!({"headers": {"traceparent": parent, "tracestate": "a=b"}});
    run(async {
        let (upstream, mut asked) = Upstream::recording().await;
        let lines = "allow_headers = [\"traceparent\", \"tracestate\"]";
        let mut bench = Bench::new(upstream.address, lines).await;
        let mut seen = Vec::new();
        for (input, goes_on) in [
            (json!({}), false),
            (json!({}), false),
            (with(GIVEN), true),
            (
                with("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"),
                false,
            ),
        ] {
            bench.job(input).await;
            let request = asked.recv().await.unwrap();
            let parent = request.header("traceparent").unwrap().to_owned();
            assert_eq!(parent.starts_with(&GIVEN[..36]), goes_on, "{parent}");
            assert_ne!(parent, GIVEN);
            assert_eq!(parent.ends_with("-00"), goes_on, "{parent}");
            assert_eq!(request.header("tracestate"), goes_on.then_some("a=b"));
            seen.push(parent[3..35].to_owned());
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 4, "each job has a trace of its own: {seen:?}");
    });
}

#[test]
fn a_hundred_jobs_have_a_connection_each() {
    run(async {
        let (upstream, mut asked) = Upstream::recording().await;
        let mut bench = Bench::new(upstream.address, "path = \"/{n}\"").await;
        for n in 0..100 {
            bench.send(json!({"route": "r", "input": {"n": n}})).await;
        }
        let (mut ended, mut lines) = (0, Vec::new());
        while ended < 100 {
            let frame: Value = bench.frame().await;
            assert!(frame["error"].is_null(), "{frame}");
            ended += u32::from(frame["status"] == "ok");
        }
        while let Ok(request) = asked.try_recv() {
            lines.push(request.line);
        }
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), 100);
    });
}
