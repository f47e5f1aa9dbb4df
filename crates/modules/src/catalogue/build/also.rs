//! What follows from the other names that symbols have.

use hashbrown::HashMap;

use super::Builder;
use crate::{
    Kind, Rejected,
    catalogue::{check::check_room, split::split_name, strings::Id},
};

/// What else symbols and scopes are called, and where else they stand.
#[derive(Default)]
pub(super) struct Also {
    /// Last parts that are not a symbol's own, those that a class gives to its constructors and destructor included.
    pub(super) names: Vec<(u32, Id)>,
    /// Scopes of other names that are not the symbol's own: `std::ranges::views` for what is in `std::views`.
    pub(super) places: Vec<(u32, u32)>,
    /// Whole other names of what is a class or a namespace, by its scope.
    pub(super) scopes: Vec<(u32, Id)>,
}

impl Builder {
    /// What follows from the other names. Where all of it would be too much, nothing is.
    pub(super) fn also(&mut self) -> Result<Also, Rejected> {
        let mut also = Also::default();
        self.aliases.sort_unstable();
        self.aliases.dedup();
        for at in 0..self.aliases.len() {
            let (of, alias) = self.aliases[at];
            let whole = self.strings.get(alias).to_owned();
            let (place, last) = split_name(&whole, &self.head.sep);
            let (last, place) = (self.strings.intern(last)?, self.scope(place)?);
            let raw = &self.entries[of as usize];
            let (name, kind, scope) = (raw.name, raw.entry.kind, raw.entry.scope);
            if last != name {
                also.names.push((of, last));
            }
            if place != scope {
                also.places.push((of, place));
            }
            if matches!(kind, Kind::Class | Kind::Namespace) {
                let own = self.strings.find(&self.whole(of));
                let own = own.and_then(|own| self.scope_of.get(&own));
                also.scopes.extend(own.map(|own| (*own, alias)));
            }
        }
        also.places.sort_unstable();
        also.places.dedup();
        also.scopes.sort_unstable();
        also.scopes.dedup();
        self.name_makers(&mut also)?;
        Ok(also)
    }

    /// Constructors and destructors are called as the class is.
    fn name_makers(&mut self, also: &mut Also) -> Result<(), Rejected> {
        let mut classes: HashMap<u32, Vec<String>> = HashMap::new();
        for (scope, alias) in &also.scopes {
            let last = split_name(self.strings.get(*alias), &self.head.sep).1;
            classes.entry(*scope).or_default().push(last.to_owned());
        }
        let most = self.limits.places();
        for number in 0..self.entries.len() as u32 {
            let entry = self.entries[number as usize].entry;
            if !matches!(entry.kind, Kind::Constructor | Kind::Destructor) {
                continue;
            }
            let tilde = if entry.kind == Kind::Destructor {
                "~"
            } else {
                ""
            };
            for name in classes.get(&entry.scope).into_iter().flatten() {
                check_room("other names", also.names.len(), most)?;
                let name = self.strings.intern(&format!("{tilde}{name}"))?;
                also.names.push((number, name));
            }
        }
        Ok(())
    }
}
