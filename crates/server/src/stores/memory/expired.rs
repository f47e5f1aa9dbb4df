//! The names of jobs that were kept once.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::{BuildHasher, Hash, RandomState},
};

/// Remembers names by a keyed 64-bit hash, the latest so many of them: enough to tell `expired` from `unknown` in some 24 bytes
/// a name, wrong once in 2^64 / names.
#[derive(Debug)]
pub(super) struct Expired {
    most: usize,
    key: RandomState,
    /// How often each is in `order`: a name that is used again is remembered from its last use on.
    known: HashMap<u64, u32, rustc_hash::FxBuildHasher>,
    order: VecDeque<u64>,
}

impl Expired {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            key: RandomState::new(),
            known: HashMap::default(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, name: impl Hash) {
        let hash = self.key.hash_one(name);
        *self.known.entry(hash).or_default() += 1;
        self.order.push_back(hash);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, hash: u64) {
        if let Entry::Occupied(mut times) = self.known.entry(hash) {
            *times.get_mut() -= 1;
            if *times.get() == 0 {
                times.remove();
            }
        }
    }

    pub(super) fn contains(&self, name: impl Hash) -> bool {
        self.known.contains_key(&self.key.hash_one(name))
    }
}
