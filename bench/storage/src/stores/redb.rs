//! redb: a copy-on-write B-tree in one file, in Rust.

use std::path::Path;

use anyhow::Result;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use super::{CACHE_BYTES, Storage};
use crate::rows::{Batch, Key};

const EVENTS: TableDefinition<Key, &[u8]> = TableDefinition::new("events");

struct Redb {
    database: Database,
    quick_repair: bool,
}

pub(super) fn open(dir: &Path) -> Result<Box<dyn Storage>> {
    open_with(dir, false)
}

pub(super) fn open_quick(dir: &Path) -> Result<Box<dyn Storage>> {
    open_with(dir, true)
}

fn open_with(dir: &Path, quick_repair: bool) -> Result<Box<dyn Storage>> {
    let database = Database::builder()
        .set_cache_size(CACHE_BYTES)
        .create(dir.join("events.redb"))?;
    Ok(Box::new(Redb {
        database,
        quick_repair,
    }))
}

impl Storage for Redb {
    fn commit(&mut self, batch: &Batch) -> Result<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(self.quick_repair);
        let mut events = transaction.open_table(EVENTS)?;
        for (key, value) in &batch.puts {
            events.insert(key, value.as_slice())?;
        }
        for key in &batch.deletes {
            events.remove(key)?;
        }
        drop(events);
        transaction.commit()?;
        Ok(())
    }

    fn scan(&self, each: &mut dyn FnMut(Key, &[u8])) -> Result<()> {
        let transaction = self.database.begin_read()?;
        for row in transaction.open_table(EVENTS)?.iter()? {
            let (key, value) = row?;
            each(key.value(), value.value());
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(self.database.close()?)
    }
}
