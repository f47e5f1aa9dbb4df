//! The search: a question and a catalogue make a page.

mod best;
mod gather;
mod mark;
mod nearest;
mod page;
mod pieces;
mod plain;
mod qualifier;
mod rank;
mod say;
mod tier;
mod typed;
mod typo;

pub(crate) use nearest::nearest;
pub use page::{Answer, How, Match, Page, Set, Signature, Status};

use crate::{
    Catalogue, Query, Refusal,
    catalogue::excerpt,
    since::{self, Age},
};
use gather::{Filter, Gather};

/// Finds what a question asks for. Looks at nothing but its arguments, and never waits.
///
/// Refuses where none of the libraries is known, or where the catalogue's ages are no such thing as the question's.
///
/// ```
/// use longwire_modules::{Limits, Query, readers, search};
///
/// let lines = r#"{"catalogue":"demo","version":1}
/// {"qualified":"std::vector::push_back","lib":"vector","kind":"function"}
/// {"qualified":"std::vector::pop_back","lib":"vector","kind":"function"}"#;
/// let demo = readers::read("demo.jsonl", lines.as_bytes(), &Limits::default()).unwrap();
///
/// let query = Query::from_json(br#"{"lib":"vector","text":"push"}"#).unwrap();
/// let page = search(&demo, &query).unwrap();
/// assert_eq!(page.message, "1 match in vector");
/// assert_eq!(page.data[0].qualified, "std::vector::push_back");
/// ```
pub fn search(catalogue: &Catalogue, query: &Query) -> Result<Page, Refusal> {
    let libs = Asked::new(catalogue, &query.libs)?;
    let since = query.since.as_deref();
    let since = since.map(|text| age(catalogue, text)).transpose()?;
    let gather = Gather {
        catalogue,
        libs: &libs.known,
        filter: Filter {
            kinds: &query.kinds,
            since,
        },
    };
    let needles = typed::read(&query.text);
    let mut best = gather.best(&needles, query.offset + query.limit);
    let total = best.total();
    let shown = best.page(query.offset, query.limit);
    let data = shown
        .iter()
        .map(|rank| page::set(catalogue, &needles, rank.entry(), since));
    Ok(Page {
        data: data.collect(),
        message: say::found(total, &libs, query),
        total,
    })
}

/// What a question says of ages, for this catalogue.
fn age(catalogue: &Catalogue, text: &str) -> Result<Age, Refusal> {
    since::asked(text, catalogue.years()).ok_or_else(|| {
        if !catalogue.years() {
            return Refusal::since(text);
        }
        let (known, got) = (since::STANDARDS.join(", "), excerpt(text));
        Refusal::field("since", &format!("must be of {known}, got {got:?}"))
    })
}

/// The libraries that a question asks for.
pub(crate) struct Asked<'a> {
    /// What each known name stands for.
    known: Vec<Vec<u32>>,
    names: Vec<&'a str>,
    unknown: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Asked<'a> {
    fn new(catalogue: &'a Catalogue, asked: &'a [String]) -> Result<Self, Refusal> {
        let mut libs = Self {
            known: Vec::new(),
            names: Vec::new(),
            unknown: Vec::new(),
        };
        for name in asked {
            let plain = name.strip_suffix(catalogue.sep()).unwrap_or(name);
            let found = catalogue.parts().find(plain, catalogue.strings());
            if found.is_empty() {
                libs.unknown.push((name, None));
            } else {
                libs.known.push(found);
                libs.names.push(name);
            }
        }
        libs.look_nearby(catalogue);
        if libs.names.is_empty() && !libs.unknown.is_empty() {
            return Err(say::all_unknown(&libs.unknown));
        }
        Ok(libs)
    }

    /// Finds what the unknown ones were meant to be, as far as it will be said.
    fn look_nearby(&mut self, catalogue: &'a Catalogue) {
        let listed = self.unknown.iter().take(say::LISTED);
        let wrong: Vec<&str> = listed.map(|(name, _)| *name).collect();
        if wrong.is_empty() {
            return;
        }
        let found = nearest(catalogue.libs().map(|(lib, _)| lib), &wrong);
        for ((_, near), found) in self.unknown.iter_mut().zip(found) {
            *near = found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Question, readers};

    /// What the index finds is what there is of the ways that it knows.
    #[test]
    fn a_large_catalogue_finds_what_a_small_one_does() {
        let lines: &[u8] = include_bytes!("../../data/cpp.jsonl.gz");
        let read = || readers::read("cpp", lines, &Limits::default()).unwrap();
        let (small, large) = (read(), read().indexed());
        let rows = include_str!("../../tests/fixtures/questions.tsv").lines();
        let mut indexed = 0;
        for text in rows.map(|row| row.split('\t').next().unwrap_or_default()) {
            let question = Question {
                text: text.to_owned(),
                limit: Some(200),
                ..Question::default()
            };
            let query = question.check().unwrap();
            let [small, large] =
                [&small, &large].map(|catalogue| search(catalogue, &query).unwrap().data);
            let by_index = |set: &&Set| {
                matches!(
                    set.found.how,
                    How::Exact | How::Same | How::Prefix | How::Word
                )
            };
            let expected: Vec<&Set> = small.iter().filter(by_index).collect();
            let one_reading = typed::read(text).len() == 1;
            if expected.is_empty() || !one_reading || expected.len() == 200 {
                continue;
            }
            assert_eq!(large.iter().collect::<Vec<_>>(), expected, "{text:?}");
            indexed += 1;
        }
        assert!(indexed > 100, "{indexed}");
    }

    #[test]
    fn a_name_in_which_two_words_fit_is_one_match() {
        let lines = "{\"catalogue\":\"x\",\"version\":1}\n{\"qualified\":\"x::push_push_pop\",\"lib\":\"x\",\"kind\":\"function\"}";
        let catalogue = readers::read("x", lines.as_bytes(), &Limits::default())
            .unwrap()
            .indexed();
        for (text, how) in [
            ("push", How::Prefix),
            ("p", How::Prefix),
            ("pop", How::Word),
        ] {
            let query = Query::from_pairs([("text", text)]).unwrap();
            let page = search(&catalogue, &query).unwrap();
            assert_eq!((page.total, page.data[0].found.how), (1, how), "{text}");
        }
    }
}
