//! Decisions that a seed makes.

use std::ops::Range;

/// A sequence that a seed decides (`SplitMix64`), so that a run can be told again by its number.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The sequence of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A sequence of its own for the one of that number, so that what one decides does not depend on how often others did.
    #[must_use]
    pub fn fork(&self, number: u64) -> Self {
        let mut own = Self(self.0 ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
        Self(own.bits())
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of that range; its start, where the range is empty.
    pub const fn within(&mut self, range: Range<u64>) -> u64 {
        let width = range.end.saturating_sub(range.start);
        match self.bits().checked_rem(width) {
            Some(offset) => range.start + offset,
            None => range.start,
        }
    }

    /// True that often in a hundred times.
    pub const fn percent(&mut self, often: u64) -> bool {
        self.within(0..100) < often
    }

    /// One of them, if there is one.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let index = self.within(0..all.len() as u64);
        all.get(usize::try_from(index).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything_and_forks_differ() {
        let draw = |mut chance: Chance| [chance.bits(), chance.bits(), chance.within(5..9)];
        assert_eq!(draw(Chance::new(7)), draw(Chance::new(7)));
        assert_ne!(draw(Chance::new(7)), draw(Chance::new(8)));
        let root = Chance::new(7);
        assert_eq!(draw(root.fork(1)), draw(root.fork(1)));
        assert_ne!(draw(root.fork(1)), draw(root.fork(2)));
    }

    #[test]
    fn numbers_stay_within_their_range() {
        let mut chance = Chance::new(1);
        let drawn: Vec<u64> = (0..1_000).map(|_| chance.within(3..6)).collect();
        for number in 3..6 {
            assert!(drawn.contains(&number));
        }
        assert!(drawn.iter().all(|number| (3..6).contains(number)));
        assert_eq!(chance.within(4..4), 4);
        assert_eq!(chance.one_of::<u8>(&[]), None);
    }
}
