//! A catalogue while it is built: symbols come in any order, and are sorted once at the end.

use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use siphasher::sip128::{Hasher128, SipHasher13};

use super::{
    ALIASED, Alias, Catalogue, DEEP, DEPRECATED, Entry, INHERITED, Names, Note, Signature, Starts,
    check::{Rejected, check, check_symbol, excerpt},
    digest::{feed, feed_symbol},
    libs::{Plan, without_root},
    split::{join_name, split_name},
    strings::{Full, Id, Interner},
};
use crate::{Head, Kind, Limits, Symbol, since};

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
    aliases: Vec<(u32, Id)>,
    ages: Vec<Id>,
    age_of: HashMap<Id, u16>,
    digest: SipHasher13,
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
        let mut digest = SipHasher13::new();
        digest.write(env!("CARGO_PKG_VERSION").as_bytes());
        feed(&mut digest, [&*head.catalogue, &head.title, &head.sep]);
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

    /// Adds a symbol. One of the same name, place and kind is added to: its signatures are put to the others.
    pub fn add(&mut self, symbol: &Symbol<'_>) -> Result<(), Rejected> {
        check_symbol(symbol)?;
        let (scope, name) = self.split(symbol)?;
        feed_symbol(&mut self.digest, symbol);
        let limits = self.limits;
        self.insert(symbol, scope, name)
            .map_err(|Full| Rejected::TooLong(limits.text_bytes))?
            .ok_or(Rejected::TooMany(limits.symbols.min(MOST_ENTRIES)))
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

    fn insert(&mut self, symbol: &Symbol<'_>, scope: &str, name: &str) -> Result<Option<()>, Full> {
        let raw = self.raw(symbol, scope, name)?;
        let Some(number) = self.number(raw) else {
            return Ok(None);
        };
        for signature in &symbol.signatures {
            let text = self.strings.intern(&signature.text)?;
            let since = signature.since.as_deref().or(symbol.since.as_deref());
            let since = self.age(since)?;
            self.signatures.push((number, Signature { text, since }));
        }
        let note = Note {
            deprecated: self.age(symbol.deprecated.as_deref())?,
            removed: self.age(symbol.removed.as_deref())?,
            inherited_from: self
                .strings
                .intern(symbol.inherited_from.as_deref().unwrap_or(""))?,
        };
        if note.deprecated != 0 || note.removed != 0 || note.inherited_from != Id::EMPTY {
            self.notes.push((number, note));
        }
        for alias in &symbol.aliases {
            let alias = self.strings.intern(without_root(alias, &self.head.sep))?;
            self.aliases.push((number, alias));
        }
        Ok(Some(()))
    }

    fn raw(&mut self, symbol: &Symbol<'_>, scope: &str, name: &str) -> Result<Raw, Full> {
        let url = symbol.url.as_deref().unwrap_or("");
        let (base, page) = url.split_at(url.rfind(['/', '#']).map_or(0, |at| at + 1));
        let name = self.strings.intern(name)?;
        let mut marks = 0;
        if !without_root(scope, &self.head.sep).is_empty() {
            marks |= DEEP;
        }
        let scope = self.strings.intern(scope)?;
        if symbol.deprecated.is_some() || symbol.removed.is_some() {
            marks |= DEPRECATED;
        }
        if symbol.inherited_from.is_some() {
            marks |= INHERITED;
        }
        let scopes = &mut self.scopes;
        let entry = Entry {
            name: 0,
            scope: *self.scope_of.entry(scope).or_insert_with(|| {
                scopes.push(scope);
                scopes.len() as u32 - 1
            }),
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

    /// The number of the set that this belongs to, a new one if need be. None where no more can be taken.
    fn number(&mut self, raw: Raw) -> Option<u32> {
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
            return Some(*number);
        }
        let number = self.entries.len();
        if number >= self.limits.symbols.min(MOST_ENTRIES) {
            return None;
        }
        let hasher = &self.hasher;
        self.sets.insert_unique(hash, number as u32, |number| {
            hasher.hash_one(key(&entries[*number as usize]))
        });
        self.entries.push(raw);
        Some(number as u32)
    }

    /// The number of an age. Where a catalogue has more ages than any has, later ones are not kept.
    fn age(&mut self, text: Option<&str>) -> Result<u16, Full> {
        let id = self.strings.intern(text.unwrap_or(""))?;
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

    /// The catalogue. Fails where what is derived from the names would be longer than a catalogue may hold.
    pub fn finish(mut self) -> Result<Catalogue, Rejected> {
        let most = self.limits.text_bytes;
        let digest = format!("{:032x}", self.digest.finish128().as_u128());
        self.join(digest).map_err(|Full| Rejected::TooLong(most))
    }

    fn join(&mut self, digest: String) -> Result<Catalogue, Full> {
        let aliases = self.all_aliases()?;
        let texts = self.entries.iter().map(|raw| raw.name);
        let texts = texts.chain(aliases.iter().map(|(_, name)| *name)).collect();
        let (names, numbers) = Names::new(texts, &self.strings);
        let (order, mut entries) = self.sorted(&numbers, &names);
        let mut places = vec![0; order.len()];
        for (place, old) in (0..).zip(&order) {
            places[*old as usize] = place;
        }
        let signatures = self.take_signatures(&places, &mut entries);
        let mut aliases: Vec<Alias> = aliases
            .iter()
            .map(|(old, name)| Alias {
                name: numbers[name.index()],
                entry: places[*old as usize],
            })
            .collect();
        aliases.sort_unstable();
        aliases.dedup();
        for alias in &aliases {
            entries[alias.entry as usize].marks |= ALIASED;
        }
        let scope_aliases = self.scope_aliases()?;
        let libs = self.plan(&entries, &places)?.build(&mut self.strings)?;
        let mut notes: Vec<(u32, Note)> = std::mem::take(&mut self.notes);
        notes
            .iter_mut()
            .for_each(|(of, _)| *of = places[*of as usize]);
        notes.sort_unstable_by_key(|(of, _)| *of);
        notes.dedup_by_key(|(of, _)| *of);
        let strings = std::mem::replace(&mut self.strings, Interner::new(0)).finish();
        let ages = self
            .ages
            .iter()
            .map(|id| (*id, since::read(strings.get(*id))));
        let ages: Box<[_]> = ages.collect();
        let years = ages
            .iter()
            .any(|(id, _)| since::year(strings.get(*id)).is_some());
        Ok(Catalogue {
            head: self.head.clone(),
            digest,
            first: first_of(&entries, names.len()),
            starts: Starts::new(&names),
            entries: entries.into(),
            signatures: signatures.into(),
            notes: notes.into(),
            scopes: std::mem::take(&mut self.scopes).into(),
            other_names: by_entry(&aliases),
            aliases: aliases.into(),
            scope_aliases: scope_aliases.into(),
            strings,
            names,
            ages,
            years,
            libs,
        })
    }

    /// The entries in their order, and of which old number each is.
    fn sorted(&self, numbers: &[u32], names: &Names) -> (Vec<u32>, Vec<Entry>) {
        debug_assert!(names.len() <= numbers.len());
        let mut order: Vec<(u32, u32)> = (0..)
            .zip(&self.entries)
            .map(|(old, raw)| (numbers[raw.name.index()], old))
            .collect();
        let ranks = self.scope_ranks();
        let key = |old: u32| {
            let entry = &self.entries[old as usize].entry;
            (ranks[entry.scope as usize], entry.kind, old)
        };
        order.sort_unstable_by_key(|(name, old)| (*name, key(*old)));
        let entries = order.iter().map(|(name, old)| Entry {
            name: *name,
            ..self.entries[*old as usize].entry
        });
        (
            order.iter().map(|(_, old)| *old).collect(),
            entries.collect(),
        )
    }

    /// Where each scope stands among all, the shorter first.
    fn scope_ranks(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.scopes.len() as u32).collect();
        order.sort_unstable_by_key(|scope| {
            let text = self.strings.get(self.scopes[*scope as usize]);
            (text.len(), text)
        });
        let mut ranks = vec![0; order.len()];
        for (rank, scope) in (0..).zip(order) {
            ranks[scope as usize] = rank;
        }
        ranks
    }

    fn take_signatures(&mut self, places: &[u32], entries: &mut [Entry]) -> Vec<Signature> {
        let mut all = std::mem::take(&mut self.signatures);
        all.iter_mut()
            .for_each(|(of, _)| *of = places[*of as usize]);
        // Stable: a set's signatures stay in the order in which they came.
        all.sort_by_key(|(of, _)| *of);
        let mut at = 0;
        for (number, entry) in (0..).zip(entries) {
            while all.get(at).is_some_and(|(of, _)| *of < number) {
                at += 1;
            }
            entry.signatures = at as u32;
        }
        all.into_iter().map(|(_, signature)| signature).collect()
    }

    /// The last parts of all aliases, those that a class gives to its constructors and destructor included.
    fn all_aliases(&mut self) -> Result<Vec<(u32, Id)>, Full> {
        let mut all = Vec::new();
        let mut classes: HashMap<Id, Vec<Id>> = HashMap::new();
        for (of, alias) in std::mem::take(&mut self.aliases) {
            let last = split_name(self.strings.get(alias), &self.head.sep)
                .1
                .to_owned();
            let last = self.strings.intern(&last)?;
            all.push((of, last));
            if self.entries[of as usize].entry.kind == Kind::Class {
                let whole = self.whole(of);
                let scope = self.strings.intern(&whole)?;
                classes.entry(scope).or_default().push(last);
            }
            self.aliases.push((of, alias));
        }
        for number in 0..self.entries.len() as u32 {
            let Entry { kind, scope, .. } = self.entries[number as usize].entry;
            if !matches!(kind, Kind::Constructor | Kind::Destructor) {
                continue;
            }
            for alias in classes
                .get(&self.scopes[scope as usize])
                .into_iter()
                .flatten()
            {
                let tilde = if kind == Kind::Destructor { "~" } else { "" };
                let name = format!("{tilde}{}", self.strings.get(*alias));
                all.push((number, self.strings.intern(&name)?));
            }
        }
        Ok(all)
    }

    fn whole(&self, number: u32) -> String {
        let raw = &self.entries[number as usize];
        let scope = self.strings.get(self.scopes[raw.entry.scope as usize]);
        join_name(scope, self.strings.get(raw.name), &self.head.sep)
    }

    /// For the scope that each class with aliases is: the last parts of those.
    fn scope_aliases(&mut self) -> Result<Vec<(u32, Id)>, Full> {
        let mut found = Vec::new();
        for (of, alias) in &self.aliases {
            let whole = self.strings.find(&self.whole(*of));
            let scope = whole.and_then(|whole| self.scope_of.get(&whole));
            let last = split_name(self.strings.get(*alias), &self.head.sep).1;
            if let (Some(scope), Some(last)) = (scope, self.strings.find(last)) {
                found.push((*scope, last));
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn plan<'a>(&mut self, entries: &'a [Entry], places: &[u32]) -> Result<Plan<'a>, Full> {
        let mut aliases: HashMap<u32, Vec<Id>> = HashMap::new();
        for (of, alias) in &self.aliases {
            aliases.entry(*of).or_default().push(*alias);
        }
        let mut classes = Vec::new();
        for number in 0..self.entries.len() as u32 {
            if self.entries[number as usize].entry.kind == Kind::Class {
                let whole = self.whole(number);
                let name = self.strings.intern(without_root(&whole, &self.head.sep))?;
                let aliases = aliases.remove(&number).unwrap_or_default();
                classes.push((places[number as usize], name, aliases));
            }
        }
        let mut scopes = Vec::with_capacity(self.scopes.len());
        for scope in &self.scopes {
            let text = without_root(self.strings.get(*scope), &self.head.sep).to_owned();
            scopes.push(self.strings.intern(&text)?);
        }
        Ok(Plan {
            entries,
            scopes,
            classes,
            sep: self.head.sep.clone(),
        })
    }
}

fn by_entry(aliases: &[Alias]) -> Box<[(u32, u32)]> {
    let pairs = aliases.iter().map(|alias| (alias.entry, alias.name));
    let mut pairs: Vec<(u32, u32)> = pairs.collect();
    pairs.sort_unstable();
    pairs.into()
}

fn first_of(entries: &[Entry], names: usize) -> Box<[u32]> {
    let mut at = 0;
    (0..=names as u32)
        .map(|name| {
            while entries.get(at).is_some_and(|entry| entry.name < name) {
                at += 1;
            }
            at as u32
        })
        .collect()
}
