//! What an upstream can do wrong, and what a job is told of it.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use crate::bench::{Bench, Upstream, nobody, run};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = head.replace('\n', "\r\n");
    [head.as_bytes(), b"\r\n\r\n", body].concat()
}

#[test]
fn a_success_is_a_result() {
    let json = "HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: 12";
    let packed = gzip(b"packed text");
    let packed_head = format!(
        "HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-encoding: gzip\ncontent-length: {}",
        packed.len()
    );
    run(async move {
        for (bytes, result) in [
            (
                answer(json, b"{\"rows\":\n 3}"),
                json!({"status": 200, "headers": {"content-type": "application/json", "content-length": "12"}, "body": {"rows": 3}}),
            ),
            (
                answer(
                    "HTTP/1.1 201 Made\nset-cookie: a=b\nx-a: 1\nx-a: 2\ncontent-length: 2",
                    b"ok",
                ),
                json!({"status": 201, "headers": {"x-a": "1, 2", "content-length": "2"}, "body": "ok"}),
            ),
            (
                answer("HTTP/1.1 204 No Content", b""),
                json!({"status": 204, "headers": {}}),
            ),
            (
                answer("HTTP/1.1 200 OK\ncontent-length: 2", b"\xff\x00"),
                json!({"status": 200, "headers": {"content-length": "2"}, "body": "/wA=", "encoding": "base64"}),
            ),
            (
                answer(
                    "HTTP/1.1 200 OK\ntransfer-encoding: chunked",
                    b"2\r\nab\r\n1\r\nc\r\n0\r\nx-t: 1\r\n\r\n",
                ),
                json!({"status": 200, "headers": {}, "body": "abc"}),
            ),
            (
                answer("HTTP/1.0 200 OK", b"to the end"),
                json!({"status": 200, "headers": {}, "body": "to the end"}),
            ),
            (
                answer(&packed_head, &packed),
                json!({"status": 200, "headers": {"content-type": "text/plain"}, "body": "packed text"}),
            ),
            // It lies about its length, so the rest is no part of it.
            (
                answer("HTTP/1.1 200 OK\ncontent-length: 2", b"abc"),
                json!({"status": 200, "headers": {"content-length": "2"}, "body": "ab"}),
            ),
            (
                answer(
                    "HTTP/1.1 103 Early Hints\nlink: x\n\nHTTP/1.1 200 OK\ncontent-length: 1",
                    b"x",
                ),
                json!({"status": 200, "headers": {"content-length": "1"}, "body": "x"}),
            ),
        ] {
            let shown = bytes.escape_ascii().to_string();
            let upstream = Upstream::answering(bytes).await;
            let end = Bench::new(upstream.address, "").await.job(json!({})).await;
            assert_eq!(
                (&end["status"], &end["result"]),
                (&json!("ok"), &result),
                "{shown}: {end}"
            );
        }
    });
}

#[test]
fn what_an_upstream_does_wrong_has_a_code() {
    let ok = "HTTP/1.1 200 OK";
    let many: String = (0..200).map(|n| format!("\nx-{n}: 1")).collect();
    let long = format!("{ok}\nx-long: {}", "x".repeat(70_000));
    let packed = format!("{ok}\ncontent-encoding: gzip");
    run(async move {
        for (bytes, code, why) in [
            (b"".to_vec(), "bad_response", "closed the connection"),
            (
                b"HTTP/1.1 200".to_vec(),
                "bad_response",
                "closed the connection",
            ),
            (
                b"220 mail.example ESMTP\r\n".to_vec(),
                "bad_response",
                "is no HTTP",
            ),
            (
                b"HTTP/1.1 2000 OK\r\n\r\n".to_vec(),
                "bad_response",
                "is no HTTP",
            ),
            (
                answer("HTTP/1.1 200 OK\nx y", b""),
                "bad_response",
                "is no HTTP",
            ),
            (
                answer("HTTP/1.1 200 OK\ncontent-length: -1", b""),
                "bad_response",
                "is no HTTP",
            ),
            (
                answer(
                    "HTTP/1.1 200 OK\ncontent-length: 1\ncontent-length: 2",
                    b"xy",
                ),
                "bad_response",
                "is no HTTP",
            ),
            (
                answer(&format!("{ok}{many}"), b""),
                "bad_response",
                "128 headers",
            ),
            (answer(&long, b""), "bad_response", "65536 bytes"),
            (
                answer("HTTP/1.1 200 OK\ncontent-length: 5", b"abc"),
                "bad_response",
                "before its answer was whole",
            ),
            (
                answer("HTTP/1.1 200 OK\ntransfer-encoding: chunked", b"5\r\nab"),
                "bad_response",
                "before its answer was whole",
            ),
            (
                answer(
                    "HTTP/1.1 200 OK\ntransfer-encoding: chunked",
                    b"2\r\nab\r\n",
                ),
                "bad_response",
                "before its answer was whole",
            ),
            (
                answer("HTTP/1.1 200 OK\ntransfer-encoding: chunked", b"zz\r\n"),
                "bad_response",
                "broke",
            ),
            (
                answer("HTTP/1.1 200 OK\ncontent-encoding: br", b"x"),
                "bad_response",
                "packed its answer as \"br\"",
            ),
            (
                answer("HTTP/1.1 200 OK\ncontent-encoding: gzip, gzip", b"x"),
                "bad_response",
                "packed its answer as",
            ),
            (answer(&packed, b"<html>"), "bad_response", "no gzip"),
            (
                answer(&packed, &gzip(b"abc")[..15]),
                "bad_response",
                "no gzip",
            ),
            (
                answer(
                    "HTTP/1.1 101 Switching Protocols\nupgrade: websocket\nconnection: upgrade",
                    b"",
                ),
                "upstream_status",
                "answered 101",
            ),
            (
                answer("HTTP/1.1 304 Not Modified", b""),
                "upstream_status",
                "answered 304",
            ),
            (
                answer("HTTP/1.1 302 Found", b""),
                "upstream_status",
                "answered 302",
            ),
            (
                answer("HTTP/1.1 999 Strange", b""),
                "upstream_status",
                "answered 999",
            ),
        ] {
            let shown = bytes.escape_ascii().to_string();
            let upstream = Upstream::answering(bytes).await;
            let end = Bench::new(upstream.address, "").await.job(json!({})).await;
            assert_eq!(
                (&end["status"], &end["error"]["code"]),
                (&json!("failed"), &json!(code)),
                "{shown}: {end}"
            );
            let message = end["error"]["message"].as_str().unwrap();
            assert!(message.contains(why), "{shown}: {message}");
        }
    });
}

#[test]
fn a_status_that_is_no_success_comes_with_what_was_said() {
    let head = "HTTP/1.1 503 Service Unavailable\ncontent-type: application/problem+json\ncontent-length: 16";
    let long = answer(
        "HTTP/1.1 500 Oh\ncontent-type: text/plain",
        &[b'x'; 100_000],
    );
    let cut = answer("HTTP/1.1 404 Gone\ncontent-length: 9", b"not all");
    run(async move {
        for (bytes, message, body, truncated) in [
            (
                answer(head, b"{\"title\":\"busy\"}"),
                "the upstream answered 503 Service Unavailable",
                json!({"title": "busy"}),
                json!(null),
            ),
            (
                long,
                "the upstream answered 500 Internal Server Error",
                json!("x".repeat(65_536)),
                json!(true),
            ),
            (
                cut,
                "the upstream answered 404 Not Found",
                json!("not all"),
                json!(true),
            ),
        ] {
            let upstream = Upstream::answering(bytes).await;
            let end = Bench::new(upstream.address, "").await.job(json!({})).await;
            let error = &end["error"];
            assert_eq!(
                (&error["code"], &error["message"]),
                (&json!("upstream_status"), &json!(message))
            );
            let detail = &error["detail"];
            assert_eq!(
                (&detail["body"], &detail["truncated"]),
                (&body, &truncated),
                "{message}"
            );
            assert!(detail["status"].is_number() && detail["headers"].is_object());
        }
    });
}

#[test]
fn an_answer_is_bounded_by_what_it_unpacks_to() {
    let ok = "HTTP/1.1 200 OK\ncontent-type: application/x";
    let packed = format!("{ok}\ncontent-encoding: gzip");
    let endless = format!("{ok}\ntransfer-encoding: chunked");
    let chunk = [b"400\r\n".as_slice(), &[b'x'; 1_024], b"\r\n"].concat();
    run(async move {
        for (bytes, fits) in [
            (
                answer(&format!("{ok}\ncontent-length: 1000"), &[b'x'; 1_000]),
                true,
            ),
            (
                answer(&format!("{ok}\ncontent-length: 1001"), &[b'x'; 1_001]),
                false,
            ),
            (answer(&packed, &gzip(&[b'x'; 1_000])), true),
            (answer(&packed, &gzip(&[b'x'; 1_001])), false),
            // Some 10 KB that would be 10 MB.
            (answer(&packed, &gzip(&vec![0; 10_000_000])), false),
            (answer(&endless, &chunk.repeat(1_000)), false),
        ] {
            let upstream = Upstream::answering(bytes).await;
            let mut bench = Bench::new(upstream.address, "response_bytes = 1000").await;
            let end = bench.job(json!({})).await;
            if fits {
                assert_eq!(end["result"]["body"], "x".repeat(1_000));
                continue;
            }
            assert_eq!(end["error"]["code"], "response_too_large", "{end}");
            let message = "the upstream's answer has more than 1000 bytes (response_bytes)";
            assert_eq!(end["error"]["message"], message);
        }
    });
}

#[test]
fn nobody_there_is_no_connection() {
    run(async {
        let (_held, address) = nobody();
        let end = Bench::new(address, "").await.job(json!({})).await;
        assert_eq!(end["error"]["code"], "connect");
        let message = format!("http://{address} could not be connected to: connection refused");
        assert_eq!(end["error"]["message"], message);
    });
}

#[test]
fn what_is_no_tls_is_no_connection() {
    run(async {
        let upstream = Upstream::new(|mut peer| async move {
            peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        });
        let address = upstream.await;
        let url = format!("https://{}", address.address);
        let end = Bench::at(&url, "").await.job(json!({})).await;
        assert_eq!(end["error"]["code"], "connect");
        let message = end["error"]["message"].as_str().unwrap();
        assert!(message.contains("TLS failed: "), "{message}");
    });
}
