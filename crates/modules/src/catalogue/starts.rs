//! The words of all names in one sorted array, so that names in which a word starts with some letters are next to one
//! another. It carries the search from tens of thousands of names, which are quickly looked at, to millions.

use std::cmp::Ordering;

use super::names::{Names, first_letters};
use crate::fold;

/// A catalogue of fewer names is faster looked at from end to end.
const WORTH: usize = 50_000;
/// Names of more words, on average, are no library's: an index of them would be larger than they are.
const WORDS: usize = 8;
/// So many postings for one name of so many hundred are many.
const MANY: usize = 256;
/// Bits of a posting that say where in the name the word starts.
const PLACE_BITS: u32 = fold::WORDS_WITHIN.trailing_zeros();

/// A name and the place of a word in its letters.
#[derive(Clone, Copy, Debug)]
struct Posting(u32);

impl Posting {
    fn new(name: u32, place: usize) -> Self {
        Self(name << PLACE_BITS | place as u32)
    }

    fn name(self) -> u32 {
        self.0 >> PLACE_BITS
    }

    fn place(self) -> usize {
        (self.0 & ((1 << PLACE_BITS) - 1)) as usize
    }

    /// The letters from the word's start on.
    fn letters(self, names: &Names) -> &[u8] {
        &names.squeezed(self.name())[self.place()..]
    }
}

/// A name in which a word starts with what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Begun(u32);

impl Begun {
    fn new(posting: Posting) -> Self {
        Self(posting.name() << 1 | u32::from(posting.place() > 0))
    }

    pub(crate) fn name(self) -> u32 {
        self.0 >> 1
    }

    /// It is the name's first word.
    pub(crate) fn is_by_first_word(self) -> bool {
        self.0 & 1 == 0
    }
}

/// Postings, sorted by the letters from their place on.
#[derive(Debug)]
pub(crate) struct Starts(Box<[Posting]>);

impl Starts {
    /// An index of the names, where there are enough of them.
    pub(crate) fn new(names: &Names) -> Option<Self> {
        Self::with(names, WORTH)
    }

    /// An index of the names, where there are so many of them.
    pub(crate) fn with(names: &Names, worth: usize) -> Option<Self> {
        let fits = names.len() < (u32::MAX >> PLACE_BITS) as usize;
        if names.len() < worth || !fits {
            return None;
        }
        let words = (0..names.len() as u32).map(|name| names.get(name).words.count_ones() as usize);
        let words: usize = words.sum();
        if words > WORDS * names.len() {
            return None;
        }
        let mut keyed: Vec<(u64, Posting)> = Vec::with_capacity(words);
        for name in 0..names.len() as u32 {
            keyed.extend(fold::places(names.get(name).words).map(|place| {
                let posting = Posting::new(name, place);
                (first_letters(posting.letters(names)), posting)
            }));
        }
        keyed.sort_unstable_by(|(a_key, a), (b_key, b)| {
            a_key
                .cmp(b_key)
                .then_with(|| a.letters(names).cmp(b.letters(names)))
                .then_with(|| a.0.cmp(&b.0))
        });
        Some(Self(
            keyed.into_iter().map(|(_, posting)| posting).collect(),
        ))
    }

    /// The names in which a word starts with these letters, each once, rising.
    pub(crate) fn of(&self, letters: &[u8], names: &Names) -> Vec<Begun> {
        let compare = |posting: &Posting| {
            let found = posting.letters(names);
            found[..found.len().min(letters.len())].cmp(letters)
        };
        let from = self.0.partition_point(|p| compare(p) == Ordering::Less);
        let count = self.0[from..].partition_point(|p| compare(p) == Ordering::Equal);
        let mut begun = rising(&self.0[from..from + count], names.len());
        // Of a name in which two words do, the one that is first.
        begun.dedup_by_key(|begun| begun.name());
        begun
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// What postings say, in the order of names: as they come, each name would be a miss of the processor's cache.
fn rising(postings: &[Posting], names: usize) -> Vec<Begun> {
    let begun = postings.iter().map(|posting| Begun::new(*posting));
    if postings.len() < names / MANY {
        let mut few: Vec<Begun> = begun.collect();
        few.sort_unstable();
        return few;
    }
    // Many are faster marked than sorted.
    let mut marks = vec![0_u64; (2 * names).div_ceil(64)];
    for Begun(at) in begun {
        marks[at as usize / 64] |= 1 << (at % 64);
    }
    let all = (0..).step_by(64).zip(marks);
    all.flat_map(|(from, marks)| fold::places(marks).map(move |at| Begun(from + at as u32)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::strings::Interner;

    #[test]
    fn names_of_nothing_but_words_have_no_index() {
        for (name, indexed) in [("push_back", true), (&"a_".repeat(WORDS + 1), false)] {
            let mut strings = Interner::new(1 << 10);
            let id = strings.intern(name).unwrap();
            let (names, _) = Names::new(vec![id], &strings);
            assert_eq!(Starts::with(&names, 0).is_some(), indexed, "{name}");
        }
    }
}
