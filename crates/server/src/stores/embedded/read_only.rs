//! A file that cannot be written, for a database that repairs itself when it is opened.

use std::{collections::BTreeMap, fs::File, io, os::unix::fs::FileExt};

use parking_lot::Mutex;
use redb::StorageBackend;

const BLOCK: u64 = 4096;

/// A file of which nothing is changed: what is written to it stays in memory, and is gone with this.
#[derive(Debug)]
pub(super) struct ReadOnly {
    file: File,
    above: Mutex<Above>,
}

/// How what is seen differs from the file.
#[derive(Debug)]
struct Above {
    len: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl ReadOnly {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let above = Above {
            len: file.metadata()?.len(),
            blocks: BTreeMap::new(),
        };
        Ok(Self {
            file,
            above: Mutex::new(above),
        })
    }

    /// A block of the file; zeros after its end.
    fn block(&self, number: u64) -> io::Result<Vec<u8>> {
        let mut block = vec![0; size(BLOCK)];
        let mut read = 0;
        while read < block.len() {
            match self
                .file
                .read_at(&mut block[read..], number * BLOCK + read as u64)?
            {
                0 => break,
                more => read += more,
            }
        }
        Ok(block)
    }
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// The pieces of a range, one a block: the number of the block, where in it, and where in the range.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let start = size(at % BLOCK);
        let from = done;
        done = len.min(from + size(BLOCK) - start);
        (from < len).then_some((at / BLOCK, start, from..done))
    })
}

impl StorageBackend for ReadOnly {
    fn len(&self) -> io::Result<u64> {
        Ok(self.above.lock().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let above = self.above.lock();
        if offset + out.len() as u64 > above.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (number, start, range) in pieces(offset, out.len()) {
            let end = start + range.len();
            match above.blocks.get(&number) {
                Some(block) => out[range].copy_from_slice(&block[start..end]),
                None => out[range].copy_from_slice(&self.block(number)?[start..end]),
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.above.lock().len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut above = self.above.lock();
        for (number, start, range) in pieces(offset, data.len()) {
            let mut block = match above.blocks.remove(&number) {
                Some(block) => block,
                None => self.block(number)?,
            };
            block[start..start + range.len()].copy_from_slice(&data[range]);
            above.blocks.insert(number, block);
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use redb::{Builder, Database, ReadableDatabase, TableDefinition};

    use super::*;

    const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("table");

    fn write(database: &Database, key: u64, bytes: &[u8]) {
        let transaction = database.begin_write().unwrap();
        let mut table = transaction.open_table(TABLE).unwrap();
        table.insert(key, bytes).unwrap();
        drop(table);
        transaction.commit().unwrap();
    }

    #[test]
    fn a_database_is_read_and_written_and_its_file_stays_as_it_was() {
        let path = std::env::temp_dir().join(format!("longwire-read-only-{}", std::process::id()));
        write(&Database::create(&path).unwrap(), 1, b"below");
        let before = std::fs::read(&path).unwrap();
        let file = ReadOnly::new(File::open(&path).unwrap()).unwrap();
        let mut database = Builder::new().create_with_backend(file).unwrap();
        write(&database, 2, &[7; 100_000]);
        assert!(database.check_integrity().unwrap());
        let table = database.begin_read().unwrap().open_table(TABLE).unwrap();
        assert_eq!(table.get(1).unwrap().unwrap().value(), b"below");
        assert_eq!(table.get(2).unwrap().unwrap().value(), [7; 100_000]);
        drop((table, database));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        std::fs::remove_file(&path).unwrap();
    }
}
