//! The answer, as it is given to who asked.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    mark,
    tier::{self, Effort, Fit, Tier},
    typed::Needle,
};
use crate::{Catalogue, Kind, Refusal, catalogue::join_name, since::Age};

/// Whether a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was; nothing found is an answer, too.
    Ok,
    /// It was not; the message says why.
    Error,
}

/// The answer on the wire: these three fields, always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Answer {
    /// Whether the question was answered.
    pub status: Status,
    /// In words: how many matches and where, or what was wrong.
    pub message: String,
    /// The matches of this page, the best first. Empty in every error.
    pub data: Vec<Set>,
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self {
            status: Status::Ok,
            message: page.message,
            data: page.data,
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: Status::Error,
            message: refusal.message,
            data: Vec::new(),
        }
    }
}

/// A page of matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The matches, the best first.
    pub data: Vec<Set>,
    /// In words: how many matches there are, and where.
    pub message: String,
    /// How many matches there are, on all pages.
    pub total: usize,
}

/// An overload set: all functions of one name in one place, or a class, a macro, … of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Set {
    /// The last part of its name.
    pub name: String,
    /// Its whole name.
    pub qualified: String,
    /// What a user would name to mean it: the class of a member, the header of what stands in a namespace.
    pub lib: String,
    /// What it is.
    pub kind: Kind,
    /// The header or file.
    pub header: Option<String>,
    /// The standard or version that brought it.
    pub since: Option<String>,
    /// The standard or version that deprecated it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// The standard or version that removed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<String>,
    /// The whole name of the member of a base that this one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherited_from: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// How it can be called or is declared.
    pub signatures: Vec<Signature>,
    /// How it was found.
    #[serde(rename = "match")]
    pub found: Match,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Signature {
    /// As it is written in the language.
    pub text: String,
    /// The standard or version that brought it.
    pub since: Option<String>,
}

/// How a symbol was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Match {
    /// In which way.
    pub how: How,
    /// The other name by which it was found, where it was not its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// What to mark of the name (or the alias): from and to, in characters, rising and apart.
    pub ranges: Vec<[u32; 2]>,
}

/// In which way a name fits what was typed, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Nothing was typed; everything is listed.
    All,
    /// The name.
    Exact,
    /// The name, but for case and separators.
    Same,
    /// Its begin, with or without separators.
    Prefix,
    /// The start of a word of it.
    Word,
    /// The first letters of its words.
    Initials,
    /// A part of it.
    Substring,
    /// Pieces that each start a word of it.
    Pieces,
    /// One typo.
    Typo,
    /// Its letters in their order, with others between.
    Letters,
    /// Two typos.
    Typos,
}

impl From<Tier> for How {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Exact => Self::Exact,
            Tier::Same => Self::Same,
            Tier::Prefix | Tier::SamePrefix => Self::Prefix,
            Tier::Word => Self::Word,
            Tier::Initials => Self::Initials,
            Tier::Substring => Self::Substring,
            Tier::Pieces => Self::Pieces,
            Tier::Typo | Tier::TypoPrefix => Self::Typo,
            Tier::Letters => Self::Letters,
            Tier::Typos | Tier::TyposPrefix => Self::Typos,
        }
    }
}

/// A symbol as it is shown.
pub(super) fn set(
    catalogue: &Catalogue,
    needles: &[Needle],
    number: u32,
    since: Option<Age>,
) -> Set {
    let entry = catalogue.entry(number);
    let strings = catalogue.strings();
    let text = |text: Option<&str>| text.map(str::to_owned);
    let name = strings.get(catalogue.names().text(entry.name));
    let not_newer = |age: Option<Age>| since.is_none_or(|most| age.is_none_or(|age| age <= most));
    let signatures = catalogue.signatures(number);
    let signatures = signatures.filter(|(_, _, age)| not_newer(*age));
    Set {
        name: name.to_owned(),
        qualified: join_name(catalogue.scope(entry.scope), name, catalogue.sep()),
        lib: strings.get(entry.lib).to_owned(),
        kind: entry.kind,
        header: text(strings.some(entry.header)),
        since: text(catalogue.since(entry)),
        deprecated: text(catalogue.deprecated(number)),
        removed: text(catalogue.removed(number)),
        inherited_from: text(catalogue.inherited_from(number)),
        url: catalogue.url(entry),
        signatures: signatures
            .map(|(signature, since, _)| Signature {
                text: signature.to_owned(),
                since: text(since),
            })
            .collect(),
        found: found(catalogue, needles, number),
    }
}

/// How it was found, looked at once more: only a page's worth is ever shown.
fn found(catalogue: &Catalogue, needles: &[Needle], number: u32) -> Match {
    let own = catalogue.entry(number).name;
    let names = catalogue.names();
    let text = |name| catalogue.strings().get(names.text(name));
    let fits = std::iter::once(own).chain(catalogue.other_names(number));
    let fits = fits.flat_map(|name| needles.iter().map(move |needle| (name, needle)));
    let best = fits
        .filter(|(_, needle)| !needle.is_empty())
        .filter_map(|(name, needle)| {
            let fit = Effort::ALL
                .into_iter()
                .find_map(|effort| tier::fit(needle, names.get(name), || text(name), effort))?;
            Some((fit, name, needle))
        })
        .min_by_key(|(fit, name, _): &(Fit, u32, &Needle)| (fit.tier, *name != own));
    let Some((fit, name, needle)) = best else {
        return Match {
            how: How::All,
            alias: None,
            ranges: Vec::new(),
        };
    };
    let ranges = mark::ranges(needle, names.get(name), fit.tier);
    Match {
        how: fit.tier.into(),
        alias: (name != own).then(|| text(name).to_owned()),
        ranges: ranges
            .into_iter()
            .map(|range| in_characters(text(name), range))
            .collect(),
    }
}

/// A range of bytes as one of characters. Where it would cut one, the whole one is marked.
fn in_characters(text: &str, range: [usize; 2]) -> [u32; 2] {
    let starts = |before: usize| {
        let starts = text.char_indices().filter(|(at, _)| *at < before);
        starts.count() as u32
    };
    let [from, to] = range;
    let begins = text.is_char_boundary(from);
    [starts(from) - u32::from(!begins), starts(to)]
}
