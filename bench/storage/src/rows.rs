//! What is written: the keys, the values and the order of a server's events, the same in every run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Job (16 bytes) and number of the event (8 bytes), big-endian, so that bytes sort as numbers do.
pub(crate) type Key = [u8; 24];

/// The size of an ordinary event.
pub(crate) const EVENT: usize = 250;

/// How many jobs later, at most, a job ends.
const LONGEST: u64 = 100_000;

/// One transaction: what it inserts and what it deletes.
#[derive(Default)]
pub(crate) struct Batch {
    /// Rows to insert.
    pub(crate) puts: Vec<(Key, Vec<u8>)>,
    /// Rows to delete.
    pub(crate) deletes: Vec<Key>,
}

impl Batch {
    /// Empties it for the next transaction.
    pub(crate) fn clear(&mut self) {
        self.puts.clear();
        self.deletes.clear();
    }
}

/// The key of an event of the `job`-th job. Ids rise like UUID v7: a time, a counter, then chance.
pub(crate) fn key(job: u64, seq: u64) -> Key {
    let time = u128::from(0x0197_0000_0000 + job / 4);
    let chance = u128::from(mix(job) >> 2);
    let id = time << 80 | 7 << 76 | u128::from(job % 4) << 64 | 2 << 62 | chance;
    let mut key = [0; 24];
    key[..16].copy_from_slice(&id.to_be_bytes());
    key[16..].copy_from_slice(&seq.to_be_bytes());
    key
}

/// The value of a row: JSON around text that does not compress, `size` bytes long.
pub(crate) fn value(key: &Key, size: usize) -> Vec<u8> {
    let words = key
        .chunks_exact(8)
        .map(|word| u64::from_be_bytes(word.try_into().unwrap_or_default()));
    let mut chance = words.fold(0, |so_far, word| mix(so_far ^ word));
    let mut value = Vec::with_capacity(size + 8);
    value.extend_from_slice(
        br#"{"connid":"42","status":"running","route":"request","time":30,"left":30,"text":""#,
    );
    while value.len() < size - 2 {
        chance = mix(chance);
        value.extend(chance.to_le_bytes().map(letter));
    }
    value.truncate(size - 2);
    value.extend_from_slice(br#""}"#);
    value
}

fn letter(byte: u8) -> u8 {
    const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    LETTERS[usize::from(byte % 64)]
}

/// SplitMix64: a number that looks like chance, made from another.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// What happens next to which job.
pub(crate) enum Event {
    /// A new job: its first event.
    Accepted(u64),
    /// An older job: its second and last event.
    Ended(u64),
}

impl Event {
    /// The row that is written for it.
    pub(crate) fn row(&self) -> (Key, Vec<u8>) {
        let key = match self {
            Event::Accepted(job) => key(*job, 1),
            Event::Ended(job) => key(*job, 2),
        };
        (key, value(&key, EVENT))
    }
}

/// An endless stream of events: every job starts in turn, and ends at random within the next 100,000 jobs.
#[derive(Default)]
pub(crate) struct Traffic {
    next: u64,
    running: BinaryHeap<Reverse<(u64, u64)>>,
}

impl Iterator for Traffic {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        if let Some(Reverse((due, job))) = self.running.peek().copied()
            && due <= self.next
        {
            self.running.pop();
            return Some(Event::Ended(job));
        }
        let job = self.next;
        self.next += 1;
        let due = job + 1 + mix(job) % LONGEST;
        self.running.push(Reverse((due, job)));
        Some(Event::Accepted(job))
    }
}
