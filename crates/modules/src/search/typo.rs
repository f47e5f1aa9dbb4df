//! Names that were meant, but for a typo or two: a letter too many, missing, another, or two swapped.

use super::{
    tier::{Fit, Tier},
    typed::Needle,
};
use crate::{catalogue::Name, fold};

/// How a name fits, but for so many typos; the tiers are for the whole name and for a begin.
pub(super) fn fit(needle: &Needle, name: Name<'_>, typos: u8, tiers: [Tier; 2]) -> Option<Fit> {
    let (typed, letters) = (&*needle.squeezed, name.squeezed);
    let length = letters.len().abs_diff(typed.len());
    if length <= usize::from(typos) && near(typed, letters, typos, true) {
        return Fit::whole(tiers[0]);
    }
    let begins = |at: usize| letters.get(at) == typed.first();
    let at_start = begins(0) && near(typed, letters, typos, false);
    let at_word = || {
        let mut words = fold::places(name.words).filter(|word| begins(*word));
        typed.len() >= 4 && words.any(|word| near(typed, &letters[word..], typos, false))
    };
    (at_start || at_word()).then(|| Fit::new(tiers[1], !at_start))
}

/// Whether a text is the begin of a name (or, `whole`, the name), but for so many typos: a letter too many, missing,
/// another, or two swapped.
pub(super) fn near(typed: &[u8], name: &[u8], typos: u8, whole: bool) -> bool {
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
