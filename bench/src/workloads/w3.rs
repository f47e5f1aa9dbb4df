//! Running requests killed from other sockets: how fast, and how soon whoever started one is told.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::contenders::Target;
use crate::load::answer::{Answer, Name, Status, told};
use crate::load::prepared::{FIRST, Prepared};
use crate::load::{Load, Play, Said, ask};
use crate::machine::{Shares, Watch};
use crate::moment::now;
use crate::workloads::figures::{Latencies, Measured};
use crate::workloads::filling::{Filling, NUMBERS, SOCKETS, ensure_listed};

/// Sockets that kills are sent on.
const KILLERS: usize = 64;
/// Of so many requests one is left for the kills at half the rate.
const EVENLY: usize = 4;
/// Kills all that run.
const WHERE: &str = r#"{"route":"kill","where":{"route":"request"}}"#;

/// Starts so many, and kills most of them one by one, so many unanswered on each socket; then the rest at half the rate that
/// this came to, evenly. It ends well only where every kill was answered, every notice has come, and nothing is listed then.
pub(crate) fn measure(target: &Target, requests: usize, depth: usize) -> Result<Measured> {
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(SOCKETS + KILLERS)?;
    let mut filling = Filling::new(&load);
    filling.more(&mut load, requests)?;
    let left = filling.started() / EVENLY;
    let mut closed = Kills::new(&load, 0..filling.started() - left, depth)?;
    let shares = closed.watched(target, |kills| kills.closed(&mut load))?;
    ensure_listed(target, left)?;
    let rest = filling.started() - left..filling.started();
    let mut even = Kills::new(&load, rest, 0)?;
    let even_shares = even.watched(target, |kills| kills.evenly(&mut load, closed.rate() / 2.0))?;
    ensure_listed(target, 0)?;
    let notices = closed.notices + even.notices;
    Ok(Measured::new(shares)
        .with_answers(closed.notices as u64)
        .set("per_second", closed.rate())
        .with_latencies(&closed.latencies)
        .set("half_rate_p50_us", even.latencies.micros(0.5))
        .set("half_rate_p99_us", even.latencies.micros(0.99))
        .set(
            "notices_percent",
            notices as f64 / filling.started() as f64 * 100.0,
        )
        .disturbed_as(even_shares))
}

/// Kills so many by one frame.
pub(crate) fn measure_at_once(target: &Target, requests: usize) -> Result<Measured> {
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(SOCKETS)?;
    let mut filling = Filling::new(&load);
    filling.more(&mut load, requests)?;
    let mut all = Kills::new(&load, 0..filling.started(), 0)?;
    let shares = all.watched(target, |kills| kills.at_once(&mut load, target))?;
    ensure_listed(target, 0)?;
    Ok(Measured::new(shares)
        .with_answers(all.notices as u64)
        .set("per_second", all.rate())
        .with_latencies(&all.latencies)
        .set(
            "notices_percent",
            all.notices as f64 / filling.started() as f64 * 100.0,
        ))
}

/// What became of one kill.
#[derive(Clone, Copy, Default)]
struct Kill {
    /// When it was sent, or was due.
    asked: Option<Instant>,
    answered: bool,
    noticed: bool,
}

/// Kills of requests that were started one after the other.
struct Kills {
    kills: Vec<Prepared>,
    range: std::ops::Range<usize>,
    depth: usize,
    next: usize,
    each: Vec<Kill>,
    answers: usize,
    notices: usize,
    first: Instant,
    last: Instant,
    latencies: Latencies,
}

impl Kills {
    fn new(load: &Load, range: std::ops::Range<usize>, depth: usize) -> Result<Self> {
        Ok(Self {
            kills: NUMBERS.map(|socket| load.dialect().kill(socket)).collect(),
            next: range.start,
            each: vec![Kill::default(); range.len()],
            range,
            depth,
            answers: 0,
            notices: 0,
            first: now(),
            last: now(),
            latencies: Latencies::new()?,
        })
    }

    /// Kills, and gives what that took of the machine.
    fn watched(
        &mut self,
        target: &Target,
        kill: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<Shares> {
        let watch = Watch::start(&target.tree)?;
        kill(self).with_context(|| {
            let all = self.range.len();
            format!(
                "of {all} kills {} were answered, {} noticed",
                self.answers, self.notices
            )
        })?;
        watch.stop(&target.tree)
    }

    fn rate(&self) -> f64 {
        self.notices as f64 / (self.last - self.first).as_secs_f64()
    }

    /// The next kill, where there is one left.
    fn kill(&mut self, at: Instant, out: &mut Vec<u8>) {
        if self.next < self.range.end {
            let (socket, number) = Filling::place(self.next);
            self.kills[socket].write(number, out);
            self.each[self.next - self.range.start].asked = Some(at);
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
        load.until(self, Self::done)
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
        load.until(self, Self::done)
    }

    /// By one frame.
    fn at_once(&mut self, load: &mut Load, target: &Target) -> Result<()> {
        let mut asking = ask(target.address, target.dialect)?;
        self.first = now();
        self.each.fill(Kill {
            asked: Some(self.first),
            answered: true,
            noticed: false,
        });
        self.answers = self.range.len();
        let answer = asking.ask(WHERE)?;
        let killed =
            serde_json::from_slice(&answer).map_or(Value::Null, |it: Value| it["killed"].clone());
        ensure!(
            killed == self.range.len(),
            "{} run, and {WHERE} was answered with {}",
            self.range.len(),
            told(&answer)
        );
        load.until(self, Self::done)
    }

    fn done(&self) -> bool {
        self.answers == self.range.len() && self.notices == self.range.len()
    }

    /// The kill of this request, which has been asked for.
    fn of(&mut self, name: Name) -> Result<(&mut Kill, Instant)> {
        let number = name.number.checked_sub(FIRST);
        let place = number.map(|number| number as usize * SOCKETS + name.socket as usize);
        let kill = place
            .and_then(|place| place.checked_sub(self.range.start))
            .and_then(|at| self.each.get_mut(at))
            .with_context(|| format!("{name:?} is none of those to be killed"))?;
        let asked = kill
            .asked
            .with_context(|| format!("{name:?} was killed before that was asked"))?;
        Ok((kill, asked))
    }

    fn noticed(&mut self, name: Name, said: Said<'_>) -> Result<()> {
        ensure!(
            name.socket as usize == said.socket,
            "the notice of {name:?} came to who had not started it"
        );
        let (kill, asked) = self.of(name)?;
        ensure!(!kill.noticed, "the notice of {name:?} came twice");
        kill.noticed = true;
        self.latencies
            .record(said.at.saturating_duration_since(asked));
        self.notices += 1;
        self.last = said.at;
        Ok(())
    }

    fn answer(&mut self, name: Name, said: Said<'_>, out: &mut Vec<u8>) -> Result<()> {
        ensure!(
            said.socket >= SOCKETS,
            "{name:?} has ended as if it had not been killed"
        );
        let (kill, _) = self.of(name)?;
        ensure!(!kill.answered, "the kill of {name:?} was answered twice");
        kill.answered = true;
        self.answers += 1;
        if self.depth > 0 {
            self.kill(said.at, out);
        }
        Ok(())
    }
}

impl Play for Kills {
    fn answered(&mut self, said: Said<'_>, out: &mut Vec<u8>) -> Result<()> {
        let Answer { name, status } = Answer::read(said.text)?;
        match status {
            Status::Going => Ok(()),
            Status::Killed => self.noticed(name, said),
            Status::Ok => self.answer(name, said, out),
        }
    }
}
