//! The jobs that are kept, and the two names that each is found by.

use hashbrown::hash_table::{Entry as Known, HashTable};
use longwire_protocol::{Connid, JobId};
use slab::Slab;

use super::{Entry, NameHash, routes::Ended};
use crate::half_hash::{of_id, spread};

/// All jobs that are kept, each found by its id; and of each connid the job that runs, or else the last that did.
///
/// The names themselves are in the jobs alone, so that a table takes eight bytes a job: there may be a million of them.
#[derive(Default)]
pub(super) struct Jobs {
    entries: Slab<Entry>,
    ids: HashTable<Pointer>,
    connids: HashTable<Pointer>,
}

/// Where a job lies as long as it is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(u32);

/// Where a job lies, and the hash that leads there, so that a table can grow without a look at the jobs.
#[derive(Clone, Copy)]
struct Pointer {
    hash: u32,
    at: Place,
}

impl Pointer {
    fn hash(&self) -> u64 {
        spread(self.hash)
    }
}

impl Jobs {
    pub(super) fn get(&self, id: JobId) -> Option<&Entry> {
        self.at(self.place(id)?)
    }

    pub(super) fn get_mut(&mut self, id: JobId) -> Option<&mut Entry> {
        self.at_mut(self.place(id)?)
    }

    pub(super) fn place(&self, id: JobId) -> Option<Place> {
        let is_it = |pointer: &Pointer| has_id(&self.entries, *pointer, id);
        let pointer = self.ids.find(spread(of_id(id)), is_it)?;
        Some(pointer.at)
    }

    pub(super) fn at(&self, place: Place) -> Option<&Entry> {
        self.entries.get(place.0 as usize)
    }

    pub(super) fn at_mut(&mut self, place: Place) -> Option<&mut Entry> {
        self.entries.get_mut(place.0 as usize)
    }

    /// The job that a connid of that hash stands for.
    pub(super) fn named(&self, hash: NameHash, connid: &Connid) -> Option<&Entry> {
        let is_it = |pointer: &Pointer| has_connid(&self.entries, *pointer, connid);
        let pointer = self.connids.find(spread(hash as u32), is_it)?;
        self.at(pointer.at)
    }

    /// Keeps a job whose id no other has, and says where. Its connid stands for it from now on.
    pub(super) fn insert(&mut self, entry: Entry) -> Place {
        // No configuration allows for more jobs than this counts.
        let at = Place(self.entries.vacant_key() as u32);
        let hashes = [of_id(entry.job.id()), entry.name as u32];
        let [id, name] = hashes.map(|hash| Pointer { hash, at });
        self.ids.insert_unique(id.hash(), id, Pointer::hash);
        let connid = entry.job.connid();
        let is_it = |pointer: &Pointer| has_connid(&self.entries, *pointer, connid);
        match self.connids.entry(name.hash(), is_it, Pointer::hash) {
            Known::Occupied(mut last) => *last.get_mut() = name,
            Known::Vacant(free) => drop(free.insert(name)),
        }
        self.entries.insert(entry);
        at
    }

    /// Keeps those jobs no longer. The connid of one stands for nothing then, if it stood for it.
    ///
    /// Nothing is read of a job in order to find it, and each table is gone through by itself: whoever goes has lain there for long, so each
    /// look waits for memory.
    pub(super) fn remove(&mut self, gone: &[Ended], and: impl FnMut(Entry)) {
        for ended in gone {
            remove(&mut self.ids, of_id(ended.job), ended.place);
        }
        for ended in gone {
            remove(&mut self.connids, ended.name as u32, ended.place);
        }
        let places = gone.iter().map(|ended| ended.place.0 as usize);
        places
            .filter_map(|place| self.entries.try_remove(place))
            .for_each(and);
    }
}

fn remove(table: &mut HashTable<Pointer>, hash: u32, place: Place) {
    let is_it = |pointer: &Pointer| pointer.at.0 == place.0;
    if let Ok(found) = table.find_entry(spread(hash), is_it) {
        found.remove();
    }
}

fn has_id(entries: &Slab<Entry>, pointer: Pointer, id: JobId) -> bool {
    let entry = entries.get(pointer.at.0 as usize);
    entry.is_some_and(|entry| entry.job.id() == id)
}

fn has_connid(entries: &Slab<Entry>, pointer: Pointer, connid: &Connid) -> bool {
    let entry = entries.get(pointer.at.0 as usize);
    entry.is_some_and(|entry| entry.job.connid() == connid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_takes_little_room() {
        // Each byte is a megabyte where a million run.
        assert_eq!(size_of::<Pointer>(), 8);
        assert!(size_of::<Entry>() <= 144, "{}", size_of::<Entry>());
    }
}
