//! Upstreams that take their time, and what they see of the end of a job.

use std::time::Duration;

use serde_json::json;
use tokio::{sync::mpsc, time::Instant};

use crate::bench::{Bench, Peer, Upstream, run};

/// Sends these bytes, and then those, once a second, for ever; says when it is closed.
async fn drip(begin: &'static [u8], for_ever: &'static [u8]) -> (Upstream, mpsc::Receiver<()>) {
    let (to, closed) = mpsc::channel(1);
    let upstream = Upstream::new(move |mut peer: Peer| {
        let to = to.clone();
        async move {
            peer.request().await;
            peer.send(begin).await;
            if for_ever.is_empty() {
                peer.until_closed().await;
            }
            while !for_ever.is_empty() && peer.send(for_ever).await {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            to.send(()).await.unwrap();
        }
    });
    (upstream.await, closed)
}

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x\r\ncontent-length: 1000000\r\n\r\n";
const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\none\n";

#[test]
fn a_kill_closes_the_connection_wherever_the_request_is() {
    run(async {
        for (begin, for_ever) in [
            // Before the answer, in its head, in its body, in the midst of a stream.
            (&b""[..], &b""[..]),
            (b"HTTP/1.1 200", b""),
            (HEAD, b"x"),
            (STREAM, b""),
        ] {
            let (upstream, mut closed) = drip(begin, for_ever).await;
            let mut bench = Bench::new(upstream.address, "kill_grace_seconds = 60").await;
            let started = bench.start(json!({})).await;
            if begin == STREAM {
                assert_eq!(bench.frame().await["output"], "one\n");
            } else {
                tokio::time::sleep(Duration::from_secs(3)).await;
            }
            let killed = Instant::now();
            let connid = &started["connid"];
            bench.send(json!({"route": "kill", "connid": connid})).await;
            let end = bench.end().await;
            assert_eq!(end["status"], "killed", "{end}");
            assert_eq!(end["kill"]["forced"], false, "{end}");
            assert_eq!(end["kill"].get("survivors"), None, "{end}");
            assert_eq!(end["kill"].get("signals"), None, "{end}");
            assert!(killed.elapsed() < Duration::from_secs(1));
            closed.recv().await.unwrap();
        }
    });
}

#[test]
fn a_byte_a_second_is_ended_by_the_time_of_its_job() {
    run(async {
        let (upstream, mut closed) = drip(HEAD, b"x").await;
        let mut bench = Bench::new(upstream.address, "read_seconds = 2").await;
        let started = Instant::now();
        bench.start_with(json!({"time": 100})).await;
        let end = bench.end().await;
        assert_eq!(
            (&end["status"], &end["clock"]),
            (&json!("timeout"), &json!("time"))
        );
        assert_eq!(started.elapsed().as_secs(), 100);
        closed.recv().await.unwrap();
    });
}

#[test]
fn what_failed_is_told_though_the_rest_of_it_does_not_come() {
    const GONE: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 1000\r\n\r\n";
    run(async {
        for for_ever in [&b"x"[..], b""] {
            let (upstream, mut closed) = drip(GONE, for_ever).await;
            let mut bench = Bench::new(upstream.address, "retries = 3").await;
            let started = Instant::now();
            bench.start_with(json!({"time": 100})).await;
            let end = bench.end().await;
            let error = &end["error"];
            assert_eq!(error["code"], "upstream_status", "{end}");
            assert_eq!(error["message"], "the upstream answered 404 Not Found");
            assert_eq!(error["detail"]["truncated"], true);
            assert_eq!(error["detail"]["headers"]["content-length"], "1000");
            let body = error["detail"]["body"].as_str().unwrap_or_default();
            assert_eq!(body, "xxxxx".get(..for_ever.len() * 5).unwrap());
            assert_eq!(started.elapsed().as_secs(), 5);
            closed.recv().await.unwrap();
        }
    });
}

#[test]
fn of_an_answer_that_is_tried_again_no_body_is_waited_for() {
    const BUSY: &[u8] = b"HTTP/1.1 503 Busy\r\ncontent-length: 1000\r\n\r\n";
    run(async {
        let (upstream, mut closed) = drip(BUSY, b"").await;
        let lines = "retries = 2\nretry_seconds = 0.1";
        let mut bench = Bench::new(upstream.address, lines).await;
        let started = Instant::now();
        bench.start_with(json!({"time": 100})).await;
        // Each is closed before the next is sent.
        for _ in 0..2 {
            closed.recv().await.unwrap();
        }
        assert_eq!(started.elapsed().as_secs(), 0);
        let end = bench.end().await;
        assert_eq!(end["error"]["detail"]["status"], 503, "{end}");
        assert_eq!(started.elapsed().as_secs(), 5);
    });
}

#[test]
fn who_says_nothing_is_given_up_where_the_route_says_so() {
    run(async {
        for (begin, why) in [
            (
                &b""[..],
                "the upstream did not answer: 7.5 s went by (read_seconds)",
            ),
            (
                b"HTTP/1.1 200 OK\r\nx-a",
                "the upstream did not answer: 7.5 s went by (read_seconds)",
            ),
            (
                HEAD,
                "the upstream stopped in the midst of its answer: 7.5 s went by (read_seconds)",
            ),
            (
                STREAM,
                "the upstream stopped in the midst of its answer: 7.5 s went by (read_seconds)",
            ),
        ] {
            let (upstream, mut closed) = drip(begin, b"").await;
            let mut bench = Bench::new(upstream.address, "read_seconds = 7.5").await;
            let started = Instant::now();
            let end = bench.job(json!({})).await;
            assert_eq!(
                (&end["error"]["code"], &end["error"]["message"]),
                (&json!("read_timeout"), &json!(why))
            );
            assert_eq!(started.elapsed().as_millis() / 100, 75);
            closed.recv().await.unwrap();
        }
        // And else only by the job's own clocks.
        let (upstream, _closed) = drip(b"", b"").await;
        let mut bench = Bench::new(upstream.address, "idle_seconds = 20").await;
        let end = bench.job(json!({})).await;
        assert_eq!(
            (&end["status"], &end["clock"]),
            (&json!("timeout"), &json!("idle_time"))
        );
    });
}

#[test]
fn a_head_that_comes_by_the_letter_is_one_wait() {
    run(async {
        let (upstream, mut closed) = drip(b"HTTP/1.1 200 OK\r\nx-", b"y").await;
        let mut bench = Bench::new(upstream.address, "read_seconds = 10").await;
        let started = Instant::now();
        let end = bench.job(json!({})).await;
        assert_eq!(end["error"]["code"], "read_timeout");
        assert_eq!(started.elapsed().as_secs(), 10);
        closed.recv().await.unwrap();
    });
}

#[test]
fn a_line_that_waits_for_its_end_is_shown_and_its_rest_later() {
    run(async {
        let (upstream, _closed) = drip(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nName? ",
            b"",
        )
        .await;
        let mut bench = Bench::new(upstream.address, "").await;
        let started = Instant::now();
        bench.start(json!({})).await;
        assert_eq!(bench.frame().await["output"], "Name? ");
        assert!(started.elapsed() < Duration::from_secs(1));
    });
}

#[test]
fn a_stream_that_does_not_end_is_ended_by_its_bound() {
    run(async {
        let (upstream, mut closed) = drip(STREAM, b"a line of output\n").await;
        let mut bench = Bench::new(upstream.address, "output_bytes = 1000").await;
        bench.start_with(json!({"time": 3600})).await;
        let frames = bench.rest().await;
        let error = &frames.last().unwrap()["error"];
        assert_eq!(error["code"], "too_much_output");
        assert_eq!(
            error["message"],
            "the upstream's answer has more than the 1000 bytes of output that its route allows (output_bytes), and its connection was closed"
        );
        assert_eq!(error["detail"], json!({"output_bytes": 1000}));
        closed.recv().await.unwrap();
    });
}
