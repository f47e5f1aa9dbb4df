//! Connections: what the client sends, what it is sent, and what is done to them.

use serde_json::Value;
use tokio_websockets::{CloseCode, Message};

use super::{line::Line, play::Player, stage::Stage, step::ToLine};
use crate::{matching::shortened, speak::span};

impl Player {
    /// Does it to the connection of that name, once that is there.
    pub(super) async fn do_to_line(&mut self, name: &str, what: &ToLine) -> Result<(), String> {
        match what {
            ToLine::Say(texts) => self.say(name, texts).await,
            ToLine::Binary(text) => {
                let message = Message::binary(text.clone());
                self.on(name, |line| line.send(message)).await
            }
            ToLine::Half(text) => {
                let text = self.names.fill(text);
                self.on(name, |line| line.cut_within(&text)).await?;
                self.over(name).await
            }
            ToLine::Cut => {
                self.on(name, Line::cut).await?;
                self.over(name).await
            }
            ToLine::Close(code) => {
                let code = CloseCode::try_from(*code).map_err(|e| format!("{code}: {e}"))?;
                let close = Message::close(Some(code), "as the dialogue says");
                self.on(name, |line| line.close(close)).await
            }
            ToLine::Closed => self.over(name).await,
            ToLine::Deaf(deaf) => self.on(name, |line| line.deaf = *deaf).await,
        }
    }

    async fn on(&mut self, name: &str, act: impl FnOnce(&mut Line)) -> Result<(), String> {
        let mut act = Some(act);
        let act = |line: &mut Line| act.take().map(|act| act(line));
        self.stage.of_line(name, "a connection", act).await
    }

    pub(super) async fn open(&mut self, name: &str) -> Result<(), String> {
        let come = |stage: &mut Stage| stage.door.has_come(name).then_some(());
        self.stage.until("a connection", come).await
    }

    pub(super) async fn nobody(&mut self, seconds: f64) -> Result<(), String> {
        let called = |stage: &mut Stage| stage.door.is_called().then_some(());
        match self.stage.within(span(seconds)?, called).await? {
            Some(()) => Err("the client connects again, expected that it does not".to_owned()),
            None => Ok(()),
        }
    }

    /// The connection ends; the next of that name is another.
    async fn over(&mut self, name: &str) -> Result<(), String> {
        let over = |stage: &mut Stage| stage.door.has_ended(name).then_some(());
        self.stage.until("the end of the connection", over).await
    }

    pub(super) async fn hear(&mut self, name: &str, frames: &[Value]) -> Result<(), String> {
        let mut missing: Vec<&Value> = frames.iter().collect();
        while let Some(first) = missing.first() {
            let what = format!("the client to send {first}");
            let next = |stage: &mut Stage| stage.door.frame(name);
            let got = self.stage.until(&what, next).await?;
            let place = missing.iter().position(|expected| {
                let mut names = self.names.clone();
                names.matches(expected, &got).is_ok()
            });
            self.names
                .matches(missing[place.unwrap_or(0)], &got)
                .map_err(|why| {
                    format!(
                        "{why}\n    expected {first}\n    got      {}",
                        shortened(&got)
                    )
                })?;
            missing.remove(place.unwrap_or(0));
            if let Some(line) = self.stage.door.last(name) {
                line.last_id = Some(got.get("id").filter(|id| !id.is_null()).cloned());
            }
        }
        Ok(())
    }

    pub(super) async fn quiet(&mut self, name: &str, seconds: f64) -> Result<(), String> {
        let next = |stage: &mut Stage| stage.door.frame(name);
        match self.stage.within(span(seconds)?, next).await? {
            Some(frame) => Err(format!("expected nothing, got {}", shortened(&frame))),
            None => Ok(()),
        }
    }

    async fn say(&mut self, name: &str, texts: &[String]) -> Result<(), String> {
        let texts: Vec<String> = texts.iter().map(|text| self.names.fill(text)).collect();
        let mut said = Ok(());
        let send = |line: &mut Line| said = texts.iter().try_for_each(|text| answer(line, text));
        self.on(name, send).await?;
        said
    }

    pub(super) async fn ping(&mut self, name: &str, text: &str) -> Result<(), String> {
        let ping = Message::ping(text.to_owned());
        self.on(name, |line| line.send(ping)).await?;
        let answered = |line: &mut Line| {
            let pong = line.pongs.iter().any(|pong| pong == text.as_bytes());
            pong.then_some(())
        };
        self.stage.of_line(name, "a pong", answered).await
    }
}

/// Sends a text with the id of the frame that it answers; nothing where that had none, and so wants no answer.
fn answer(line: &mut Line, text: &str) -> Result<(), String> {
    const PLACE: &str = "\"<id>\"";
    if !text.contains(PLACE) {
        line.send(Message::text(text.to_owned()));
        return Ok(());
    }
    let heard = line.last_id.as_ref();
    let id = heard.ok_or("no frame was expected on this connection that \"<id>\" could answer")?;
    if let Some(id) = id {
        let text = text.replace(PLACE, &id.to_string());
        line.send(Message::text(text));
    }
    Ok(())
}
