//! Jobs of no work, through one worker: what handing over and ending cost.

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use longwire_protocol::ServerFrame;
use tokio::time::{Duration, Instant};
use tokio_websockets::Message;

use crate::{Socket, connect};

/// Prints how many jobs a second one worker with so many slots ends, of as many that are started at once.
pub(crate) async fn measure(url: &str, route: &str, slots: u32, seconds: u64) -> Result<()> {
    let mut worker = connect(url).await?;
    let claim = format!(r#"{{"route":"claim","routes":["{route}"],"slots":{slots}}}"#);
    worker.send(Message::text(claim)).await?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let started = start_and_count(connect(url).await?, route, slots, until);
    let done = tokio::select! {
        done = started => done?,
        failed = serve(worker) => return failed,
    };
    println!(
        "{:.0} jobs a second through one worker with {slots} slots",
        done as f64 / seconds as f64
    );
    Ok(())
}

/// Ends every job as soon as it is handed over.
async fn serve(worker: Socket) -> Result<()> {
    let (mut write, read) = worker.split();
    // All that has come is answered with one flush.
    let mut frames = read.ready_chunks(256);
    loop {
        for message in frames.next().await.context("the server closed")? {
            let message = message?;
            let text = message.as_text().unwrap_or_default();
            if let ServerFrame::HandOver(job) = ServerFrame::parse(text)? {
                let end = format!(r#"{{"route":"end","lease":"{}"}}"#, job.lease);
                write.feed(Message::text(end)).await?;
            }
        }
        write.flush().await?;
    }
}

/// Keeps twice as many jobs going as there are slots; counts those that have ended.
async fn start_and_count(
    mut socket: Socket,
    route: &str,
    slots: u32,
    until: Instant,
) -> Result<u64> {
    let start = format!(r#"{{"route":"{route}","id":0}}"#);
    for _ in 0..2 * slots {
        socket.feed(Message::text(start.clone())).await?;
    }
    socket.flush().await?;
    let mut done = 0;
    let (mut write, read) = socket.split();
    let mut frames = read.ready_chunks(256);
    while Instant::now() < until {
        for message in frames.next().await.context("the server closed")? {
            let message = message?;
            let text = message.as_text().unwrap_or_default();
            if text.contains(r#""status":"ok""#) {
                done += 1;
                write.feed(Message::text(start.clone())).await?;
            }
        }
        write.flush().await?;
    }
    Ok(done)
}
