//! Searching libraries over HTTP: three fields, whatever comes of it.

use serde_json::{Value, json};

use crate::client::{Client, Reply, with_server};

const QUESTION: &str = r#"{"lib":["basic_string", "vector"], "text": "push"}"#;
const PATH: &str = "/query/module";
const JSON: &str = "Content-Type: application/json";

/// The three fields, and no other.
fn answer(what: &str, reply: &Reply) -> Value {
    assert_eq!(
        reply.header("content-type"),
        Some("application/json"),
        "{what}: {reply:?}"
    );
    assert_eq!(reply.header("accept-query"), Some("application/json"));
    let answer = reply.json();
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 3, "{what}: {keys:?}");
    for key in ["status", "message", "data"] {
        assert!(!answer[key].is_null(), "{what}: {key} in {answer}");
    }
    answer
}

fn names(answer: &Value) -> Vec<&str> {
    let sets = answer["data"].as_array().unwrap().iter();
    sets.map(|set| set["qualified"].as_str().unwrap()).collect()
}

#[test]
fn every_way_to_ask_gets_the_same_answer() {
    with_server("", async |client| {
        let expected = json!(["std::basic_string::push_back", "std::vector::push_back"]);
        for (request, headers, body) in [
            ("GET /query/module", JSON, QUESTION),
            ("POST /query/module", JSON, QUESTION),
            ("QUERY /query/module", JSON, QUESTION),
            (
                "GET /query/module",
                "Content-Type: application/json; charset=utf-8",
                QUESTION,
            ),
            (
                "GET /query/module?lib=basic_string&lib=vector&text=push",
                "",
                "",
            ),
            (
                "GET /query/module?lib=basic_string,vector&text=push",
                "",
                "",
            ),
            (
                "GET /query/module?lib=std%3A%3Astring%2C%3Cvector%3E&text=pu+sh",
                "",
                "",
            ),
            (
                "GET /query/module?lib=basic_string,vector&text=push&since=C++98",
                "",
                "",
            ),
            (
                "GET /query/module?lib=basic_string,vector%3Cint%3E&text=push&since=C%2B%2B98",
                "",
                "",
            ),
            (
                "POST /query/module?lib=basic_string,vector&text=push",
                "",
                "",
            ),
            (
                "QUERY /query/module?lib=basic_string,vector&text=push",
                "",
                "",
            ),
        ] {
            let reply = client.call(request, headers, body).await;
            assert_eq!(reply.status, 200, "{request}: {reply:?}");
            let answer = answer(request, &reply);
            assert_eq!(json!(names(&answer)), expected, "{request}");
            assert_eq!(answer["status"], "ok");
        }
        let reply = client.untyped("GET /query/module", QUESTION).await;
        assert_eq!(json!(names(&answer("untyped", &reply))), expected);
    });
}

#[test]
fn the_message_is_the_one_that_was_promised() {
    with_server("", async |client| {
        let reply = client.call("GET /query/module", JSON, QUESTION).await;
        let found = answer("", &reply);
        assert_eq!(found["message"], "2 matches in basic_string, vector");
        assert_eq!(found["data"][1]["match"]["ranges"], json!([[0, 4]]));
        let reply = client
            .call("GET /query/module?lib=vector,vectr&text=zzzz", "", "")
            .await;
        let nothing = answer("nothing", &reply);
        let message =
            "no match for \"zzzz\" in vector; unknown library \"vectr\" (did you mean \"vector\"?)";
        assert_eq!(
            nothing,
            json!({"status": "ok", "message": message, "data": []})
        );
    });
}

/// Letters that are to be encoded in an address, and yet come from people who type one.
#[test]
fn an_address_takes_what_http_lets_through() {
    with_server("", async |client| {
        for text in ["operator|", "operator^", "operator[]", "{}`|^", "größe"] {
            let reply = client
                .call(&format!("GET /query/module?text={text}"), "", "")
                .await;
            assert_eq!(reply.status, 200, "{text}: {reply:?}");
            assert_eq!(answer(text, &reply)["status"], "ok");
        }
    });
}

/// A request, its headers and its body; the status, and what the message says.
type Refused<'a> = (&'a str, &'a str, &'a str, u16, &'a str);

const REFUSED: &[Refused<'_>] = &[
    ("GET", JSON, "{", 400, "one JSON object"),
    ("GET", JSON, "[]", 400, "one JSON object"),
    ("GET", JSON, "{} {}", 400, "trailing"),
    (
        "GET",
        JSON,
        r#"{"text":"a","text":"b"}"#,
        400,
        "each key once",
    ),
    ("GET", JSON, r#"{"lib":7}"#, 400, "lib "),
    ("GET", JSON, r#"{"lib":["a",7]}"#, 400, "lib[1] "),
    ("GET", JSON, r#"{"text":null,"limit":0}"#, 400, "limit "),
    ("POST", JSON, r#"{"limit":201}"#, 400, "limit "),
    ("QUERY", JSON, r#"{"offset":-1}"#, 400, "offset "),
    ("GET", JSON, r#"{"kind":"klass"}"#, 400, "kind "),
    ("GET", JSON, r#"{"since":"lately"}"#, 400, "since "),
    ("GET", JSON, r#"{"txt":"push"}"#, 400, "\"txt\""),
    ("GET ?limit=x", "", "", 400, "limit "),
    ("GET ?text=a&text=b", "", "", 400, "text "),
    ("GET", JSON, r#"{"limit":1e999}"#, 400, "limit "),
    ("GET ?since=C++", "", "", 400, "since "),
    ("GET ?txt=push", "", "", 400, "\"txt\""),
    ("GET ?text=%zz", "", "", 400, "text "),
    ("GET ?text=a", JSON, QUESTION, 400, "\"text\""),
    ("GET ?lib=vectr", "", "", 404, "did you mean \"vector\"?"),
    ("GET ?catalogue=cp", "", "", 404, "did you mean \"cpp\"?"),
    (
        "GET",
        "Content-Type: text/plain",
        QUESTION,
        415,
        "application/json",
    ),
    (
        "GET",
        "Content-Type: application/x-www-form-urlencoded",
        "text=push",
        415,
        "application/json",
    ),
    ("PUT", JSON, QUESTION, 405, "does not take PUT"),
    ("DELETE", "", "", 405, "does not take DELETE"),
    ("PATCH", JSON, QUESTION, 405, "does not take PATCH"),
    ("TRACE", "", "", 405, "does not take TRACE"),
    ("SEARCH", "", "", 405, "does not take SEARCH"),
    ("GET", "Host: evil.example", "", 421, "allowed_origins"),
    (
        "DELETE",
        "Origin: https://evil.example",
        "",
        403,
        "allowed_origins",
    ),
];

#[test]
fn every_refusal_has_the_three_fields_too() {
    with_server("", async |client| {
        for (request, headers, body, status, says) in REFUSED {
            let (method, query) = request.split_once(' ').unwrap_or((request, ""));
            let request = format!("{method} {PATH}{query}");
            let reply = client.call(&request, headers, body).await;
            assert_eq!(reply.status, *status, "{request} {body}: {}", reply.body);
            let answer = answer(&request, &reply);
            assert_eq!(answer["status"], "error", "{request}");
            assert_eq!(answer["data"], json!([]), "{request}");
            let message = answer["message"].as_str().unwrap();
            assert!(message.contains(says), "{request} {body}: {message}");
            let allow = (*status == 405).then_some("GET, HEAD, OPTIONS, POST, QUERY");
            assert_eq!(reply.header("allow"), allow, "{request}");
        }
        refused_for_its_size(client).await;
    });
}

async fn refused_for_its_size(client: &Client) {
    let big = format!("{{\"text\":\"{}\"}}", "x".repeat(64 * 1024));
    let reply = client.call("GET /query/module", JSON, &big).await;
    assert_eq!(reply.status, 413);
    assert_eq!(answer("big", &reply)["status"], "error");
    let reply = client.untyped("QUERY /query/module", QUESTION).await;
    assert_eq!(reply.status, 400);
    let answer = answer("untyped", &reply);
    let message = answer["message"].as_str().unwrap();
    assert!(message.starts_with("Content-Type must be there"));
}

#[test]
fn an_answer_has_a_name_and_is_not_sent_twice() {
    with_server("", async |client| {
        let ask = "GET /query/module?lib=vector&text=push";
        let first = client.call(ask, "", "").await;
        let tag = first.header("etag").unwrap().to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        assert_eq!(first.header("cache-control"), Some("no-cache"));
        for (request, expected, status) in [
            (ask, &*tag, 304),
            (ask, "*", 304),
            (ask, &format!("\"other\", W/{tag}"), 304),
            (ask, "\"other\"", 200),
            ("HEAD /query/module?lib=vector&text=push", &tag, 304),
            ("QUERY /query/module?lib=vector&text=push", &tag, 304),
            // The same question in other words.
            ("GET /query/module?text=push&lib=std::vector", &tag, 304),
            ("GET /query/module?lib=vector&text=pus", &tag, 200),
            ("GET /query/module?lib=vector&text=push&limit=1", &tag, 200),
            ("POST /query/module?lib=vector&text=push", &tag, 200),
            ("GET /query/module?lib=vectr", &tag, 404),
        ] {
            let headers = format!("If-None-Match: {expected}");
            let reply = client.call(request, &headers, "").await;
            assert_eq!(reply.status, status, "{request} {expected}");
            assert_eq!(reply.body.is_empty(), status == 304, "{request}");
            let named = status < 400 && !request.starts_with("POST");
            assert_eq!(reply.header("etag").is_some(), named, "{request}");
        }
        let head = client.call(&ask.replace("GET", "HEAD"), "", "").await;
        assert_eq!((head.status, &*head.body), (200, ""));
        assert_eq!(
            head.header("content-length"),
            first.header("content-length")
        );
        assert_eq!(head.header("etag"), Some(&*tag));
    });
}

#[test]
fn a_client_is_told_what_may_be_sent() {
    with_server(
        "allowed_origins = [\"https://app.example.com\"]",
        async |client| {
            let reply = client.call("OPTIONS /query/module", "", "").await;
            assert_eq!(reply.status, 200);
            assert_eq!(
                reply.header("allow"),
                Some("GET, HEAD, OPTIONS, POST, QUERY")
            );
            assert_eq!(answer("options", &reply)["status"], "ok");
            let asked = "Origin: https://app.example.com\nAccess-Control-Request-Method: QUERY\nAccess-Control-Request-Headers: content-type";
            let reply = client.call("OPTIONS /query/module", asked, "").await;
            assert_eq!(reply.status, 204);
            let methods = reply.header("access-control-allow-methods").unwrap();
            assert!(
                methods.split(", ").any(|method| method == "QUERY"),
                "{methods}"
            );
        },
    );
}

/// Whatever only reads may be asked by any page: its browser keeps the answer from it.
#[test]
fn a_search_is_a_read_for_pages_of_other_origins() {
    with_server("", async |client| {
        for method in ["GET", "POST", "QUERY"] {
            let request = format!("{method} {PATH}");
            let headers = format!("Origin: https://evil.example\n{JSON}");
            let reply = client.call(&request, &headers, QUESTION).await;
            assert_eq!(reply.status, 200, "{method}");
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
        let reply = client
            .call("QUERY /jobs", "Origin: https://evil.example", "")
            .await;
        assert_eq!(reply.status, 405);
    });
}
