//! nucleo-matcher: the fuzzy matcher of the Helix editor, over all whole names.

use anyhow::Result;
use nucleo_matcher::{
    Config, Matcher, Utf32String,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use super::{Engine, LIMIT, is_in};
use crate::corpus::Symbol;

pub(crate) struct Nucleo {
    symbols: Vec<(Utf32String, String, Vec<String>)>,
    matcher: Matcher,
}

impl Nucleo {
    pub(crate) fn build(symbols: &[Symbol], _: &str) -> Result<Box<dyn Engine>> {
        let symbols = symbols.iter().map(|symbol| {
            let text = Utf32String::from(&*symbol.qualified);
            (text, symbol.qualified.clone(), symbol.libs.clone())
        });
        Ok(Box::new(Self {
            symbols: symbols.collect(),
            matcher: Matcher::new(Config::DEFAULT),
        }))
    }
}

impl Engine for Nucleo {
    fn ask(&mut self, text: &str, libs: &[String]) -> Result<Vec<String>> {
        let pattern = Pattern::new(
            text,
            CaseMatching::Ignore,
            Normalization::Never,
            AtomKind::Fuzzy,
        );
        let matcher = &mut self.matcher;
        let near = self.symbols.iter().filter(|(_, _, symbol)| is_in(symbol, libs));
        let found = near.filter_map(|(text, qualified, _)| {
            let score = pattern.score(text.slice(..), matcher)?;
            Some((u32::MAX - score, qualified.len(), qualified))
        });
        let mut found: Vec<(u32, usize, &String)> = found.collect();
        found.sort_unstable();
        found.truncate(LIMIT);
        Ok(found.into_iter().map(|(_, _, name)| name.clone()).collect())
    }
}
