//! What was collected, as a catalogue.

use std::cmp::Reverse;

use hashbrown::{HashMap, HashSet};

use super::{
    super::{
        ALIASED, Alias, Catalogue, ELSEWHERE, Entry, Names, Note, Signature, Starts,
        check::Rejected,
        libs::{Plan, Scope, without_root},
        strings::{Full, Id, Interner},
    },
    Builder,
    also::Also,
};
use crate::{Kind, since, since::Age};

impl Builder {
    pub(super) fn join(mut self) -> Result<Catalogue, Rejected> {
        let also = self.also()?;
        let classes = self.classes()?;
        let texts = self.entries.iter().map(|raw| raw.name);
        let texts = texts.chain(also.names.iter().map(|(_, name)| *name));
        let (names, numbers) = Names::new(texts.collect(), &self.strings);
        let order = self.order(&numbers, &classes);
        let places = inverse(&order);
        let mut entries = self.entries_in(&order, &numbers);
        let signatures = self.take_signatures(&places, &mut entries);
        let aliases = aliases(&also, &numbers, &places);
        let elsewhere = elsewhere(&also, &places);
        mark(&mut entries, &aliases, &elsewhere);
        let plan = self.plan(&entries, &places, &classes, &elsewhere)?;
        let libs = plan.build(&mut self.strings)?;
        let notes = self.take_notes(&places);
        let strings = std::mem::replace(&mut self.strings, Interner::new(0)).finish();
        let texts = self.ages.iter().map(|id| (*id, strings.get(*id)));
        let years = texts.clone().any(|(_, text)| since::year(text).is_some());
        let ages: Box<[(Id, Option<Age>)]> =
            texts.map(|(id, text)| (id, since::read(text))).collect();
        Ok(Catalogue {
            head: self.head,
            digest: self.digest.finish(),
            first: first_of(&entries, names.len()),
            starts: Starts::new(&names),
            entries: entries.into(),
            signatures: signatures.into(),
            notes: notes.into(),
            scopes: self.scopes.into(),
            other_names: by_entry(&aliases),
            aliases: aliases.into(),
            elsewhere: elsewhere.into(),
            scope_aliases: also.scopes.into(),
            strings,
            names,
            ages,
            years,
            libs,
        })
    }

    /// The classes: each with its name without root.
    fn classes(&mut self) -> Result<Vec<(u32, Id)>, Full> {
        let mut classes = Vec::new();
        for number in 0..self.entries.len() as u32 {
            if self.entries[number as usize].entry.kind == Kind::Class {
                let whole = self.whole(number);
                let name = without_root(&whole, &self.head.sep);
                classes.push((number, self.strings.intern(name)?));
            }
        }
        Ok(classes)
    }

    /// The numbers of the entries in their order: by name, then by place. Of what has both in common first what belongs to
    /// no class (of all `std::swap` the one for anything), then what can be called in more ways.
    fn order(&self, numbers: &[u32], classes: &[(u32, Id)]) -> Vec<u32> {
        let ranks = self.scope_ranks();
        let classes: HashSet<Id> = classes.iter().map(|(_, name)| *name).collect();
        let mut ways = vec![0_u32; self.entries.len()];
        for (of, _) in &self.signatures {
            ways[*of as usize] += 1;
        }
        let key = |old: u32| {
            let entry = &self.entries[old as usize].entry;
            let tied = classes.contains(&entry.lib);
            let ways = Reverse(ways[old as usize]);
            (ranks[entry.scope as usize], entry.kind, tied, ways, old)
        };
        let named = self.entries.iter().map(|raw| numbers[raw.name.index()]);
        let mut order: Vec<(u32, u32)> = named.zip(0..).collect();
        order.sort_unstable_by(|(a_name, a), (b_name, b)| {
            a_name.cmp(b_name).then_with(|| key(*a).cmp(&key(*b)))
        });
        order.into_iter().map(|(_, old)| old).collect()
    }

    fn entries_in(&self, order: &[u32], numbers: &[u32]) -> Vec<Entry> {
        let raws = order.iter().map(|old| &self.entries[*old as usize]);
        raws.map(|raw| Entry {
            name: numbers[raw.name.index()],
            ..raw.entry
        })
        .collect()
    }

    /// Where each scope stands among all, the shorter first.
    fn scope_ranks(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.scopes.len() as u32).collect();
        order.sort_unstable_by_key(|scope| {
            let text = self.strings.get(self.scopes[*scope as usize]);
            (text.len(), text)
        });
        inverse(&order)
    }

    fn take_signatures(&mut self, places: &[u32], entries: &mut [Entry]) -> Vec<Signature> {
        let mut all = std::mem::take(&mut self.signatures);
        all.iter_mut()
            .for_each(|(of, _)| *of = places[*of as usize]);
        // Stable: a set's signatures stay in the order in which they came.
        all.sort_by_key(|(of, _)| *of);
        // What is exported on two ways to one name comes twice.
        all.dedup_by_key(|(of, signature)| (*of, signature.text));
        let mut at = 0;
        for (number, entry) in (0..).zip(entries) {
            while all.get(at).is_some_and(|(of, _)| *of < number) {
                at += 1;
            }
            entry.signatures = at as u32;
        }
        all.into_iter().map(|(_, signature)| signature).collect()
    }

    fn take_notes(&mut self, places: &[u32]) -> Vec<(u32, Note)> {
        let mut notes = std::mem::take(&mut self.notes);
        for (of, _) in &mut notes {
            *of = places[*of as usize];
        }
        notes.sort_unstable_by_key(|(of, _)| *of);
        notes
    }

    fn plan<'a>(
        &mut self,
        entries: &'a [Entry],
        places: &[u32],
        classes: &[(u32, Id)],
        elsewhere: &'a [(u32, u32)],
    ) -> Result<Plan<'a>, Full> {
        let mut called: HashMap<u32, Vec<Id>> = HashMap::new();
        for at in 0..self.aliases.len() {
            let (of, alias) = self.aliases[at];
            if self.entries[of as usize].entry.kind == Kind::Class {
                called
                    .entry(of)
                    .or_default()
                    .push(self.without_root(alias)?);
            }
        }
        let classes = classes.iter().map(|(old, name)| {
            let aliases = called.remove(old).unwrap_or_default();
            (places[*old as usize], *name, aliases)
        });
        let classes = classes.collect();
        let mut scopes = Vec::with_capacity(self.scopes.len());
        for at in 0..self.scopes.len() {
            let whole = self.scopes[at];
            let name = self.without_root(whole)?;
            let in_root = name != whole;
            scopes.push(Scope { name, in_root });
        }
        Ok(Plan {
            entries,
            elsewhere,
            scopes,
            classes,
            sep: self.head.sep.clone(),
            most: self.limits.places(),
        })
    }

    fn without_root(&mut self, whole: Id) -> Result<Id, Full> {
        let text = self.strings.get(whole);
        let name = without_root(text, &self.head.sep);
        if name.len() == text.len() {
            return Ok(whole);
        }
        let name = name.to_owned();
        self.strings.intern(&name)
    }
}

/// Where each number stands.
fn inverse(order: &[u32]) -> Vec<u32> {
    let mut places = vec![0; order.len()];
    for (place, number) in (0..).zip(order) {
        places[*number as usize] = place;
    }
    places
}

fn aliases(also: &Also, numbers: &[u32], places: &[u32]) -> Vec<Alias> {
    let names = also.names.iter();
    let aliases = names.map(|(old, name)| Alias {
        name: numbers[name.index()],
        entry: places[*old as usize],
    });
    let mut aliases: Vec<Alias> = aliases.collect();
    aliases.sort_unstable();
    aliases.dedup();
    aliases
}

fn elsewhere(also: &Also, places: &[u32]) -> Vec<(u32, u32)> {
    let pairs = also.places.iter();
    let pairs = pairs.map(|(old, scope)| (places[*old as usize], *scope));
    let mut pairs: Vec<(u32, u32)> = pairs.collect();
    pairs.sort_unstable();
    pairs
}

fn mark(entries: &mut [Entry], aliases: &[Alias], elsewhere: &[(u32, u32)]) {
    for alias in aliases {
        entries[alias.entry as usize].marks |= ALIASED;
    }
    for (entry, _) in elsewhere {
        entries[*entry as usize].marks |= ELSEWHERE;
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
