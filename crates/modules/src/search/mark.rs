//! What of a name was typed, to be marked where it is shown.

use super::{
    pieces::{Taken, pieces},
    tier::{Tier, start_of, substring},
    typed::Needle,
};
use crate::{catalogue::Name, fold};

/// The places of a name to mark, in bytes, rising and apart.
pub(crate) fn ranges(needle: &Needle, name: Name<'_>, tier: Tier) -> Vec<[usize; 2]> {
    let typed = needle.squeezed.len();
    let letters = match tier {
        Tier::Exact | Tier::Same | Tier::Typo | Tier::Typos => return vec![[0, name.folded.len()]],
        Tier::Prefix => return vec![[0, needle.folded.len()]],
        Tier::Substring => {
            let at = substring(needle, name);
            let range = at.map(|at| [at, at + needle.folded.len()]);
            return range.into_iter().collect();
        }
        Tier::SamePrefix | Tier::Word => {
            let range = start_of(needle, name).map(|at| [at, at + typed]);
            range.into_iter().collect()
        }
        Tier::Initials => {
            let words = fold::places(name.words).take(typed);
            words.map(|at| [at, at + 1]).collect()
        }
        Tier::Pieces => {
            let found = pieces(&needle.squeezed, name);
            found.map(Taken::to_vec).unwrap_or_default()
        }
        Tier::TypoPrefix | Tier::Letters | Tier::TyposPrefix => {
            in_order(&needle.squeezed, name.squeezed)
        }
    };
    let places = fold::letters_of(name.folded).map(|(place, _)| place);
    let places: Vec<usize> = places.collect();
    let place = |[from, to]: [usize; 2]| [places[from], places[to - 1] + 1];
    letters.into_iter().map(place).collect()
}

/// The letters that stand in the name in their order, next ones together; those of a typo are left out.
fn in_order(typed: &[u8], name: &[u8]) -> Vec<[usize; 2]> {
    let mut ranges: Vec<[usize; 2]> = Vec::new();
    let mut from = 0;
    for letter in typed {
        let Some(ahead) = memchr::memchr(*letter, &name[from..]) else {
            continue;
        };
        let at = from + ahead;
        from = at + 1;
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

    #[test]
    fn what_was_typed_is_marked() {
        let rows: &[(&str, &str, Tier, &[[usize; 2]])] = &[
            ("push", "push_back", Tier::Prefix, &[[0, 4]]),
            ("pushb", "push_back", Tier::SamePrefix, &[[0, 6]]),
            ("back", "push_back", Tier::Word, &[[5, 9]]),
            ("ush", "push_back", Tier::Substring, &[[1, 4]]),
            ("r", "operator wchar", Tier::Substring, &[[13, 14]]),
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
            let squeezed = fold::squeeze(name.as_bytes());
            let shape = Name {
                folded: name.as_bytes(),
                squeezed: &squeezed,
                words: fold::squeezed_words(name.as_bytes(), name.as_bytes()),
            };
            let ranges = ranges(&typed::read(text)[0], shape, *tier);
            assert_eq!(&ranges, expected, "{text} in {name}");
        }
    }
}
