//! Where logs are kept: a file each.

pub mod memory;
