//! Answers that become output while they arrive.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::bench::{Bench, Upstream, run};

fn output(frames: &[Value]) -> String {
    frames
        .iter()
        .filter_map(|frame| frame["output"].as_str())
        .collect()
}

#[test]
fn a_line_is_there_before_the_answer_ends() {
    for (kind, first, second, lines) in [
        (
            "application/x-ndjson",
            "{\"n\":1}\n",
            "{\"n\":2}\n",
            ["{\"n\":1}\n", "{\"n\":2}\n"],
        ),
        ("application/jsonl", "1\n", "2\n", ["1\n", "2\n"]),
        (
            "text/plain; charset=utf-8",
            "one\n",
            "two\n",
            ["one\n", "two\n"],
        ),
        (
            "text/event-stream",
            ": hello\n\nevent: tick\nid: 1\ndata: one\n\n",
            "data: two\n\n",
            ["one\n", "two\n"],
        ),
    ] {
        run(async move {
            let goes_on = Arc::new(Notify::new());
            let told = Arc::clone(&goes_on);
            let upstream = Upstream::new(move |mut peer| {
                let told = Arc::clone(&told);
                async move {
                    peer.request().await;
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n");
                    peer.send(head.as_bytes()).await;
                    peer.send(b"transfer-encoding: chunked\r\n\r\n").await;
                    for piece in [first, second] {
                        let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
                        peer.send(chunk.as_bytes()).await;
                        told.notified().await;
                    }
                    peer.send(b"0\r\n\r\n").await;
                }
            })
            .await;
            let mut bench = Bench::new(upstream.address, "").await;
            bench.start(json!({})).await;
            for line in lines {
                let frame = bench.frame().await;
                assert_eq!(
                    (&frame["output"], &frame["stream"]),
                    (&json!(line), &json!("stdout"))
                );
                goes_on.notify_one();
            }
            let end = bench.end().await;
            let result = json!({"status": 200, "headers": {"content-type": kind}});
            assert_eq!((&end["status"], &end["result"]), (&json!("ok"), &result));
        });
    }
}

#[test]
fn what_is_streamed_is_for_the_route_to_say() {
    const LENGTH: &str = "content-length: 2\r\n\r\nx\n";
    const CHUNKED: &str = "transfer-encoding: chunked\r\n\r\n2\r\nx\n\r\n0\r\n\r\n";
    run(async {
        for (mode, kind, rest, streamed) in [
            ("auto", "text/plain", CHUNKED, true),
            ("auto", "text/plain", LENGTH, false),
            ("auto", "application/x-ndjson", LENGTH, true),
            ("auto", "application/json", CHUNKED, false),
            ("auto", "application/octet-stream", CHUNKED, false),
            ("never", "text/event-stream", CHUNKED, false),
            ("never", "application/jsonl", CHUNKED, false),
            ("always", "application/json", LENGTH, true),
            ("always", "image/png", LENGTH, true),
        ] {
            let bytes = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{rest}");
            let upstream = Upstream::answering(bytes).await;
            let mut bench = Bench::new(upstream.address, &format!("stream = \"{mode}\"")).await;
            bench.start(json!({})).await;
            let frames = bench.rest().await;
            let expected = if streamed { "x\n" } else { "" };
            assert_eq!(output(&frames), expected, "{mode} {kind}");
            let body = &frames.last().unwrap()["result"]["body"];
            assert_eq!(body.is_null(), streamed, "{mode} {kind}");
        }
    });
}

#[test]
fn what_is_no_text_comes_as_it_was() {
    run(async {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n\xff\x00\xfe";
        let upstream = Upstream::answering(bytes).await;
        let mut bench = Bench::new(upstream.address, "stream = \"always\"").await;
        bench.start(json!({})).await;
        let frame = bench.frame().await;
        assert_eq!(
            (&frame["output"], &frame["encoding"]),
            (&json!("/wD+"), &json!("base64"))
        );
        assert_eq!(bench.end().await["status"], "ok");
    });
}

#[test]
fn progress_is_read_off_the_output() {
    run(async {
        let bytes = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
            data: {\"done\":3,\"total\":10}\n\ndata: hello\n\ndata: at 70%\n\n";
        let upstream = Upstream::answering(bytes).await;
        let lines = r"progress = ['json', '(?<percent>\d+)%']";
        let mut bench = Bench::new(upstream.address, lines).await;
        bench.start(json!({})).await;
        let frames = bench.rest().await;
        let last = frames
            .iter()
            .rev()
            .find(|frame| !frame["progress"].is_null());
        assert_eq!(
            last.unwrap()["progress"],
            json!({"done": 70.0, "total": 100.0})
        );
        assert_eq!(
            output(&frames),
            "{\"done\":3,\"total\":10}\nhello\nat 70%\n"
        );
    });
}

#[test]
fn more_output_than_allowed_ends_the_request() {
    run(async {
        let (to, mut closed) = tokio::sync::mpsc::channel(1);
        let upstream = Upstream::new(move |mut peer| {
            let to = to.clone();
            async move {
                peer.request().await;
                peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
                    .await;
                peer.send(&[b'x'; 1_001]).await;
                peer.until_closed().await;
                to.send(()).await.unwrap();
            }
        })
        .await;
        let mut bench = Bench::new(upstream.address, "output_bytes = 1000").await;
        bench.start(json!({})).await;
        let frames = bench.rest().await;
        assert_eq!(output(&frames), "x".repeat(1_000));
        assert_eq!(frames.last().unwrap()["error"]["code"], "too_much_output");
        closed.recv().await.unwrap();
    });
}

#[test]
fn what_came_before_a_failure_is_kept() {
    run(async {
        let bytes = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n4\r\none\n\r\n9\r\nhalf";
        let upstream = Upstream::answering(bytes).await;
        let mut bench = Bench::new(upstream.address, "retries = 3").await;
        bench.start(json!({})).await;
        let frames = bench.rest().await;
        assert_eq!(output(&frames), "one\nhalf");
        assert_eq!(frames.last().unwrap()["error"]["code"], "bad_response");
    });
}
