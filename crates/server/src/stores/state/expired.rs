//! The names of jobs that were kept once.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::Hasher,
};

use longwire_protocol::{Connid, JobId};
use siphasher::sip::SipHasher13;

/// Remembers names by a keyed 64-bit hash, the latest so many of them: enough to tell `expired` from `unknown` in some 24 bytes
/// a name, wrong once in 2^64 / names.
#[derive(Debug)]
pub(in crate::stores) struct Expired {
    most: usize,
    key: HashKey,
    /// How often each is in `order`: a name that is used again is remembered from its last use on.
    known: HashMap<NameHash, u32, rustc_hash::FxBuildHasher>,
    order: VecDeque<NameHash>,
}

/// The key of the hashes. As long as it is the same, so are they.
pub(in crate::stores) type HashKey = [u64; 2];

/// A name, for as much as has to be remembered of it.
pub(in crate::stores) type NameHash = u64;

impl Expired {
    pub(super) fn new(most: usize, key: HashKey) -> Self {
        Self {
            most,
            key,
            known: HashMap::default(),
            order: VecDeque::new(),
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
        *self.known.entry(name).or_default() += 1;
        self.order.push_back(name);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, name: NameHash) {
        if let Entry::Occupied(mut times) = self.known.entry(name) {
            *times.get_mut() -= 1;
            if *times.get() == 0 {
                times.remove();
            }
        }
    }

    pub(super) fn contains(&self, name: NameHash) -> bool {
        self.known.contains_key(&name)
    }
}
