//! Hashes of which half is kept, in tables that may have a million places.

/// A hash of as many bits again, to be kept in place of it. A table takes where to look from the lower bits of a hash, and what to look for from its upper ones.
pub(crate) const fn spread(half: u32) -> u64 {
    (half as u64) << 32 | half as u64
}
