//! A consumer that does what its input says, so that dialogues can show what work looks like.

use std::time::Duration;

use longwire_engine::{Consumer, Over, Serving, Stopped, Task, Work};
use longwire_protocol::{Failure, Payload, Progress, Stream};
use serde::Deserialize;
use tokio::time::sleep;

/// What a job is told to do, in order.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Output(String),
    Stderr(String),
    /// Prints these bytes, in hexadecimal.
    Bytes(String),
    Progress(Progress),
    /// Prints so many pieces of so many bytes.
    Flood(usize, usize),
    /// Counts to the first number within so many seconds, and reports every one.
    Count(u32, f64),
    /// Works for so many seconds; stops at once when it is told to end.
    Work(f64),
    /// Works for so many seconds, whatever it is told.
    Finish(f64),
    /// Works until it is told to end, and takes so many seconds to do so.
    Linger(f64),
    /// Goes on, whatever it is told, until it is forced.
    Stubborn,
    Fail(String),
    Result(serde_json::Value),
    Panic,
}

/// Why a script goes no further.
enum Halt {
    /// This came of it.
    Returned(Work),
    /// The job takes no more reports.
    Over,
}

impl From<Over> for Halt {
    fn from(_: Over) -> Self {
        Self::Over
    }
}

/// Serves jobs whose input is a list of acts.
pub(crate) struct Script;

impl Consumer for Script {
    fn serve(&self, mut task: Task) -> Serving {
        Box::pin(async move {
            let acts: Vec<Act> = task
                .input()
                .map(|input| input.read().unwrap())
                .unwrap_or_default();
            for act in acts {
                match perform(&mut task, act).await {
                    Ok(()) => {}
                    Err(Halt::Returned(work)) => return work,
                    Err(Halt::Over) => return Work::Stopped(Stopped::WILLINGLY),
                }
            }
            Work::Done(None)
        })
    }
}

async fn perform(task: &mut Task, act: Act) -> Result<(), Halt> {
    match act {
        Act::Output(text) => task.output(Stream::Stdout, text).await?,
        Act::Stderr(text) => task.output(Stream::Stderr, text).await?,
        Act::Bytes(hex) => task.print(Stream::Stdout, &bytes(&hex)).await?,
        Act::Progress(progress) => task.progress(progress).await?,
        Act::Flood(pieces, bytes) => flood(task, pieces, bytes).await?,
        Act::Count(to, within) => count(task, to, seconds(within)).await?,
        Act::Work(time) => tokio::select! {
            biased;
            _ = task.told_to_end() => return Err(Halt::Returned(Work::Stopped(Stopped::WILLINGLY))),
            () = sleep(seconds(time)) => {}
        },
        Act::Finish(time) => sleep(seconds(time)).await,
        Act::Linger(time) => {
            task.told_to_end().await;
            sleep(seconds(time)).await;
            return Err(Halt::Returned(Work::Stopped(Stopped::WILLINGLY)));
        }
        Act::Stubborn => std::future::pending().await,
        Act::Fail(code) => return Err(Halt::Returned(failed(&code))),
        Act::Result(value) => {
            return Err(Halt::Returned(Work::Done(Payload::new(&value).ok())));
        }
        // As a panic, but without a word of it in the test's output.
        Act::Panic => std::panic::resume_unwind(Box::new("as the script says")),
    }
    Ok(())
}

async fn flood(task: &Task, pieces: usize, bytes: usize) -> Result<(), Over> {
    for _ in 0..pieces {
        task.output(Stream::Stdout, "~".repeat(bytes)).await?;
    }
    Ok(())
}

async fn count(task: &Task, to: u32, within: Duration) -> Result<(), Over> {
    for done in 1..=to {
        let progress = Progress {
            done: Some(done.into()),
            total: Some(to.into()),
            note: None,
        };
        task.progress(progress).await?;
        sleep(within / to).await;
    }
    Ok(())
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn failed(code: &str) -> Work {
    Work::Failed(Failure::new(code, "as the script says"))
}

fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap()
}
