//! The jobs that are kept, and the two names that each is found by.

use hashbrown::hash_table::{Entry as Place, HashTable};
use longwire_protocol::{Connid, JobId};
use slab::Slab;

use super::{Entry, NameHash};

/// All jobs that are kept, each found by its id; and of each connid the job that runs, or else the last that did.
///
/// The names themselves are in the jobs alone, so that a table takes eight bytes a job: there may be a million of them.
#[derive(Default)]
pub(super) struct Jobs {
    entries: Slab<Entry>,
    ids: HashTable<Pointer>,
    connids: HashTable<Pointer>,
}

/// Where a job lies, and the hash that leads there, so that a table can grow without a look at the jobs.
#[derive(Clone, Copy)]
struct Pointer {
    hash: u32,
    at: u32,
}

impl Pointer {
    fn hash(&self) -> u64 {
        spread(self.hash)
    }
}

/// A table takes where to look from the lower bits of a hash, and what to look for from its upper ones.
const fn spread(hash: u32) -> u64 {
    (hash as u64) << 32 | hash as u64
}

/// The lower bits of an id: that is where chance is.
const fn of_id(id: JobId) -> u32 {
    id.bits() as u32
}

impl Jobs {
    pub(super) fn get(&self, id: JobId) -> Option<&Entry> {
        self.entries.get(self.at(id)?)
    }

    pub(super) fn get_mut(&mut self, id: JobId) -> Option<&mut Entry> {
        self.entries.get_mut(self.at(id)?)
    }

    fn at(&self, id: JobId) -> Option<usize> {
        let is_it = |pointer: &Pointer| has_id(&self.entries, *pointer, id);
        let pointer = self.ids.find(spread(of_id(id)), is_it)?;
        Some(pointer.at as usize)
    }

    /// The job that a connid of that hash stands for.
    pub(super) fn named(&self, hash: NameHash, connid: &Connid) -> Option<&Entry> {
        let is_it = |pointer: &Pointer| has_connid(&self.entries, *pointer, connid);
        let pointer = self.connids.find(spread(hash as u32), is_it)?;
        self.entries.get(pointer.at as usize)
    }

    /// Keeps a job whose id no other has. Its connid, which has that hash, stands for it from now on.
    pub(super) fn insert(&mut self, hash: NameHash, entry: Entry) {
        // No configuration allows for more jobs than this counts.
        let at = self.entries.vacant_key() as u32;
        let [id, name] = [of_id(entry.job.id()), hash as u32].map(|hash| Pointer { hash, at });
        self.ids.insert_unique(id.hash(), id, Pointer::hash);
        let connid = entry.job.connid();
        let is_it = |pointer: &Pointer| has_connid(&self.entries, *pointer, connid);
        match self.connids.entry(name.hash(), is_it, Pointer::hash) {
            Place::Occupied(mut last) => *last.get_mut() = name,
            Place::Vacant(free) => drop(free.insert(name)),
        }
        self.entries.insert(entry);
    }

    /// Keeps a job no longer. Its connid, which has that hash, stands for nothing, if it stood for this job.
    pub(super) fn remove(&mut self, id: JobId, hash: NameHash) -> Option<Entry> {
        let is_it = |pointer: &Pointer| has_id(&self.entries, *pointer, id);
        let found = self.ids.find_entry(spread(of_id(id)), is_it).ok()?;
        let (Pointer { at, .. }, _) = found.remove();
        let named = self
            .connids
            .find_entry(spread(hash as u32), |named| named.at == at);
        if let Ok(named) = named {
            named.remove();
        }
        self.entries.try_remove(at as usize)
    }
}

fn has_id(entries: &Slab<Entry>, pointer: Pointer, id: JobId) -> bool {
    let entry = entries.get(pointer.at as usize);
    entry.is_some_and(|entry| entry.job.id() == id)
}

fn has_connid(entries: &Slab<Entry>, pointer: Pointer, connid: &Connid) -> bool {
    let entry = entries.get(pointer.at as usize);
    entry.is_some_and(|entry| entry.job.connid() == connid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_takes_little_room() {
        // Each byte is a megabyte where a million run.
        assert_eq!(size_of::<Pointer>(), 8);
        assert!(size_of::<Entry>() <= 136, "{}", size_of::<Entry>());
    }
}
