//! Ours.

use anyhow::{Result, anyhow};
use longwire_modules::{Catalogue, Limits, Question, readers, search};

use super::{Engine, LIMIT};
use crate::corpus::Symbol;

pub(crate) struct Ours(pub(crate) Catalogue);

impl Ours {
    pub(crate) fn build(_: &[Symbol], lines: &str) -> Result<Box<dyn Engine>> {
        let catalogue = readers::read("catalogue.jsonl", lines.as_bytes(), &Limits::default())?;
        Ok(Box::new(Self(catalogue)))
    }
}

impl Engine for Ours {
    fn ask(&mut self, text: &str, libs: &[String]) -> Result<Vec<String>> {
        let question = Question {
            text: text.to_owned(),
            lib: libs.to_vec(),
            limit: Some(LIMIT as u64),
            ..Question::default()
        };
        let query = question.check().map_err(|refusal| anyhow!("{refusal}"))?;
        match search(&self.0, &query) {
            Ok(page) => Ok(page.data.into_iter().map(|set| set.qualified).collect()),
            // A library that this catalogue has not.
            Err(_) => Ok(Vec::new()),
        }
    }
}
