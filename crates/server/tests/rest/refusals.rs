//! What is refused, and how.

use std::collections::BTreeSet;

use longwire_protocol::Code;
use serde_json::{Value, json};

use crate::client::{Client, Reply, fits, with_server};

/// A job that runs and one that has ended.
async fn two_jobs(client: &Client) {
    for body in [
        r#"{"route":"request","connid":"runs","time":900}"#,
        r#"{"route":"request","connid":"ended","time":0}"#,
    ] {
        assert_eq!(client.call("POST /jobs", "", body).await.status, 202);
    }
}

fn check(what: &str, reply: &Reply, status: u16, expected: &Value) {
    assert_eq!(reply.status, status, "{what}: {}", reply.body);
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json"),
        "{what}"
    );
    let problem = reply.json();
    assert_eq!(problem["status"], status, "{what}");
    assert!(
        fits(expected, &problem),
        "{what}\nexpected {expected}\ngot      {problem}"
    );
    for key in ["type", "title", "detail"] {
        assert!(
            problem[key].as_str().is_some_and(|text| !text.is_empty()),
            "{what}: {key} in {problem}"
        );
    }
}

const POST: &str = "POST /jobs";
const POST_ASKED: &str = "OPTIONS /jobs";
const PATCH: &str = "PATCH /jobs/runs";

/// A request and its body; the status, the code and the field of its refusal.
type Refused<'a> = (&'a str, &'a str, u16, &'a str, &'a str);

const REFUSED: &[Refused<'_>] = &[
    (POST, "{", 400, "invalid_json", ""),
    (POST, "\u{feff}{}", 400, "invalid_json", ""),
    (POST, "[]", 400, "invalid_frame", ""),
    (
        POST,
        r#"{"route":"request","time":1,"time":2}"#,
        400,
        "invalid_frame",
        "",
    ),
    (POST, "{}", 400, "missing_field", "route"),
    (
        POST,
        r#"{"route":"request","time":-1}"#,
        400,
        "invalid_field",
        "time",
    ),
    (
        POST,
        r#"{"route":"request","time":604801}"#,
        400,
        "invalid_field",
        "time",
    ),
    (
        POST,
        r#"{"route":"request","connid":"a/b"}"#,
        400,
        "invalid_field",
        "connid",
    ),
    (
        POST,
        r#"{"route":"request","id":1}"#,
        400,
        "unknown_field",
        "id",
    ),
    (POST, r#"{"route":"reqest"}"#, 404, "unknown_route", "route"),
    (POST, r#"{"route":"status"}"#, 404, "unknown_route", "route"),
    (
        POST,
        r#"{"route":"request","connid":"runs"}"#,
        409,
        "connid_in_use",
        "connid",
    ),
    (
        "POST /jobs?connid=1",
        r#"{"route":"request"}"#,
        400,
        "unknown_field",
        "connid",
    ),
    ("GET /jobs?limit=0", "", 400, "invalid_field", "limit"),
    ("GET /jobs?limit=1001", "", 400, "invalid_field", "limit"),
    ("GET /jobs?limit=", "", 400, "invalid_field", "limit"),
    ("GET /jobs?limit=%2B1", "", 400, "invalid_field", "limit"),
    (
        "GET /jobs?limit=1&limit=1",
        "",
        400,
        "invalid_field",
        "limit",
    ),
    ("GET /jobs?after=runs", "", 400, "invalid_field", "after"),
    ("GET /jobs?tag=%zz", "", 400, "invalid_field", "tag"),
    ("GET /jobs?tags=a", "", 400, "unknown_field", "tags"),
    ("GET /jobs/none", "", 404, "unknown_connid", "connid"),
    ("GET /jobs/%zz", "", 400, "invalid_field", "connid"),
    ("GET /jobs/a%2fb", "", 400, "invalid_field", "connid"),
    ("GET /jobs/runs?wait=true", "", 400, "unknown_field", "wait"),
    ("DELETE /jobs/none", "", 404, "unknown_connid", "connid"),
    ("DELETE /jobs/ended", "", 409, "already_ended", ""),
    ("DELETE /jobs/ended?wait=true", "", 409, "already_ended", ""),
    (
        "DELETE /jobs/runs?wait=yes",
        "",
        400,
        "invalid_field",
        "wait",
    ),
    (PATCH, r#"{"time":"soon"}"#, 400, "invalid_field", "time"),
    (PATCH, r#"{"time":604801}"#, 400, "invalid_field", "time"),
    (PATCH, "{}", 400, "missing_field", "time"),
    (
        PATCH,
        r#"{"time":1,"connid":"runs"}"#,
        400,
        "unknown_field",
        "connid",
    ),
    (
        "PATCH /jobs/none",
        r#"{"time":1}"#,
        404,
        "unknown_connid",
        "connid",
    ),
    (
        "PATCH /jobs/ended",
        r#"{"time":1}"#,
        409,
        "already_ended",
        "",
    ),
    ("GET /jobs/none/events", "", 404, "unknown_connid", "connid"),
    (
        "GET /jobs/runs/events?after=7",
        "",
        400,
        "invalid_field",
        "after",
    ),
    (
        "GET /jobs/runs/events?after=x",
        "",
        400,
        "invalid_field",
        "after",
    ),
    (
        "GET /jobs/runs/events?from=1",
        "",
        400,
        "unknown_field",
        "from",
    ),
    ("GET /job", "", 404, "unknown_route", ""),
    ("GET /jobs/", "", 404, "unknown_route", ""),
    ("GET /jobs/runs/log", "", 404, "unknown_route", ""),
];

#[test]
fn what_is_wrong_is_named() {
    with_server("", async |client| {
        two_jobs(client).await;
        for (request, body, status, code, field) in REFUSED {
            let reply = client.call(request, "", body).await;
            let mut expected = json!({ "code": code });
            if !field.is_empty() {
                expected["field"] = (*field).into();
            }
            check(&format!("{request} {body}"), &reply, *status, &expected);
            assert_eq!(
                reply.json().get("field").is_none(),
                field.is_empty(),
                "{request} {body}: {}",
                reply.body
            );
        }
        let ended = client.call("DELETE /jobs/ended", "", "").await.json();
        assert!(
            fits(
                &json!({ "connid": "ended", "ended": { "status": "ok", "seq": 2 }, "type": "/problems/already_ended" }),
                &ended
            ),
            "{ended}"
        );
        let long = "x".repeat(1_025);
        let reply = client
            .call(&format!("DELETE /jobs/runs?reason={long}"), "", "")
            .await;
        check(
            "a long reason",
            &reply,
            400,
            &json!({ "code": "invalid_field", "field": "reason" }),
        );
        let reply = client
            .call(&format!("GET /jobs/{}", &long[..129]), "", "")
            .await;
        check(
            "a long connid",
            &reply,
            400,
            &json!({ "code": "invalid_field", "field": "connid" }),
        );
    });
}

#[test]
fn a_body_says_that_it_is_json() {
    with_server("", async |client| {
        let start = r#"{"route":"request"}"#;
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonx",
            "",
        ] {
            let reply = client
                .call(
                    "POST /jobs",
                    &format!("Content-Type: {content_type}"),
                    start,
                )
                .await;
            check(
                content_type,
                &reply,
                415,
                &json!({ "type": "about:blank", "title": "Unsupported Media Type" }),
            );
        }
        for content_type in ["application/json;charset=utf-8", "Application/JSON ; x=y"] {
            let reply = client
                .call(
                    "POST /jobs",
                    &format!("Content-Type: {content_type}"),
                    start,
                )
                .await;
            assert_eq!(reply.status, 202, "{content_type}");
        }
        let twice = "Content-Type: application/json\nContent-Type: text/plain";
        assert_eq!(client.call("POST /jobs", twice, start).await.status, 415);
    });
}

#[test]
fn bodies_and_methods_are_bounded() {
    with_server("[limits]\nhttp_body_bytes = 1024", async |client| {
        let long = format!(
            "{{\"route\":\"request\",\"input\":\"{}\"}}",
            "x".repeat(1_024)
        );
        check(
            "a long body",
            &client.call("POST /jobs", "", &long).await,
            413,
            &json!({ "code": "too_large" }),
        );
        for (request, allow) in [
            ("PUT /jobs", "GET,HEAD,POST,DELETE"),
            ("OPTIONS /jobs", "GET,HEAD,POST,DELETE"),
            ("POST /jobs/1", "GET,HEAD,DELETE,PATCH"),
            ("DELETE /jobs/1/events", "GET,HEAD"),
            ("POST /healthz", "GET,HEAD"),
            ("POST /", "GET,HEAD"),
        ] {
            let reply = client.call(request, "", "").await;
            check(
                request,
                &reply,
                405,
                &json!({ "title": "Method Not Allowed" }),
            );
            assert_eq!(reply.header("allow"), Some(allow), "{request}");
        }
    });
}

#[test]
fn a_body_in_chunks_is_bounded_too() {
    with_server("[limits]\nhttp_body_bytes = 1024", async |client| {
        let chunk = format!("{:x}\r\n{}\r\n", 600, "x".repeat(600));
        let reply = client
            .chunked("POST /jobs", &[&chunk, &chunk, "0\r\n\r\n"])
            .await;
        check("chunks", &reply, 413, &json!({ "code": "too_large" }));
    });
}

#[test]
fn names_are_remembered_for_longer_than_logs() {
    with_server("[limits]\nended_jobs_kept = 1", async |client| {
        for connid in ["old", "new"] {
            let start = json!({ "route": "request", "time": 0, "connid": connid }).to_string();
            assert_eq!(client.call("POST /jobs", "", &start).await.status, 202);
        }
        assert_eq!(client.call("GET /jobs/new", "", "").await.status, 200);
        for request in ["GET /jobs/old", "DELETE /jobs/old", "GET /jobs/old/events"] {
            check(
                request,
                &client.call(request, "", "").await,
                410,
                &json!({ "code": "expired", "connid": "old" }),
            );
        }
        check(
            "extend",
            &client.call("PATCH /jobs/old", "", r#"{"time":1}"#).await,
            410,
            &json!({ "code": "expired" }),
        );
    });
}

#[test]
fn more_than_may_be_is_refused() {
    with_server("[limits]\njobs = 1", async |client| {
        assert_eq!(
            client
                .call("POST /jobs", "", r#"{"route":"request"}"#)
                .await
                .status,
            202
        );
        let reply = client
            .call("POST /jobs", "", r#"{"route":"request"}"#)
            .await;
        check("a second job", &reply, 429, &json!({ "code": "too_many" }));
        assert_eq!(reply.header("retry-after"), Some("1"));
    });
}

#[test]
fn foreign_pages_change_nothing() {
    with_server(
        "allowed_origins = [\"https://app.example.com\"]",
        async |client| {
            two_jobs(client).await;
            for (request, body, well) in [
                ("POST /jobs", r#"{"route":"request"}"#, 202),
                ("PATCH /jobs/runs", r#"{"time":1}"#, 200),
                ("DELETE /jobs/runs", "", 202),
                ("GET /jobs/runs", "", 200),
                ("GET /healthz", "", 200),
            ] {
                for origin in [
                    "null",
                    "http://evil.example",
                    "https://app.example.com.evil.example",
                ] {
                    let reply = client
                        .call(request, &format!("Origin: {origin}"), body)
                        .await;
                    if request.starts_with("GET") {
                        assert_eq!(reply.status, well, "{request} from {origin}");
                    } else {
                        check(
                            request,
                            &reply,
                            403,
                            &json!({ "code": "forbidden", "field": "Origin" }),
                        );
                    }
                }
                let reply = client
                    .call(request, "Origin: https://app.example.com", body)
                    .await;
                assert_eq!(reply.status, well, "{request}: {}", reply.body);
            }
            let own = format!("Origin: http://{}", client.address());
            assert_eq!(
                client
                    .call("POST /jobs", &own, r#"{"route":"request"}"#)
                    .await
                    .status,
                202
            );
        },
    );
}

#[test]
fn pages_on_the_list_are_shown_their_answers() {
    let config = "allowed_origins = [\"https://app.example.com\"]";
    with_server(config, async |client| {
        let asks =
            "Access-Control-Request-Method: POST\nAccess-Control-Request-Headers: content-type";
        let page = "Origin: https://app.example.com";
        let reply = client
            .call(POST_ASKED, &format!("{page}\n{asks}"), "")
            .await;
        assert_eq!(reply.status, 204);
        let methods = reply.header("access-control-allow-methods");
        assert_eq!(methods, Some("GET, POST, QUERY, PATCH, DELETE"));
        let headers = reply.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("Content-Type"), "{headers}");
        for (request, body) in [
            (POST, r#"{"route":"request"}"#),
            ("GET /jobs", ""),
            (POST, "{"),
        ] {
            let reply = client.call(request, page, body).await;
            let shown = reply.header("access-control-allow-origin");
            assert_eq!(shown, Some("https://app.example.com"), "{request}");
            assert_eq!(reply.header("access-control-allow-credentials"), None);
            assert_eq!(reply.header("vary"), Some("Origin"));
        }
        let stranger = "Origin: https://evil.example";
        let reply = client
            .call(POST_ASKED, &format!("{stranger}\n{asks}"), "")
            .await;
        assert_eq!(reply.status, 405);
        for reply in [reply, client.call("GET /jobs", stranger, "").await] {
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    });
}

#[test]
fn names_of_strangers_lead_nowhere() {
    let config = "allowed_origins = [\"https://jobs.example.com\"]";
    with_server(config, async |client| {
        let start = r#"{"route":"request"}"#;
        for (request, body) in [("POST /jobs", start), ("GET /jobs", ""), ("GET /", "")] {
            let own = "Host: evil.example:80\nOrigin: http://evil.example:80";
            let reply = client.call(request, own, body).await;
            check(request, &reply, 421, &json!({ "code": "forbidden" }));
        }
        for host in ["jobs.example.com", "localhost:1", "[::1]:1", "10.0.0.1"] {
            let headers = format!("Host: {host}\nOrigin: http://{host}");
            let reply = client.call("POST /jobs", &headers, start).await;
            assert_eq!(reply.status, 202, "{host}");
        }
    });
}

#[test]
fn every_code_that_is_refused_here_is_described() {
    let described: BTreeSet<String> = refused_codes(&longwire_server::openapi());
    // That comes with keys, workers are served over sockets, and a search answers without codes.
    let elsewhere = [
        Code::Unauthorized,
        Code::LeaseLost,
        Code::UnknownLib,
        Code::UnknownCatalogue,
    ];
    let expected = Code::ALL.iter().filter(|code| !elsewhere.contains(code));
    assert_eq!(described, expected.map(ToString::to_string).collect());
}

fn refused_codes(value: &Value) -> BTreeSet<String> {
    let inside: Vec<&Value> = match value {
        Value::Object(object) => object.values().collect(),
        Value::Array(values) => values.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let own = value["examples"].as_object().into_iter().flatten();
    let own = own.filter_map(|(_, example)| example["value"]["code"].as_str().map(str::to_owned));
    own.chain(inside.into_iter().flat_map(refused_codes))
        .collect()
}
