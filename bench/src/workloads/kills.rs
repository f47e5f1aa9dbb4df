//! Kills of running requests, from sockets behind those that started them: from the kill to the notice.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::contenders::Target;
use crate::load::answer::{Answer, Name, Status, number, told};
use crate::load::prepared::{FIRST, Prepared};
use crate::load::{Load, Play, Said, frames};
use crate::machine::{Shares, Watch};
use crate::moment::now;
use crate::workloads::figures::{Latencies, Measured};
use crate::workloads::filling::{Filling, NUMBERS, SOCKETS};

/// Less than this says little; as often as this it is done at most.
pub(super) const LONG_ENOUGH: Duration = if cfg!(test) {
    Duration::from_millis(20)
} else {
    Duration::from_secs(1)
};
pub(super) const TIMES: usize = 8;
/// Kills all that run.
const WHERE: &str = r#"{"route":"kill","where":{"route":"request"}}"#;

/// What kills came to that were measured one stretch after the other.
pub(super) struct Sum {
    pub(super) notices: usize,
    pub(super) took: Duration,
    pub(super) latencies: Latencies,
    pub(super) late: Latencies,
    shares: Option<Shares>,
}

impl Sum {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            notices: 0,
            took: Duration::ZERO,
            latencies: Latencies::new()?,
            late: Latencies::new()?,
            shares: None,
        })
    }

    /// Kills, and adds what came of it and what it took of the machine.
    pub(super) fn add(
        &mut self,
        kills: &mut Kills,
        target: &Target,
        kill: impl FnOnce(&mut Kills) -> Result<()>,
    ) -> Result<()> {
        let watch = Watch::start(target.tree)?;
        kill(kills).with_context(|| kills.told())?;
        let shares = watch.stop()?;
        self.shares = Some(self.shares.map_or(shares, |before| before.and(shares)));
        self.notices += kills.notices;
        self.took += kills.last - kills.first;
        self.late.add(&kills.late)?;
        self.latencies.add(&kills.latencies)
    }

    pub(super) fn shares(&self) -> Result<Shares> {
        self.shares.context("nothing was killed")
    }

    pub(super) fn rate(&self) -> f64 {
        self.notices as f64 / self.took.as_secs_f64()
    }

    pub(super) fn measured(&self) -> Result<Measured> {
        Ok(Measured::new(self.shares()?)
            .with_answers(self.notices as u64)
            .set("per_second", self.rate())
            .with_latencies(&self.latencies))
    }
}

/// What became of one kill.
#[derive(Clone, Copy, Default)]
struct Kill {
    /// When it was sent, or was due.
    asked: Option<Instant>,
    answered: bool,
    noticed: bool,
}

/// Kills of requests, in an order of theirs.
pub(super) struct Kills {
    kills: Vec<Prepared>,
    /// Which, by when they were started.
    order: Vec<usize>,
    /// The first of them all that was started.
    begin: usize,
    /// Sockets that they are sent on, and unanswered on each; no depth where each has a time of its own.
    killers: usize,
    depth: usize,
    /// How many were sent.
    next: usize,
    /// By when they were started, from `begin` on.
    each: Vec<Kill>,
    answers: usize,
    notices: usize,
    first: Instant,
    last: Instant,
    latencies: Latencies,
    /// How late those were sent that had a time of their own.
    pub(super) late: Latencies,
}

impl Kills {
    pub(super) fn new(
        load: &Load,
        order: Vec<usize>,
        killers: usize,
        depth: usize,
    ) -> Result<Self> {
        let kill = |socket| load.dialect().kill(socket);
        let begin = order.iter().min().copied().unwrap_or(0);
        let end = order.iter().max().map_or(0, |last| last + 1);
        Ok(Self {
            kills: NUMBERS.map(kill).collect::<Result<_>>()?,
            order,
            begin,
            killers,
            depth,
            next: 0,
            each: vec![Kill::default(); end - begin],
            answers: 0,
            notices: 0,
            first: now(),
            last: now(),
            latencies: Latencies::new()?,
            late: Latencies::new()?,
        })
    }

    /// How far they came.
    fn told(&self) -> String {
        let Self {
            answers, notices, ..
        } = self;
        let all = self.order.len();
        format!("of {all} kills {answers} were answered, {notices} noticed")
    }

    pub(super) fn rate(&self) -> f64 {
        self.notices as f64 / (self.last - self.first).as_secs_f64()
    }

    /// The next kill, where there is one left.
    fn kill(&mut self, at: Instant, out: &mut Vec<u8>) {
        if let Some(&place) = self.order.get(self.next) {
            let (socket, number) = Filling::place(place);
            self.kills[socket].write(number, out);
            self.each[place - self.begin].asked = Some(at);
            self.next += 1;
        }
    }

    pub(super) fn closed(&mut self, load: &mut Load) -> Result<()> {
        self.first = now();
        for killer in SOCKETS..SOCKETS + self.killers {
            for _ in 0..self.depth {
                self.kill(now(), load.out(killer));
            }
            load.flush(killer)?;
        }
        load.until(self, Self::done)
    }

    /// Each when it is due, whatever became of those before it; its time counts from then.
    pub(super) fn evenly(&mut self, load: &mut Load, rate: f64) -> Result<()> {
        self.first = now();
        for number in 0..self.order.len() {
            let due = self.first + Duration::try_from_secs_f64(number as f64 / rate)?;
            // Who is late reads as well: the server's answers are not to wait for that.
            let sent = loop {
                load.turn(Duration::ZERO, self)?;
                let now = now();
                if now >= due {
                    break now;
                }
            };
            self.late.record(sent.duration_since(due));
            let killer = SOCKETS + number % self.killers;
            self.kill(due, load.out(killer));
            load.flush(killer)?;
        }
        load.until(self, Self::done)
    }

    /// By one frame. Its answer comes when it may: what it killed is told of meanwhile.
    pub(super) fn at_once(&mut self, load: &mut Load) -> Result<()> {
        self.first = now();
        self.each.fill(Kill {
            asked: Some(self.first),
            answered: true,
            noticed: false,
        });
        self.answers = self.order.len();
        frames::text(WHERE.as_bytes(), load.out(SOCKETS));
        load.flush(SOCKETS)?;
        let mut at_once = AtOnce {
            kills: self,
            answered: false,
        };
        load.until(&mut at_once, AtOnce::done)
    }

    fn done(&self) -> bool {
        self.answers == self.order.len() && self.notices == self.order.len()
    }

    /// The kill of this request, which has been asked for.
    fn of(&mut self, name: Name) -> Result<(&mut Kill, Instant)> {
        let number = name.number.checked_sub(FIRST);
        let place = number.map(|number| number as usize * SOCKETS + name.socket as usize);
        let kill = place
            .and_then(|place| place.checked_sub(self.begin))
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

/// Kills by one frame, which was sent on the socket behind those that started.
struct AtOnce<'a> {
    kills: &'a mut Kills,
    /// Whether it was said to have killed all.
    answered: bool,
}

impl AtOnce<'_> {
    fn done(&self) -> bool {
        self.answered && self.kills.done()
    }
}

impl Play for AtOnce<'_> {
    fn answered(&mut self, said: Said<'_>, out: &mut Vec<u8>) -> Result<()> {
        if said.socket < SOCKETS {
            return self.kills.answered(said, out);
        }
        let run = self.kills.order.len();
        let killed = number(said.text, br#""killed""#);
        ensure!(
            killed.is_some_and(|killed| killed as usize == run),
            "{run} run, and {WHERE} was answered with {}",
            told(said.text)
        );
        self.answered = true;
        Ok(())
    }
}
