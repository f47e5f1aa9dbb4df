//! What can be done with a disk while no server uses it.

use longwire_engine::{Events, Job};

use super::{
    disk::Disk,
    disk_error::{DiskError, or_damaged},
    table::Tables,
};

/// A disk that no server uses.
pub struct Offline(Tables);

/// What was found on a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Jobs that have not ended.
    pub live_jobs: u64,
    /// Jobs that have.
    pub ended_jobs: u64,
    /// Events of all of them that are kept.
    pub events: u64,
    /// Jobs that are no longer kept, and still known to have been.
    pub expired_jobs: u64,
}

impl Offline {
    /// Opens a disk.
    ///
    /// # Errors
    /// Where it cannot be read, or is in use.
    pub fn open(disk: &dyn Disk) -> Result<Self, DiskError> {
        or_damaged(|| Tables::open_existing(disk).map(Self))
    }

    /// Hands over every job with what is kept of its log, in the order in which they were accepted.
    ///
    /// # Errors
    /// Where something is damaged, which it names.
    pub fn jobs(&self, mut take: impl FnMut(&Job, &Events)) -> Result<(), DiskError> {
        or_damaged(|| self.0.load(|loaded| take(&loaded.job, &loaded.events)))
    }

    /// Reads all of it: the pages of the database, and every log, which must add up to its job.
    ///
    /// # Errors
    /// Where something is damaged, which it names.
    pub fn check(&mut self) -> Result<Found, DiskError> {
        if !or_damaged(|| self.0.check())? {
            return Err(DiskError::Damaged(
                "the database was not whole, and what is whole of it may be older".to_owned(),
            ));
        }
        let mut found = Found::default();
        self.jobs(|job, events| {
            let count = if job.status().has_ended() {
                &mut found.ended_jobs
            } else {
                &mut found.live_jobs
            };
            *count += 1;
            found.events += events.len() as u64;
        })?;
        self.0.load_expired(|_| found.expired_jobs += 1)?;
        // Each left two names.
        found.expired_jobs /= 2;
        Ok(found)
    }

    /// Gives space that is not needed back to the disk.
    ///
    /// # Errors
    /// Where the disk or the database says no.
    pub fn compact(&mut self) -> Result<(), DiskError> {
        self.0.compact()
    }
}
