//! The libraries, each behind the same few calls. One file each; the table is below.

use std::path::Path;

use anyhow::{Context, Result};

use crate::rows::{Batch, Key};

#[cfg(feature = "fjall")]
mod fjall;
mod floor;
#[cfg(feature = "lmdb")]
mod lmdb;
#[cfg(feature = "redb")]
mod redb;
#[cfg(feature = "sqlite")]
mod sqlite;

/// Memory for a cache of pages, wherever a library has one of its own.
#[cfg(any(feature = "fjall", feature = "redb", feature = "sqlite"))]
const CACHE_BYTES: usize = 64 << 20;

/// What Longwire needs of a storage library.
pub(crate) trait Storage {
    /// Writes a transaction; when it returns, the transaction survives a loss of power.
    fn commit(&mut self, batch: &Batch) -> Result<()>;

    /// Calls `each` for every row, in the order of the keys.
    fn scan(&self, each: &mut dyn FnMut(Key, &[u8])) -> Result<()>;

    /// Closes as the library wants to be closed.
    fn close(self: Box<Self>) -> Result<()>;
}

/// One way of storing, and how to open it.
pub(crate) struct Kind {
    /// Its name on the command line and in the tables.
    pub(crate) name: &'static str,
    /// Opens what is in the directory, or begins it.
    pub(crate) open: fn(&Path) -> Result<Box<dyn Storage>>,
}

/// Every way that is compared. The first is no library, but what the disk alone can do.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "floor",
        open: floor::open,
    },
    #[cfg(feature = "redb")]
    Kind {
        name: "redb",
        open: redb::open,
    },
    #[cfg(feature = "redb")]
    Kind {
        name: "redb-quick",
        open: redb::open_quick,
    },
    #[cfg(feature = "fjall")]
    Kind {
        name: "fjall",
        open: fjall::open,
    },
    #[cfg(feature = "sqlite")]
    Kind {
        name: "sqlite",
        open: sqlite::open,
    },
    #[cfg(feature = "lmdb")]
    Kind {
        name: "lmdb",
        open: lmdb::open,
    },
];

/// Opens a store by its name.
pub(crate) fn open(name: &str, dir: &Path) -> Result<Box<dyn Storage>> {
    let kind = KINDS.iter().find(|kind| kind.name == name);
    (kind.context("no such store")?.open)(dir)
}
