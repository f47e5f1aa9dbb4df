//! The words of all names in one sorted array, so that names in which a word starts with some letters are next to one
//! another. It carries the search from tens of thousands of names, which are quickly looked at, to millions.

use std::cmp::Ordering;

use super::names::Names;
use crate::fold;

/// A catalogue of fewer names is faster looked at from end to end.
const WORTH: usize = 50_000;
/// Names of more words, on average, are no library's: an index of them would be larger than they are.
const WORDS: usize = 8;
/// Bits of a posting that say where in the name the word starts.
const PLACE_BITS: u32 = fold::WORDS_WITHIN.trailing_zeros();

/// A name and the place of a word in its letters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posting(u32);

impl Posting {
    fn new(name: u32, place: usize) -> Self {
        Self(name << PLACE_BITS | place as u32)
    }

    pub(crate) fn name(self) -> u32 {
        self.0 >> PLACE_BITS
    }

    pub(crate) fn place(self) -> usize {
        (self.0 & ((1 << PLACE_BITS) - 1)) as usize
    }

    /// The letters from the word's start on.
    fn letters(self, names: &Names) -> &[u8] {
        &names.squeezed(self.name())[self.place()..]
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

    /// The postings whose letters start with these.
    pub(crate) fn of(&self, letters: &[u8], names: &Names) -> &[Posting] {
        let compare = |posting: &Posting| {
            let found = posting.letters(names);
            found[..found.len().min(letters.len())].cmp(letters)
        };
        let from = self.0.partition_point(|p| compare(p) == Ordering::Less);
        let count = self.0[from..].partition_point(|p| compare(p) == Ordering::Equal);
        &self.0[from..from + count]
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// The first eight letters as a number that sorts as they do.
fn first_letters(letters: &[u8]) -> u64 {
    let mut key = [0; 8];
    let first = &letters[..letters.len().min(8)];
    key[..first.len()].copy_from_slice(first);
    u64::from_be_bytes(key)
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
