//! Plays one dialogue against a driver.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout};
use tokio_websockets::{CloseCode, Message};

use super::{
    job::Job,
    stage::{PATIENCE, Stage},
    step::Step,
    weigh,
};
use crate::{
    Dialogue, Failure, Names, Others, Verdict,
    matching::shortened,
    speak::span,
};

/// No dialogue takes longer, whatever its steps wait for.
const LONGEST: Duration = Duration::from_secs(180);
/// How long after the last step the client might still say something.
const AFTER: Duration = Duration::from_millis(50);
/// How often an answer that changes is asked for.
const TICK: Duration = Duration::from_millis(20);

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
    match (played, &stage.driver.unsupported) {
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

struct Player {
    stage: Stage,
    names: Names,
    /// The order of each name that was given last.
    orders: BTreeMap<String, u64>,
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
        if let Some(frame) = self.stage.door.left_over() {
            let why = format!("after the last line the client had sent {frame}");
            return Err(why);
        }
        self.stage.leave().await
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
            Step::Say(..) | Step::Half(..) | Step::Cut(_) | Step::Close(..) | Step::Closed(_)
            | Step::Deaf(..) => self.to_line(step).await,
            Step::Refuse(_) | Step::Job(_) | Step::Release(_) | Step::Acknowledge(_)
            | Step::Weigh | Step::Grown(_) => self.at_once(step),
        }
    }

    /// What is done to a connection.
    async fn to_line(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Say(name, texts) => self.say(name, texts).await,
            Step::Half(name, text) => {
                let text = self.names.fill(text);
                let half = |line: &mut super::line::Line| {
                    line.cut_within(&text);
                    Some(())
                };
                self.stage.of_line(name, "a connection", half).await?;
                self.over(name).await
            }
            Step::Cut(name) => {
                let cut = |line: &mut super::line::Line| {
                    line.cut();
                    Some(())
                };
                self.stage.of_line(name, "a connection", cut).await?;
                self.over(name).await
            }
            Step::Close(name, code) => {
                let code = CloseCode::try_from(*code).map_err(|e| format!("{code}: {e}"))?;
                let mut close = Some(Message::close(Some(code), "as the dialogue says"));
                let close = |line: &mut super::line::Line| {
                    close.take().map(|close| line.send(close))
                };
                self.stage.of_line(name, "a connection", close).await
            }
            Step::Closed(name) => self.over(name).await,
            Step::Deaf(name, deaf) => {
                let deafen = |line: &mut super::line::Line| {
                    line.deaf = *deaf;
                    Some(())
                };
                self.stage.of_line(name, "a connection", deafen).await
            }
            _ => Ok(()),
        }
    }

    /// What takes no time.
    fn at_once(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Refuse(refuse) => self.stage.door.refuse(*refuse)?,
            Step::Job(script) => self.stage.desk.jobs.push(Job::new(script.clone())),
            Step::Release(name) => {
                let job = self.stage.desk.named(name);
                job.ok_or_else(|| format!("there is no job {name:?}"))?.release();
            }
            Step::Acknowledge(how) => self.stage.desk.leases.acknowledge = *how,
            Step::Weigh => self.weighed = self.kilobytes()?,
            Step::Grown(megabytes) => {
                let grown = self.kilobytes()?.saturating_sub(self.weighed) / 1024;
                if grown > *megabytes {
                    return Err(format!(
                        "the driver has grown by {grown} MB, expected {megabytes} at most"
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn order(&mut self, name: &str, text: &str) -> Result<(), String> {
        let order = self.read_order(text)?;
        let number = self.stage.order(order);
        self.orders.insert(name.to_owned(), number);
        Ok(())
    }

    fn read_order(&self, text: &str) -> Result<Map<String, Value>, String> {
        serde_json::from_str(&self.names.fill(text)).map_err(|e| format!("{e}: {text}"))
    }

    fn ordered(&self, name: &str) -> Result<u64, String> {
        let number = self.orders.get(name).copied();
        number.ok_or_else(|| format!("no order {name:?} was given"))
    }

    async fn answer(
        &mut self,
        name: &str,
        ways: &[Value],
        within: Option<f64>,
    ) -> Result<(), String> {
        let number = self.ordered(name)?;
        let time = within.map_or(Ok(PATIENCE), span)?;
        let answer = self.stage.answer(number, time).await;
        let expected = words(ways);
        let answer = answer.map_err(|why| format!("expected {expected}: {why}"))?;
        fits(&mut self.names, ways, &answer)
    }

    async fn unanswered(&mut self, name: &str, seconds: f64) -> Result<(), String> {
        let number = self.ordered(name)?;
        let answered = |stage: &mut Stage| stage.driver.is_answered(number).then_some(());
        match self.stage.within(span(seconds)?, answered).await? {
            Some(()) => Err(format!("the order {name:?} was answered already")),
            None => Ok(()),
        }
    }

    async fn ask_until(&mut self, order: &str, expected: &Value) -> Result<(), String> {
        let since = Instant::now();
        loop {
            let order = self.read_order(order)?;
            let number = self.stage.order(order);
            let answer = self.stage.answer(number, PATIENCE).await?;
            let mut names = self.names.clone();
            match fits(&mut names, std::slice::from_ref(expected), &answer) {
                Ok(()) => {
                    self.names = names;
                    return Ok(());
                }
                Err(_) if since.elapsed() < PATIENCE => self.pass(TICK).await?,
                Err(why) => return Err(why),
            }
        }
    }

    async fn open(&mut self, name: &str) -> Result<(), String> {
        let is_there = |line: &mut super::line::Line| (!line.is_over()).then_some(());
        self.stage.of_line(name, "a connection", is_there).await
    }

    async fn nobody(&mut self, seconds: f64) -> Result<(), String> {
        let called = |stage: &mut Stage| stage.door.is_called().then_some(());
        match self.stage.within(span(seconds)?, called).await? {
            Some(()) => Err("the client connects again, expected that it does not".to_owned()),
            None => Ok(()),
        }
    }

    /// The connection ends; the next of that name is another.
    async fn over(&mut self, name: &str) -> Result<(), String> {
        let over = |line: &mut super::line::Line| line.is_over().then_some(());
        let what = "the end of the connection";
        self.stage.of_line(name, what, over).await
    }

    async fn hear(&mut self, name: &str, frames: &[Value]) -> Result<(), String> {
        let mut missing: Vec<&Value> = frames.iter().collect();
        while let Some(first) = missing.first() {
            let what = format!("the client to send {first}");
            let next = |line: &mut super::line::Line| line.inbox.pop_front();
            let got = self.stage.of_line(name, &what, next).await?;
            let place = missing.iter().position(|expected| {
                let mut names = self.names.clone();
                names.matches(expected, &got).is_ok()
            });
            self.names
                .matches(missing[place.unwrap_or(0)], &got)
                .map_err(|why| format!("{why}\n    expected {first}\n    got      {}", shortened(&got)))?;
            missing.remove(place.unwrap_or(0));
            if let Some(line) = self.stage.door.line(name) {
                line.last_id = got.get("id").filter(|id| !id.is_null()).cloned();
            }
        }
        Ok(())
    }

    async fn quiet(&mut self, name: &str, seconds: f64) -> Result<(), String> {
        let next = |stage: &mut Stage| stage.door.line(name)?.inbox.pop_front();
        match self.stage.within(span(seconds)?, next).await? {
            Some(frame) => Err(format!("expected nothing, got {}", shortened(&frame))),
            None => Ok(()),
        }
    }

    async fn say(&mut self, name: &str, texts: &[String]) -> Result<(), String> {
        let mut texts: Vec<String> = texts.iter().map(|text| self.names.fill(text)).collect();
        let send = |line: &mut super::line::Line| {
            for text in texts.drain(..) {
                if let Some(text) = answering(&text, line.last_id.as_ref()) {
                    line.send(Message::text(text));
                }
            }
            Some(())
        };
        self.stage.of_line(name, "a connection", send).await
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

    async fn ping(&mut self, name: &str, text: &str) -> Result<(), String> {
        let mut ping = Some(Message::ping(text.to_owned()));
        let send = |line: &mut super::line::Line| ping.take().map(|ping| line.send(ping));
        self.stage.of_line(name, "a connection", send).await?;
        let answered = |line: &mut super::line::Line| {
            let pong = line.pongs.iter().any(|pong| pong == text.as_bytes());
            pong.then_some(())
        };
        self.stage.of_line(name, "a pong", answered).await
    }

    async fn pass(&mut self, time: Duration) -> Result<(), String> {
        self.stage.within(time, |_| None::<()>).await.map(drop)
    }

    fn kilobytes(&self) -> Result<u64, String> {
        let pid = self.stage.driver.pid();
        let weighed = pid.and_then(weigh::kilobytes);
        weighed.ok_or_else(|| "how much memory the driver has is not to be seen in /proc".to_owned())
    }
}

/// Whether an answer is one of those that are expected.
fn fits(names: &mut Names, ways: &[Value], answer: &Value) -> Result<(), String> {
    let mut why = String::new();
    for expected in ways {
        let mut tried = names.clone();
        match tried.matches(expected, answer) {
            Ok(()) => {
                *names = tried;
                return Ok(());
            }
            Err(difference) => why = difference,
        }
    }
    let (expected, answer) = (words(ways), shortened(answer));
    Err(format!("{why}\n    expected {expected}\n    got      {answer}"))
}

fn words(ways: &[Value]) -> String {
    let ways: Vec<String> = ways.iter().map(ToString::to_string).collect();
    ways.join(" or ")
}

/// A text with the id of the frame that it answers; none where that had none, and so wants no answer.
fn answering(text: &str, id: Option<&Value>) -> Option<String> {
    const PLACE: &str = "\"<id>\"";
    if !text.contains(PLACE) {
        return Some(text.to_owned());
    }
    id.map(|id| text.replace(PLACE, &id.to_string()))
}
