//! Where the bytes go: the one place that knows files, so that tests can hand in a disk that fails.

use std::{
    fmt, fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use redb::{Builder, StorageBackend, backends::FileBackend};

use super::{disk_error::DiskError, read_only::ReadOnly};

/// A disk with one database on it, and some space that is kept for when there is no more.
pub trait Disk: fmt::Debug + Send + Sync + 'static {
    /// Opens the bytes of the database.
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

/// A folder: the database and the space set aside are a file each. It is ours as long as this is there.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    aside_bytes: u64,
    /// Whether what is written stays in memory.
    is_to_read: bool,
    /// Nobody else has it: the lock goes with this file. None where none can be made.
    _lock: Option<fs::File>,
}

impl Folder {
    /// The folder and the database in it, which are made where there are none, for this user alone.
    ///
    /// # Errors
    /// Where they cannot be made, or another process has them.
    pub fn new(dir: &Path, aside_bytes: u64) -> Result<Self, DiskError> {
        make_dir(dir)?;
        let folder = Self {
            // Before anything is looked at: two that begin at once must not both find nothing here.
            _lock: Some(lock(dir)?),
            is_to_read: false,
            dir: dir.to_owned(),
            aside_bytes,
        };
        let file = Self::database(dir);
        if !file.try_exists()? {
            folder.make(&file)?;
        }
        Ok(folder)
    }

    /// A folder that there is, for someone who only reads: it need not be writable, and the database stays as it is.
    ///
    /// # Errors
    /// Where it cannot be read, or another process has it.
    pub fn to_read(dir: &Path) -> Result<Self, DiskError> {
        let lock = match lock(dir) {
            Err(DiskError::Io(error)) if is_not_writable(&error) => shared_lock(dir)?,
            locked => Some(locked?),
        };
        Ok(Self {
            _lock: lock,
            is_to_read: true,
            dir: dir.to_owned(),
            aside_bytes: 0,
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
        if fs::metadata(&file)?.len() == 0 {
            // It would be taken for one that is to be made.
            let what = "the database is an empty file";
            return Err(DiskError::Damaged(what.to_owned()));
        }
        if self.is_to_read {
            return Ok(Box::new(ReadOnly::new(fs::File::open(file)?)?));
        }
        let file = fs::OpenOptions::new().read(true).write(true).open(file)?;
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

/// The lock of a folder, which goes with the file and with the process.
fn lock(dir: &Path) -> Result<fs::File, DiskError> {
    let mut options = fs::OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    let file = options.mode(0o600).open(lock_file(dir))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(DiskError::InUse),
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The same where nothing can be written. Where there is no lock either, no server ever had the folder from here.
fn shared_lock(dir: &Path) -> Result<Option<fs::File>, DiskError> {
    let file = match fs::File::open(lock_file(dir)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Err(DiskError::InUse),
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

fn lock_file(dir: &Path) -> PathBuf {
    dir.join("lock")
}

fn is_not_writable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Makes a folder and those above it, each of which is on the disk before there is anything in it.
fn make_dir(dir: &Path) -> io::Result<()> {
    match fs::metadata(dir) {
        Ok(there) if there.is_dir() => return Ok(()),
        Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    let above = dir.parent().filter(|dir| !dir.as_os_str().is_empty());
    let above = above.unwrap_or(Path::new("."));
    make_dir(above)?;
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        // Somebody else was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
        made => made?,
    }
    match fs::File::open(above) {
        Ok(above) => above.sync_all(),
        // One may make something in a folder that one may not read, and can then do no more.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
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
