//! A server with consumers of one's own: `cargo run -p longwire-server --example consumer`, then start a job on the route `count`,
//! which is dropped where it waits when it is killed, or on `tidy`, which then cleans up:
//! `{"route":"count","input":{"to":5}}`.

#![expect(clippy::print_stdout, reason = "an example says where it listens")]

use std::time::Duration;

use longwire_server::{
    BindError, Server,
    config::Config,
    handler::{Failure, Progress, Stream, Task, handler},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Count {
    /// The last number.
    to: u32,
}

#[derive(Serialize)]
struct Counted {
    numbers: u32,
}

/// Counts to the number it is given, a second each.
async fn count(task: Task, input: Count) -> Result<Counted, Failure> {
    if input.to > 1_000_000 {
        return Err(Failure::new("too_far", "it counts to a million at most"));
    }
    for number in 1..=input.to {
        tokio::time::sleep(Duration::from_secs(1)).await;
        task.output(Stream::Stdout, format!("{number}\n")).await?;
        task.progress(Progress::of(number, input.to)).await?;
    }
    Ok(Counted { numbers: input.to })
}

/// Works until it is told to end, then cleans up, for which it has the grace of its route.
async fn tidy(mut task: Task, (): ()) -> Result<(), Failure> {
    let why = task.told_to_end().await;
    task.output(Stream::Stderr, format!("cleaning up: {why:?}\n"))
        .await?;
    Err(Failure::new("stopped", "it was told to end"))
}

/// A server with both beside the routes of its configuration.
pub(crate) async fn server(config: Config) -> Result<Server, BindError> {
    let server = Server::bind(config).await?;
    server
        .with_consumer("count", handler(count))?
        .with_consumer("tidy", handler(tidy).ends_itself())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = server(Config::default()).await?;
    println!("listening on http://{}", server.local_addr());
    let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    server.run(ctrl_c, std::future::pending()).await?;
    Ok(())
}
