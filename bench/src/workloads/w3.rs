//! Running requests killed from other sockets: how fast, and how soon whoever started one is told.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::contenders::Target;
use crate::load::answer::{Answer, Status};
use crate::load::prepared::{FIRST, Prepared};
use crate::load::{Load, Play, ask};
use crate::machine::Watch;
use crate::moment::now;
use crate::workloads::figures::{Latencies, Measured};
use crate::workloads::filling::{Filling, NUMBERS, SOCKETS};

/// Sockets that kills are sent on.
const KILLERS: usize = 64;
/// All notices must have come by then.
const PATIENCE: Duration = Duration::from_secs(300);
/// Kills all that run.
const WHERE: &str = r#"{"route":"kill","where":{"route":"request"}}"#;

/// Kills so many one by one, so many unanswered on each socket; then as many at half the rate that this came to, evenly.
/// It ends well only where every kill was answered and every notice has come, once.
pub(crate) fn measure(target: &Target, requests: usize, depth: usize) -> Result<Measured> {
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(SOCKETS + KILLERS)?;
    let mut filling = Filling::new(&load);
    let mut closed = Kills::of_more(&mut load, &mut filling, requests, depth)?;
    let watch = Watch::start(&target.tree)?;
    closed.closed(&mut load)?;
    let shares = watch.stop(&target.tree)?;
    let mut even = Kills::of_more(&mut load, &mut filling, requests, 0)?;
    even.evenly(&mut load, closed.rate() / 2.0)?;
    Ok(Measured::new(shares)
        .with_answers(requests as u64)
        .set("per_second", closed.rate())
        .with_latencies(&closed.latencies)
        .set("half_rate_p50_us", even.latencies.micros(0.5))
        .set("half_rate_p99_us", even.latencies.micros(0.99)))
}

/// Kills so many by one frame.
pub(crate) fn measure_at_once(target: &Target, requests: usize) -> Result<Measured> {
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(SOCKETS)?;
    let mut filling = Filling::new(&load);
    let mut all = Kills::of_more(&mut load, &mut filling, requests, 0)?;
    let watch = Watch::start(&target.tree)?;
    all.at_once(&mut load, target)?;
    let shares = watch.stop(&target.tree)?;
    Ok(Measured::new(shares)
        .with_answers(requests as u64)
        .set("per_second", all.rate())
        .with_latencies(&all.latencies))
}

/// Kills of requests that were started one after the other.
struct Kills {
    kills: Vec<Prepared>,
    range: std::ops::Range<usize>,
    depth: usize,
    next: usize,
    /// When each kill was sent, or was due.
    asked: Vec<Option<Instant>>,
    answers: usize,
    notices: usize,
    first: Instant,
    last: Instant,
    latencies: Latencies,
}

impl Kills {
    /// Of so many that are started for it.
    fn of_more(
        load: &mut Load,
        filling: &mut Filling,
        requests: usize,
        depth: usize,
    ) -> Result<Self> {
        let from = filling.started();
        filling.more(load, requests)?;
        let range = from..filling.started();
        Ok(Self {
            kills: NUMBERS.map(|socket| load.dialect().kill(socket)).collect(),
            next: range.start,
            asked: vec![None; range.len()],
            range,
            depth,
            answers: 0,
            notices: 0,
            first: now(),
            last: now(),
            latencies: Latencies::new()?,
        })
    }

    fn rate(&self) -> f64 {
        self.notices as f64 / (self.last - self.first).as_secs_f64()
    }

    /// The next kill, where there is one left.
    fn kill(&mut self, at: Instant, out: &mut Vec<u8>) {
        if self.next < self.range.end {
            let (socket, number) = Filling::place(self.next);
            self.kills[socket].write(number, out);
            self.asked[self.next - self.range.start] = Some(at);
            self.next += 1;
        }
    }

    fn closed(&mut self, load: &mut Load) -> Result<()> {
        self.first = now();
        for killer in SOCKETS..SOCKETS + KILLERS {
            for _ in 0..self.depth {
                self.kill(now(), load.out(killer));
            }
            load.flush(killer)?;
        }
        load.until(PATIENCE, self, Self::done)
    }

    /// Each when it is due, whatever became of those before it; its time counts from then.
    fn evenly(&mut self, load: &mut Load, rate: f64) -> Result<()> {
        self.first = now();
        for number in 0..self.range.len() {
            let due = self.first + Duration::try_from_secs_f64(number as f64 / rate)?;
            while now() < due {
                load.turn(Duration::ZERO, self)?;
            }
            let killer = SOCKETS + number % KILLERS;
            self.kill(due, load.out(killer));
            load.flush(killer)?;
        }
        load.until(PATIENCE, self, Self::done)
    }

    /// By one frame.
    fn at_once(&mut self, load: &mut Load, target: &Target) -> Result<()> {
        let mut asking = ask(target.address, target.dialect)?;
        self.first = now();
        self.asked.fill(Some(self.first));
        self.answers = self.range.len();
        let answer = asking.ask(WHERE)?;
        let text = String::from_utf8_lossy(&answer);
        ensure!(
            text.contains(r#""status":"ok""#),
            "{WHERE} was answered with {text}"
        );
        load.until(PATIENCE, self, Self::done)
    }

    fn done(&self) -> bool {
        self.answers == self.range.len() && self.notices == self.range.len()
    }

    fn notice(&mut self, socket: usize, number: u32, at: Instant) -> Result<()> {
        let place =
            (number.checked_sub(FIRST).context("no number of ours")?) as usize * SOCKETS + socket;
        let slot = place
            .checked_sub(self.range.start)
            .and_then(|at| self.asked.get_mut(at));
        let asked = slot
            .and_then(Option::take)
            .context("a notice that was not due, or came twice")?;
        self.latencies.record(at.saturating_duration_since(asked));
        self.notices += 1;
        self.last = at;
        Ok(())
    }
}

impl Play for Kills {
    fn answered(
        &mut self,
        socket: usize,
        text: &[u8],
        at: Instant,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let Answer { name, status } = Answer::read(text)?;
        match status {
            Status::Going => {}
            Status::Killed => self.notice(socket, name.number, at)?,
            Status::Ok => {
                ensure!(
                    socket >= SOCKETS,
                    "{name:?} has ended as if it had not been killed"
                );
                self.answers += 1;
                if self.depth > 0 {
                    self.kill(at, out);
                }
            }
        }
        Ok(())
    }
}
