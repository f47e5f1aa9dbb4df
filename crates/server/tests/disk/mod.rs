//! A disk in memory that does what disks do: it forgets what was not synced when the power goes, tears a write in two, runs
//! full, and fails to sync.
#![allow(dead_code, reason = "each test that has a disk uses some of it")]

use std::{collections::BTreeMap, io, sync::Arc};

use longwire_engine::{Retention, Store};
use longwire_protocol::Seconds;
use longwire_server::stores::embedded::{Disk, DiskError, EmbeddedStore, Settings};
use parking_lot::Mutex;
use redb::StorageBackend;

/// Enough of everything; a test that is about one bound sets that one.
pub(crate) const ROOMY: Retention = Retention {
    jobs: 1_000_000,
    queued_jobs_per_route: 1_000_000,
    log_bytes_per_job: 1 << 30,
    log_events_per_job: 1_000_000,
    ended_jobs: 1_000_000,
    ended_time: Seconds::from_secs(3600),
    ended_bytes: 1 << 30,
    expired_names: 1_000_000,
    feed_events: 1_000_000,
    routes: BTreeMap::new(),
};

/// What a disk can write at once: a write is whole up to some multiple of this, when the power goes.
const SECTOR: usize = 512;

/// A disk. Its clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeDisk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    /// What is there as long as there is power.
    seen: Vec<u8>,
    /// What is there for certain.
    synced: Vec<u8>,
    /// What was done since the last sync.
    unsynced: Vec<Act>,
    /// Counts what was done and could have been the last thing.
    acts: usize,
    /// No power after so many acts.
    power_for: Option<usize>,
    /// How large it is.
    capacity: Option<usize>,
    aside: bool,
    aside_bytes: usize,
    fails_to_sync: bool,
    /// The next sync finds no space for what was written.
    has_no_room_at_sync: bool,
    lies: bool,
    /// Which opening the database that is in use came from: older ones are of a process that is gone.
    opening: usize,
}

#[derive(Clone, Debug)]
enum Act {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

impl FakeDisk {
    /// A disk of that size, of which so much can be set aside.
    pub(crate) fn with_capacity(bytes: usize, aside_bytes: usize) -> Self {
        let disk = Self::default();
        let mut platter = disk.0.lock();
        platter.capacity = Some(bytes);
        platter.aside_bytes = aside_bytes;
        drop(platter);
        disk
    }

    /// How often something was written, resized or synced.
    pub(crate) fn acts(&self) -> usize {
        self.0.lock().acts
    }

    /// The power goes in the middle of the act of that number.
    pub(crate) fn cut_power_at(&self, act: usize) {
        self.0.lock().power_for = Some(act);
    }

    /// Makes it larger.
    pub(crate) fn grow(&self, bytes: usize) {
        let mut platter = self.0.lock();
        platter.capacity = platter.capacity.map(|capacity| capacity + bytes);
    }

    /// From now on no sync succeeds.
    pub(crate) fn fail_to_sync(&self) {
        self.0.lock().fails_to_sync = true;
    }

    /// The next sync finds no space for what was written, and what was is dropped: the ones after it succeed without it.
    pub(crate) fn be_full_at_next_sync(&self) {
        self.0.lock().has_no_room_at_sync = true;
    }

    /// From now on it says of everything that it is synced, and does nothing.
    pub(crate) fn lie(&self) {
        self.0.lock().lies = true;
    }

    /// What is on it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().seen.clone()
    }

    /// A disk with these bytes on it.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        let platter = Platter {
            seen: bytes.clone(),
            synced: bytes,
            ..Platter::default()
        };
        Self(Arc::new(Mutex::new(platter)))
    }

    /// Bytes it holds.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().seen.len()
    }

    /// The same disk after a power cut: of what was not synced, chance decides what is there, and of the last write how much.
    pub(crate) fn after_power_cut(&self, mut chance: impl FnMut() -> u64) -> Self {
        let platter = self.0.lock();
        let mut bytes = platter.synced.clone();
        for act in &platter.unsynced {
            let is_there = chance().is_multiple_of(2);
            match act {
                Act::Resize(len) if is_there => bytes.resize(*len, 0),
                Act::Write { at, bytes: written } if is_there => {
                    let whole = chance().is_multiple_of(4).then(&mut chance);
                    let sectors = whole.map(|chance| usize::try_from(chance).unwrap_or(0));
                    let torn = |sectors| sectors % (written.len() / SECTOR + 1) * SECTOR;
                    let len = sectors.map_or(written.len(), torn);
                    write_at(&mut bytes, *at, &written[..len]);
                }
                Act::Resize(_) | Act::Write { .. } => {}
            }
        }
        let after = Platter {
            seen: bytes.clone(),
            synced: bytes,
            ..Platter::default()
        };
        Self(Arc::new(Mutex::new(after)))
    }
}

fn write_at(bytes: &mut Vec<u8>, at: usize, written: &[u8]) {
    if bytes.len() < at + written.len() {
        bytes.resize(at + written.len(), 0);
    }
    bytes[at..at + written.len()].copy_from_slice(written);
}

impl Platter {
    fn act(&mut self) -> io::Result<()> {
        if self.power_for.is_some_and(|acts| self.acts >= acts) {
            return Err(io::Error::other("no power"));
        }
        self.acts += 1;
        Ok(())
    }

    fn has_room_for(&self, len: usize) -> io::Result<()> {
        let aside = if self.aside { self.aside_bytes } else { 0 };
        match self.capacity {
            Some(capacity) if len + aside > capacity => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

impl Disk for FakeDisk {
    fn open(&self) -> Result<Box<dyn StorageBackend>, DiskError> {
        let opening = {
            let mut platter = self.0.lock();
            platter.opening += 1;
            platter.opening
        };
        Ok(Box::new(Handle {
            platter: Arc::clone(&self.0),
            opening,
        }))
    }

    fn set_aside(&self) -> io::Result<()> {
        let mut platter = self.0.lock();
        let held = platter.seen.len() + platter.aside_bytes;
        if platter.capacity.is_some_and(|capacity| held > capacity) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        platter.aside = true;
        Ok(())
    }

    fn give_back(&self) -> bool {
        std::mem::take(&mut self.0.lock().aside)
    }
}

/// An open file of the disk.
#[derive(Debug)]
struct Handle {
    platter: Arc<Mutex<Platter>>,
    opening: usize,
}

impl Handle {
    fn change(&self, act: impl FnOnce(&mut Platter) -> io::Result<()>) -> io::Result<()> {
        let mut platter = self.platter.lock();
        if platter.opening != self.opening {
            return Err(io::Error::other("this process is gone"));
        }
        act(&mut platter)
    }
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.platter.lock().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.platter.lock();
        let at = usize::try_from(offset).unwrap();
        let bytes = platter.seen.get(at..at + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).unwrap();
        self.change(|platter| {
            platter.has_room_for(len)?;
            platter.act()?;
            platter.seen.resize(len, 0);
            platter.unsynced.push(Act::Resize(len));
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(|platter| {
            if platter.fails_to_sync {
                return Err(io::Error::other("the disk did not answer"));
            }
            platter.act()?;
            if platter.lies {
                return Ok(());
            }
            let acts = std::mem::take(&mut platter.unsynced);
            if std::mem::take(&mut platter.has_no_room_at_sync) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            for act in acts {
                match act {
                    Act::Write { at, bytes } => write_at(&mut platter.synced, at, &bytes),
                    Act::Resize(len) => platter.synced.resize(len, 0),
                }
            }
            Ok(())
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        self.change(|platter| {
            platter.has_room_for((at + data.len()).max(platter.seen.len()))?;
            let act = Act::Write {
                at,
                bytes: data.to_vec(),
            };
            // What the power is cut in may be there in part.
            platter.unsynced.push(act);
            platter.act()?;
            write_at(&mut platter.seen, at, data);
            Ok(())
        })
    }
}

/// A store on a disk that keeps so much, and writes output at once.
pub(crate) fn open(disk: &FakeDisk, retention: Retention) -> Result<EmbeddedStore, DiskError> {
    let settings = Settings {
        retention,
        output_wait: Seconds::ZERO,
    };
    EmbeddedStore::open(Arc::new(disk.clone()), settings)
}

/// A store on a disk of its own.
pub(crate) fn store(retention: Retention) -> Arc<dyn Store> {
    Arc::new(open(&FakeDisk::default(), retention).unwrap())
}
