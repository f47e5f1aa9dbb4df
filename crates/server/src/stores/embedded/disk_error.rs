//! What a disk or the database on it says no with.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use redb::{
    CommitError, CompactionError, CursorError, DatabaseError, StorageError, TableError,
    TransactionError,
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

impl DiskError {
    /// What would be right, for whoever runs the server.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Full => Some("make space on it, or choose another folder with --data DIR"),
            Self::InUse => {
                Some("stop the server that has it, or choose another folder with --data DIR")
            }
            Self::Version { .. } => {
                Some("use that version, or choose another folder with --data DIR")
            }
            Self::Damaged(_) => Some(
                "put a backup of the folder in its place, or move the folder away to begin with an empty one",
            ),
            Self::Io(error) => advice_on(error.kind()),
            Self::Database(_) => None,
        }
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the system has many errors, and more with every version"
)]
fn advice_on(error: io::ErrorKind) -> Option<&'static str> {
    match error {
        io::ErrorKind::PermissionDenied => Some(
            "give this user the folder and all that is in it, or choose another with --data DIR",
        ),
        io::ErrorKind::ReadOnlyFilesystem => {
            Some("mount it so that it can be written, or choose another folder with --data DIR")
        }
        io::ErrorKind::NotADirectory => {
            Some("this, or what is above it, is a file: name a folder with --data DIR")
        }
        _ => None,
    }
}

/// Reads a database. Where one was changed by something else that can end in a panic of what is below.
pub(super) fn or_damaged<T>(read: impl FnOnce() -> Result<T, DiskError>) -> Result<T, DiskError> {
    let read = catch_unwind(AssertUnwindSafe(read));
    read.unwrap_or_else(|_| Err(DiskError::Damaged("the database cannot be read".to_owned())))
}

impl From<io::Error> for DiskError {
    fn from(error: io::Error) -> Self {
        // The database ends before what it says that it holds, or is none.
        if let io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData = error.kind() {
            return Self::Damaged(error.to_string());
        }
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
        if let redb::Error::TableDoesNotExist(_) | redb::Error::TableTypeMismatch { .. } = error {
            return Self::Damaged(error.to_string());
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

impl From<CursorError> for DiskError {
    fn from(error: CursorError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<CompactionError> for DiskError {
    fn from(error: CompactionError) -> Self {
        redb::Error::from(error).into()
    }
}
