//! tantivy: a full-text index in memory; names and their words by prefix, then with a typo.

use anyhow::{Context, Result};
use tantivy::{
    Index, IndexReader, TantivyDocument, Term,
    collector::TopDocs,
    doc,
    query::{BooleanQuery, BoostQuery, FuzzyTermQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption, STORED, STRING, Schema, TEXT, Value},
};

use super::{Engine, LIMIT, last_name};
use crate::corpus::Symbol;

pub(crate) struct Tantivy {
    reader: IndexReader,
    name: Field,
    words: Field,
    lib: Field,
    qualified: Field,
}

impl Tantivy {
    pub(crate) fn build(symbols: &[Symbol], _: &str) -> Result<Box<dyn Engine>> {
        let mut schema = Schema::builder();
        let name = schema.add_text_field("name", STRING);
        let words = schema.add_text_field("words", TEXT);
        let lib = schema.add_text_field("lib", STRING);
        let qualified = schema.add_text_field("qualified", STRING | STORED);
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, 100_000_000)?;
        for symbol in symbols {
            let mut document = doc!(
                name => symbol.name.to_lowercase(),
                words => symbol.name.replace('_', " "),
                qualified => symbol.qualified.clone(),
            );
            for one in &symbol.libs {
                document.add_text(lib, one);
            }
            writer.add_document(document)?;
        }
        writer.commit()?;
        Ok(Box::new(Self {
            reader: index.reader()?,
            name,
            words,
            lib,
            qualified,
        }))
    }

    fn query(&self, text: &str, libs: &[String], typos: u8) -> Box<dyn Query> {
        let name = Term::from_field_text(self.name, text);
        let word = Term::from_field_text(self.words, text);
        let whole = TermQuery::new(name.clone(), IndexRecordOption::Basic);
        let named = BooleanQuery::union(vec![
            Box::new(BoostQuery::new(Box::new(whole), 10.0)),
            Box::new(BoostQuery::new(
                Box::new(FuzzyTermQuery::new_prefix(name, typos, true)),
                3.0,
            )),
            Box::new(FuzzyTermQuery::new_prefix(word, typos, true)),
        ]);
        if libs.is_empty() {
            return Box::new(named);
        }
        let libs = libs.iter().map(|lib| -> Box<dyn Query> {
            let term = Term::from_field_text(self.lib, lib);
            Box::new(TermQuery::new(term, IndexRecordOption::Basic))
        });
        Box::new(BooleanQuery::new(vec![
            (Occur::Must, Box::new(named)),
            (Occur::Must, Box::new(BooleanQuery::union(libs.collect()))),
        ]))
    }
}

impl Engine for Tantivy {
    fn ask(&mut self, text: &str, libs: &[String]) -> Result<Vec<String>> {
        let text = last_name(text);
        let searcher = self.reader.searcher();
        for typos in [0, 1] {
            let query = self.query(&text, libs, typos);
            let top = TopDocs::with_limit(LIMIT).order_by_score();
            let found = searcher.search(&*query, &top)?;
            if found.is_empty() {
                continue;
            }
            let names = found.into_iter().map(|(_, at)| {
                let document: TantivyDocument = searcher.doc(at)?;
                let name = document.get_first(self.qualified).and_then(|name| name.as_str());
                Ok(name.context("a stored name")?.to_owned())
            });
            return names.collect();
        }
        Ok(Vec::new())
    }
}
