//! What is asked of a contender, and what of it is measured.

mod ask;
mod closed;
mod figures;
mod filling;
mod kills;
mod program;
#[cfg(test)]
mod tests;
mod w1;
mod w2;
mod w3;
mod w4;
mod w5;
mod w6;
mod w7;
mod w8;
mod w9;

use std::fmt;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;

pub(crate) use self::ask::{Ask, Order};
pub(crate) use self::closed::Span;
pub(crate) use self::figures::Measured;
use crate::contenders::{CONTENDERS, Can, Contender, Places, Running, Target};

/// One of the workloads of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Workload {
    /// Requests of zero time.
    W1,
    /// Many running requests.
    W2,
    /// Running requests, killed.
    W3,
    /// Idle sockets.
    W4,
    /// A command that prints much, watched.
    W5,
    /// Requests of zero time, on a disk.
    W6,
    /// Searches, a key at a time.
    W7,
    /// Starts of the server.
    W8,
    /// Running requests on a disk, listed and killed.
    W9,
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "w{}", *self as u8 + 1)
    }
}

/// Rounds of what takes long, or hardly varies.
const FEWER_ROUNDS: usize = 3;

/// How much is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    pub(crate) span: Span,
    requests: usize,
    many_requests: usize,
    sockets: usize,
    bytes: u64,
    symbols: usize,
    starts: usize,
    held: usize,
}

impl Scale {
    pub(crate) const FULL: Self = Self {
        rounds: 5,
        span: Span {
            warm: Duration::from_secs(1),
            measured: Duration::from_secs(3),
        },
        requests: 100_000,
        many_requests: 1_000_000,
        sockets: 10_000,
        bytes: 1_000_000_000,
        symbols: 1_000_000,
        starts: 20,
        held: 2_000,
    };
    /// To see that all of it works.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        span: Span {
            warm: Duration::from_millis(300),
            measured: Duration::from_millis(500),
        },
        requests: 20_000,
        many_requests: 100_000,
        sockets: 1_000,
        bytes: 50_000_000,
        symbols: 100_000,
        starts: 5,
        held: 400,
    };
}

impl Workload {
    /// Five for answers, in memory and on a disk; the others take longer or hardly vary.
    pub(crate) fn rounds(self, scale: &Scale) -> usize {
        match self {
            Self::W1 | Self::W6 => scale.rounds,
            Self::W2 | Self::W3 | Self::W4 | Self::W5 | Self::W7 | Self::W8 | Self::W9 => {
                scale.rounds.min(FEWER_ROUNDS)
            }
        }
    }

    /// What a turn takes with all that belongs to it, roughly: until one of its kind has been taken.
    pub(crate) fn usual_seconds(self, ask: Ask) -> f64 {
        match ask {
            Ask::Running(requests) => 4.5 + requests as f64 / 1e6,
            Ask::Kills {
                order: Order::Random,
                ..
            } => 3.5,
            Ask::Kills { requests, .. } => 2.0 + requests as f64 / 2.2e4,
            Ask::Sockets(sockets) if self == Self::W4 => 2.0 + sockets as f64 / 3e3,
            Ask::Depth(_) => 4.2,
            Ask::Sockets(_) => 5.0,
            Ask::Watchers { reading, .. } => 2.0 + reading as f64 / 8.0,
            Ask::KillAll(_) | Ask::Symbols(_) | Ask::Starts(_) => 3.0,
            Ask::Held(_) => 8.0,
        }
    }

    /// What is asked, one after the other.
    pub(crate) fn asks(self, scale: &Scale) -> Vec<Ask> {
        let requests = scale.requests;
        match self {
            Self::W1 => vec![Ask::Depth(1), Ask::Depth(32)],
            Self::W2 => vec![Ask::Running(requests), Ask::Running(scale.many_requests)],
            Self::W3 => {
                let kills = |depth, order| Ask::Kills {
                    requests,
                    depth,
                    order,
                };
                vec![
                    kills(1, Order::Started),
                    kills(32, Order::Started),
                    kills(1, Order::Random),
                    kills(32, Order::Random),
                    Ask::KillAll(requests),
                ]
            }
            Self::W4 => vec![Ask::Sockets(scale.sockets)],
            Self::W5 => [(1, false), (10, false), (100, false), (10, true)]
                .map(|(reading, stalled)| Ask::Watchers { reading, stalled })
                .to_vec(),
            Self::W6 => [1, 64, 512].map(Ask::Sockets).to_vec(),
            Self::W7 => vec![Ask::Symbols(None), Ask::Symbols(Some(scale.symbols))],
            Self::W8 => vec![Ask::Starts(scale.starts)],
            Self::W9 => vec![Ask::Held(scale.held)],
        }
    }

    /// Who takes part.
    pub(crate) fn contenders(self, ask: Ask, scale: &Scale) -> Vec<&'static Contender> {
        let needed = self.needs(ask, scale);
        let all = CONTENDERS.into_iter();
        all.filter(|it| it.can.contains(&needed)).collect()
    }

    /// What a contender has to be able to do.
    fn needs(self, ask: Ask, scale: &Scale) -> Can {
        match ask {
            Ask::Depth(_) => Can::Answer,
            Ask::Running(requests) if requests == scale.many_requests => Can::KeepMany,
            Ask::Kills {
                order: Order::Random,
                ..
            } => Can::KeepMany,
            Ask::Running(_) | Ask::Kills { .. } => Can::Keep,
            Ask::KillAll(_) => Can::KillAll,
            Ask::Sockets(_) if self == Self::W4 => Can::Hold,
            Ask::Sockets(1) => Can::WriteOne,
            Ask::Sockets(_) => Can::Write,
            Ask::Watchers { reading: 1, .. } => Can::Print,
            Ask::Watchers { .. } => Can::Share,
            Ask::Symbols(_) => Can::Search,
            Ask::Starts(_) => Can::Begin,
            Ask::Held(_) => Can::KeepWritten,
        }
    }

    /// One turn of one contender.
    pub(crate) fn turn(
        self,
        contender: &Contender,
        ask: Ask,
        places: &Places,
        scale: &Scale,
    ) -> Result<Measured> {
        match ask {
            Ask::Watchers { reading, stalled } => {
                w5::measure(contender, places, scale.bytes, reading, stalled)
            }
            Ask::Sockets(sockets) if self == Self::W6 => {
                w6::measure(contender, places, sockets, scale.span)
            }
            Ask::Symbols(symbols) => w7::measure(contender, places, symbols),
            Ask::Starts(starts) => w8::measure(contender, places, starts),
            Ask::Held(requests) => w9::measure(contender, places, requests),
            Ask::Depth(_)
            | Ask::Running(_)
            | Ask::Kills { .. }
            | Ask::KillAll(_)
            | Ask::Sockets(_) => {
                let running = Running::start(contender, places, "")?;
                self.on(&running.target()?, ask, scale)
            }
        }
    }

    /// On a server that runs, whoever started it.
    pub(crate) fn on(self, target: &Target, ask: Ask, scale: &Scale) -> Result<Measured> {
        match ask {
            Ask::Depth(depth) => w1::measure(target, depth, scale.span),
            Ask::Running(requests) => w2::measure(target, requests),
            Ask::Kills {
                requests,
                depth,
                order,
            } => w3::measure(target, requests, depth, order),
            Ask::KillAll(requests) => w3::measure_at_once(target, requests),
            Ask::Sockets(sockets) if self == Self::W4 => w4::measure(target, sockets),
            Ask::Sockets(sockets) => closed::measure(target, sockets, 1, scale.span),
            Ask::Held(requests) => w9::on(target, requests),
            Ask::Watchers { .. } | Ask::Symbols(_) | Ask::Starts(_) => {
                bail!("this workload needs a server that it starts itself")
            }
        }
    }
}
