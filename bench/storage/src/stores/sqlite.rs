//! SQLite, built in: a B-tree in one file, a write-ahead log beside it, in C.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, params};

use super::{CACHE_BYTES, Storage};
use crate::rows::{Batch, Key};

struct Sqlite {
    connection: Connection,
}

pub(super) fn open(dir: &Path) -> Result<Box<dyn Storage>> {
    let connection = Connection::open(dir.join("events.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    let cache_kib = i64::try_from(CACHE_BYTES / 1024)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.execute_batch(
        "create table if not exists events (
             job blob not null, seq integer not null, value blob not null,
             primary key (job, seq)
         ) strict, without rowid",
    )?;
    Ok(Box::new(Sqlite { connection }))
}

fn split(key: &Key) -> Result<(&[u8], i64)> {
    let (job, seq) = key.split_at(16);
    Ok((job, i64::from_be_bytes(seq.try_into()?)))
}

impl Storage for Sqlite {
    fn commit(&mut self, batch: &Batch) -> Result<()> {
        let transaction = self.connection.transaction()?;
        let mut insert = transaction.prepare_cached("insert into events values (?, ?, ?)")?;
        for (key, value) in &batch.puts {
            let (job, seq) = split(key)?;
            insert.execute(params![job, seq, value])?;
        }
        drop(insert);
        let mut delete =
            transaction.prepare_cached("delete from events where job = ? and seq = ?")?;
        for key in &batch.deletes {
            let (job, seq) = split(key)?;
            delete.execute(params![job, seq])?;
        }
        drop(delete);
        Ok(transaction.commit()?)
    }

    fn scan(&self, each: &mut dyn FnMut(Key, &[u8])) -> Result<()> {
        let mut select = self
            .connection
            .prepare("select job, seq, value from events order by job, seq")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let mut key = [0; 24];
            key[..16].copy_from_slice(row.get_ref(0)?.as_blob()?);
            key[16..].copy_from_slice(&row.get::<_, i64>(1)?.to_be_bytes());
            each(key, row.get_ref(2)?.as_blob()?);
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}
