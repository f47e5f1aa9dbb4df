//! Orders to the driver that are to be answered, and their answers.

use std::collections::HashMap;

use serde_json::Value;

use crate::matching::cut;

/// What every client can, or there is nothing to play.
const NEEDED: [&str; 2] = ["connect", "start"];

/// An order that was given.
#[derive(Debug)]
struct Asked {
    verb: String,
    answer: Option<Value>,
}

/// Orders that are not answered, and answers that nobody asked for yet.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    asked: HashMap<u64, Asked>,
    last: u64,
    /// What the driver did that no driver may.
    pub(super) fault: Option<String>,
    /// What it was told to do and has not.
    pub(super) unsupported: Option<String>,
}

impl Answers {
    /// The number by which an order will be answered.
    pub(super) fn expect(&mut self, verb: &str) -> u64 {
        self.last += 1;
        let asked = Asked {
            verb: verb.to_owned(),
            answer: None,
        };
        self.asked.insert(self.last, asked);
        self.last
    }

    /// The answer to an order, once.
    pub(super) fn take(&mut self, number: u64) -> Option<Value> {
        self.asked.get(&number)?.answer.as_ref()?;
        self.asked.remove(&number)?.answer
    }

    /// Whether an order was answered.
    pub(super) fn has(&self, number: u64) -> bool {
        let asked = self.asked.get(&number);
        asked.is_some_and(|asked| asked.answer.is_some())
    }

    /// A line that answers no order is a fault, so a driver cannot flood.
    pub(super) fn hear(&mut self, line: &str) {
        let answer: Option<Value> = serde_json::from_str(line).ok();
        let number = answer.as_ref().and_then(|it| it["n"].as_u64());
        let asked = number.and_then(|number| self.asked.get_mut(&number));
        match (asked.filter(|asked| asked.answer.is_none()), answer) {
            (Some(asked), Some(answer)) => {
                let error = &answer["error"];
                let is_needed = NEEDED.contains(&asked.verb.as_str());
                if error["code"] == "unsupported" && is_needed {
                    let why = format!("no driver can leave out {:?}", asked.verb);
                    self.fault = Some(why);
                } else if error["code"] == "unsupported" {
                    let what = error["message"].as_str().unwrap_or_default();
                    self.unsupported = Some(what.to_owned());
                }
                asked.answer = Some(answer);
            }
            _ if self.fault.is_none() => {
                let line = cut(line, 200);
                self.fault = Some(format!("the driver printed what answers no order: {line}"));
            }
            _ => {}
        }
    }
}
