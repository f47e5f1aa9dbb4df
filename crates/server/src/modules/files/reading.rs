//! One file, read once.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
};

use longwire_modules::{
    Catalogue, Limits,
    readers::{self, ReadError},
};
use tokio_util::sync::CancellationToken;

use crate::config::ModuleConfig;

/// How a file looks from outside. One that was changed looks otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    written: (i64, i64),
    /// Or who may read it.
    changed: (i64, i64),
}

impl From<&Metadata> for Stamp {
    fn from(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            written: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

/// One reading of a file, on a thread that serves nobody.
pub(super) struct Reading {
    pub(super) config: ModuleConfig,
    pub(super) stamp: Stamp,
    /// Bytes of the file, unpacked.
    pub(super) file_bytes: u64,
    /// Bytes of memory that it may take.
    pub(super) room: usize,
    pub(super) stop: CancellationToken,
}

/// Why a file was not read.
pub(super) enum Unread {
    /// It was written to meanwhile.
    Changed,
    /// The system did not give it, and may later.
    Withheld(String),
    /// It takes more memory than there is for it, and may have that once others take less.
    NoRoom(String),
    /// It is no catalogue, as long as it stays as it is.
    Broken(String),
}

impl Reading {
    pub(super) fn read(self) -> Result<Catalogue, Unread> {
        let path = self.config.file.display().to_string();
        let withheld = |error: io::Error| Unread::Withheld(format!("{path}: {error}"));
        // A pipe would keep whoever opens it.
        if !std::fs::metadata(&self.config.file)
            .map_err(withheld)?
            .is_file()
        {
            return Err(Unread::Broken(format!("{path}: it is no file")));
        }
        let file = File::open(&self.config.file).map_err(withheld)?;
        let mut input = Stoppable::new(&file, &self.stop);
        let base = self.config.base_url.as_deref();
        let limits = self.limits();
        let read = readers::read_with_base(&path, &mut input, base, &limits);
        let failed = input.failed;
        if !self.is_same(file.metadata()) || !self.is_same(std::fs::metadata(&self.config.file)) {
            return Err(Unread::Changed);
        }
        let catalogue = read.map_err(|error| match error {
            error if failed => Unread::Withheld(error.to_string()),
            error => self.refused(&error, &limits),
        })?;
        match catalogue.bytes() {
            bytes if bytes <= self.room => Ok(catalogue),
            bytes => Err(self.no_room(&format!("{path}: it takes {bytes} bytes of memory"))),
        }
    }

    fn limits(&self) -> Limits {
        let most = Limits::default();
        Limits {
            file_bytes: self.file_bytes,
            text_bytes: most.text_bytes.min(self.room),
            ..most
        }
    }

    fn is_same(&self, file: io::Result<Metadata>) -> bool {
        file.is_ok_and(|file| Stamp::from(&file) == self.stamp)
    }

    /// Of a file whose texts alone are more than there is room for nobody knows how much it takes.
    fn refused(&self, error: &ReadError, limits: &Limits) -> Unread {
        let most = limits.text_bytes;
        match error.too_long && most == self.room {
            true => self.no_room(&error.to_string()),
            false => Unread::Broken(error.to_string()),
        }
    }

    fn no_room(&self, why: &str) -> Unread {
        let room = self.room;
        Unread::NoRoom(format!(
            "{why}; {room} are left of `limits.modules_bytes`, so raise that, or take another catalogue away"
        ))
    }
}

/// A file that ends early where the server stops.
struct Stoppable<'a> {
    file: &'a File,
    stop: &'a CancellationToken,
    /// Whether the system would not give a piece.
    failed: bool,
}

impl<'a> Stoppable<'a> {
    const fn new(file: &'a File, stop: &'a CancellationToken) -> Self {
        Self {
            file,
            stop,
            failed: false,
        }
    }
}

impl Read for Stoppable<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("the server stops"));
        }
        let read = self.file.read(into);
        self.failed |= read
            .as_ref()
            .is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        read
    }
}
