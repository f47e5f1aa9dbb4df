//! Which job a connid stands for.

use hashbrown::hash_table::{Entry, HashTable};
use longwire_protocol::JobId;

use super::NameHash;

/// Of each connid the job that runs, or else the last that did. Connids are known by their hashes, made once; where two share one, whoever
/// asks says which job it is about.
#[derive(Default)]
pub(super) struct Names(HashTable<Named>);

struct Named {
    name: NameHash,
    job: JobId,
}

impl Names {
    pub(super) fn find(&self, name: NameHash, is_it: impl Fn(JobId) -> bool) -> Option<JobId> {
        let named = self
            .0
            .find(name, |named| named.name == name && is_it(named.job));
        named.map(|named| named.job)
    }

    /// The name stands for that job from now on.
    pub(super) fn insert(&mut self, name: NameHash, job: JobId, is_it: impl Fn(JobId) -> bool) {
        let entry = self.0.entry(
            name,
            |named| named.name == name && is_it(named.job),
            |named| named.name,
        );
        match entry {
            Entry::Occupied(mut named) => named.get_mut().job = job,
            Entry::Vacant(free) => drop(free.insert(Named { name, job })),
        }
    }

    /// The name stands for nothing, if that job is what it stood for.
    pub(super) fn remove(&mut self, name: NameHash, job: JobId) {
        if let Ok(named) = self.0.find_entry(name, |named| named.job == job) {
            named.remove();
        }
    }
}
