//! By which names a part of a catalogue can be asked for, and what is in each.
//!
//! `vector` is the class, its members, and, as neighbours, what else the header of that name has. `string` is another
//! name of the class `basic_string`. `this_thread` is a namespace, and `std` is all that is in it, however deep.
//! `duration` is short for `chrono::duration`, as nothing else has that name.

use std::cmp::Ordering;

use hashbrown::{HashMap, HashSet};

use super::{
    Entry,
    check::{Rejected, check_room},
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

/// The namespace that nobody types.
const ROOT: &str = "std";

/// A whole name without the `std::` that nobody types.
pub(crate) fn without_root<'a>(qualified: &'a str, sep: &str) -> &'a str {
    if sep != "::" {
        return qualified;
    }
    match qualified.strip_prefix(ROOT) {
        Some("") => "",
        Some(rest) => rest.strip_prefix(sep).unwrap_or(qualified),
        None => qualified,
    }
}

/// A scope, as it is asked for.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    /// Its name without root.
    pub(super) name: Id,
    /// Whether it had one.
    pub(super) in_root: bool,
}

/// What the parts are made from.
pub(super) struct Plan<'a> {
    pub(super) entries: &'a [Entry],
    /// Scopes of entries besides their own.
    pub(super) elsewhere: &'a [(u32, u32)],
    pub(super) scopes: Vec<Scope>,
    /// Classes: the entry, its name without root, and what else the class is called.
    pub(super) classes: Vec<(u32, Id, Vec<Id>)>,
    pub(super) sep: String,
    /// Symbols in parts, each as often as it is in one.
    pub(super) most: usize,
}

impl Plan<'_> {
    pub(super) fn build(self, strings: &mut Interner) -> Result<Libs, Rejected> {
        let root = strings.intern(ROOT)?;
        let mut pairs = self.pairs(root)?;
        // As one number, which is compared without a branch.
        pairs.sort_unstable_by_key(|(name, member)| {
            (name.index() as u64) << 32 | u64::from(member.0)
        });
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

    fn pairs(&self, root: Id) -> Result<Vec<(Id, Member)>, Rejected> {
        let mut named: HashSet<Id> = HashSet::new();
        let mut also: HashMap<Id, &[Id]> = HashMap::new();
        let mut pairs = Vec::with_capacity(3 * self.entries.len());
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
            let Scope { name, in_root } = self.scopes[entry.scope as usize];
            let own = name == entry.lib || !named.contains(&entry.lib);
            pairs.push((entry.lib, Member::new(number, !own)));
            let aliases = also.get(&name).copied().unwrap_or_default();
            let aliases = aliases.iter().map(|alias| (*alias, false));
            let near = [entry.header, name].map(|name| (name, true));
            let near = near.into_iter();
            let near = near.filter(|(name, _)| *name != entry.lib && *name != Id::EMPTY);
            let all = in_root.then(|| (root, entry.is_deep()));
            check_room("places", pairs.len() + aliases.len() + 3, self.most)?;
            let others = aliases.chain(near).chain(all);
            pairs.extend(others.map(|(name, near)| (name, Member::new(number, near))));
        }
        for (number, scope) in self.elsewhere {
            let name = self.scopes[*scope as usize].name;
            if name != Id::EMPTY {
                pairs.push((name, Member::new(*number, true)));
            }
        }
        Ok(pairs)
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
