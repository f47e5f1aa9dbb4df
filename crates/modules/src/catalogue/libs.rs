//! By which names a part of a catalogue can be asked for, and what is in each.
//!
//! `vector` is the class, its members, and, as neighbours, what else the header of that name has. `string` is another
//! name of the class `basic_string`. `this_thread` is a namespace. `duration` is short for `chrono::duration`, as
//! nothing else has that name.

use std::cmp::Ordering;

use hashbrown::{HashMap, HashSet};

use super::{
    Entry,
    strings::{Full, Id, Interner, Strings},
};

/// A symbol in a part of a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member(u32);

impl Member {
    fn new(entry: u32, neighbour: bool) -> Self {
        Self(entry << 1 | u32::from(neighbour))
    }

    pub(crate) fn entry(self) -> u32 {
        self.0 >> 1
    }

    /// It is not the class's own, only in the same header.
    pub(crate) fn is_neighbour(self) -> bool {
        self.0 & 1 == 1
    }
}

#[derive(Clone, Copy, Debug)]
struct Lib {
    name: Id,
    end: u32,
}

/// The parts of a catalogue by name.
#[derive(Debug, Default)]
pub(crate) struct Libs {
    /// Sorted by name without case.
    libs: Box<[Lib]>,
    members: Box<[Member]>,
    /// Last parts of names, and whose: `duration` of `chrono::duration`.
    short: Box<[(Id, u32)]>,
}

/// The order of names without case.
fn compare(a: &str, b: &str) -> Ordering {
    let fold = |byte: u8| byte.to_ascii_lowercase();
    a.bytes().map(fold).cmp(b.bytes().map(fold))
}

impl Libs {
    /// The numbers of what a name stands for; none where it stands for nothing.
    pub(crate) fn find(&self, name: &str, strings: &Strings) -> Vec<u32> {
        let from = self
            .libs
            .partition_point(|lib| compare(strings.get(lib.name), name) == Ordering::Less);
        let same: Vec<u32> = (from..self.libs.len())
            .take_while(|at| compare(self.name(*at as u32, strings), name) == Ordering::Equal)
            .map(|at| at as u32)
            .collect();
        let exact = same.iter().find(|at| self.name(**at, strings) == name);
        match exact {
            Some(exact) => vec![*exact],
            None if same.is_empty() => self.find_short(name, strings),
            None => same,
        }
    }

    fn find_short(&self, name: &str, strings: &Strings) -> Vec<u32> {
        let less = |(short, _): &(Id, u32)| compare(strings.get(*short), name) == Ordering::Less;
        self.short[self.short.partition_point(less)..]
            .iter()
            .take_while(|(short, _)| compare(strings.get(*short), name) == Ordering::Equal)
            .map(|(_, lib)| *lib)
            .collect()
    }

    pub(crate) fn name<'a>(&self, lib: u32, strings: &'a Strings) -> &'a str {
        strings.get(self.libs[lib as usize].name)
    }

    /// What is in it, in the order of the catalogue.
    pub(crate) fn members(&self, lib: u32) -> &[Member] {
        let at = lib as usize;
        let from = at.checked_sub(1).map_or(0, |before| self.libs[before].end);
        &self.members[from as usize..self.libs[at].end as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.libs.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.libs) + size_of_val(&*self.members) + size_of_val(&*self.short)
    }
}

/// A whole name without the `std::` that nobody types.
pub(crate) fn without_root<'a>(qualified: &'a str, sep: &str) -> &'a str {
    if sep != "::" {
        return qualified;
    }
    match qualified.strip_prefix("std") {
        Some("") => "",
        Some(rest) => rest.strip_prefix(sep).unwrap_or(qualified),
        None => qualified,
    }
}

/// What the parts are made from.
pub(super) struct Plan<'a> {
    pub(super) entries: &'a [Entry],
    /// The name, without root, of each scope.
    pub(super) scopes: Vec<Id>,
    /// Classes: the entry, its name without root, and what else the class is called.
    pub(super) classes: Vec<(u32, Id, Vec<Id>)>,
    pub(super) sep: String,
}

impl Plan<'_> {
    pub(super) fn build(self, strings: &mut Interner) -> Result<Libs, Full> {
        let mut pairs = self.pairs();
        pairs
            .sort_unstable_by(|(a_name, a), (b_name, b)| a_name.cmp(b_name).then_with(|| a.cmp(b)));
        // Of a symbol that is both its own and a neighbour the first, its own, is kept.
        pairs.dedup_by_key(|(name, member)| (*name, member.entry()));
        let mut groups: Vec<&[(Id, Member)]> = pairs.chunk_by(|a, b| a.0 == b.0).collect();
        groups.sort_unstable_by(|a, b| {
            let (a, b) = (strings.get(a[0].0), strings.get(b[0].0));
            compare(a, b).then_with(|| a.cmp(b))
        });
        let mut members = Vec::with_capacity(pairs.len());
        let mut libs = Vec::with_capacity(groups.len());
        for group in groups {
            members.extend(group.iter().map(|(_, member)| *member));
            libs.push(Lib {
                name: group[0].0,
                end: members.len() as u32,
            });
        }
        let short = short_names(&libs, &self.sep, strings)?;
        Ok(Libs {
            libs: libs.into(),
            members: members.into(),
            short: short.into(),
        })
    }

    fn pairs(&self) -> Vec<(Id, Member)> {
        let mut named: HashSet<Id> = HashSet::new();
        let mut also: HashMap<Id, &[Id]> = HashMap::new();
        let mut pairs = Vec::with_capacity(2 * self.entries.len());
        for (entry, name, aliases) in &self.classes {
            named.insert(*name);
            named.extend(aliases);
            if !aliases.is_empty() {
                also.insert(*name, aliases);
            }
            let own = Member::new(*entry, false);
            pairs.extend(aliases.iter().chain([name]).map(|name| (*name, own)));
        }
        for (number, entry) in (0..).zip(self.entries) {
            let (lib, header) = (entry.lib, entry.header);
            let scope = self.scopes[entry.scope as usize];
            let own = scope == lib || !named.contains(&lib);
            pairs.push((lib, Member::new(number, !own)));
            if let Some(aliases) = also.get(&scope) {
                let own = Member::new(number, false);
                pairs.extend(aliases.iter().map(|alias| (*alias, own)));
            }
            let near = Member::new(number, true);
            let others = [header, scope].into_iter();
            pairs.extend(
                others
                    .filter(|name| *name != lib && *name != Id::EMPTY)
                    .map(|name| (name, near)),
            );
        }
        pairs
    }
}

fn short_names(libs: &[Lib], sep: &str, strings: &mut Interner) -> Result<Vec<(Id, u32)>, Full> {
    let mut short = Vec::new();
    for (number, lib) in (0..).zip(libs) {
        let last = strings
            .get(lib.name)
            .rsplit_once(sep)
            .map(|(_, last)| last.to_owned());
        if let Some(last) = last {
            short.push((strings.intern(&last)?, number));
        }
    }
    short.sort_unstable_by(|(a, a_lib), (b, b_lib)| {
        compare(strings.get(*a), strings.get(*b)).then_with(|| a_lib.cmp(b_lib))
    });
    Ok(short)
}
