//! A server with a consumer of one's own: `cargo run -p longwire-server --example consumer`, then start a job on the route
//! `count`: `{"route":"count","input":5}`.

#![expect(clippy::print_stdout, reason = "an example says where it listens")]

use std::{sync::Arc, time::Duration};

use longwire_engine::{Consumer, Serving, Stopped, Task, Work};
use longwire_protocol::{Failure, Progress, Stream};
use longwire_server::{Server, config::Config};

/// Counts to the number it is given, a second each.
struct Count;

impl Consumer for Count {
    fn serve(&self, mut task: Task) -> Serving {
        Box::pin(async move {
            let Some(total) = task.input().and_then(|input| input.read::<u32>().ok()) else {
                return Work::Failed(Failure::new(
                    "invalid_input",
                    "the input must be a whole number, such as 5",
                ));
            };
            for done in 1..=total {
                tokio::select! {
                    _ = task.told_to_end() => return Work::Stopped(Stopped::WILLINGLY),
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
                let progress = Progress {
                    done: Some(done.into()),
                    total: Some(total.into()),
                    note: None,
                };
                let reported = task.progress(progress).await;
                if reported.is_err()
                    || task
                        .output(Stream::Stdout, format!("{done}\n"))
                        .await
                        .is_err()
                {
                    return Work::Stopped(Stopped::WILLINGLY);
                }
            }
            Work::Done(None)
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::bind(Config::default())
        .await?
        .with_consumer("count", Arc::new(Count));
    println!("listening on http://{}", server.local_addr());
    let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    server.run(ctrl_c, std::future::pending()).await?;
    Ok(())
}
