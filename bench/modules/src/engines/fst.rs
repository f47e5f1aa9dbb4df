//! fst: names in a finite-state transducer, by prefix, then by prefix with a typo.

use std::collections::BTreeMap;

use anyhow::Result;
use fst::{
    Automaton, IntoStreamer, Map, Streamer,
    automaton::{Levenshtein, Str},
};

use super::{Engine, LIMIT, is_in, last_name};
use crate::corpus::Symbol;

pub(crate) struct Fst {
    names: Map<Vec<u8>>,
    lists: Vec<Vec<(String, Vec<String>)>>,
}

/// More names of one prefix are not looked at.
const MOST: usize = 10_000;

impl Fst {
    pub(crate) fn build(symbols: &[Symbol], _: &str) -> Result<Box<dyn Engine>> {
        let mut by_name: BTreeMap<String, Vec<(String, Vec<String>)>> = BTreeMap::new();
        for symbol in symbols {
            let list = by_name.entry(symbol.name.to_lowercase()).or_default();
            list.push((symbol.qualified.clone(), symbol.libs.clone()));
        }
        let numbered = (0..).zip(by_name.keys()).map(|(number, name)| (name, number));
        let names = Map::from_iter(numbered)?;
        Ok(Box::new(Self {
            names,
            lists: by_name.into_values().collect(),
        }))
    }

    fn collect(&self, automaton: impl Automaton, libs: &[String]) -> Vec<String> {
        let mut stream = self.names.search(automaton).into_stream();
        let mut found = Vec::new();
        while let Some((name, number)) = stream.next() {
            let list = self.lists[number as usize].iter();
            let list = list.filter(|(_, symbol)| is_in(symbol, libs));
            found.extend(list.map(|(qualified, _)| (name.len(), qualified.len(), qualified)));
            if found.len() > MOST {
                break;
            }
        }
        found.sort_unstable();
        found.truncate(LIMIT);
        found.into_iter().map(|(_, _, name)| name.clone()).collect()
    }
}

impl Engine for Fst {
    fn ask(&mut self, text: &str, libs: &[String]) -> Result<Vec<String>> {
        let text = last_name(text);
        let found = self.collect(Str::new(&text).starts_with(), libs);
        match Levenshtein::new(&text, 1) {
            Ok(near) if found.is_empty() => Ok(self.collect(near.starts_with(), libs)),
            _ => Ok(found),
        }
    }
}
