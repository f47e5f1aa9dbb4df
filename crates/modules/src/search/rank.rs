//! The order of what was found, as one number each: the least comes first.

use super::{
    qualifier::Place,
    tier::{Fit, Tier},
};
use crate::{Kind, catalogue::Entry};

/// What decides between two matches, the weightiest first. Its lowest bits are the number of the symbol, and symbols are
/// numbered so that the shorter name, then the alphabet, decides where nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(u64);

const ENTRY_BITS: u32 = 24;

/// How near a symbol is to what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Nearness {
    /// In a library that was asked for; where none was, in no class or inner namespace.
    Own,
    /// Where no library was asked for: in a class or an inner namespace.
    Deep,
    Inherited,
    /// Not of the class that was asked for, only in its header.
    Neighbour,
}

impl Nearness {
    /// In a library that was asked for.
    pub(crate) fn in_lib(entry: &Entry, is_neighbour: bool) -> Self {
        match (is_neighbour, entry.is_inherited()) {
            (true, _) => Self::Neighbour,
            (false, true) => Self::Inherited,
            (false, false) => Self::Own,
        }
    }

    /// Where everything was asked for. A deduction guide is nothing that is called: it is among what its class has.
    pub(crate) fn anywhere(entry: &Entry) -> Self {
        let deep = entry.is_deep() || entry.kind == Kind::DeductionGuide;
        match (entry.is_inherited(), deep) {
            (true, _) => Self::Inherited,
            (false, true) => Self::Deep,
            (false, false) => Self::Own,
        }
    }
}

/// One way in which a symbol was found.
pub(crate) struct Found {
    pub(crate) entry: u32,
    pub(crate) place: Place,
    pub(crate) nearness: Nearness,
    /// The place, in the question, of the library it is in.
    pub(crate) lib: u8,
}

/// How a name fits, whoever has it.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) fit: Fit,
    /// The text has capitals that the name has not.
    pub(crate) other_case: bool,
    /// The name begins as those do that the language keeps for itself, and the text does not: `__cpp_lib_…`.
    pub(crate) reserved: bool,
}

impl Named {
    /// The best that can be found in this way.
    pub(crate) fn by(tier: Tier) -> Self {
        Self {
            fit: Fit::new(tier, false),
            other_case: false,
            reserved: false,
        }
    }
}

/// Puts numbers side by side, each with so many bits.
fn pack(parts: &[(u64, u32)]) -> u64 {
    parts
        .iter()
        .fold(0, |packed, (part, bits)| packed << bits | part)
}

impl Rank {
    /// Of a match. `by_alias`: by another name of the symbol.
    pub(crate) fn of_match(found: &Found, entry: &Entry, named: Named, by_alias: bool) -> Self {
        let fit = named.fit;
        // Who types all of `string` means the class of which that is another name.
        let is_another_name = entry.kind == Kind::Alias && fit.tier <= Tier::Same;
        Self(pack(&[
            (fit.tier as u64, 4),
            (fit.loose.into(), 5),
            (found.place as u64, 3),
            (named.other_case.into(), 1),
            (named.reserved.into(), 1),
            (entry.is_deprecated().into(), 1),
            (found.nearness as u64, 2),
            ((by_alias || is_another_name).into(), 1),
            (fit.partial.into(), 1),
            (entry.kind.rank().into(), 3),
            (found.lib.into(), 7),
            (found.entry.into(), ENTRY_BITS),
        ]))
    }

    /// No match of this name, of this symbol or a later one, comes before that.
    pub(crate) fn least(named: Named, entry: u32) -> Self {
        let fit = named.fit;
        Self(pack(&[
            (fit.tier as u64, 4),
            (fit.loose.into(), 5),
            (0, 3),
            (named.other_case.into(), 1),
            (named.reserved.into(), 1),
            (0, 4),
            (fit.partial.into(), 1),
            (0, 10),
            (entry.into(), ENTRY_BITS),
        ]))
    }

    /// Of one in a list of everything: library by library, as a page about each would be written. `letters` is the
    /// place of its name in the alphabet.
    pub(crate) fn of_listed(found: &Found, entry: &Entry, letters: u32) -> Self {
        let chapter = entry.kind.chapter();
        Self(pack(&[
            (found.place as u64, 3),
            (found.lib.into(), 6),
            (found.nearness as u64, 2),
            (entry.is_deprecated().into(), 1),
            ((!entry.is_owner()).into(), 1),
            (chapter.into(), 3),
            (letters.into(), ENTRY_BITS),
            (found.entry.into(), ENTRY_BITS),
        ]))
    }

    pub(crate) fn entry(self) -> u32 {
        (self.0 & ((1 << ENTRY_BITS) - 1)) as u32
    }
}
