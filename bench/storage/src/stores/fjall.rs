//! fjall: a log-structured merge tree, in Rust.

use std::path::Path;

use anyhow::Result;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{CACHE_BYTES, Storage};
use crate::rows::{Batch, Key};

struct Fjall {
    database: Database,
    events: Keyspace,
}

pub(super) fn open(dir: &Path) -> Result<Box<dyn Storage>> {
    let database = Database::builder(dir)
        .cache_size(CACHE_BYTES as u64)
        .open()?;
    let events = database.keyspace("events", KeyspaceCreateOptions::default)?;
    Ok(Box::new(Fjall { database, events }))
}

impl Storage for Fjall {
    fn commit(&mut self, batch: &Batch) -> Result<()> {
        let mut writes = self.database.batch().durability(Some(PersistMode::SyncAll));
        for (key, value) in &batch.puts {
            writes.insert(&self.events, key.as_slice(), value.as_slice());
        }
        for key in &batch.deletes {
            writes.remove(&self.events, key.as_slice());
        }
        Ok(writes.commit()?)
    }

    fn scan(&self, each: &mut dyn FnMut(Key, &[u8])) -> Result<()> {
        for row in self.events.iter() {
            let (key, value) = row.into_inner()?;
            each(key.as_ref().try_into()?, &value);
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.database.persist(PersistMode::SyncAll)?;
        Ok(())
    }
}
