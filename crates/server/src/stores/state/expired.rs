//! The names of jobs that were kept once.

use std::{collections::VecDeque, hash::Hasher};

use hashbrown::hash_table::{Entry, HashTable};
use longwire_protocol::{Connid, JobId};
use siphasher::sip::SipHasher13;

/// Remembers names by a keyed 64-bit hash, the latest so many of them: enough to tell `expired` from `unknown` in some 11 bytes
/// a name, wrong once in 2^64 / names.
///
/// Names are added with every job that goes and asked for hardly ever. So each is put where the last ones were, in memory that the processor
/// has at hand, and whoever asks for one looks in many places.
#[derive(Debug)]
pub(in crate::stores) struct Expired {
    most: usize,
    key: HashKey,
    /// From the oldest names to the newest; all are full but the newest. One that is used again is in several.
    generations: VecDeque<HashTable<NameHash>>,
    /// Names in all of them.
    len: usize,
}

/// The key of the hashes. As long as it is the same, so are they.
pub(in crate::stores) type HashKey = [u64; 2];

/// A name, for as much as has to be remembered of it.
pub(in crate::stores) type NameHash = u64;

impl Expired {
    pub(super) const fn new(most: usize, key: HashKey) -> Self {
        Self {
            most,
            key,
            generations: VecDeque::new(),
            len: 0,
        }
    }

    pub(in crate::stores) fn of_connid(&self, connid: &Connid) -> NameHash {
        self.hash(b'c', connid.as_str().as_bytes())
    }

    pub(in crate::stores) fn of_job(&self, job: JobId) -> NameHash {
        self.hash(b'j', &job.bits().to_be_bytes())
    }

    fn hash(&self, kind: u8, name: &[u8]) -> NameHash {
        let [one, other] = self.key;
        let mut hasher = SipHasher13::new_with_keys(one, other);
        hasher.write_u8(kind);
        hasher.write(name);
        hasher.finish()
    }

    pub(super) fn add(&mut self, name: NameHash) {
        let is_full = |newest: &HashTable<_>| newest.len() >= self.names_together();
        if self.generations.back().is_none_or(is_full) {
            let next = HashTable::with_capacity(self.names_together());
            self.generations.push_back(next);
        }
        let Some(newest) = self.generations.back_mut() else {
            return;
        };
        if let Entry::Vacant(free) = newest.entry(name, |other| *other == name, |other| *other) {
            free.insert(name);
            self.len += 1;
        }
        self.forget_oldest();
    }

    /// Names of a generation: about one in 128 of all, and as many as fit into a table without a hole, which has a power of two for places
    /// and takes seven in eight of them. A few are remembered to the number.
    fn names_together(&self) -> usize {
        let places = (self.most / 128).next_power_of_two();
        (places * 7 / 8).max(1)
    }

    fn forget_oldest(&mut self) {
        while let Some(oldest) = self.generations.front().map(HashTable::len)
            && self.len - oldest >= self.most
        {
            self.len -= oldest;
            self.generations.pop_front();
        }
    }

    pub(super) fn contains(&self, name: NameHash) -> bool {
        let mut newest_first = self.generations.iter().rev();
        newest_first.any(|names| names.find(name, |other| *other == name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_few_more() {
        for most in [0, 1, 4, 200, 5_000] {
            let mut expired = Expired::new(most, [1, 2]);
            let names: Vec<_> = (0..20_000_u64)
                .map(|number| expired.hash(b'x', &number.to_be_bytes()))
                .collect();
            for name in &names {
                expired.add(*name);
            }
            let (old, latest) = names.split_at(names.len() - most);
            assert!(latest.iter().all(|name| expired.contains(*name)));
            let more = old.iter().filter(|name| expired.contains(**name)).count();
            assert!(more < expired.names_together(), "{more} more than {most}");
        }
    }

    #[test]
    fn a_name_that_is_used_again_is_remembered_from_then_on() {
        let mut expired = Expired::new(4, [1, 2]);
        for name in [1, 2, 3, 4, 1, 5, 6, 7] {
            expired.add(name);
        }
        let known = [1, 2, 3, 4, 5, 6, 7].map(|name| expired.contains(name));
        assert_eq!(known, [true, false, false, false, true, true, true]);
    }
}
