//! What is known of a library's symbols, once and for all, in a few blocks of memory.

mod build;
mod check;
mod digest;
mod libs;
mod names;
mod split;
mod starts;
mod strings;

pub use build::Builder;
pub use check::Rejected;
pub(crate) use check::excerpt;
pub(crate) use libs::{Libs, Member};
pub(crate) use names::{Name, Names};
pub(crate) use split::{join_name, split_name};
pub(crate) use starts::Starts;
pub(crate) use strings::{Id, Strings};

use crate::{Head, Kind, since::Age};

/// Symbols of a library, never changed once built. Its texts are kept once each, and nothing is allocated for a symbol.
#[derive(Debug)]
pub struct Catalogue {
    head: Head,
    digest: String,
    strings: Strings,
    /// In the order in which equally good matches are shown: the shorter name first, then by the alphabet.
    entries: Box<[Entry]>,
    signatures: Box<[Signature]>,
    /// What few symbols have, sorted by symbol.
    notes: Box<[(u32, Note)]>,
    scopes: Box<[Id]>,
    names: Names,
    /// Where the symbols of each name begin.
    first: Box<[u32]>,
    /// Names that a symbol has besides its own, sorted by name.
    aliases: Box<[Alias]>,
    /// The same, sorted by symbol.
    other_names: Box<[(u32, u32)]>,
    /// Scopes in which a symbol stands besides its own, sorted by symbol.
    elsewhere: Box<[(u32, u32)]>,
    /// Other names of classes and namespaces, whole, sorted by scope.
    scope_aliases: Box<[(u32, Id)]>,
    ages: Box<[(Id, Option<Age>)]>,
    years: bool,
    libs: Libs,
    starts: Option<Starts>,
}

/// A symbol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) name: u32,
    pub(crate) scope: u32,
    pub(crate) lib: Id,
    pub(crate) header: Id,
    /// The address in two parts, as many symbols share the first.
    url: [Id; 2],
    signatures: u32,
    since: u16,
    pub(crate) kind: Kind,
    marks: u8,
}

const DEPRECATED: u8 = 1;
const INHERITED: u8 = 2;
const ALIASED: u8 = 4;
const DEEP: u8 = 8;
const OWNER: u8 = 16;
const ELSEWHERE: u8 = 32;

impl Entry {
    pub(crate) fn is_deprecated(&self) -> bool {
        self.marks & DEPRECATED != 0
    }

    pub(crate) fn is_inherited(&self) -> bool {
        self.marks & INHERITED != 0
    }

    /// It is in a class or an inner namespace.
    pub(crate) fn is_deep(&self) -> bool {
        self.marks & DEEP != 0
    }

    /// Its library is called after it: it is the class, and the rest are its members or stand beside it.
    pub(crate) fn is_owner(&self) -> bool {
        self.marks & OWNER != 0
    }

    pub(crate) fn is_aliased(&self) -> bool {
        self.marks & ALIASED != 0
    }

    /// It stands in other scopes, too.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.marks & ELSEWHERE != 0
    }
}

#[derive(Clone, Copy, Debug)]
struct Signature {
    text: Id,
    since: u16,
}

#[derive(Clone, Copy, Debug, Default)]
struct Note {
    deprecated: u16,
    removed: u16,
    inherited_from: Id,
}

/// A name that a symbol has besides its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alias {
    pub(crate) name: u32,
    pub(crate) entry: u32,
}

impl Catalogue {
    /// The name by which a question asks for it.
    pub fn name(&self) -> &str {
        &self.head.catalogue
    }

    /// What it says of itself.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How many symbols it has: an overload set is one.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// 32 hexadecimal digits that are the same for the same symbols, and others for others: an `ETag` is made of it. It
    /// finds changes, and is no proof against forgery.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The names of its parts, each with how many symbols are in it, by the alphabet.
    pub fn libs(&self) -> impl Iterator<Item = (&str, usize)> {
        (0..self.libs.len() as u32).map(|lib| {
            let members = self.libs.members(lib).len();
            (self.libs.name(lib, &self.strings), members)
        })
    }

    /// How much memory it holds, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.entries)
            + size_of_val(&*self.signatures)
            + size_of_val(&*self.notes)
            + size_of_val(&*self.scopes)
            + size_of_val(&*self.first)
            + size_of_val(&*self.aliases)
            + size_of_val(&*self.other_names)
            + size_of_val(&*self.elsewhere)
            + size_of_val(&*self.scope_aliases)
            + size_of_val(&*self.ages)
            + self.strings.bytes()
            + self.names.bytes()
            + self.libs.bytes()
            + self.starts.as_ref().map_or(0, Starts::bytes)
    }

    /// The same with an index, however small it is.
    #[cfg(test)]
    pub(crate) fn indexed(mut self) -> Self {
        self.starts = Starts::with(&self.names, 0);
        self
    }

    pub(crate) fn strings(&self) -> &Strings {
        &self.strings
    }

    pub(crate) fn sep(&self) -> &str {
        &self.head.sep
    }

    pub(crate) fn entry(&self, entry: u32) -> &Entry {
        &self.entries[entry as usize]
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn parts(&self) -> &Libs {
        &self.libs
    }

    pub(crate) fn starts(&self) -> Option<&Starts> {
        self.starts.as_ref()
    }

    /// Whether its ages are years of standards.
    pub(crate) fn years(&self) -> bool {
        self.years
    }

    pub(crate) fn scope_count(&self) -> usize {
        self.scopes.len()
    }

    pub(crate) fn scope(&self, scope: u32) -> &str {
        self.strings.get(self.scopes[scope as usize])
    }

    /// What else the class or namespace of this scope is called, whole.
    pub(crate) fn scope_aliases(&self, scope: u32) -> impl Iterator<Item = &str> {
        of(&self.scope_aliases, scope).map(|alias| self.strings.get(alias))
    }

    /// The scopes in which a symbol stands besides its own.
    pub(crate) fn other_scopes(&self, entry: u32) -> impl Iterator<Item = u32> {
        of(&self.elsewhere, entry)
    }

    /// The symbols whose own name this is.
    pub(crate) fn named(&self, name: u32) -> std::ops::Range<u32> {
        self.first[name as usize]..self.first[name as usize + 1]
    }

    /// The symbols for which this is another name.
    pub(crate) fn also_named(&self, name: u32) -> impl Iterator<Item = u32> {
        let from = self.aliases.partition_point(|alias| alias.name < name);
        self.aliases[from..]
            .iter()
            .take_while(move |alias| alias.name == name)
            .map(|alias| alias.entry)
    }

    /// Whether any symbol has another name.
    pub(crate) fn has_aliases(&self) -> bool {
        !self.aliases.is_empty()
    }

    /// The other names of a symbol.
    pub(crate) fn other_names(&self, entry: u32) -> impl Iterator<Item = u32> {
        of(&self.other_names, entry)
    }

    pub(crate) fn age(&self, entry: &Entry) -> Option<Age> {
        self.ages[usize::from(entry.since)].1
    }

    fn age_text(&self, age: u16) -> Option<&str> {
        self.strings.some(self.ages[usize::from(age)].0)
    }

    pub(crate) fn since(&self, entry: &Entry) -> Option<&str> {
        self.age_text(entry.since)
    }

    pub(crate) fn url(&self, entry: &Entry) -> Option<String> {
        let [base, page] = entry.url.map(|id| self.strings.get(id));
        (!base.is_empty() || !page.is_empty()).then(|| format!("{base}{page}"))
    }

    /// The signatures of a symbol: text, since when, and that as an age.
    pub(crate) fn signatures(
        &self,
        entry: u32,
    ) -> impl Iterator<Item = (&str, Option<&str>, Option<Age>)> {
        let from = self.entry(entry).signatures as usize;
        let after = self.entries.get(entry as usize + 1);
        let to = after.map_or(self.signatures.len(), |next| next.signatures as usize);
        self.signatures[from..to].iter().map(|signature| {
            let (since, age) = self.ages[usize::from(signature.since)];
            let text = self.strings.get(signature.text);
            (text, self.strings.some(since), age)
        })
    }

    fn note(&self, entry: u32) -> Note {
        let found = self.notes.binary_search_by_key(&entry, |(of, _)| *of);
        found.map_or_else(|_| Note::default(), |at| self.notes[at].1)
    }

    pub(crate) fn deprecated(&self, entry: u32) -> Option<&str> {
        self.age_text(self.note(entry).deprecated)
    }

    pub(crate) fn removed(&self, entry: u32) -> Option<&str> {
        self.age_text(self.note(entry).removed)
    }

    pub(crate) fn inherited_from(&self, entry: u32) -> Option<&str> {
        self.strings.some(self.note(entry).inherited_from)
    }
}

/// What sorted pairs have of a number.
fn of<T: Copy>(pairs: &[(u32, T)], number: u32) -> impl Iterator<Item = T> {
    let from = pairs.partition_point(|(of, _)| *of < number);
    let same = pairs[from..].iter();
    same.take_while(move |(of, _)| *of == number)
        .map(|(_, what)| *what)
}
