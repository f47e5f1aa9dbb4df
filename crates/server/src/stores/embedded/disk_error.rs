//! What a disk or the database on it says no with.

use std::io;

use redb::{
    CommitError, CompactionError, DatabaseError, StorageError, TableError, TransactionError,
};

use super::table::VERSION;

/// Why a database could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// No space is left.
    #[error("no space is left on the disk")]
    Full,
    /// Another process has it open.
    #[error("it is in use by another process")]
    InUse,
    /// It was written by a later version of Longwire.
    #[error("it was written by a later version ({found}); this one reads up to {VERSION}")]
    Version {
        /// The version that it says.
        found: u64,
    },
    /// What is in it is not what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The system said no.
    #[error("{0}")]
    Io(io::Error),
    /// The database said no.
    #[error("{0}")]
    Database(String),
}

impl From<io::Error> for DiskError {
    fn from(error: io::Error) -> Self {
        // A file may grow no further for the disk, for a quota, or for a limit of the process.
        let full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        if full { Self::Full } else { Self::Io(error) }
    }
}

impl From<redb::Error> for DiskError {
    fn from(error: redb::Error) -> Self {
        if let redb::Error::Io(error) = error {
            return error.into();
        }
        if let redb::Error::DatabaseAlreadyOpen = error {
            return Self::InUse;
        }
        if let redb::Error::Corrupted(why) = error {
            return Self::Damaged(why);
        }
        Self::Database(error.to_string())
    }
}

impl From<StorageError> for DiskError {
    fn from(error: StorageError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<DatabaseError> for DiskError {
    fn from(error: DatabaseError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<TransactionError> for DiskError {
    fn from(error: TransactionError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<TableError> for DiskError {
    fn from(error: TableError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<CommitError> for DiskError {
    fn from(error: CommitError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<CompactionError> for DiskError {
    fn from(error: CompactionError) -> Self {
        redb::Error::from(error).into()
    }
}
