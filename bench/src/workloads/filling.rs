//! Many requests that run for long, over a few sockets.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::load::answer::{Answer, Status};
use crate::load::prepared::{FIRST, Prepared};
use crate::load::{Load, Play};

/// Over so many sockets.
pub(crate) const SOCKETS: usize = 8;
/// Their numbers.
pub(crate) const NUMBERS: std::ops::Range<u32> = 0..SOCKETS as u32;
/// So many are sent at once. The last of them has no time and is answered at once, so that its answer says that
/// those before it were taken: a request that runs has no answer yet in most dialects.
const BATCH: u32 = 64;
/// Seconds that each is given.
const TIME: u32 = 600;
/// The numbers of those without time.
const MARKS: u32 = 90_000_000;
/// The slowest takes a second for some thousands.
const PATIENCE: Duration = Duration::from_secs(300);

/// Requests that run, and where each is.
pub(crate) struct Filling {
    long: Vec<Prepared>,
    short: Vec<Prepared>,
    /// For each socket: the number of the next request, the one to stop before, and that of the next mark.
    next: Vec<u32>,
    end: Vec<u32>,
    marks: Vec<u32>,
    /// Sockets whose last batch has not been answered.
    busy: usize,
    started: usize,
}

impl Filling {
    /// Over the first sockets of a load, which are open.
    pub(crate) fn new(load: &Load) -> Self {
        let all = |time| {
            NUMBERS
                .map(|socket| load.dialect().start(socket, time))
                .collect()
        };
        Self {
            long: all(TIME),
            short: all(0),
            next: vec![FIRST; SOCKETS],
            end: vec![FIRST; SOCKETS],
            marks: vec![MARKS; SOCKETS],
            busy: 0,
            started: 0,
        }
    }

    /// How many were started so far.
    pub(crate) fn started(&self) -> usize {
        self.started
    }

    /// The socket and the number of a request, by when it was started.
    pub(crate) fn place(at: usize) -> (usize, u32) {
        (
            at % SOCKETS,
            FIRST + u32::try_from(at / SOCKETS).unwrap_or(u32::MAX),
        )
    }

    /// Starts so many more, and waits until they were taken.
    pub(crate) fn more(&mut self, load: &mut Load, count: usize) -> Result<()> {
        let each = u32::try_from(count.div_ceil(SOCKETS))?;
        self.started += each as usize * SOCKETS;
        self.busy = SOCKETS;
        for socket in 0..SOCKETS {
            self.end[socket] += each;
            self.batch(socket, load.out(socket));
            load.flush(socket)?;
        }
        load.until(PATIENCE, self, |filling| filling.busy == 0)
    }

    fn batch(&mut self, socket: usize, out: &mut Vec<u8>) {
        let from = self.next[socket];
        let to = self.end[socket].min(from + BATCH - 1);
        for number in from..to {
            self.long[socket].write(number, out);
        }
        self.short[socket].write(self.marks[socket], out);
        self.next[socket] = to;
        self.marks[socket] += 1;
    }
}

impl Play for Filling {
    fn answered(
        &mut self,
        socket: usize,
        text: &[u8],
        _: Instant,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let Answer { name, status } = Answer::read(text)?;
        match status {
            Status::Going => {}
            Status::Ok if name.number >= MARKS && self.next[socket] < self.end[socket] => {
                self.batch(socket, out);
            }
            Status::Ok if name.number >= MARKS => self.busy -= 1,
            Status::Ok | Status::Killed => bail!("{name:?} has ended, long before its time"),
        }
        Ok(())
    }
}
