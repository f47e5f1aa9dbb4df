//! Hashes of which half is kept, in tables that may have a million places.

use longwire_protocol::JobId;

/// The lower bits of an id: that is where chance is, and ids that were made one after another lie together.
pub(crate) const fn of_id(id: JobId) -> u32 {
    id.bits() as u32
}

/// A hash of as many bits again, to be kept in place of it. A table takes where to look from the lower bits of a hash, and what to look for from its upper ones.
pub(crate) const fn spread(half: u32) -> u64 {
    (half as u64) << 32 | half as u64
}
