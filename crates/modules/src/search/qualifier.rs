//! How well the place of a symbol fits what was typed before its name.

use std::cell::RefCell;

use super::typed::Needle;
use crate::{Catalogue, catalogue::Entry};

/// How what was typed before a name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// It names the place, whole.
    Names,
    /// It names the place, or begins to.
    Fits,
    /// It does, but for one typo.
    Nearly,
    /// It may be the name of a variable: it says nothing.
    Ignored,
}

/// How well a place fits: the less the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Place {
    /// Letter by letter, or nothing was typed.
    Exact,
    /// By another name of the class.
    Alias,
    /// The begins of names.
    Begun,
    /// The start of a word of a name.
    Word,
    /// A place further out.
    Outer,
    /// Only the header or the library is called so.
    Header,
    Typo,
    Ignored,
}

/// Judges places, each once.
pub(crate) struct Qualifier<'a> {
    catalogue: &'a Catalogue,
    parts: &'a [String],
    strictness: Strictness,
    known: RefCell<Vec<Option<Option<Place>>>>,
}

impl<'a> Qualifier<'a> {
    pub(crate) fn new(
        catalogue: &'a Catalogue,
        needle: &'a Needle,
        strictness: Strictness,
    ) -> Self {
        let count = match (needle.qualifier.is_empty(), strictness) {
            (false, Strictness::Names | Strictness::Fits | Strictness::Nearly) => {
                catalogue.scope_count()
            }
            _ => 0,
        };
        Self {
            catalogue,
            parts: &needle.qualifier,
            strictness,
            known: RefCell::new(vec![None; count]),
        }
    }

    /// How the place of a symbol fits; none where it does not.
    pub(crate) fn place(&self, entry: &Entry) -> Option<Place> {
        if self.parts.is_empty() {
            return Some(Place::Exact);
        }
        if self.strictness == Strictness::Ignored {
            return Some(Place::Ignored);
        }
        let known = self.known.borrow()[entry.scope as usize];
        let place = known.unwrap_or_else(|| {
            let place = self.judge(entry.scope);
            self.known.borrow_mut()[entry.scope as usize] = Some(place);
            place
        });
        place.or_else(|| self.header(entry))
    }

    fn header(&self, entry: &Entry) -> Option<Place> {
        let [.., last] = self.parts else { return None };
        let rest = &self.parts[..self.parts.len() - 1];
        let plain = rest.iter().all(|part| part == "std");
        let strings = self.catalogue.strings();
        let names = [entry.header, entry.lib].map(|id| strings.get(id));
        let named = names.iter().any(|name| name.eq_ignore_ascii_case(last));
        (plain && named).then_some(Place::Header)
    }

    fn judge(&self, scope: u32) -> Option<Place> {
        let text = self.catalogue.scope(scope).to_ascii_lowercase();
        let parts: Vec<&str> = text.split(self.catalogue.sep()).collect();
        let own = self.judge_parts(&parts);
        let aliases = self.catalogue.scope_aliases(scope).filter_map(|alias| {
            let alias = alias.to_ascii_lowercase();
            let mut parts = parts.clone();
            *parts.last_mut()? = &alias;
            self.judge_parts(&parts)
                .map(|place| place.max(Place::Alias))
        });
        aliases.chain(own).min()
    }

    fn judge_parts(&self, parts: &[&str]) -> Option<Place> {
        let inner = parts.len().checked_sub(self.parts.len())?;
        if let Some(place) = self.side_by_side(&parts[inner..]) {
            return Some(place);
        }
        if self.strictness == Strictness::Nearly {
            return None;
        }
        // `std::duration` for `std::chrono::duration`, `chrono` for a member of a class in it.
        let mut rest = parts.iter();
        let outer = self
            .parts
            .iter()
            .all(|typed| rest.any(|part| part == typed));
        outer.then_some(Place::Outer)
    }

    fn side_by_side(&self, parts: &[&str]) -> Option<Place> {
        let fits = self
            .parts
            .iter()
            .zip(parts)
            .map(|(typed, part)| self.part(typed, part));
        fits.reduce(|a, b| Some(a?.max(b?))).flatten()
    }

    fn part(&self, typed: &str, part: &str) -> Option<Place> {
        if typed == part {
            Some(Place::Exact)
        } else if self.strictness == Strictness::Names {
            None
        } else if part.starts_with(typed) {
            Some(Place::Begun)
        } else if part.split('_').any(|word| word.starts_with(typed)) {
            Some(Place::Word)
        } else if self.strictness == Strictness::Nearly && typed.len() >= 3 {
            (strsim::osa_distance(typed, part) <= 1).then_some(Place::Typo)
        } else {
            None
        }
    }
}
