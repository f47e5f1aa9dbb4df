//! Goes through the symbols that a question is about, and ranks those that fit.

use super::{
    best::Best,
    qualifier::{Qualifier, Strictness},
    rank::{Found, Named, Nearness, Rank},
    tier::{self, Effort, Tier},
    typed::{Needle, RESERVED},
};
use crate::{
    Catalogue, Kind,
    catalogue::{Entry, Member},
    since::Age,
};

/// What a symbol must be, whatever its name.
pub(crate) struct Filter<'a> {
    pub(crate) kinds: &'a [Kind],
    pub(crate) since: Option<Age>,
}

impl Filter<'_> {
    /// Whether it lets everything through.
    fn is_open(&self) -> bool {
        self.kinds.is_empty() && self.since.is_none()
    }

    fn takes(&self, catalogue: &Catalogue, entry: &Entry) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&entry.kind);
        let newer = |most| catalogue.age(entry).is_some_and(|age| age > most);
        kind && !self.since.is_some_and(newer)
    }
}

/// Where a question looks: the libraries it names, in its order, or everywhere.
pub(crate) struct Gather<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// The libraries' numbers, several where a name stands for several.
    pub(crate) libs: &'a [Vec<u32>],
    pub(crate) filter: Filter<'a>,
}

impl Gather<'_> {
    /// The best so many of all that fits any of the readings, with no more effort than it takes to find something.
    pub(crate) fn best(&self, needles: &[Needle], most: usize) -> Best {
        use Strictness::{Fits, Ignored, Names, Nearly};
        // A symbol can be found several times: by each reading, in each library, by each of its names.
        let once = needles.len() == 1 && self.libs.is_empty() && !self.catalogue.has_aliases();
        let mut best = if once { Best::new(most) } else { Best::all() };
        for effort in Effort::ALL {
            let strictness: &[Strictness] = match effort {
                Effort::Pieces => &[Names, Fits, Nearly, Ignored],
                Effort::Typo | Effort::Letters | Effort::Typos => &[Fits, Ignored],
            };
            for strictness in strictness {
                self.pass(needles, effort, *strictness, &mut best);
                if !best.is_empty() {
                    if !once {
                        best.once_each();
                    }
                    return best;
                }
            }
        }
        best
    }

    fn pass(&self, needles: &[Needle], effort: Effort, strictness: Strictness, best: &mut Best) {
        let first = match effort {
            Effort::Pieces => Strictness::Names,
            Effort::Typo | Effort::Letters | Effort::Typos => Strictness::Fits,
        };
        for needle in needles {
            // What has no qualifier finds the same again, and more effort is for names.
            let again = strictness != first && needle.qualifier.is_empty();
            if again || (needle.is_empty() && effort != Effort::Pieces) {
                continue;
            }
            // A place that is none, and no name after it: only of a variable that means whatever may follow.
            let variable = needle.of_variable && !self.libs.is_empty();
            if strictness == Strictness::Ignored && needle.is_empty() && !variable {
                continue;
            }
            let pass = Pass {
                gather: self,
                needle,
                qualifier: Qualifier::new(self.catalogue, needle, strictness),
                effort,
            };
            if needle.is_empty() {
                pass.list(best);
            } else if self.libs.is_empty() {
                pass.everywhere(best);
            } else {
                pass.in_libs(best);
            }
        }
    }

    /// The libraries' symbols, each with the place of its library in the question.
    fn members(&self) -> impl Iterator<Item = (u8, Member)> + '_ {
        let parts = self.catalogue.parts();
        (0..).zip(self.libs).flat_map(move |(at, libs)| {
            let members = libs.iter().flat_map(move |lib| parts.members(*lib));
            members.map(move |member| (at, *member))
        })
    }
}

/// One reading of a text, looked for with one effort.
struct Pass<'a> {
    gather: &'a Gather<'a>,
    needle: &'a Needle,
    qualifier: Qualifier<'a>,
    effort: Effort,
}

impl Pass<'_> {
    /// Whether a name has the letters that it takes to fit.
    fn may_fit(&self, letters: u32) -> bool {
        (self.needle.letters & !letters).count_ones() <= self.effort.missing()
    }

    /// Whether a symbol whose name fits is a match, whatever else it is. Of what cannot be shown only the number is said,
    /// and then it need not be looked at.
    fn takes_all(&self) -> bool {
        self.gather.filter.is_open() && self.needle.qualifier.is_empty()
    }

    fn fit(&self, number: u32) -> Option<Named> {
        let names = self.gather.catalogue.names();
        if !self.may_fit(names.letters()[number as usize]) {
            return None;
        }
        let name = names.get(number);
        let fit = tier::fit(self.needle, name, || self.text(number), self.effort)?;
        Some(Named {
            fit,
            other_case: self.other_case(number),
            reserved: !self.needle.is_reserved() && name.folded.starts_with(RESERVED),
        })
    }

    fn text(&self, name: u32) -> &str {
        let catalogue = self.gather.catalogue;
        catalogue.strings().get(catalogue.names().text(name))
    }

    /// Whether the text has capitals that the name has not.
    fn other_case(&self, name: u32) -> bool {
        self.needle.has_capitals && {
            let text = self.text(name);
            let capitals = self.needle.name.bytes().filter(u8::is_ascii_uppercase);
            !capitals
                .into_iter()
                .all(|capital| text.as_bytes().contains(&capital))
        }
    }

    fn found(
        &self,
        number: u32,
        lib: u8,
        nearness: impl Fn(&Entry) -> Nearness,
    ) -> Option<(Found, &Entry)> {
        let catalogue = self.gather.catalogue;
        let entry = catalogue.entry(number);
        if !self.gather.filter.takes(catalogue, entry) {
            return None;
        }
        let found = Found {
            entry: number,
            place: self.qualifier.place(number, entry)?,
            nearness: nearness(entry),
            lib,
        };
        Some((found, entry))
    }

    fn member(&self, lib: u8, member: Member) -> Option<(Found, &Entry)> {
        let nearness = |entry: &Entry| Nearness::in_lib(entry, member.is_neighbour());
        self.found(member.entry(), lib, nearness)
    }

    fn list(&self, best: &mut Best) {
        let catalogue = self.gather.catalogue;
        let rank = |(found, entry): (Found, &Entry)| {
            Rank::of_listed(&found, entry, catalogue.names().place(entry.name))
        };
        if self.gather.libs.is_empty() {
            let all = 0..catalogue.len() as u32;
            let all = all.filter_map(|number| self.found(number, 0, Nearness::anywhere));
            all.map(rank).for_each(|rank| best.push(rank));
        } else {
            let members = self.gather.members();
            let members = members.filter_map(|(lib, member)| self.member(lib, member));
            members.map(rank).for_each(|rank| best.push(rank));
        }
    }

    fn in_libs(&self, best: &mut Best) {
        let catalogue = self.gather.catalogue;
        // Symbols are sorted by name, so a name that many have is looked at once.
        let mut last: (u32, Option<Named>) = (u32::MAX, None);
        for (lib, member) in self.gather.members() {
            let entry = catalogue.entry(member.entry());
            if last.0 != entry.name {
                last = (entry.name, self.fit(entry.name));
            }
            let own = last.1.map(|named| (named, false));
            let others = entry
                .is_aliased()
                .then(|| catalogue.other_names(member.entry()));
            let others = others.into_iter().flatten();
            let others = others.filter_map(|name| Some((self.fit(name)?, true)));
            for (named, by_alias) in own.into_iter().chain(others) {
                if let Some((found, entry)) = self.member(lib, member) {
                    best.push(Rank::of_match(&found, entry, named, by_alias));
                }
            }
        }
    }

    fn everywhere(&self, best: &mut Best) {
        if self.effort == Effort::Pieces && self.by_starts(best) {
            return;
        }
        let missing = self.effort.missing();
        for (name, letters) in (0..).zip(self.gather.catalogue.names().letters()) {
            if (self.needle.letters & !letters).count_ones() <= missing {
                self.named(name, best);
            }
        }
    }

    /// Takes the names in which a word starts with what was typed from the index, where there is one. Whether there are
    /// any: only where there are none, a large catalogue is gone through from end to end.
    fn by_starts(&self, best: &mut Best) -> bool {
        let Some(starts) = self.gather.catalogue.starts() else {
            return false;
        };
        let typed = &self.needle.squeezed;
        if typed.is_empty() {
            return false;
        }
        let begun = starts.of(typed, self.gather.catalogue.names());
        for begun in begun.iter().filter(|begun| begun.is_by_first_word()) {
            self.named(begun.name(), best);
        }
        // Every other name fits, too (those of operators, of which one letter may be the word, are none), and comes after
        // those: where they fill the page, it is only counted.
        let later = Rank::least(Named::by(Tier::Word), 0);
        let counted = self.takes_all() && !best.is_shown(later);
        for begun in begun.iter().filter(|begun| !begun.is_by_first_word()) {
            if counted {
                best.pass_over(self.gather.catalogue.named(begun.name()).len());
            } else {
                self.named(begun.name(), best);
            }
        }
        !best.is_empty()
    }

    /// The symbols of one name.
    fn named(&self, name: u32, best: &mut Best) {
        let Some(named) = self.fit(name) else { return };
        let catalogue = self.gather.catalogue;
        let own = catalogue.named(name);
        if self.takes_all() && !best.is_shown(Rank::least(named, own.start)) {
            best.pass_over(own.len());
            return;
        }
        let own = own.map(|entry| (entry, false));
        let also = catalogue.also_named(name).map(|entry| (entry, true));
        for (number, by_alias) in own.chain(also) {
            if let Some((found, entry)) = self.found(number, 0, Nearness::anywhere) {
                best.push(Rank::of_match(&found, entry, named, by_alias));
            }
        }
    }
}
