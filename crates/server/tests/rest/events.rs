//! Logs as server-sent events.

use serde_json::json;

use crate::client::{Client, Message, fits, with_server};

async fn start(client: &Client, body: &str) -> String {
    let reply = client.call("POST /jobs", "", body).await;
    assert_eq!(reply.status, 202, "{}", reply.body);
    reply.json()["job"].as_str().unwrap().to_owned()
}

fn numbers(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(Message::seq).collect()
}

#[test]
fn a_log_is_replayed_followed_and_ended() {
    with_server("", async |client| {
        let job = start(client, r#"{"route":"request","connid":"42","time":30}"#).await;
        let mut events = client.events("/jobs/42/events", "").await;
        let first = events.next().await.unwrap();
        assert_eq!((&first.event, &first.id), (&None, &format!("{job}:1")));
        assert!(fits(
            &json!({ "connid": "42", "job": job, "seq": 1, "status": "running", "route": "request", "time": 30 }),
            &first.data
        ));
        client.call("DELETE /jobs/42?reason=enough", "", "").await;
        let rest = events.rest().await;
        assert_eq!(numbers(&rest), [2, 3]);
        assert!(fits(
            &json!({ "seq": 2, "status": "ending", "kill": { "reason": "enough" } }),
            &rest[0].data
        ));
        assert!(fits(
            &json!({ "seq": 3, "status": "killed", "kill": { "survivors": 0 } }),
            &rest[1].data
        ));

        let again = client.events("/jobs/42/events", "").await.rest().await;
        assert_eq!(numbers(&again), [1, 2, 3]);
        let resumed = client
            .events("/jobs/42/events", &format!("Last-Event-ID: {job}:2"))
            .await
            .rest()
            .await;
        assert_eq!(numbers(&resumed), [3]);
        let resumed = client
            .events("/jobs/42/events?after=1", "")
            .await
            .rest()
            .await;
        assert_eq!(numbers(&resumed), [2, 3]);
    });
}

#[test]
fn once_there_is_no_more_it_says_so() {
    with_server("", async |client| {
        let job = start(client, r#"{"route":"request","connid":"42","time":0}"#).await;
        for (path, headers) in [
            ("/jobs/42/events", format!("Last-Event-ID: {job}:2")),
            ("/jobs/42/events", format!("Last-Event-ID: {job}:99")),
            ("/jobs/42/events?after=0", format!("Last-Event-ID: {job}:2")),
            ("/jobs/42/events?after=2", String::new()),
            ("/jobs/42/events?after=18446744073709551615", String::new()),
        ] {
            let reply = client.call(&format!("GET {path}"), &headers, "").await;
            assert_eq!(
                (reply.status, reply.body.as_str()),
                (204, ""),
                "{path} {headers}"
            );
        }
    });
}

#[test]
fn an_id_goes_on_in_its_own_log_though_the_connid_was_used_again() {
    with_server("", async |client| {
        let old = start(client, r#"{"route":"request","connid":"42","time":0}"#).await;
        let new = start(client, r#"{"route":"request","connid":"42","time":5}"#).await;
        let resumed = client
            .events("/jobs/42/events", &format!("Last-Event-ID: {old}:1"))
            .await
            .rest()
            .await;
        assert_eq!(resumed[0].id, format!("{old}:2"));
        assert_eq!(resumed.len(), 1);
        assert_eq!(
            client
                .call(
                    "GET /jobs/42/events",
                    &format!("Last-Event-ID: {old}:2"),
                    ""
                )
                .await
                .status,
            204
        );
        let current = client
            .events("/jobs/42/events", "Last-Event-ID:")
            .await
            .rest()
            .await;
        assert_eq!(
            current
                .iter()
                .map(|message| &*message.id)
                .collect::<Vec<_>>(),
            [format!("{new}:1"), format!("{new}:2")]
        );
    });
}

#[test]
fn an_id_that_is_not_of_this_stream_is_refused() {
    with_server("", async |client| {
        let job = start(client, r#"{"route":"request","connid":"42","time":900}"#).await;
        let other = start(client, r#"{"route":"request","connid":"43","time":900}"#).await;
        let unknown = "0197a5b0-6a57-7b4e-9d3c-2f1e8c4d5a60";
        for (id, status, code, field) in [
            ("17".to_owned(), 400, "invalid_field", "Last-Event-ID"),
            (format!("{job}:"), 400, "invalid_field", "Last-Event-ID"),
            (format!("{other}:1"), 400, "invalid_field", "Last-Event-ID"),
            (format!("{job}:2"), 400, "invalid_field", "after"),
            (format!("{unknown}:1"), 404, "unknown_connid", "job"),
        ] {
            let reply = client
                .call("GET /jobs/42/events", &format!("Last-Event-ID: {id}"), "")
                .await;
            assert_eq!(reply.status, status, "{id}");
            assert!(
                fits(&json!({ "code": code, "field": field }), &reply.json()),
                "{id}: {}",
                reply.body
            );
        }
    });
}

#[test]
fn what_is_no_longer_kept_is_a_gap() {
    with_server("[limits]\nlog_events_per_job = 16", async |client| {
        let start = r#"{"route":"talk","connid":"42","input":100}"#;
        let ended = client.call("POST /jobs", "Prefer: wait=60", start).await;
        assert_eq!(ended.status, 200);
        let last = ended.json()["seq"].as_u64().unwrap();
        let all = client.events("/jobs/42/events", "").await.rest().await;
        let gap = &all[0];
        assert_eq!(gap.event.as_deref(), Some("gap"));
        assert_eq!(
            gap.data,
            json!({ "connid": "42", "gap": { "from": 1, "to": last - 16 } })
        );
        assert_eq!(gap.seq(), last - 16, "who saw the gap goes on after it");
        assert_eq!(numbers(&all[1..]), (last - 15..=last).collect::<Vec<_>>());
        assert!(all[1..].iter().all(|message| message.event.is_none()));
        let resumed = client
            .events("/jobs/42/events", &format!("Last-Event-ID: {}", gap.id))
            .await
            .rest()
            .await;
        assert_eq!(numbers(&resumed), (last - 15..=last).collect::<Vec<_>>());
    });
}

#[test]
fn a_stream_without_news_shows_that_it_is_alive() {
    with_server("", async |client| {
        start(client, r#"{"route":"request","connid":"42","time":40}"#).await;
        let mut events = client.events("/jobs/42/events", "").await;
        let mut blocks = Vec::new();
        while let Some(block) = events.block().await {
            blocks.push(block.split(['\n', ' ']).next().unwrap().to_owned());
        }
        assert_eq!(blocks, ["retry:", "id:", ":", ":", "id:"]);
    });
}

#[test]
fn the_last_reader_takes_a_job_with_it_that_dies_so() {
    with_server("", async |client| {
        start(
            client,
            r#"{"route":"request","connid":"42","time":900,"on_disconnect":"kill"}"#,
        )
        .await;
        let mut events = client.events("/jobs/42/events", "").await;
        assert_eq!(events.next().await.unwrap().seq(), 1);
        client.call("HEAD /jobs/42/events", "", "").await;
        drop(events);
        tokio::time::sleep(std::time::Duration::from_secs(60)).await; // on the paused clock: no time at all
        let view = client.call("GET /jobs/42", "", "").await.json();
        assert!(
            fits(
                &json!({ "status": "killed", "kill": { "by": "longwire" } }),
                &view
            ),
            "{view}"
        );
    });
}

#[test]
fn a_reader_that_stalls_gives_its_connection_back() {
    let config = "[limits]\nhttp_connections = 1\nlog_events_per_job = 100000\nlog_bytes_per_job = 100000000";
    with_server(config, async |client| {
        let start = r#"{"route":"talk","connid":"42","input":60000}"#;
        client.call("POST /jobs", "Prefer: wait=60", start).await;
        let since = tokio::time::Instant::now();
        // More than the buffers of both ends take, of which it reads the head and no more.
        let stalled = client.events("/jobs/42/events", "").await;
        assert_eq!(client.call("GET /healthz", "", "").await.status, 200);
        assert_eq!(since.elapsed().as_secs(), 30);
        drop(stalled);
    });
}
