//! The bytes below a database. A flush that failed is remembered here: it is never taken for a disk that is full, and never
//! tried again, as the system may have dropped what it could not write and say of the next flush that all is well.

use std::{
    io,
    ops::Bound,
    sync::{Arc, OnceLock},
};

use redb::{BackendError, StorageBackend};

/// How the flushes of a disk went, however often its database was opened.
#[derive(Clone, Debug, Default)]
pub(super) struct Flushes(Arc<OnceLock<String>>);

impl Flushes {
    fn have_worked(&self) -> io::Result<()> {
        match self.0.get() {
            None => Ok(()),
            Some(why) => Err(io::Error::other(format!("a flush failed: {why}"))),
        }
    }
}

/// What a disk opened, until a flush fails.
#[derive(Debug)]
pub(super) struct Bytes {
    below: Box<dyn StorageBackend>,
    flushes: Flushes,
}

impl Bytes {
    pub(super) fn new(below: Box<dyn StorageBackend>, flushes: &Flushes) -> Self {
        let flushes = flushes.clone();
        Self { below, flushes }
    }
}

type Locked<T> = Result<T, BackendError>;

impl StorageBackend for Bytes {
    fn len(&self) -> io::Result<u64> {
        self.below.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.below.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.flushes.have_worked()?;
        self.below.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.flushes.have_worked()?;
        self.below.sync_data().or_else(|error| {
            // Whoever was first has said why already.
            let _ = self.flushes.0.set(error.to_string());
            self.flushes.have_worked()
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.flushes.have_worked()?;
        self.below.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.below.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<bool> {
        self.below.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<bool> {
        self.below.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<()> {
        self.below.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<()> {
        self.below.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<()> {
        self.below.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Locked<bool> {
        self.below.query_lock_range(start, end)
    }
}
