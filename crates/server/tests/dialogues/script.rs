//! A consumer that does what its input says, so that dialogues can show what work looks like.

use std::time::Duration;

use longwire_engine::{Consumer, Over, Serving, Stopped, Task, Work};
use longwire_protocol::{Failure, Payload, Progress, Stream};
use serde::Deserialize;

/// What a job is told to do, in order.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Output(String),
    Stderr(String),
    Progress(Progress),
    /// Works for so many seconds.
    Work(f64),
    /// Goes on, whatever it is told, until it is forced.
    Stubborn(bool),
    Fail(String),
    Result(serde_json::Value),
    Panic(bool),
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
                if let Act::Stubborn(_) = act {
                    std::future::pending::<()>().await;
                }
                if let Act::Work(seconds) = act {
                    let worked = tokio::time::sleep(Duration::try_from_secs_f64(seconds).unwrap());
                    tokio::select! {
                        biased;
                        _ = task.told_to_end() => return Work::Stopped(Stopped::WILLINGLY),
                        () = worked => continue,
                    }
                }
                match perform(&task, act).await {
                    Ok(None) => {}
                    Ok(Some(work)) => return work,
                    Err(Over) => return Work::Stopped(Stopped::WILLINGLY),
                }
            }
            Work::Done(None)
        })
    }
}

async fn perform(task: &Task, act: Act) -> Result<Option<Work>, Over> {
    match act {
        Act::Output(text) => task.output(Stream::Stdout, text).await?,
        Act::Stderr(text) => task.output(Stream::Stderr, text).await?,
        Act::Progress(progress) => task.progress(progress).await?,
        Act::Fail(code) => {
            let message = "as the script says".into();
            return Ok(Some(Work::Failed(Failure {
                code: code.into(),
                message,
            })));
        }
        Act::Result(value) => return Ok(Some(Work::Done(Payload::new(&value).ok()))),
        Act::Panic(_) => panic!("as the script says"),
        Act::Work(_) | Act::Stubborn(_) => {}
    }
    Ok(None)
}
