//! Starts a job, shows what happens to it and what it came to; Ctrl-C kills it. The other example, `worker`, serves its route.
//!
//! `cargo run -p longwire-client --example watch`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use longwire_client::{Client, Error, Happening, Start};
use serde_json::{Value, json};

/// Starts a job of so many frames and follows it to its result.
pub(crate) async fn watch(url: &str, frames: u32, stop: impl Future) -> Result<Value, Error> {
    let client = Client::connect(url).await?;
    let start = Start::new("render").input(&json!({ "frames": frames }))?;
    let mut job = client.start(start).await?;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = &mut stop => {
                return match job.kill_and_wait(Some("not wanted any more")).await {
                    Err(error) if error.code() != "already_ended" => Err(error),
                    // What it came to, where it had ended by itself, too.
                    Ok(_) | Err(_) => job.result().await,
                };
            }
            next = job.next() => match next {
                Some(happening) => show(&happening?),
                None => return job.result().await,
            }
        }
    }
}

fn show(happening: &Happening) {
    match happening {
        Happening::Event(event) => {
            // Not all that is printed is text.
            if let Some(printed) = event.printed() {
                print!("{}", String::from_utf8_lossy(&printed));
            }
            if let Some((done, total)) =
                event.progress.as_ref().and_then(|it| it.done.zip(it.total))
            {
                println!("{done} of {total}");
            }
        }
        Happening::Gap(gap) => println!("({} to {} are no longer kept)", gap.from, gap.to),
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1);
    let url = url.unwrap_or_else(|| "http://127.0.0.1:8000".to_owned());
    let result = watch(&url, 10, tokio::signal::ctrl_c()).await?;
    println!("{result}");
    Ok(())
}
