//! Requests that are sent again, and redirects.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{sync::mpsc, time::Instant};

use crate::bench::{Bench, Request, Upstream, nobody, run};

const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone";

/// Gives one answer after the other; the last goes on. Gives out what it was asked.
async fn answers(list: &'static [&'static str]) -> (Upstream, mpsc::Receiver<Request>) {
    let (to, asked) = mpsc::channel(100);
    let next = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let upstream = Upstream::new(move |mut peer| {
        let (to, next) = (to.clone(), std::sync::Arc::clone(&next));
        async move {
            to.send(peer.request().await).await.unwrap();
            let at = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let answer = list.get(at).or(list.last()).unwrap();
            peer.send(answer.as_bytes()).await;
        }
    });
    (upstream.await, asked)
}

fn all(asked: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    std::iter::from_fn(|| asked.try_recv().ok()).collect()
}

#[test]
fn what_may_pass_is_sent_again_as_often_as_the_route_says() {
    const LIMITED: &str = "HTTP/1.1 429 Slow Down\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
    const LATER: &str = "HTTP/1.1 503 Later\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n";
    const GATEWAY: &str = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n";
    const SLOW: &str = "HTTP/1.1 504 Gateway Timeout\r\ncontent-length: 0\r\n\r\n";
    const BROKEN: &str = "HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n";
    const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
    run(async {
        for (list, lines, sent, status, seconds) in [
            (&[BUSY, DONE][..], "", 1, "failed", 0..1),
            (&[BUSY, DONE], "retries = 1", 2, "ok", 0..1),
            (&[BUSY, GATEWAY, SLOW, DONE], "retries = 3", 4, "ok", 0..4),
            (&[BUSY, BUSY, DONE], "retries = 1", 2, "failed", 0..1),
            (&[LIMITED, DONE], "retries = 1", 2, "ok", 7..8),
            (&[LATER, DONE], "retries = 1", 1, "failed", 0..1),
            (&[BROKEN, DONE], "retries = 5", 1, "failed", 0..1),
            (&[HALF, DONE], "retries = 5", 1, "failed", 0..1),
            (&["", DONE], "retries = 5", 1, "failed", 0..1),
        ] {
            let (upstream, mut asked) = answers(list).await;
            let mut bench = Bench::new(upstream.address, lines).await;
            let started = Instant::now();
            bench.start(json!({})).await;
            let end = bench.end().await;
            assert_eq!(end["status"], status, "{list:?} {lines}: {end}");
            assert_eq!(all(&mut asked).len(), sent, "{list:?} {lines}");
            let took = started.elapsed().as_secs();
            assert!(seconds.contains(&took), "{list:?} {lines}: {took} s");
        }
    });
}

#[test]
fn a_kill_ends_the_wait_for_another_attempt() {
    run(async {
        let (upstream, mut asked) = answers(&[BUSY]).await;
        let lines = "retries = 100\nretry_seconds = 30";
        let mut bench = Bench::new(upstream.address, lines).await;
        let job = bench.start(json!({})).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        let killed = Instant::now();
        let connid = &job["connid"];
        bench.send(json!({"route": "kill", "connid": connid})).await;
        let end = bench.end().await;
        assert_eq!(end["status"], "killed", "{end}");
        assert_eq!(all(&mut asked).len(), 1);
        assert!(killed.elapsed() < Duration::from_secs(1));
    });
}

/// What a job printed to its stderr, of its frames.
fn notes(frames: &[Value]) -> Vec<&str> {
    let notes = frames.iter().filter(|frame| frame["stream"] == "stderr");
    notes.filter_map(|it| it["output"].as_str()).collect()
}

#[test]
fn the_log_of_a_job_says_each_attempt_and_why() {
    run(async {
        let lines = "retries = 3\nretry_seconds = 0\noutput_bytes = 4";
        let (upstream, _asked) = answers(&[
            "HTTP/1.1 429 Slow Down\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
            BUSY,
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\ndone",
        ])
        .await;
        let mut bench = Bench::new(upstream.address, lines).await;
        bench.start(json!({})).await;
        let frames = bench.rest().await;
        assert_eq!(
            notes(&frames),
            [
                "attempt 2 of 4 in 7.0 s: the upstream answered 429 Too Many Requests\n",
                "attempt 3 of 4 in 0.0 s: the upstream answered 503 Service Unavailable\n",
            ]
        );
        // It is no output of the upstream, and does not count as such.
        assert_eq!(frames.last().unwrap()["status"], "ok", "{frames:?}");

        // What ends it meanwhile leaves the last failure in the log.
        let (_held, nobody) = nobody();
        let mut bench = Bench::new(nobody, "retries = 100\nretry_seconds = 30").await;
        bench.start_with(json!({"time": 100})).await;
        let frames = bench.rest().await;
        assert_eq!(frames.last().unwrap()["status"], "timeout");
        let last = notes(&frames).pop().unwrap();
        let why = format!("s: http://{nobody} could not be connected to: connection refused\n");
        assert!(
            last.starts_with("attempt ") && last.ends_with(&why),
            "{last}"
        );
    });
}

#[test]
fn a_connection_that_is_refused_is_tried_again() {
    run(async {
        let (_held, address) = nobody();
        let mut bench = Bench::new(address, "retries = 3\nretry_seconds = 5").await;
        let started = Instant::now();
        let end = bench.job(json!({})).await;
        assert_eq!(end["error"]["code"], "connect");
        // 5, 10 and 20 s at most; that all three are next to nothing happens once in fifty thousand times.
        let took = started.elapsed().as_secs_f64();
        assert!((0.5..36.0).contains(&took), "{took}");
    });
}

#[test]
fn every_attempt_has_the_same_key_and_trace_and_a_span_of_its_own() {
    run(async {
        let (upstream, mut asked) = answers(&[BUSY, BUSY, DONE]).await;
        let lines = "method = \"POST\"\nbody = \"json\"\nidempotency_key = true\nretries = 2";
        let mut bench = Bench::new(upstream.address, lines).await;
        let job = bench.start(json!({"a": 1})).await["job"].clone();
        assert_eq!(bench.end().await["result"]["body"], "done");
        let requests = all(&mut asked);
        assert_eq!(requests.len(), 3);
        let mut spans: Vec<_> = requests
            .iter()
            .map(|request| {
                assert_eq!(request.header("idempotency-key"), job.as_str());
                assert_eq!(request.body, "{\"a\":1}");
                request.header("traceparent").unwrap().split_at(35)
            })
            .collect();
        assert!(spans.iter().all(|(trace, _)| *trace == spans[0].0));
        spans.sort_unstable();
        spans.dedup();
        assert_eq!(spans.len(), 3);
    });
}

#[test]
fn a_redirect_is_followed_only_within_its_host_and_where_the_route_says_so() {
    const SAME: &str = "redirects = \"same_host\"";
    const POST: &str = "redirects = \"same_host\"\nmethod = \"POST\"\nbody = \"json\"";
    run(async {
        for (lines, answer, then, why) in [
            (
                SAME,
                "302 Found\r\nlocation: /next?x=1",
                "GET /next?x=1 HTTP/1.1",
                "",
            ),
            (
                SAME,
                "301 Moved\r\nlocation: next",
                "GET /a/next HTTP/1.1",
                "",
            ),
            (SAME, "307 Moved\r\nlocation: ../n", "GET /n HTTP/1.1", ""),
            (
                POST,
                "302 Found\r\nlocation: /next",
                "GET /next HTTP/1.1",
                "",
            ),
            (
                POST,
                "303 Other\r\nlocation: /next",
                "GET /next HTTP/1.1",
                "",
            ),
            (
                POST,
                "307 Moved\r\nlocation: /next",
                "POST /next HTTP/1.1",
                "",
            ),
            (
                POST,
                "308 Moved\r\nlocation: /next",
                "POST /next HTTP/1.1",
                "",
            ),
            (
                "",
                "302 Found\r\nlocation: /next",
                "",
                "the route follows no redirects",
            ),
            (
                SAME,
                "302 Found\r\nlocation: http://169.254.169.254/latest",
                "",
                "leads to http://169.254.169.254/latest, which is not",
            ),
            (
                SAME,
                "302 Found\r\nlocation: //evil.example/x",
                "",
                "leads to http://evil.example/x, which is not",
            ),
            (
                SAME,
                "302 Found\r\nlocation: http://127.0.0.1:1/x",
                "",
                "leads to http://127.0.0.1:1/x, which is not",
            ),
            (
                SAME,
                "302 Found\r\nlocation: http://evil.example/x?token=secret#a",
                "",
                "leads to http://evil.example/x, which is not",
            ),
            (
                SAME,
                "302 Found\r\nlocation: http://user:secret@evil.example/x",
                "",
                "where that leads has credentials",
            ),
            (
                SAME,
                "302 Found\r\nlocation: http://2130706433/x",
                "",
                "where that leads has the host",
            ),
            (
                SAME,
                "302 Found\r\nlocation: file:///etc/passwd",
                "",
                "begins with \"file\"",
            ),
            (
                SAME,
                "302 Found\r\nlocation: /a b\\c",
                "",
                "where that leads is no URL",
            ),
        ] {
            let first = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
            let list: &'static [&'static str] = vec![&*first.leak(), DONE].leak();
            let (upstream, mut asked) = answers(list).await;
            let lines = format!("path = \"/a/b\"\n{lines}");
            let end = Bench::new(upstream.address, &lines)
                .await
                .job(json!({"a": 1}))
                .await;
            let requests = all(&mut asked);
            if why.is_empty() {
                assert_eq!(end["result"]["body"], "done", "{answer}: {end}");
                assert_eq!(requests[1].line, then);
                let body = if then.starts_with("POST") {
                    "{\"a\":1}"
                } else {
                    ""
                };
                assert_eq!(requests[1].body, body, "{answer}");
                assert_eq!(
                    requests[1].header("content-type").is_some(),
                    !body.is_empty()
                );
                continue;
            }
            assert_eq!(requests.len(), 1);
            assert_eq!(end["error"]["code"], "redirect", "{answer}: {end}");
            let message = end["error"]["message"].as_str().unwrap();
            assert!(message.contains(why), "{answer}: {message}");
            assert!(!end.to_string().contains("secret"), "{end}");
            assert_eq!(end["error"]["detail"]["status"].as_u64(), Some(302));
        }
    });
}

#[test]
fn redirects_that_go_round_end() {
    run(async {
        let (upstream, mut asked) =
            answers(&["HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"]).await;
        let mut bench =
            Bench::new(upstream.address, "redirects = \"same_host\"\nretries = 3").await;
        let end = bench.job(json!({})).await;
        let to = format!("http://{}/", upstream.address);
        let error = &end["error"];
        let message = format!("the upstream redirects more than 5 times, at last to {to}");
        assert_eq!(error["message"], message);
        assert_eq!(error["detail"], json!({"status": 302, "location": to}));
        assert_eq!(all(&mut asked).len(), 6);
    });
}
