//! Many requests that run for long, over a few sockets.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::contenders::Target;
use crate::load::answer::{self, Answer, Status};
use crate::load::prepared::{FIRST, Prepared};
use crate::load::{Load, Play, Said, ask};
use crate::moment::now;

/// Over so many sockets.
pub(crate) const SOCKETS: usize = 8;
/// Their numbers.
pub(crate) const NUMBERS: std::ops::Range<u32> = 0..SOCKETS as u32;
/// So many are sent at once. The last of them has no time and is answered at once, so that its answer says that
/// those before it were taken: a request that runs has no answer yet in most dialects.
const BATCH: u32 = 64;
/// Seconds that each is given.
const TIME: u32 = 600;
/// What was told is listed within this time.
const SETTLED: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(20);
/// The numbers of those without time.
const MARKS: u32 = 90_000_000;

/// Requests that run, and where each is.
pub(crate) struct Filling {
    long: Vec<Prepared>,
    short: Vec<Prepared>,
    /// For each socket: the number of the next request, the one to stop before, and that of the next mark.
    next: Vec<u32>,
    end: Vec<u32>,
    marks: Vec<u32>,
    /// Whether the last batch of a socket has been answered.
    idle: [bool; SOCKETS],
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
            idle: [true; SOCKETS],
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
        self.idle = [false; SOCKETS];
        for socket in 0..SOCKETS {
            self.end[socket] += each;
            self.batch(socket, load.out(socket));
            load.flush(socket)?;
        }
        load.until(self, |filling| filling.idle.iter().all(|&idle| idle))
            .with_context(|| format!("starting {count} more than {}", self.started - count))
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
    fn answered(&mut self, said: Said<'_>, out: &mut Vec<u8>) -> Result<()> {
        let Answer { name, status } = Answer::read(said.text)?;
        let marked = self.marks[said.socket] - 1;
        match status {
            Status::Going => return Ok(()),
            Status::Ok if name.number >= MARKS => {}
            Status::Ok | Status::Killed => bail!("{name:?} has ended, long before its time"),
        }
        ensure!(
            name.number == marked && name.socket as usize == said.socket && !self.idle[said.socket],
            "{name:?} was answered, which was not asked, or twice"
        );
        if self.next[said.socket] < self.end[said.socket] {
            self.batch(said.socket, out);
        } else {
            self.idle[said.socket] = true;
        }
        Ok(())
    }
}

/// Asks how many run, until that is so many: what was told of a kill may be a moment earlier than what is listed.
pub(crate) fn ensure_listed(target: &Target, running: usize) -> Result<()> {
    let mut asking = ask(target.address, target.dialect)?;
    let last = now() + SETTLED;
    loop {
        let total = answer::total(&asking.ask(target.dialect.status()?)?)?;
        if total == running {
            return Ok(());
        }
        ensure!(
            now() < last,
            "{running} requests should run, and status counts {total}"
        );
        sleep(TICK);
    }
}
