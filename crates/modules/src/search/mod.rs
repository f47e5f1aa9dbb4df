//! The search: a question and a catalogue make a page.

mod gather;
mod page;
mod qualifier;
mod rank;
mod say;
mod tier;
mod typed;

pub use page::{Answer, How, Match, Page, Set, Signature, Status};
pub(crate) use say::nearest;

use crate::{Catalogue, Query, Refusal, since};
use gather::{Filter, Gather};
use rank::Rank;

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
    let since = query
        .since
        .as_deref()
        .map(|text| since::asked(text, catalogue.years()).ok_or_else(|| Refusal::since(text)));
    let since = since.transpose()?;
    let gather = Gather {
        catalogue,
        libs: &libs.known,
        filter: Filter {
            kinds: &query.kinds,
            since,
        },
        wanted: query.offset + query.limit,
    };
    let needles = typed::read(&query.text);
    let mut gathered = gather.matches(&needles);
    let total = gathered.ranks.len();
    let shown = first(&mut gathered.ranks, query.offset, query.limit);
    let data = shown
        .iter()
        .map(|rank| page::set(catalogue, &needles, rank.entry(), since));
    Ok(Page {
        data: data.collect(),
        message: say::found(total, gathered.more, &libs, query),
        total,
        more: gathered.more,
    })
}

/// The ranks of one page, in their order.
fn first(ranks: &mut [Rank], offset: usize, limit: usize) -> &[Rank] {
    let end = (offset + limit).min(ranks.len());
    if end < ranks.len() && end > 0 {
        ranks.select_nth_unstable(end - 1);
    }
    ranks[..end].sort_unstable();
    &ranks[offset.min(end)..end]
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
            let found = catalogue.parts().find(name, catalogue.strings());
            if found.is_empty() {
                libs.unknown.push((name, None));
            } else {
                libs.known.push(found);
                libs.names.push(name);
            }
        }
        for (name, near) in &mut libs.unknown {
            *near = nearest(catalogue.libs().map(|(lib, _)| lib), name);
        }
        if libs.names.is_empty() && !libs.unknown.is_empty() {
            return Err(say::all_unknown(&libs.unknown));
        }
        Ok(libs)
    }
}
