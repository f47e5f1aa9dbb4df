//! A catalogue while it is built: symbols come in any order, and are sorted once at the end.

mod also;
mod join;

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::{
    Catalogue, DEEP, DEPRECATED, Entry, INHERITED, Note, OWNER, Signature,
    check::{Rejected, check, check_room, check_symbol, excerpt},
    digest::Digest,
    libs::without_root,
    split::{join_name, split_name},
    strings::{Full, Id, Interner},
};
use crate::{Head, Limits, Symbol};

/// Entries are numbered with 24 bits where they are ranked.
pub(crate) const MOST_ENTRIES: usize = 1 << 24;

/// Builds a [`Catalogue`] from symbols in any order. Overloads that come one by one become one set.
pub struct Builder {
    head: Head,
    limits: Limits,
    strings: Interner,
    scopes: Vec<Id>,
    scope_of: HashMap<Id, u32>,
    entries: Vec<Raw>,
    sets: HashTable<u32>,
    hasher: DefaultHashBuilder,
    signatures: Vec<(u32, Signature)>,
    notes: Vec<(u32, Note)>,
    /// Other names, whole.
    aliases: Vec<(u32, Id)>,
    ages: Vec<Id>,
    age_of: HashMap<Id, u16>,
    digest: Digest,
}

/// An entry whose name is still a text. Its signatures stand in a list of their own.
#[derive(Clone, Copy)]
struct Raw {
    name: Id,
    entry: Entry,
}

impl Builder {
    /// A catalogue that says this of itself, within limits.
    pub fn new(head: Head, limits: &Limits) -> Result<Self, Rejected> {
        check("catalogue", &head.catalogue, 64)?;
        if !["::", ".", "#", "/"].contains(&&*head.sep) {
            let why = format!(
                "must be \"::\", \".\", \"#\" or \"/\", got {:?}",
                excerpt(&head.sep)
            );
            return Err(Rejected::Field { field: "sep", why });
        }
        let mut digest = Digest::default();
        digest.bytes(env!("CARGO_PKG_VERSION").as_bytes());
        digest.feed([&*head.catalogue, &head.title, &head.sep]);
        Ok(Self {
            head,
            limits: *limits,
            strings: Interner::new(limits.text_bytes),
            scopes: Vec::new(),
            scope_of: HashMap::new(),
            entries: Vec::new(),
            sets: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            signatures: Vec::new(),
            notes: Vec::new(),
            aliases: Vec::new(),
            ages: vec![Id::EMPTY],
            age_of: HashMap::from([(Id::EMPTY, 0)]),
            digest,
        })
    }

    /// What joins names.
    pub fn sep(&self) -> &str {
        &self.head.sep
    }

    /// How many symbols there are so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a symbol. One of the same name, place and kind is added to: its signatures and other names are put to the
    /// others, all else stays as it was said first.
    pub fn add(&mut self, symbol: &Symbol<'_>) -> Result<(), Rejected> {
        check_symbol(symbol)?;
        let (scope, name) = self.split(symbol)?;
        self.digest.feed_symbol(symbol);
        let raw = self.raw(symbol, scope, name)?;
        let known = self.entries.len() as u32;
        let number = self.number(raw)?;
        if number == known {
            self.add_note(number, symbol)?;
        }
        self.add_signatures(number, symbol)?;
        self.add_aliases(number, symbol)
    }

    /// The catalogue. Fails where what is derived from the symbols would be more than a catalogue may hold.
    pub fn finish(self) -> Result<Catalogue, Rejected> {
        self.join()
    }

    fn split<'a>(&self, symbol: &'a Symbol<'_>) -> Result<(&'a str, &'a str), Rejected> {
        let qualified = &*symbol.qualified;
        let Some(name) = &symbol.name else {
            return Ok(split_name(qualified, &self.head.sep));
        };
        let scope = qualified.strip_suffix(&**name);
        let scope = scope.and_then(|scope| match scope {
            "" => Some(""),
            scope => scope.strip_suffix(&*self.head.sep),
        });
        scope.map(|scope| (scope, &**name)).ok_or_else(|| {
            let (name, qualified) = (excerpt(name), excerpt(qualified));
            let why = format!("must be the last part of {qualified:?}, got {name:?}");
            Rejected::Field { field: "name", why }
        })
    }

    fn add_signatures(&mut self, number: u32, symbol: &Symbol<'_>) -> Result<(), Rejected> {
        let most = self.limits.signatures();
        for signature in &symbol.signatures {
            check_room("signatures", self.signatures.len(), most)?;
            let text = self.strings.intern(&signature.text)?;
            let since = signature.since.as_deref().or(symbol.since.as_deref());
            let since = self.age(since)?;
            self.signatures.push((number, Signature { text, since }));
        }
        Ok(())
    }

    fn add_aliases(&mut self, number: u32, symbol: &Symbol<'_>) -> Result<(), Rejected> {
        let most = self.limits.aliases();
        for alias in &symbol.aliases {
            check_room("other names", self.aliases.len(), most)?;
            let alias = self.rooted(alias, &symbol.qualified);
            let alias = self.strings.intern(&alias)?;
            self.aliases.push((number, alias));
        }
        Ok(())
    }

    /// Another name as a whole one: it may be said without the root that the symbol's own has.
    fn rooted(&self, alias: &str, qualified: &str) -> String {
        let sep = &*self.head.sep;
        if let Some(global) = alias.strip_prefix(sep) {
            return global.to_owned();
        }
        let root = &qualified[..qualified.len() - without_root(qualified, sep).len()];
        format!("{root}{}", without_root(alias, sep))
    }

    fn add_note(&mut self, number: u32, symbol: &Symbol<'_>) -> Result<(), Full> {
        let from = symbol.inherited_from.as_deref().unwrap_or("");
        let note = Note {
            deprecated: self.age(symbol.deprecated.as_deref())?,
            removed: self.age(symbol.removed.as_deref())?,
            inherited_from: self.strings.intern(from)?,
        };
        if note.deprecated != 0 || note.removed != 0 || note.inherited_from != Id::EMPTY {
            self.notes.push((number, note));
        }
        Ok(())
    }

    fn raw(&mut self, symbol: &Symbol<'_>, scope: &str, name: &str) -> Result<Raw, Full> {
        let url = symbol.url.as_deref().unwrap_or("");
        let (base, page) = url.split_at(url.rfind(['/', '#']).map_or(0, |at| at + 1));
        let name = self.strings.intern(name)?;
        let mut marks = 0;
        if !without_root(scope, &self.head.sep).is_empty() {
            marks |= DEEP;
        }
        if without_root(&symbol.qualified, &self.head.sep) == &*symbol.lib {
            marks |= OWNER;
        }
        if symbol.deprecated.is_some() || symbol.removed.is_some() {
            marks |= DEPRECATED;
        }
        if symbol.inherited_from.is_some() {
            marks |= INHERITED;
        }
        let entry = Entry {
            name: 0,
            scope: self.scope(scope)?,
            lib: self.strings.intern(&symbol.lib)?,
            header: self
                .strings
                .intern(symbol.header.as_deref().unwrap_or(""))?,
            url: [self.strings.intern(base)?, self.strings.intern(page)?],
            signatures: 0,
            since: self.age(symbol.since.as_deref())?,
            kind: symbol.kind,
            marks,
        };
        Ok(Raw { name, entry })
    }

    /// The number of a scope, a new one if need be.
    fn scope(&mut self, text: &str) -> Result<u32, Full> {
        let id = self.strings.intern(text)?;
        let scopes = &mut self.scopes;
        Ok(*self.scope_of.entry(id).or_insert_with(|| {
            scopes.push(id);
            scopes.len() as u32 - 1
        }))
    }

    /// The number of the set that this belongs to, a new one if need be.
    fn number(&mut self, raw: Raw) -> Result<u32, Rejected> {
        let key = |raw: &Raw| {
            (
                raw.name,
                raw.entry.scope,
                raw.entry.kind as u8,
                raw.entry.lib,
            )
        };
        let hash = self.hasher.hash_one(key(&raw));
        let entries = &self.entries;
        let same = |number: &u32| key(&entries[*number as usize]) == key(&raw);
        if let Some(number) = self.sets.find(hash, same) {
            return Ok(*number);
        }
        let number = self.entries.len();
        check_room("symbols", number, self.limits.symbols.min(MOST_ENTRIES))?;
        let hasher = &self.hasher;
        self.sets.insert_unique(hash, number as u32, |number| {
            hasher.hash_one(key(&entries[*number as usize]))
        });
        self.entries.push(raw);
        Ok(number as u32)
    }

    /// The number of an age. Where a catalogue has more ages than any has, later ones are not kept.
    fn age(&mut self, text: Option<&str>) -> Result<u16, Full> {
        let Some(text) = text else { return Ok(0) };
        let id = self.strings.intern(text)?;
        if let Some(age) = self.age_of.get(&id) {
            return Ok(*age);
        }
        let Ok(age) = u16::try_from(self.ages.len()) else {
            return Ok(0);
        };
        self.ages.push(id);
        self.age_of.insert(id, age);
        Ok(age)
    }

    /// The whole name of an entry.
    fn whole(&self, number: u32) -> String {
        let raw = &self.entries[number as usize];
        let scope = self.strings.get(self.scopes[raw.entry.scope as usize]);
        join_name(scope, self.strings.get(raw.name), &self.head.sep)
    }
}
