//! What was said last, for whoever reads a failure.

use std::collections::VecDeque;

use serde_json::Value;
use tokio::time::Instant;

use crate::matching::cut;

/// How much of it is kept.
const LINES: usize = 40;
const LINE_BYTES: usize = 300;

/// Frames, orders and answers, each with its time.
#[derive(Debug)]
pub(super) struct Record {
    since: Instant,
    lines: VecDeque<String>,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            lines: VecDeque::new(),
        }
    }

    pub(super) fn frame(&mut self, sign: char, text: &str) {
        self.add(&format!("{sign} {text}"));
    }

    pub(super) fn order(&mut self, order: &Value) {
        self.add(&format!("! {order}"));
    }

    pub(super) fn answer(&mut self, answer: &Value) {
        self.add(&format!("= {answer}"));
    }

    pub(super) fn note(&mut self, what: &str) {
        self.add(&format!("({what})"));
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }

    fn add(&mut self, line: &str) {
        let at = self.since.elapsed().as_secs_f64();
        let line = format!("{at:7.3} {}", cut(line, LINE_BYTES));
        self.lines.push_back(line);
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
    }
}
