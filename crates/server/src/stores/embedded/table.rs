//! The database: rows of events, and what else must outlive the process.

use std::{
    hash::Hasher,
    ops::{Bound, RangeInclusive},
};

use longwire_engine::{Events, Job};
use longwire_protocol::{Event, JobId, Seq};
use redb::{
    Builder, Database, Key, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table,
    TableDefinition, TableError, Value, WriteTransaction,
};
use rustc_hash::FxHashMap;
use siphasher::sip::SipHasher13;
use smallvec::SmallVec;

use super::{
    bytes::{Bytes, Flushes},
    disk::Disk,
    disk_error::DiskError,
    record::{self, Unreadable},
};
use crate::stores::state::{HashKey, NameHash};

/// Events by job and number. Under number 0, where a log has lost its beginning: the job as it stood at some later event.
/// After each its checksum.
const EVENTS: TableDefinition<'_, (u128, u64), &[u8]> = TableDefinition::new("events");
/// Hashes of the names of jobs that are no longer kept, in the order in which they went.
const EXPIRED: TableDefinition<'_, u64, (NameHash, NameHash, Checksum)> =
    TableDefinition::new("expired");
/// Every job, and a number that is higher the later it was accepted or, once it has ended, the later that was. No clock does it.
const JOBS: TableDefinition<'_, u128, (u64, Checksum)> = TableDefinition::new("jobs");
/// One row each: the version of what is written, and the key of the hashes.
const ABOUT: TableDefinition<'_, &str, (u64, u64)> = TableDefinition::new("about");

/// Of a key and what is kept under it, so that no row is taken for another either.
type Checksum = u64;

/// The version of what is written, as long as every version since reads it.
pub(super) const VERSION: u64 = 1;
/// Bytes of the database that are kept in memory. Everything that is asked for is elsewhere in memory: this is for writing.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
/// Bytes that most events take at most, with their checksum.
const EVENT_BYTES: usize = 112;
/// As many rows are put at the end of a table together: the pages there are made anew for it, which takes as long as some rows do.
const MANY_ROWS: usize = 12;

/// Rows of one job that are to be written, in the order of their numbers.
#[derive(Debug)]
pub(super) struct Rows {
    job: JobId,
    /// What is kept of each, one after the other.
    bytes: Vec<u8>,
    /// Their numbers, and where each ends.
    ends: SmallVec<[(Seq, usize); 2]>,
}

/// What is written in one step: all of it or nothing.
#[derive(Debug, Default)]
pub(super) struct Commit {
    pub(super) rows: Vec<Rows>,
    /// Jobs that begin or end, in that order.
    pub(super) turns: Vec<JobId>,
    /// Logs whose beginning is let go of: the job as it stands, and the number of the first event that stays.
    pub(super) cuts: Vec<(Rows, Seq)>,
    /// Jobs that are let go of, and their names.
    pub(super) gone: Vec<(JobId, [NameHash; 2])>,
}

impl Commit {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.turns.is_empty()
            && self.cuts.is_empty()
            && self.gone.is_empty()
    }
}

/// An open database.
#[derive(Debug)]
pub(super) struct Tables {
    database: Database,
    /// The number of the next name that expires.
    next_expired: u64,
    /// The number of the next job that begins or ends.
    next_turn: u64,
    /// Names that are remembered.
    most_expired: u64,
}

/// A job as it was found.
pub(super) struct Loaded {
    pub(super) job: Job,
    pub(super) events: Events,
    /// Higher the later it was accepted or, once it has ended, the later that was.
    pub(super) turn: u64,
}

impl Tables {
    /// Opens the database of a disk. Where there is none it is made, with this key.
    pub(super) fn open(
        disk: &dyn Disk,
        flushes: &Flushes,
        most_expired: u64,
        key: HashKey,
    ) -> Result<Self, DiskError> {
        let mut table = Self::bare(disk, flushes)?;
        table.most_expired = most_expired;
        if !table.is_ours()? {
            table.initialize(key)?;
        }
        table.next_expired = table.count_expired()?;
        table.next_turn = table
            .turns()?
            .into_values()
            .max()
            .map_or(0, |last| last + 1);
        Ok(table)
    }

    /// The same where there must be one.
    pub(super) fn open_existing(disk: &dyn Disk) -> Result<Self, DiskError> {
        let table = Self::bare(disk, &Flushes::default())?;
        if table.is_ours()? {
            Ok(table)
        } else {
            Err(DiskError::Damaged(
                "it holds no jobs of Longwire".to_owned(),
            ))
        }
    }

    fn bare(disk: &dyn Disk, flushes: &Flushes) -> Result<Self, DiskError> {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        Ok(Self {
            database: builder.create_with_backend(Bytes::new(disk.open()?, flushes))?,
            next_expired: 0,
            next_turn: 0,
            most_expired: 0,
        })
    }

    /// Whether it was written here before, by a version that this one understands.
    fn is_ours(&self) -> Result<bool, DiskError> {
        let about = match self.database.begin_read()?.open_table(ABOUT) {
            Ok(about) => about,
            Err(TableError::TableDoesNotExist(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        match about.get("version")?.map(|row| row.value().0) {
            Some(found) if found > VERSION => Err(DiskError::Version { found }),
            found => Ok(found.is_some()),
        }
    }

    fn initialize(&self, key: HashKey) -> Result<(), DiskError> {
        let transaction = self.database.begin_write()?;
        {
            let mut about = transaction.open_table(ABOUT)?;
            about.insert("version", (VERSION, 0))?;
            about.insert("hash key", (key[0], key[1]))?;
            let check = checksum(0, 0, &about_bytes(key));
            about.insert("hash key's checksum", (check, 0))?;
            transaction.open_table(JOBS)?;
            transaction.open_table(EVENTS)?;
            transaction.open_table(EXPIRED)?;
        }
        Ok(transaction.commit()?)
    }

    fn count_expired(&self) -> Result<u64, DiskError> {
        let expired = self.database.begin_read()?.open_table(EXPIRED)?;
        let last = expired.last()?;
        Ok(last.map_or(0, |(last, _)| last.value() + 1))
    }

    /// The key of the hashes of names.
    pub(super) fn hash_key(&self) -> Result<HashKey, DiskError> {
        let about = self.database.begin_read()?.open_table(ABOUT)?;
        let row = |name| Ok::<_, DiskError>(about.get(name)?.map(|row| row.value()));
        let (key, check) = (row("hash key")?, row("hash key's checksum")?);
        let key = key.map(|(one, other)| [one, other]).filter(|key| {
            let expected = checksum(0, 0, &about_bytes(*key));
            check.is_some_and(|(check, _)| check == expected)
        });
        key.ok_or_else(|| {
            DiskError::Damaged("table about: no hash key, or not as written".to_owned())
        })
    }

    /// Writes, and returns when it is on the disk.
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<(), DiskError> {
        let transaction = self.database.begin_write()?;
        let next_turn = self.next_turn + commit.turns.len() as u64;
        let next_expired = self.next_expired + commit.gone.len() as u64;
        write_jobs(&transaction, commit, self.next_turn)?;
        if !commit.gone.is_empty() {
            let oldest = next_expired.saturating_sub(self.most_expired);
            write_expired(&transaction, commit, self.next_expired, oldest)?;
        }
        transaction.commit()?;
        (self.next_expired, self.next_turn) = (next_expired, next_turn);
        Ok(())
    }

    /// Hands over every job, in the order of their ids, with what is kept of its log.
    pub(super) fn load(&self, mut take: impl FnMut(Loaded)) -> Result<(), DiskError> {
        let events = self.database.begin_read()?.open_table(EVENTS)?;
        let mut turns = self.turns()?;
        let mut take = |whole: Reading| {
            let turn = turns.remove(&whole.id);
            let turn = turn.ok_or_else(|| damaged(whole.id, 0, &"it is not in the table jobs"))?;
            take(whole.finish(turn)?);
            Ok::<(), DiskError>(())
        };
        let mut current: Option<Reading> = None;
        let mut rows = 0;
        for row in events.iter()? {
            let (key, bytes) = row?;
            rows += 1;
            let (job, seq) = key.value();
            let job = JobId::from_bits(job);
            let is_next = current.as_ref().is_none_or(|reading| reading.id != job);
            if is_next && let Some(whole) = current.replace(Reading::new(job)) {
                take(whole)?;
            }
            if let Some(reading) = &mut current {
                reading.add(seq, bytes.value())?;
            }
        }
        if let Some(whole) = current {
            take(whole)?;
        }
        if let Some(job) = turns.into_keys().next() {
            return Err(damaged(job, 1, &"it has no events"));
        }
        all_are_there("events", events.len()?, rows)
    }

    /// Every job and its turn.
    fn turns(&self) -> Result<FxHashMap<JobId, u64>, DiskError> {
        let jobs = self.database.begin_read()?.open_table(JOBS)?;
        let mut turns = FxHashMap::default();
        for row in jobs.iter()? {
            let (job, row) = row?;
            let (job, (turn, check)) = (job.value(), row.value());
            if check != checksum(job, turn, b"turn") {
                let job = JobId::from_bits(job);
                return Err(DiskError::Damaged(format!(
                    "table jobs: job {job} is not as written"
                )));
            }
            turns.insert(JobId::from_bits(job), turn);
        }
        all_are_there("jobs", jobs.len()?, turns.len() as u64)?;
        Ok(turns)
    }

    /// Hands over the names that expired, oldest first.
    pub(super) fn load_expired(&self, mut take: impl FnMut(NameHash)) -> Result<(), DiskError> {
        let expired = self.database.begin_read()?.open_table(EXPIRED)?;
        let mut rows = 0;
        for row in expired.iter()? {
            let (number, names) = row?;
            let (number, (connid, job, check)) = (number.value(), names.value());
            if check != checksum(number.into(), connid, &job.to_le_bytes()) {
                let what = format!("table expired: row {number} is not as written");
                return Err(DiskError::Damaged(what));
            }
            take(connid);
            take(job);
            rows += 1;
        }
        all_are_there("expired", expired.len()?, rows)
    }

    /// Whether the database itself is whole.
    pub(super) fn check(&mut self) -> Result<bool, DiskError> {
        Ok(self.database.check_integrity()?)
    }

    /// Gives space that is not needed back to the disk.
    pub(super) fn compact(&mut self) -> Result<(), DiskError> {
        // One pass frees what the next can move.
        while self.database.compact()? {}
        Ok(())
    }
}

/// Writes events and the table of jobs, the first turn having that number.
fn write_jobs(
    transaction: &WriteTransaction,
    commit: &Commit,
    first_turn: u64,
) -> Result<(), DiskError> {
    let mut events = transaction.open_table(EVENTS)?;
    let mut jobs = transaction.open_table(JOBS)?;
    let mut rows: Vec<_> = commit.rows.iter().flat_map(Rows::iter).collect();
    insert_all(&mut events, &mut rows)?;
    for (job, first) in &commit.cuts {
        for (key, bytes) in job.iter() {
            events.insert(key, bytes)?;
        }
        let key = job.job.bits();
        events.retain_in((key, 1)..(key, *first), |_, _| false)?;
    }
    let turns = commit.turns.iter().zip(first_turn..).map(|(job, turn)| {
        let check = checksum(job.bits(), turn, b"turn");
        (job.bits(), (turn, check))
    });
    insert_all(&mut jobs, &mut turns.collect::<Vec<_>>())?;
    for run in runs(&jobs, &commit.gone)? {
        events.retain_in((*run.start(), 0)..=(*run.end(), u64::MAX), |_, _| false)?;
        jobs.retain_in(run, |_, _| false)?;
    }
    Ok(())
}

/// Writes the names that expire, the first having that number, and lets go of those before the oldest.
fn write_expired(
    transaction: &WriteTransaction,
    commit: &Commit,
    first: u64,
    oldest: u64,
) -> Result<(), DiskError> {
    let mut expired = transaction.open_table(EXPIRED)?;
    let names = commit
        .gone
        .iter()
        .zip(first..)
        .map(|((_, [connid, job]), number)| {
            let check = checksum(number.into(), *connid, &job.to_le_bytes());
            (number, (*connid, *job, check))
        });
    insert_all(&mut expired, &mut names.collect::<Vec<_>>())?;
    Ok(expired.retain_in(..oldest, |_, _| false)?)
}

/// Inserts rows. Many that come after all that is there, as most do, are put there page by page and not one by one.
fn insert_all<K, V>(
    table: &mut Table<'_, K, V>,
    rows: &mut [(K, V::SelfType<'_>)],
) -> Result<(), DiskError>
where
    K: Key + for<'k> Value<SelfType<'k> = K> + Ord + Copy + 'static,
    V: Value + 'static,
{
    rows.sort_by_key(|(key, _)| *key);
    let last = table.last()?.map(|(key, _)| key.value());
    let old = rows.partition_point(|(key, _)| Some(*key) <= last);
    let alone = if rows.len() - old < MANY_ROWS {
        rows.len()
    } else {
        old
    };
    let (alone, together) = rows.split_at(alone);
    for (key, value) in alone {
        table.insert(*key, value)?;
    }
    if together.is_empty() {
        return Ok(());
    }
    let mut end = table.upper_bound_mut(Bound::<K>::Unbounded)?;
    for (key, value) in together {
        end.insert_before(*key, value)?;
    }
    Ok(end.close()?)
}

/// Those that are let go of, as runs without another job between them.
fn runs(
    jobs: &impl ReadableTable<u128, (u64, Checksum)>,
    gone: &[(JobId, [NameHash; 2])],
) -> Result<Vec<RangeInclusive<u128>>, DiskError> {
    let mut gone: Vec<u128> = gone.iter().map(|(job, _)| job.bits()).collect();
    gone.sort_unstable();
    let mut left = gone.into_iter().peekable();
    let mut runs = Vec::new();
    while let Some(first) = left.next() {
        let mut last = first;
        for row in jobs.range(first..)? {
            let job = row?.0.value();
            if job != first && left.next_if_eq(&job).is_none() {
                break;
            }
            last = job;
        }
        runs.push(first..=last);
    }
    Ok(runs)
}

/// A job while its rows are read.
struct Reading {
    id: JobId,
    job: Option<Job>,
    events: Events,
}

impl Reading {
    fn new(id: JobId) -> Self {
        Self {
            id,
            job: None,
            events: Events::new(),
        }
    }

    fn add(&mut self, seq: Seq, bytes: &[u8]) -> Result<(), DiskError> {
        let bytes = as_written(self.id, seq, bytes)
            .ok_or_else(|| damaged(self.id, seq, &"it is not as written"))?;
        let damaged = |why: Unreadable| damaged(self.id, seq, &why);
        if seq == 0 {
            self.job = Some(record::job(self.id, bytes).map_err(damaged)?);
            return Ok(());
        }
        let event = record::event(self.id, seq, bytes).map_err(damaged)?;
        self.fold(&event)?;
        self.events.push(event);
        Ok(())
    }

    /// Takes the event into the job, unless the job was written down after it.
    fn fold(&mut self, event: &Event) -> Result<(), DiskError> {
        let folded = match &mut self.job {
            None => Job::fold(std::slice::from_ref(event)).map(|job| self.job = Some(job)),
            Some(job) if event.seq <= job.seq() => Ok(()),
            Some(job) => job.apply(event),
        };
        folded
            .map_err(|misfit| damaged(self.id, event.seq, &format!("it does not fit: {misfit:?}")))
    }

    fn finish(self, turn: u64) -> Result<Loaded, DiskError> {
        let job = self.job.filter(|job| {
            let last = self.events.last();
            last.is_some_and(|last| last.seq == job.seq())
        });
        let job = job.ok_or_else(|| damaged(self.id, 0, &"its log has no end"))?;
        Ok(Loaded {
            job,
            events: self.events,
            turn,
        })
    }
}

impl Rows {
    const fn new(job: JobId) -> Self {
        Self {
            job,
            bytes: Vec::new(),
            ends: SmallVec::new_const(),
        }
    }

    /// A job as it stands, in the place of what came before.
    pub(super) fn of_job(job: &Job) -> Self {
        let mut rows = Self::new(job.id());
        rows.add(0, |bytes| record::write_job(job, bytes));
        rows
    }

    /// Events of a job.
    pub(super) fn of_events(job: JobId, events: &[Event]) -> Self {
        let mut rows = Self::new(job);
        rows.bytes.reserve(EVENT_BYTES * events.len());
        for event in events {
            rows.add(event.seq, |bytes| record::write_event(event, bytes));
        }
        rows
    }

    /// What these bytes are, and after them their checksum.
    fn add(&mut self, seq: Seq, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        let check = checksum(self.job.bits(), seq, &self.bytes[start..]);
        self.bytes.extend_from_slice(&check.to_le_bytes());
        self.ends.push((seq, self.bytes.len()));
    }

    /// How much there is to be kept.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    fn iter(&self) -> impl Iterator<Item = ((u128, Seq), &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |(seq, end)| {
            let bytes = &self.bytes[std::mem::replace(&mut start, *end)..*end];
            ((self.job.bits(), *seq), bytes)
        })
    }
}

/// What is kept without its checksum, if that is right.
fn as_written(job: JobId, seq: Seq, kept: &[u8]) -> Option<&[u8]> {
    let (bytes, check) = kept.split_last_chunk()?;
    let expected = checksum(job.bits(), seq, bytes);
    (u64::from_le_bytes(*check) == expected).then_some(bytes)
}

fn checksum(key: u128, number: u64, bytes: &[u8]) -> Checksum {
    // Against chance, not against anyone: there is no secret to it.
    let mut hasher = SipHasher13::new();
    hasher.write_u128(key);
    hasher.write_u64(number);
    hasher.write(bytes);
    hasher.finish()
}

fn about_bytes(key: HashKey) -> [u8; 16] {
    let [one, other] = key;
    (u128::from(one) << 64 | u128::from(other)).to_le_bytes()
}

/// What was read is as much as the database says that there is.
fn all_are_there(table: &str, says: u64, read: u64) -> Result<(), DiskError> {
    if says == read {
        return Ok(());
    }
    let what = format!("table {table}: {read} of {says} rows are there");
    Err(DiskError::Damaged(what))
}

fn damaged(job: JobId, seq: Seq, why: &impl ToString) -> DiskError {
    DiskError::Damaged(format!(
        "table events: job {job}, event {seq}: {}",
        why.to_string()
    ))
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    fn with_jobs(test: impl FnOnce(&mut Table<'_, u128, (u64, Checksum)>)) {
        let backend = InMemoryBackend::new();
        let database = Builder::new().create_with_backend(backend).unwrap();
        let transaction = database.begin_write().unwrap();
        test(&mut transaction.open_table(JOBS).unwrap());
    }

    fn numbered(jobs: impl Iterator<Item = u128>, turn: u64) -> Vec<(u128, (u64, Checksum))> {
        jobs.map(|job| (job, (turn, 0))).collect()
    }

    #[test]
    fn rows_are_there_in_whatever_order_they_came_and_the_last_of_a_key_stays() {
        with_jobs(|jobs| {
            insert_all(jobs, &mut numbered((1..40).rev(), 1)).unwrap();
            insert_all(jobs, &mut numbered((30..90).step_by(2), 2)).unwrap();
            insert_all(jobs, &mut numbered([7, 200].into_iter(), 3)).unwrap();
            let there = jobs.iter().unwrap().map(|row| {
                let (job, row) = row.unwrap();
                (job.value(), row.value().0)
            });
            let turn_of = |job| match job {
                7 | 200 => Some(3),
                30..90 if job % 2 == 0 => Some(2),
                1..40 => Some(1),
                _ => None,
            };
            let expected = (0..300).filter_map(|job| Some((job, turn_of(job)?)));
            assert_eq!(there.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        });
    }

    #[test]
    fn a_run_holds_nobody_who_stays() {
        with_jobs(|jobs| {
            insert_all(jobs, &mut numbered(1..=10, 1)).unwrap();
            let gone = [9, 2, 4, 3, 7, 42].map(|job| (JobId::from_bits(job), [0, 0]));
            let runs = runs(jobs, &gone).unwrap();
            assert_eq!(runs, [2..=4, 7..=7, 9..=9, 42..=42]);
        });
    }
}
