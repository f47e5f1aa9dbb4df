//! Plays one dialogue against a driver.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::{
    job::Job,
    stage::Stage,
    step::{AtOnce, Step},
    weigh,
};
use crate::{Dialogue, Failure, Names, Others, Verdict, matching::shortened, speak::span};

/// No dialogue takes longer, whatever its steps wait for.
const LONGEST: Duration = Duration::from_secs(180);
/// How long after the last step the client might still say something.
const AFTER: Duration = Duration::from_millis(50);
/// How often an answer that changes is asked for.
pub(super) const TICK: Duration = Duration::from_millis(20);

/// Plays it, with a driver of its own.
pub(crate) async fn play(dialogue: &Dialogue<Step>, argv: &[OsString]) -> Verdict {
    let mut player = match Stage::set(argv, spoken_of(dialogue)) {
        Ok(stage) => Player::new(stage),
        Err(why) => return Verdict::Failed(Failure::new(&dialogue.place, &why)),
    };
    let mut place = dialogue.place.clone();
    let played = timeout(LONGEST, player.play(dialogue, &mut place)).await;
    let played = played.unwrap_or_else(|_| {
        let why = format!("it takes longer than {} s", LONGEST.as_secs());
        Err(why)
    });
    let stage = &player.stage;
    match (played, &stage.driver.answers.unsupported) {
        (Ok(()), None) => Verdict::Passed,
        (_, Some(what)) => Verdict::LeftOut(what.clone()),
        (Err(why), None) => Verdict::Failed(Failure {
            record: stage.record.lines(),
            stderr: stage.driver.stderr(),
            ..Failure::new(&place, &why)
        }),
    }
}

/// The routes of the frames that a dialogue expects, which the kit then leaves to it.
fn spoken_of(dialogue: &Dialogue<Step>) -> BTreeSet<String> {
    let heard = dialogue.steps.iter().filter_map(|(_, step)| {
        if let Step::Hear(_, frames) = step {
            Some(frames)
        } else {
            None
        }
    });
    let routes = heard.flatten().filter_map(|frame| frame["route"].as_str());
    routes.map(str::to_owned).collect()
}

/// Whether it is a worker's, which claims nothing more.
fn is_goodbye(frame: &Value) -> bool {
    frame["route"] == "claim" && frame["slots"] == 0
}

/// Takes the steps of a dialogue.
pub(super) struct Player {
    pub(super) stage: Stage,
    pub(super) names: Names,
    /// The order of each name that was given last.
    pub(super) orders: BTreeMap<String, u64>,
    weighed: u64,
}

impl Player {
    fn new(stage: Stage) -> Self {
        Self {
            stage,
            names: Names::new(Others::Fine),
            orders: BTreeMap::new(),
            weighed: 0,
        }
    }

    async fn play(&mut self, dialogue: &Dialogue<Step>, place: &mut String) -> Result<(), String> {
        if dialogue.head.get("connect") != Some(&Value::Bool(false)) {
            self.order("", r#"{"do":"connect"}"#)?;
            self.open("").await?;
            self.answer("", &[json!({"ok": "<any>"})], None).await?;
        }
        for (at, step) in &dialogue.steps {
            place.clone_from(at);
            Box::pin(self.step(step)).await?;
        }
        self.pass(AFTER).await?;
        if let Some(frame) = self.stage.door.left_over().next() {
            let frame = shortened(frame);
            return Err(format!("after the last line the client had sent {frame}"));
        }
        self.leave().await
    }

    /// Has the driver leave. Its client may say goodbye, and nothing else.
    async fn leave(&mut self) -> Result<(), String> {
        self.stage.leave().await?;
        let mut said = self.stage.door.left_over();
        match said.find(|frame| !is_goodbye(frame)) {
            Some(frame) => Err(format!("as it left the client sent {}", shortened(frame))),
            None => Ok(()),
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Order(name, order) => self.order(name, order),
            Step::Answer(name, ways, within) => self.answer(name, ways, *within).await,
            Step::Unanswered(name, seconds) => self.unanswered(name, *seconds).await,
            Step::Until(order, expected) => self.ask_until(order, expected).await,
            Step::Open(name) => self.open(name).await,
            Step::Nobody(seconds) => self.nobody(*seconds).await,
            Step::Hear(name, frames) => self.hear(name, frames).await,
            Step::Quiet(name, seconds) => self.quiet(name, *seconds).await,
            Step::Said(lease, expected) => self.said(lease, expected).await,
            Step::Ping(name, text) => self.ping(name, text).await,
            Step::Pass(seconds) => self.pass(span(*seconds)?).await,
            Step::ToLine(name, what) => self.do_to_line(name, what).await,
            Step::Grown(megabytes, seconds) => self.grown(*megabytes, span(*seconds)?).await,
            Step::AtOnce(what) => self.at_once(what),
        }
    }

    /// What takes no time.
    fn at_once(&mut self, what: &AtOnce) -> Result<(), String> {
        match what {
            AtOnce::Refuse(refuse) => self.stage.door.refuse(*refuse)?,
            AtOnce::Job(script) => self.stage.desk.jobs.push(Job::new((**script).clone())),
            AtOnce::Release(name) => {
                let job = self.stage.desk.named(name);
                job.ok_or_else(|| format!("there is no job {name:?}"))?
                    .release();
            }
            AtOnce::Acknowledge(how) => self.stage.desk.leases.acknowledge = *how,
            AtOnce::Weigh => self.weighed = self.weigh()?,
            AtOnce::Silent(silent) => self.stage.door.fall_silent(*silent),
            AtOnce::TurnAway(turn_away) => self.stage.door.turns_away = *turn_away,
            AtOnce::TurnedAway(most) => {
                let times = self.stage.door.turned_away;
                if times > *most {
                    return Err(format!(
                        "the client tried to connect {times} times, expected {most} at most"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Looks time and again how much the driver has grown.
    async fn grown(&mut self, megabytes: u64, time: Duration) -> Result<(), String> {
        let since = Instant::now();
        while since.elapsed() < time {
            self.pass(TICK).await?;
            let grown = self.kilobytes()?.saturating_sub(self.weighed) / 1024;
            if grown > megabytes {
                return Err(format!(
                    "the driver has grown by {grown} MB, expected {megabytes} at most"
                ));
            }
        }
        Ok(())
    }

    async fn said(&mut self, lease: &str, expected: &Value) -> Result<(), String> {
        let mut names = self.names.clone();
        let said = |stage: &mut Stage| {
            let said = stage.desk.leases.of(lease);
            names.matches(expected, &said).ok()
        };
        let what = format!("the worker to say {expected} of {lease}");
        let waited = self.stage.until(&what, said).await;
        waited.map_err(|why| {
            let said = self.stage.desk.leases.of(lease);
            format!("{why}; it said {}", shortened(&said))
        })
    }

    pub(super) async fn pass(&mut self, time: Duration) -> Result<(), String> {
        self.stage.within(time, |_| None::<()>).await.map(drop)
    }

    /// Where it cannot be seen how much memory a driver has, the dialogue is left out.
    fn weigh(&mut self) -> Result<u64, String> {
        let weighed = self.kilobytes();
        if !weigh::IS_SEEN {
            let what = "memory, which is seen on Linux alone".to_owned();
            self.stage.driver.answers.unsupported = Some(what);
        }
        weighed
    }

    fn kilobytes(&self) -> Result<u64, String> {
        let pid = self.stage.driver.pid();
        let weighed = pid.and_then(weigh::kilobytes);
        weighed
            .ok_or_else(|| "how much memory the driver has is not to be seen in /proc".to_owned())
    }
}

#[cfg(test)]
mod tests;
