//! A file that is read, changed and written by one process at a time.

use std::{
    fs::{self, File, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::Builder;

use crate::print;

/// A file, there or not yet. No other has a place in the same folder as long as this one is held.
pub(super) struct Place {
    file: PathBuf,
    folder: PathBuf,
    /// The folder is locked, not the file, as another file will be in that one's place. It goes with the process.
    _held: File,
}

impl Place {
    /// Waits for whoever has it.
    pub(super) fn of(file: &Path) -> io::Result<Self> {
        // A link stays one.
        let file = match fs::canonicalize(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => std::path::absolute(file)?,
            found => found?,
        };
        let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
        let held = File::open(&folder)?;
        if let Err(error) = held.lock() {
            // Some file systems of a network lock no folders.
            let folder = folder.display();
            print::say(&format!(
                "{folder} cannot be locked ({error}): whoever writes at the same time may undo this"
            ));
        }
        Ok(Self {
            file,
            folder,
            _held: held,
        })
    }

    /// Its text; none where it is not there.
    pub(super) fn read(&self) -> io::Result<String> {
        match fs::read_to_string(&self.file) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            read => read,
        }
    }

    /// Puts this text in the place of the file's, all at once.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        let there = fs::metadata(&self.file).ok().map(|it| it.permissions());
        // Of a new one what the process is told to withhold is withheld.
        let mode = there.clone().unwrap_or(Permissions::from_mode(0o666));
        let mut new = Builder::new().permissions(mode).tempfile_in(&self.folder)?;
        new.write_all(text.as_bytes())?;
        if let Some(mode) = there {
            new.as_file().set_permissions(mode)?;
        }
        new.as_file().sync_all()?;
        new.persist(&self.file)?;
        Ok(())
    }
}
