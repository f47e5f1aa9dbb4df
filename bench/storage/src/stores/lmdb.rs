//! LMDB by way of heed: a copy-on-write B-tree in a mapped file, in C.

use std::path::Path;

use anyhow::Result;
use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvOpenOptions};

use super::Storage;
use crate::rows::{Batch, Key};

/// The file cannot grow beyond this; it only takes address space.
const MAP_BYTES: usize = 8 << 30;

struct Lmdb {
    env: &'static Env,
    events: Database<'static, Bytes, Bytes>,
}

/// The environment is leaked: a database borrows it. A process opens one, and LMDB leaves nothing to do at the end.
pub(super) fn open(dir: &Path) -> Result<Box<dyn Storage>> {
    let env: &'static Env = Box::leak(Box::new(map(dir)?));
    let events = env
        .create_databases_and_commit(env.write_txn()?, |opener, transaction| {
            opener
                .create_database(transaction, None)
                .map(CommitOrAbort::<_, ()>::Commit)
        })?
        .commit()
        .ok_or_else(|| anyhow::anyhow!("not committed"))?;
    Ok(Box::new(Lmdb { env, events }))
}

#[allow(unsafe_code, reason = "heed maps a file, and has no safe way to open one")]
fn map(dir: &Path) -> Result<Env> {
    // SAFETY: only LMDB changes the file while it is mapped; nothing else knows of the directory.
    Ok(unsafe { EnvOpenOptions::new().map_size(MAP_BYTES).open(dir) }?)
}

impl Storage for Lmdb {
    fn commit(&mut self, batch: &Batch) -> Result<()> {
        let mut transaction = self.env.write_txn()?;
        for (key, value) in &batch.puts {
            self.events.put(&mut transaction, key, value)?;
        }
        for key in &batch.deletes {
            self.events.delete(&mut transaction, key)?;
        }
        Ok(transaction.commit()?)
    }

    fn scan(&self, each: &mut dyn FnMut(Key, &[u8])) -> Result<()> {
        let transaction = self.env.read_txn()?;
        for row in self.events.iter(&transaction)? {
            let (key, value) = row?;
            each(key.try_into()?, value);
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
