//! A plain file that only grows: one write and one `fdatasync` a transaction. The disk's own speed.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Storage;
use crate::rows::{Batch, Key};

struct Floor {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
}

pub(super) fn open(dir: &Path) -> Result<Box<dyn Storage>> {
    let path = dir.join("log");
    let file = OpenOptions::new().create(true).append(true).open(&path)?;
    Ok(Box::new(Floor {
        path,
        file,
        buffer: Vec::new(),
    }))
}

fn read_row(file: &mut impl Read) -> io::Result<(Key, Vec<u8>)> {
    let (mut key, mut size) = ([0; 24], [0; 4]);
    file.read_exact(&mut key)?;
    file.read_exact(&mut size)?;
    let mut value = vec![0; u32::from_be_bytes(size) as usize];
    file.read_exact(&mut value)?;
    Ok((key, value))
}

impl Storage for Floor {
    fn commit(&mut self, batch: &Batch) -> Result<()> {
        self.buffer.clear();
        for (key, value) in &batch.puts {
            self.buffer.extend_from_slice(key);
            self.buffer
                .extend_from_slice(&u32::try_from(value.len())?.to_be_bytes());
            self.buffer.extend_from_slice(value);
        }
        self.file.write_all(&self.buffer)?;
        self.file.sync_data()?;
        Ok(())
    }

    fn scan(&self, each: &mut dyn FnMut(Key, &[u8])) -> Result<()> {
        let mut file = BufReader::new(File::open(&self.path)?);
        loop {
            match read_row(&mut file) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error.into()),
                Ok((key, value)) => each(key, &value),
            }
        }
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
