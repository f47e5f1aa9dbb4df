//! How well a name fits what was typed.

use memchr::memmem;

use super::typed::Needle;
use crate::{catalogue::Name, fold};

/// How a name was found, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Tier {
    /// The name, letter by letter.
    Exact,
    /// But for case and separators.
    Same,
    Prefix,
    /// But for separators.
    SamePrefix,
    /// The start of a later word.
    Word,
    /// The first letters of its words.
    Initials,
    Substring,
    /// Pieces that each start a word.
    Pieces,
    /// One typo, in the whole name.
    Typo,
    /// One typo, in its begin or that of a word.
    TypoPrefix,
    /// All letters in their order, the first first.
    Letters,
    /// All letters in their order.
    LettersWithin,
    Typos,
    TyposPrefix,
}

/// How far one goes to find anything: each step only where those before found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    Pieces,
    Typo,
    Letters,
    Typos,
}

impl Effort {
    pub(crate) const ALL: [Self; 4] = [Self::Pieces, Self::Typo, Self::Letters, Self::Typos];

    /// How many letters of what was typed a name may lack.
    pub(crate) fn missing(self) -> u32 {
        match self {
            Self::Pieces | Self::Letters => 0,
            Self::Typo => 1,
            Self::Typos => 2,
        }
    }

    /// How many letters must be typed before it makes sense.
    fn least(self) -> usize {
        match self {
            Self::Pieces => 1,
            Self::Typo | Self::Letters => 3,
            Self::Typos => 5,
        }
    }
}

/// A fit, without where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fit {
    pub(crate) tier: Tier,
    /// What was typed ends where a word of the name does not.
    pub(crate) partial: bool,
}

impl Fit {
    fn whole(tier: Tier) -> Option<Self> {
        Some(Self {
            tier,
            partial: false,
        })
    }
}

/// Letters of a name without separators, where they stand, and where words start: for the tiers that need them at hand.
pub(crate) struct Letters {
    pub(crate) bytes: Vec<u8>,
    pub(crate) places: Vec<usize>,
    starts: Vec<bool>,
}

/// No more letters of a name are looked at where typos are looked for, or pieces.
const LETTERS_WITHIN: usize = 128;

impl Letters {
    fn of(name: Name<'_>) -> Self {
        let found = fold::letters_of(name.folded, 0).take(LETTERS_WITHIN);
        let (places, bytes): (Vec<usize>, Vec<u8>) = found.unzip();
        let start = |place: &usize| *place < fold::WORDS_WITHIN && name.words >> place & 1 == 1;
        Self {
            starts: places.iter().map(start).collect(),
            bytes,
            places,
        }
    }

    fn words(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.bytes.len()).filter(|at| self.starts[*at])
    }
}

/// How a name fits, as far as the effort goes. `text` is the name with its case.
pub(crate) fn fit(needle: &Needle, name: Name<'_>, text: &str, effort: Effort) -> Option<Fit> {
    if needle.squeezed.len() < effort.least() && effort != Effort::Pieces {
        return None;
    }
    match effort {
        Effort::Pieces => plain_fit(needle, name, text),
        Effort::Typo => typo_fit(needle, name, 1, [Tier::Typo, Tier::TypoPrefix]),
        Effort::Letters => letters_fit(needle, name),
        Effort::Typos => typo_fit(needle, name, 2, [Tier::Typos, Tier::TyposPrefix]),
    }
}

fn plain_fit(needle: &Needle, name: Name<'_>, text: &str) -> Option<Fit> {
    if text == needle.name {
        return Fit::whole(Tier::Exact);
    }
    if let Some(fit) = start_fit(needle, name) {
        return Some(fit);
    }
    if needle.squeezed.len() >= 2 && initials(needle, name) {
        let words = name.words.count_ones() as usize;
        return Some(Fit {
            tier: Tier::Initials,
            partial: needle.squeezed.len() < words,
        });
    }
    if let Some(at) = memmem::find(name.folded, &needle.folded) {
        return Some(Fit {
            tier: Tier::Substring,
            partial: is_inside(name, at + needle.folded.len()),
        });
    }
    let pieces =
        needle.squeezed.len() >= 3 && pieces(&needle.squeezed, &Letters::of(name)).is_some();
    pieces.then_some(Fit {
        tier: Tier::Pieces,
        partial: false,
    })
}

/// How a name fits from its begin or the start of a word.
pub(crate) fn start_fit(needle: &Needle, name: Name<'_>) -> Option<Fit> {
    if needle.squeezed.is_empty() {
        return name.folded.starts_with(&needle.folded).then_some(Fit {
            tier: Tier::Prefix,
            partial: is_inside(name, needle.folded.len()),
        });
    }
    if name.folded.starts_with(&needle.folded) {
        let same = name.folded.len() == needle.folded.len();
        return Some(Fit {
            tier: if same { Tier::Same } else { Tier::Prefix },
            partial: is_inside(name, needle.folded.len()),
        });
    }
    let first = needle.squeezed[0];
    fold::places(name.words).find_map(|place| {
        if name.folded[place] != first {
            return None;
        }
        let end = squeezed_end(&needle.squeezed, name.folded, place)?;
        // A leading underscore is no word: `_Exit` begins with `exit`.
        let begins = place == 0 || fold::letters_of(name.folded, 0).next()?.0 == place;
        // Who types a separator at the end goes on: `emplace_` is not `emplace`.
        let ends = end == name.folded.len() && needle.folded.last() == name.folded.last();
        let tier = match (begins, ends) {
            (true, true) => Tier::Same,
            (true, false) => Tier::SamePrefix,
            (false, _) => Tier::Word,
        };
        Some(Fit {
            tier,
            partial: is_inside(name, end) || tier == Tier::Same,
        })
    })
}

/// Where the letters end that stand in a name from a place on, separators aside.
fn squeezed_end(letters: &[u8], name: &[u8], place: usize) -> Option<usize> {
    let mut found = fold::letters_of(name, place);
    let mut end = place;
    for letter in letters {
        let (at, byte) = found.next()?;
        if byte != *letter {
            return None;
        }
        end = at + 1;
    }
    Some(end)
}

/// Whether a place is within a word, not at its end.
fn is_inside(name: Name<'_>, at: usize) -> bool {
    let starts = at < fold::WORDS_WITHIN && name.words >> at & 1 == 1;
    name.folded
        .get(at)
        .is_some_and(|byte| byte.is_ascii_alphanumeric() && !starts)
}

/// Whether the letters are the first ones of a name's words, from its first word on.
fn initials(needle: &Needle, name: Name<'_>) -> bool {
    let mut words = fold::places(name.words)
        .map(|place| name.folded[place])
        .filter(|byte| *byte != b'_');
    needle
        .squeezed
        .iter()
        .all(|letter| words.next() == Some(*letter))
}

/// Pieces that were tried in one name, at most: names and texts of one letter over and over would take forever.
const PIECE_TRIES: u32 = 256;

/// The pieces that the letters fall into, each the start of a word: from, to. Few pieces for their letters, or anything
/// would be found.
fn pieces(letters: &[u8], name: &Letters) -> Option<Vec<[usize; 2]>> {
    let most = letters.len().div_ceil(2).min(4);
    let mut search = Pieces {
        name,
        taken: Vec::with_capacity(most),
        tries: PIECE_TRIES,
    };
    name.words()
        .any(|word| search.take(letters, word, most))
        .then_some(search.taken)
}

struct Pieces<'a> {
    name: &'a Letters,
    taken: Vec<[usize; 2]>,
    tries: u32,
}

impl Pieces<'_> {
    /// Takes the longest piece at a word, then shorter ones, until the rest fits later words.
    fn take(&mut self, letters: &[u8], word: usize, most: usize) -> bool {
        let same = letters.iter().zip(&self.name.bytes[word..]);
        let longest = same.take_while(|(a, b)| a == b).count();
        for length in (1..=longest).rev() {
            let Some(left) = self.tries.checked_sub(1) else {
                return false;
            };
            self.tries = left;
            self.taken.push([word, word + length]);
            if length == letters.len() || self.take_later(&letters[length..], word + length, most) {
                return true;
            }
            self.taken.pop();
        }
        false
    }

    fn take_later(&mut self, letters: &[u8], from: usize, most: usize) -> bool {
        let name = self.name;
        let mut later = name.words().filter(|word| *word >= from);
        most > 1 && later.any(|word| self.take(letters, word, most - 1))
    }
}

fn typo_fit(needle: &Needle, name: Name<'_>, typos: u8, tiers: [Tier; 2]) -> Option<Fit> {
    let (typed, name) = (&*needle.squeezed, Letters::of(name));
    if near(typed, &name.bytes, typos, true) {
        return Fit::whole(tiers[0]);
    }
    let at_start = typed.first() == name.bytes.first() && near(typed, &name.bytes, typos, false);
    let at_word = || {
        typed.len() >= 4
            && name.words().any(|word| {
                typed.first() == name.bytes.get(word)
                    && near(typed, &name.bytes[word..], typos, false)
            })
    };
    (at_start || at_word()).then_some(Fit {
        tier: tiers[1],
        partial: !at_start,
    })
}

/// Whether a text is the begin of a name (or, `whole`, the name), but for so many typos: a letter too many, missing,
/// another, or two swapped.
fn near(typed: &[u8], name: &[u8], typos: u8, whole: bool) -> bool {
    let same = typed.iter().zip(name).take_while(|(a, b)| a == b).count();
    let (typed, name) = (&typed[same..], &name[same..]);
    if typed.is_empty() && (!whole || name.is_empty()) {
        return true;
    }
    let Some(left) = typos.checked_sub(1) else {
        return false;
    };
    let swapped = || match (typed, name) {
        ([a, b, typed @ ..], [c, d, name @ ..]) => {
            a == d && b == c && near(typed, name, left, whole)
        }
        _ => false,
    };
    match (typed, name) {
        ([], []) => true,
        ([], [_, name @ ..]) => near(&[], name, left, whole),
        ([_, typed @ ..], []) => near(typed, &[], left, whole),
        ([_, rest @ ..], [_, after @ ..]) => {
            swapped()
                || near(rest, after, left, whole)
                || near(rest, name, left, whole)
                || near(typed, after, left, whole)
        }
    }
}

fn letters_fit(needle: &Needle, name: Name<'_>) -> Option<Fit> {
    let first = fold::letters_of(name.folded, 0).next()?.1;
    let mut found = fold::letters_of(name.folded, 0).map(|(_, byte)| byte);
    let all = needle
        .squeezed
        .iter()
        .all(|letter| found.any(|byte| byte == *letter));
    let begins = needle.squeezed.first() == Some(&first);
    all.then_some(Fit {
        tier: if begins {
            Tier::Letters
        } else {
            Tier::LettersWithin
        },
        partial: false,
    })
}

/// The places of a name to mark, rising and apart: what of it was typed.
pub(crate) fn ranges(needle: &Needle, name: Name<'_>, tier: Tier) -> Vec<[usize; 2]> {
    match tier {
        Tier::Exact | Tier::Same | Tier::Typo | Tier::Typos => vec![[0, name.folded.len()]],
        Tier::Prefix => vec![[0, needle.folded.len()]],
        Tier::SamePrefix | Tier::Word => fold::places(name.words)
            .find_map(|at| Some([at, squeezed_end(&needle.squeezed, name.folded, at)?]))
            .into_iter()
            .collect(),
        Tier::Initials => fold::places(name.words)
            .filter(|at| name.folded[*at] != b'_')
            .take(needle.squeezed.len())
            .map(|at| [at, at + 1])
            .collect(),
        Tier::Substring => memmem::find(name.folded, &needle.folded)
            .map(|at| [at, at + needle.folded.len()])
            .into_iter()
            .collect(),
        Tier::Pieces => piece_ranges(needle, name),
        Tier::TypoPrefix | Tier::Letters | Tier::LettersWithin | Tier::TyposPrefix => {
            letter_ranges(needle, name)
        }
    }
}

fn piece_ranges(needle: &Needle, name: Name<'_>) -> Vec<[usize; 2]> {
    let letters = Letters::of(name);
    let pieces = pieces(&needle.squeezed, &letters).unwrap_or_default();
    let place = |[from, to]: [usize; 2]| [letters.places[from], letters.places[to - 1] + 1];
    pieces.into_iter().map(place).collect()
}

/// The letters that stand in the name in their order, next ones together; those of a typo are left out.
fn letter_ranges(needle: &Needle, name: Name<'_>) -> Vec<[usize; 2]> {
    let mut ranges: Vec<[usize; 2]> = Vec::new();
    let mut rest = fold::letters_of(name.folded, 0);
    for letter in &needle.squeezed {
        let mut ahead = rest.clone();
        let Some((at, _)) = ahead.find(|(_, byte)| byte == letter) else {
            continue;
        };
        rest = ahead;
        match ranges.last_mut() {
            Some(last) if last[1] == at => last[1] += 1,
            _ => ranges.push([at, at + 1]),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::typed;

    fn found(text: &str, name: &str) -> Option<Tier> {
        let folded = name.to_ascii_lowercase();
        let shape = Name {
            folded: folded.as_bytes(),
            words: fold::words(name.as_bytes()),
        };
        let needle = &typed::read(text)[0];
        let lacks = (needle.letters & !fold::letters(folded.as_bytes())).count_ones();
        let mut fits = Effort::ALL.into_iter().filter_map(|effort| {
            let fit = fit(needle, shape, name, effort)?;
            assert!(
                lacks <= effort.missing(),
                "{text} would be left out of {name}"
            );
            Some(fit.tier)
        });
        fits.next()
    }

    #[test]
    fn every_way_to_be_found_is_told_from_the_others() {
        use Tier as T;
        let rows: &[(&str, &str, Option<Tier>)] = &[
            ("push_back", "push_back", Some(T::Exact)),
            ("Push_Back", "push_back", Some(T::Same)),
            ("pushback", "push_back", Some(T::Same)),
            ("push back", "push_back", Some(T::Same)),
            ("exit", "_Exit", Some(T::Same)),
            ("emplace_", "emplace", Some(T::SamePrefix)),
            ("pus", "push_back", Some(T::Prefix)),
            ("INT", "int_fast8_t", Some(T::Prefix)),
            ("pushb", "push_back", Some(T::SamePrefix)),
            ("back", "push_back", Some(T::Word)),
            ("firstof", "find_first_of", Some(T::Word)),
            ("server", "HTTPServer", Some(T::Word)),
            ("stf", "set_to_first", Some(T::Initials)),
            ("ff", "find_first_of", Some(T::Initials)),
            ("ush_b", "push_back", Some(T::Substring)),
            ("emback", "emplace_back", Some(T::Pieces)),
            ("pback", "push_back", Some(T::Pieces)),
            ("findof", "find_first_of", Some(T::Pieces)),
            ("psuh_back", "push_back", Some(T::Typo)),
            ("pushback", "pushbck", Some(T::Typo)),
            ("vectro", "vector", Some(T::Typo)),
            ("rezise", "resize", Some(T::Typos)),
            ("emplcae", "emplace_back", Some(T::TypoPrefix)),
            ("psh", "push", Some(T::Typo)),
            ("shrnkfit", "shrink_to_fit", Some(T::Letters)),
            ("hrinkft", "shrink_to_fit", Some(T::LettersWithin)),
            ("puhs_bakc", "push_back", Some(T::Typos)),
            ("xyz", "push_back", None),
            ("[]", "operator[]", Some(T::Exact)),
            ("operator", "operator[]", Some(T::Prefix)),
            ("<", "operator<=>", Some(T::Prefix)),
            ("bool", "operator bool", Some(T::Word)),
            ("~", "~vector", Some(T::Prefix)),
            ("_", "_1", Some(T::Prefix)),
            ("", "anything", Some(T::Prefix)),
        ];
        for (text, name, expected) in rows {
            assert_eq!(found(text, name), *expected, "{text} in {name}");
        }
    }

    #[test]
    fn what_was_typed_is_marked() {
        let rows: &[(&str, &str, Tier, &[[usize; 2]])] = &[
            ("push", "push_back", Tier::Prefix, &[[0, 4]]),
            ("pushb", "push_back", Tier::SamePrefix, &[[0, 6]]),
            ("back", "push_back", Tier::Word, &[[5, 9]]),
            ("ush", "push_back", Tier::Substring, &[[1, 4]]),
            ("emback", "emplace_back", Tier::Pieces, &[[0, 2], [8, 12]]),
            (
                "ffo",
                "find_first_of",
                Tier::Initials,
                &[[0, 1], [5, 6], [11, 12]],
            ),
            (
                "shft",
                "shrink_to_fit",
                Tier::Letters,
                &[[0, 2], [10, 11], [12, 13]],
            ),
        ];
        for (text, name, tier, expected) in rows {
            let shape = Name {
                folded: name.as_bytes(),
                words: fold::words(name.as_bytes()),
            };
            let ranges = ranges(&typed::read(text)[0], shape, *tier);
            assert_eq!(&ranges, expected, "{text} in {name}");
        }
    }
}
