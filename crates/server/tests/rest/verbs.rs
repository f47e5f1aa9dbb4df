//! What goes well.

use serde_json::{Value, json};

use crate::client::{Client, fits, with_server};

/// Makes calls in order: request, body, status and what must be in the answer's body.
async fn go(client: &Client, calls: &[(&str, &str, u16, Value)]) {
    for (request, body, status, expected) in calls {
        let reply = client.call(request, "", body).await;
        assert_eq!(reply.status, *status, "{request}: {}", reply.body);
        assert!(
            fits(expected, &reply.json()),
            "{request}\nexpected {expected}\ngot      {}",
            reply.body
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{request}");
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{request}"
        );
    }
}

#[test]
fn a_job_is_started_seen_extended_and_killed() {
    with_server("", async |client| {
        let started = json!({ "connid": "42", "seq": 1, "status": "running", "route": "request", "time": 30, "left": 30 });
        let running = json!({ "connid": "42", "route": "request", "status": "running", "tags": ["a"], "by": "anonymous" });
        let killed =
            json!({ "by": "anonymous", "reason": "why not", "forced": false, "survivors": 0 });
        go(
            client,
            &[
                ("GET /routes", "", 200, json!({ "routes": [{ "route": "request", "time": 60, "running": 0, "queued": 0 }, { "route": "talk" }] })),
                ("GET /jobs", "", 200, json!({ "total": 0, "jobs": [], "next": null })),
                ("POST /jobs", r#"{"route":"request","connid":42,"time":"30","tags":["a"]}"#, 202, started),
                ("POST /jobs", r#"{"route":"request","connid":"ä/".."#, 400, json!({ "code": "invalid_json" })),
                ("POST /jobs", r#"{"route":"request","connid":"b","time":900}"#, 202, json!({ "connid": "b" })),
                ("GET /jobs/42", "", 200, running.clone()),
                ("GET /jobs?limit=1", "", 200, json!({ "total": 2, "jobs": [running] })),
                ("GET /jobs?tag=a", "", 200, json!({ "jobs": [{ "connid": "42" }], "next": null })),
                ("GET /jobs?route=request&tag=b", "", 200, json!({ "jobs": [] })),
                ("GET /jobs?route=&tag=", "", 200, json!({ "jobs": [] })),
                ("PATCH /jobs/42", r#"{"time":60}"#, 200, json!({ "route": "extend", "connid": "42", "seq": 2, "time": 60, "left": 60 })),
                ("GET /jobs/42", "", 200, json!({ "seq": 2 })),
                (
                    "DELETE /jobs/42?wait=true&reason=why+not",
                    "",
                    200,
                    json!({ "route": "kill", "connid": "42", "status": "ok", "seq": 4, "ended": { "status": "killed", "seq": 4, "kill": killed } }),
                ),
                ("GET /jobs/42", "", 200, json!({ "status": "killed", "seq": 4, "kill": killed })),
                ("DELETE /jobs?tag=nobody", "", 202, json!({ "route": "kill", "status": "ok", "killed": 0 })),
                ("DELETE /jobs", "", 400, json!({ "code": "missing_field", "field": "route" })),
                ("POST /jobs", r#"{"route":"request","connid":"c","time":900,"tags":["x"]}"#, 202, json!({ "connid": "c" })),
                ("DELETE /jobs?route=request&tag=x&reason=why+not", "", 202, json!({ "route": "kill", "status": "ok", "killed": 1 })),
                ("GET /jobs/c", "", 200, json!({ "status": "killed" })),
                ("DELETE /jobs/b", "", 202, json!({ "route": "kill", "connid": "b", "status": "ok", "seq": 2 })),
            ],
        )
        .await;
    });
}

#[test]
fn pages_follow_one_another() {
    with_server("", async |client| {
        for connid in 1..=5 {
            client
                .call(
                    "POST /jobs",
                    "",
                    &json!({ "route": "request", "time": 900, "connid": connid }).to_string(),
                )
                .await;
        }
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let page = client
                .call(&format!("GET /jobs?limit=2{after}"), "", "")
                .await
                .json();
            seen.extend(
                page["jobs"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|job| job["connid"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(seen, ["1", "2", "3", "4", "5"]);
    });
}

#[test]
fn a_location_leads_to_the_job_whatever_its_name() {
    with_server("", async |client| {
        for (connid, location) in [
            ("42", "/jobs/42"),
            ("größe 1?#%", "/jobs/gr%C3%B6%C3%9Fe%201%3F%23%25"),
        ] {
            let body = json!({ "route": "request", "connid": connid }).to_string();
            let reply = client.call("POST /jobs", "", &body).await;
            assert_eq!(reply.header("location"), Some(location));
            assert_eq!(
                client.call(&format!("GET {location}"), "", "").await.json()["connid"],
                connid
            );
        }
        let made = client
            .call("POST /jobs", "", r#"{"route":"request"}"#)
            .await;
        assert_eq!(
            made.header("location").unwrap(),
            format!("/jobs/{}", made.json()["connid"].as_str().unwrap())
        );
    });
}

#[test]
fn who_prefers_to_wait_is_told_the_end() {
    with_server("", async |client| {
        for (prefer, time, status, applied, body) in [
            (
                "wait=10",
                5,
                200,
                Some("wait=10"),
                json!({ "status": "ok", "elapsed": 5, "seq": 2 }),
            ),
            (
                "respond-async, wait=\"20\"",
                5,
                200,
                Some("wait=20"),
                json!({ "status": "ok" }),
            ),
            (
                "wait=9999",
                400,
                202,
                Some("wait=300"),
                json!({ "status": "running", "seq": 1 }),
            ),
            (
                "wait=1",
                5,
                202,
                Some("wait=1"),
                json!({ "status": "running", "left": 5 }),
            ),
            (
                "wait=0",
                5,
                202,
                Some("wait=0"),
                json!({ "status": "running" }),
            ),
            ("wait=soon", 5, 202, None, json!({ "status": "running" })),
            (
                "wait=10",
                0,
                200,
                Some("wait=10"),
                json!({ "status": "ok" }),
            ),
        ] {
            let start = json!({ "route": "request", "time": time }).to_string();
            let reply = client
                .call("POST /jobs", &format!("Prefer: {prefer}"), &start)
                .await;
            assert_eq!(reply.status, status, "{prefer}");
            assert_eq!(reply.header("preference-applied"), applied, "{prefer}");
            assert!(fits(&body, &reply.json()), "{prefer}: {}", reply.body);
            assert!(reply.header("location").is_some());
        }
    });
}

#[test]
fn who_waits_watches_and_who_has_waited_has_left() {
    with_server("", async |client| {
        let start = r#"{"route":"request","connid":"42","time":600,"on_disconnect":"kill"}"#;
        assert_eq!(
            client
                .call("POST /jobs", "Prefer: wait=30", start)
                .await
                .status,
            202
        );
        let last = client
            .events("/jobs/42/events", "")
            .await
            .rest()
            .await
            .pop()
            .unwrap();
        assert_eq!(last.data["status"], "ok", "a watcher came within the grace");

        assert_eq!(
            client
                .call("POST /jobs", "Prefer: wait=30", start)
                .await
                .status,
            202
        );
        tokio::time::advance(std::time::Duration::from_secs(60)).await;
        tokio::task::yield_now().await;
        assert_eq!(
            client.call("GET /jobs/42", "", "").await.json()["status"],
            "killed"
        );
    });
}

#[test]
fn a_queued_job_says_its_place() {
    with_server(
        "[routes.request]\nconsumer = \"timer\"\nconcurrency = 1",
        async |client| {
            go(
                client,
                &[
                    (
                        "POST /jobs",
                        r#"{"route":"request","connid":"1"}"#,
                        202,
                        json!({ "status": "running" }),
                    ),
                    (
                        "POST /jobs",
                        r#"{"route":"request","connid":"2"}"#,
                        202,
                        json!({ "status": "queued", "position": 1 }),
                    ),
                    (
                        "GET /jobs/2",
                        "",
                        200,
                        json!({ "status": "queued", "position": 1 }),
                    ),
                    ("DELETE /jobs/2", "", 202, json!({ "seq": 2 })),
                    ("GET /jobs/2", "", 200, json!({ "status": "killed" })),
                ],
            )
            .await;
        },
    );
}

#[test]
fn operations_answer() {
    with_server("", async |client| {
        client
            .call("POST /jobs", "", r#"{"route":"request"}"#)
            .await;
        client.call("GET /jobs/99", "", "").await;
        for (path, content_type, has) in [
            ("/healthz", "application/json", r#"{"status":"ok"}"#),
            ("/readyz?probe=1", "application/json", r#"{"status":"ok"}"#),
            (
                "/metrics",
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                "longwire_jobs_started_total{route=\"request\"} 1",
            ),
            (
                "/metrics",
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                "longwire_refusals_total{code=\"unknown_connid\"} 1",
            ),
            ("/openapi.json", "application/json", r#""openapi":"3.1.0""#),
            (
                "/asyncapi.json",
                "application/json",
                r#""asyncapi":"3.0.0""#,
            ),
            (
                "/schema/catalogue.json",
                "application/json",
                "\"qualified\"",
            ),
            ("/schema/client.json", "application/json", "\"connid\""),
            ("/schema/server.json", "application/json", "\"gap\""),
            (
                "/",
                "text/html; charset=utf-8",
                "<script type=\"module\" crossorigin src=\"./assets/",
            ),
            ("/icon.svg", "image/svg+xml", "<svg"),
        ] {
            let reply = client.call(&format!("GET {path}"), "", "").await;
            assert_eq!(
                (reply.status, reply.header("content-type")),
                (200, Some(content_type)),
                "{path}"
            );
            assert!(reply.body.contains(has), "{path}: {}", reply.body);
        }
        let page = client.call("GET /", "", "").await;
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; "),
            "{policy}"
        );
        let head = client.call("HEAD /jobs", "", "").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""));
    });
}

#[test]
fn a_server_that_stops_says_so() {
    with_server("shutdown_grace_seconds = 60", async |client| {
        client
            .call(
                "POST /jobs",
                "",
                r#"{"route":"request","connid":"42","time":30}"#,
            )
            .await;
        let mut events = client.events("/jobs/42/events", "").await;
        assert_eq!(events.next().await.unwrap().seq(), 1);
        client.stop();
        tokio::task::yield_now().await;
        assert_eq!(client.call("GET /healthz", "", "").await.status, 200);
        assert_eq!(
            client.call("GET /jobs/42", "", "").await.json()["status"],
            "running"
        );
        for (request, body) in [
            ("GET /readyz", ""),
            ("POST /jobs", r#"{"route":"request"}"#),
        ] {
            let reply = client.call(request, "", body).await;
            assert_eq!(
                (reply.status, reply.header("retry-after")),
                (503, Some("5")),
                "{request}"
            );
            assert_eq!(reply.json()["code"], "shutting_down");
        }
        let metrics = client.call("GET /metrics", "", "").await.body;
        assert!(
            metrics.contains("longwire_refusals_total{code=\"shutting_down\"} 1"),
            "a probe is not refused: {metrics}"
        );
        assert_eq!(events.next().await.unwrap().data["status"], "ok");
        assert_eq!(events.next().await, None);
    });
}
