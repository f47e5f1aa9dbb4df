//! The example with consumers that are async functions, as its users see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends with its first surprise"
)]

use std::net::SocketAddr;

use longwire_client::{
    Client, Code, Connid, Error, EventFrame, Happening, Job, KillNote, Payload, Receipt, Start,
    Status,
};
use longwire_server::config::Config;
use serde_json::{Value, json};

#[path = "../examples/consumer.rs"]
#[expect(dead_code, reason = "its main is not called here")]
mod example;

/// Runs the example's server for as long as the test takes.
fn with_example(test: impl AsyncFnOnce(&Client)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..Config::default()
        };
        let server = example::server(config).await.unwrap();
        let url = format!("http://{}", server.local_addr());
        let told = async {
            let client = Client::connect(&url).await.unwrap();
            test(&client).await;
        };
        tokio::select! {
            () = told => {}
            ended = server.run(std::future::pending(), std::future::pending()) => panic!("{ended:?}"),
        }
    });
}

fn start(route: &str, input: Option<Value>) -> Start {
    Start {
        connid: Some(Connid::new("42").unwrap()),
        input: input.map(|input| Payload::new(&input).unwrap()),
        ..Start::new(route)
    }
}

/// Everything that happened to a job.
async fn to_the_end(mut job: Job) -> Vec<EventFrame> {
    let mut events = Vec::new();
    while let Some(happening) = job.next().await {
        match happening.unwrap() {
            Happening::Event(event) => events.push(*event),
            Happening::Gap(gap) => panic!("{gap:?}"),
        }
    }
    events
}

fn receipt(event: &EventFrame) -> &Receipt {
    match &event.kill {
        Some(KillNote::Receipt(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_function_reports_and_gives_a_result() {
    with_example(async |client| {
        let job = client.start(start("count", Some(json!({ "to": 2 }))));
        let events = to_the_end(job.await.unwrap()).await;
        let output: String = events
            .iter()
            .filter_map(|event| event.output.as_deref())
            .collect();
        assert_eq!(output, "1\n2\n");
        let done = events
            .iter()
            .filter_map(|event| event.progress.as_ref()?.done);
        assert_eq!(done.collect::<Vec<_>>(), [1.0, 2.0]);
        let last = events.last().unwrap();
        assert_eq!(last.status, Status::Ok);
        assert_eq!(last.result, Payload::new(&json!({ "numbers": 2 })).ok());
    });
}

#[test]
fn a_function_fails_with_a_code_of_its_own() {
    with_example(async |client| {
        let job = client.start(start("count", Some(json!({ "to": 2_000_000 }))));
        let events = to_the_end(job.await.unwrap()).await;
        let error = events.last().unwrap().error.as_ref().unwrap();
        assert_eq!(&*error.code, "too_far");
    });
}

#[test]
fn an_input_of_another_shape_is_refused_before_there_is_a_job() {
    with_example(async |client| {
        for (input, field) in [
            (Some(json!({ "to": -1 })), "input.to"),
            (Some(json!({})), "input"),
            (None, "input"),
        ] {
            let refused = client.start(start("count", input.clone())).await;
            let Err(Error::Refused(refusal)) = refused else {
                panic!("{input:?}: {refused:?}");
            };
            assert_eq!(refusal.code, Code::InvalidField, "{input:?}");
            assert_eq!(refusal.field.as_deref(), Some(field), "{input:?}");
        }
    });
}

#[test]
fn the_schema_of_its_input_can_be_asked_for() {
    with_example(async |client| {
        let routes = client.routes().await.unwrap().routes;
        let count = routes
            .iter()
            .find(|route| &*route.route == "count")
            .unwrap();
        let schema: Value = count.schema.as_ref().unwrap().read().unwrap();
        assert_eq!(
            schema["properties"]["to"]["description"],
            "The last number."
        );
        assert_eq!(schema["required"], json!(["to"]));
    });
}

#[test]
fn a_kill_drops_it_where_it_waits() {
    with_example(async |client| {
        let job = client
            .start(start("count", Some(json!({ "to": 1000 }))))
            .await
            .unwrap();
        client
            .kill(&Connid::new("42").unwrap(), None)
            .await
            .unwrap();
        let events = to_the_end(job).await;
        let receipt = receipt(events.last().unwrap());
        assert!(!receipt.forced && receipt.ms < 1000, "{receipt:?}");
        // It may have begun something that a drop does not end.
        assert_eq!(receipt.survivors, None);
    });
}

#[test]
fn one_that_ends_itself_has_its_grace() {
    with_example(async |client| {
        let job = client.start(start("tidy", None)).await.unwrap();
        let connid = Connid::new("42").unwrap();
        client.kill(&connid, Some("enough")).await.unwrap();
        let events = to_the_end(job).await;
        let said = events
            .iter()
            .find_map(|event| event.output.as_deref())
            .unwrap();
        assert!(said.starts_with("cleaning up: Killed("), "{said}");
        let last = events.last().unwrap();
        assert_eq!((last.status, receipt(last).forced), (Status::Killed, false));
    });
}
