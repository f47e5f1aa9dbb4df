//! Writes down what becomes known, in one order for everybody.

use longwire_torture::{Entry, Fact, History, Moment};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Takes facts from all clients.
pub(crate) struct Recorder {
    started: Instant,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    life: u32,
    entries: Vec<Entry>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            book: Mutex::default(),
        }
    }

    /// Writes a fact down. Its time is taken under the lock, so that the order of entries is that of their times.
    pub(crate) fn note(&self, fact: Fact) -> Moment {
        let mut book = self.book.lock();
        book.life += u32::from(matches!(fact, Fact::Spawned { .. }));
        let (at, life) = (self.elapsed(), book.life);
        book.entries.push(Entry { at, life, fact });
        Moment {
            entry: book.entries.len() - 1,
            at,
        }
    }

    /// A server is about to be started.
    pub(crate) fn note_spawned(&self) {
        let wall = wall_clock().saturating_sub(self.elapsed());
        self.note(Fact::Spawned { wall });
    }

    /// All that was written down so far.
    pub(crate) fn history(&self) -> History {
        History {
            entries: self.book.lock().entries.clone(),
        }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Microseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "how the wall clock moves between two servers must be known, as their deadlines go by it"
)]
fn wall_clock() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since_epoch.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}
