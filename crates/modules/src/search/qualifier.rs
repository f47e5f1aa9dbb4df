//! How well the place of a symbol fits what was typed before its name.

use std::cell::RefCell;

use hashbrown::HashMap;

use super::typed::Needle;
use crate::{
    Catalogue,
    catalogue::{Entry, Id},
};

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
    /// By another name of the place.
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
    of_header: bool,
    strictness: Strictness,
    known: RefCell<Vec<Option<Option<Place>>>>,
    headers: RefCell<HashMap<Id, Option<Place>>>,
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
            of_header: needle.of_header,
            strictness,
            known: RefCell::new(vec![None; count]),
            headers: RefCell::default(),
        }
    }

    /// How the place of a symbol fits; none where it does not.
    pub(crate) fn place(&self, number: u32, entry: &Entry) -> Option<Place> {
        if self.parts.is_empty() {
            return Some(Place::Exact);
        }
        if self.strictness == Strictness::Ignored {
            return Some(Place::Ignored);
        }
        if self.of_header {
            let mut headers = self.headers.borrow_mut();
            let judge = || self.included(entry.header);
            return *headers.entry(entry.header).or_insert_with(judge);
        }
        let others = entry.is_elsewhere().then(|| self.elsewhere(number));
        let own = self.scope(entry.scope);
        own.into_iter()
            .chain(others.flatten())
            .min()
            .or_else(|| self.header(entry))
    }

    /// How the other scopes of a symbol fit.
    fn elsewhere(&self, number: u32) -> Option<Place> {
        let scopes = self.catalogue.other_scopes(number);
        let places = scopes.filter_map(|scope| self.scope(scope));
        places.map(|place| place.max(Place::Alias)).min()
    }

    fn scope(&self, scope: u32) -> Option<Place> {
        let known = self.known.borrow()[scope as usize];
        known.unwrap_or_else(|| {
            let place = self.judge(scope);
            self.known.borrow_mut()[scope as usize] = Some(place);
            place
        })
    }

    /// How a header fits; one may be named with its folder where the catalogue does so or not.
    fn included(&self, header: Id) -> Option<Place> {
        let [typed] = self.parts else { return None };
        let header = self.catalogue.strings().some(header)?;
        let header = header.to_ascii_lowercase();
        let file = typed.rsplit('/').next().unwrap_or(typed);
        let [whole, file] = [typed, file].map(|typed| self.part(typed, &header));
        whole.into_iter().chain(file).min()
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
        let own = self.judge_text(self.catalogue.scope(scope));
        let aliases = self.catalogue.scope_aliases(scope);
        let aliases = aliases.filter_map(|alias| self.judge_text(alias));
        aliases
            .map(|place| place.max(Place::Alias))
            .chain(own)
            .min()
    }

    fn judge_text(&self, scope: &str) -> Option<Place> {
        let text = scope.to_ascii_lowercase();
        let parts: Vec<&str> = text.split(self.catalogue.sep()).collect();
        self.judge_parts(&parts)
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
