//! Where the bytes go: the one place that knows files, so that tests can hand in a disk that fails.

use std::{
    fmt, fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use redb::{Builder, StorageBackend, backends::FileBackend};

use super::disk_error::DiskError;

/// A disk with one database on it, and some space that is kept for when there is no more.
pub trait Disk: fmt::Debug + Send + Sync + 'static {
    /// Opens the bytes of the database, which is made where there is none.
    ///
    /// # Errors
    /// Whatever the disk or the database says.
    fn open(&self) -> Result<Box<dyn StorageBackend>, DiskError>;

    /// Sets space aside, or sees that it is.
    ///
    /// # Errors
    /// Where there is not enough.
    fn set_aside(&self) -> io::Result<()>;

    /// Gives back what was set aside. Says whether there was something.
    fn give_back(&self) -> bool;
}

/// A folder: the database and the space set aside are a file each.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    aside_bytes: u64,
}

impl Folder {
    /// The folder, which is made where there is none, for this user alone.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn new(dir: &Path, aside_bytes: u64) -> io::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            aside_bytes,
        })
    }

    /// The file that holds the database.
    #[must_use]
    pub fn database(dir: &Path) -> PathBuf {
        dir.join("longwire.redb")
    }

    /// Makes an empty database. Whenever the power goes, it is there whole or not at all.
    fn make(&self, file: &Path) -> Result<(), DiskError> {
        let unfinished = file.with_extension("unfinished");
        let mut options = fs::OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(true);
        let empty = options.mode(0o600).open(&unfinished)?;
        Builder::new()
            .create_with_backend(FileBackend::new(empty)?)?
            .close()?;
        fs::rename(&unfinished, file)?;
        Ok(self.sync_dir()?)
    }

    fn aside(&self) -> PathBuf {
        self.dir.join("reserve")
    }

    /// A file that was made is there after a power cut only once its folder is on the disk too.
    fn sync_dir(&self) -> io::Result<()> {
        fs::File::open(&self.dir)?.sync_all()
    }
}

impl Disk for Folder {
    fn open(&self) -> Result<Box<dyn StorageBackend>, DiskError> {
        let file = Self::database(&self.dir);
        if !file.try_exists()? {
            self.make(&file)?;
        }
        let mut options = fs::OpenOptions::new();
        let file = options.read(true).write(true).open(file)?;
        Ok(Box::new(FileBackend::new(file)?))
    }

    fn set_aside(&self) -> io::Result<()> {
        let there = fs::metadata(self.aside()).map_or(0, |file| file.len());
        if there == self.aside_bytes {
            return Ok(());
        }
        let set_aside = write_zeros(&self.aside(), self.aside_bytes).and_then(|()| self.sync_dir());
        if set_aside.is_err() {
            // Half of it is of no use, and would be missed elsewhere.
            self.give_back();
        }
        set_aside
    }

    fn give_back(&self) -> bool {
        fs::remove_file(self.aside()).is_ok()
    }
}

/// Zeros that are written, not only announced: only then is their space ours.
fn write_zeros(file: &Path, bytes: u64) -> io::Result<()> {
    const PIECE: usize = 64 * 1024;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    let zeros = vec![0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let piece = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        file.write_all(&zeros[..piece])?;
        left -= piece as u64;
    }
    file.sync_all()
}
