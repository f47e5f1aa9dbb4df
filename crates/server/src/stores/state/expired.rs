//! The names of jobs that were kept once.

use std::{collections::VecDeque, hash::Hasher};

use hashbrown::hash_table::{Entry, HashTable};
use longwire_protocol::{Connid, JobId};
use siphasher::sip::SipHasher13;

/// Remembers names by a keyed 64-bit hash, the latest so many of them: enough to tell `expired` from `unknown` in some 20 bytes
/// a name, wrong once in 2^64 / names.
#[derive(Debug)]
pub(in crate::stores) struct Expired {
    most: usize,
    key: HashKey,
    order: VecDeque<NameHash>,
    /// The turn of the first in `order`. Turns are counted round and round.
    first: Turn,
    /// The last turn of each name: one that is used again is remembered from its last use on.
    turns: HashTable<Turn>,
}

type Turn = u32;

/// The key of the hashes. As long as it is the same, so are they.
pub(in crate::stores) type HashKey = [u64; 2];

/// A name, for as much as has to be remembered of it.
pub(in crate::stores) type NameHash = u64;

impl Expired {
    pub(super) fn new(most: usize, key: HashKey) -> Self {
        Self {
            most,
            key,
            order: VecDeque::new(),
            first: 0,
            turns: HashTable::new(),
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
        let turn = self.first.wrapping_add(self.order.len() as Turn);
        self.order.push_back(name);
        let (order, first) = (&self.order, self.first);
        let named = |turn: &Turn| order.get(turn.wrapping_sub(first) as usize).copied();
        let known = self.turns.entry(
            name,
            |turn| named(turn) == Some(name),
            |turn| named(turn).unwrap_or_default(),
        );
        match known {
            Entry::Occupied(mut last) => *last.get_mut() = turn,
            Entry::Vacant(free) => drop(free.insert(turn)),
        }
        if self.order.len() > self.most {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let turn = self.first;
        let Some(name) = self.order.pop_front() else {
            return;
        };
        self.first = turn.wrapping_add(1);
        // Not there where the name was used again.
        if let Ok(oldest) = self.turns.find_entry(name, |other| *other == turn) {
            oldest.remove();
        }
    }

    pub(super) fn contains(&self, name: NameHash) -> bool {
        let named = |turn: &Turn| self.order.get(turn.wrapping_sub(self.first) as usize);
        let is_it = |turn: &Turn| named(turn) == Some(&name);
        self.turns.find(name, is_it).is_some()
    }
}
