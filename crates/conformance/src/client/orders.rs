//! Orders to the driver, and its answers.

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    play::{Player, TICK},
    stage::{PATIENCE, Stage},
};
use crate::{Names, matching::shortened, speak::span};

impl Player {
    pub(super) fn order(&mut self, name: &str, text: &str) -> Result<(), String> {
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

    pub(super) async fn answer(
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

    pub(super) async fn unanswered(&mut self, name: &str, seconds: f64) -> Result<(), String> {
        let number = self.ordered(name)?;
        let answered = |stage: &mut Stage| stage.driver.answers.has(number).then_some(());
        match self.stage.within(span(seconds)?, answered).await? {
            Some(()) => Err(format!("the order {name:?} was answered already")),
            None => Ok(()),
        }
    }

    pub(super) async fn ask_until(&mut self, order: &str, expected: &Value) -> Result<(), String> {
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
    Err(format!(
        "{why}\n    expected {expected}\n    got      {answer}"
    ))
}

fn words(ways: &[Value]) -> String {
    let ways: Vec<String> = ways.iter().map(ToString::to_string).collect();
    ways.join(" or ")
}
