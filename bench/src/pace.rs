//! How fast the machine is just now: the same small piece of work on both cores, before and after each turn.
//!
//! A core may be slow though nobody here takes anything of it: another machine on the same hardware heats it, or shares its
//! caches. What the system tells of the time taken says nothing of that; how long known work takes does.

use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::machine::{Cores, pin};
use crate::made_up::Chance;
use crate::moment::now;

/// A turn is slow where the work took so many times what it took at best in the run. Less says nothing of it: on a calm machine ten
/// milliseconds are up to a third slower than at best, and the seconds between them are not.
pub(crate) const SLOW: f64 = 1.5;
/// So often each is done, on each core.
const PIECES: usize = 8;
/// The one that counts, by how long they took: the first may have been lucky, and later ones interrupted.
const COUNTS: usize = 1;
/// Calls of a piece: bytes written into a socket, and read at its other end.
const CALLS: usize = 500;
/// Steps of a piece through memory.
const STEPS: usize = 100_000;
/// Four bytes each: more than a core has for itself, less than all share.
const PLACES: usize = 1 << 20;

/// What a piece of either kind took on one core.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Core {
    /// Small calls into the kernel.
    calls_us: f64,
    /// Arithmetic, and places in memory that it leads to.
    steps_us: f64,
}

/// What it took on both, the slower of before and after.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pace {
    server: Core,
    load: Core,
}

impl Core {
    fn each(self, other: Self, choose: fn(f64, f64) -> f64) -> Self {
        Self {
            calls_us: choose(self.calls_us, other.calls_us),
            steps_us: choose(self.steps_us, other.steps_us),
        }
    }

    fn slower_than(self, best: Self) -> f64 {
        (self.calls_us / best.calls_us).max(self.steps_us / best.steps_us)
    }
}

impl Pace {
    fn each(self, other: Self, choose: fn(f64, f64) -> f64) -> Self {
        Self {
            server: self.server.each(other.server, choose),
            load: self.load.each(other.load, choose),
        }
    }

    /// The slower of both, in each.
    pub(crate) fn or_slower(self, other: Self) -> Self {
        self.each(other, f64::max)
    }

    /// The faster of both, in each.
    pub(crate) fn or_faster(self, other: Self) -> Self {
        self.each(other, f64::min)
    }

    /// How many times what it took at best, where that is the most.
    pub(crate) fn slower_than(self, best: Self) -> f64 {
        let [server, load] = [(self.server, best.server), (self.load, best.load)];
        server
            .0
            .slower_than(server.1)
            .max(load.0.slower_than(load.1))
    }
}

/// The work itself, with all that it needs.
pub(crate) struct Pacer {
    ends: (UnixStream, UnixStream),
    places: Vec<u32>,
}

impl Pacer {
    pub(crate) fn new() -> Result<Self> {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        let places = (0..PLACES).map(|_| chance.below(PLACES) as u32);
        Ok(Self {
            ends: UnixStream::pair()?,
            places: places.collect(),
        })
    }

    /// How fast both cores are now: some 10 ms on each. This thread is on that of the load then.
    pub(crate) fn pace(&mut self, cores: Cores) -> Result<Pace> {
        pin(cores.server)?;
        let server = self.core();
        pin(cores.load)?;
        Ok(Pace {
            server: server?,
            load: self.core()?,
        })
    }

    fn core(&mut self) -> Result<Core> {
        let (mut calls, mut steps) = (Vec::new(), Vec::new());
        for _ in 0..PIECES {
            let begun = now();
            self.calls()?;
            calls.push(begun.elapsed().as_secs_f64() * 1e6);
            let begun = now();
            self.steps();
            steps.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        Ok(Core {
            calls_us: counting(calls),
            steps_us: counting(steps),
        })
    }

    fn calls(&mut self) -> Result<()> {
        let mut bytes = [0; 64];
        let (to, from) = &mut self.ends;
        for _ in 0..CALLS {
            to.write_all(&bytes)?;
            from.read_exact(&mut bytes)?;
        }
        Ok(())
    }

    /// Several ways at once, as programs have them: a core that another shares does fewer at a time.
    fn steps(&self) {
        let mut ways = [1_u64, 2, 3, 4];
        for _ in 0..STEPS / ways.len() {
            for way in &mut ways {
                let place = self.places[(*way >> 32) as usize % PLACES];
                *way = way
                    .wrapping_mul(0x5851_f42d_4c95_7f2d)
                    .wrapping_add(u64::from(place) | 1);
            }
        }
        black_box(ways);
    }
}

fn counting(mut took: Vec<f64>) -> f64 {
    took.sort_by(f64::total_cmp);
    took[COUNTS.min(took.len() - 1)]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// As if both kinds took so long on either core.
    pub(crate) fn pace(server: f64, load: f64) -> Pace {
        let core = |took| Core {
            calls_us: took,
            steps_us: took,
        };
        Pace {
            server: core(server),
            load: core(load),
        }
    }

    #[test]
    fn the_slowest_of_all_says_how_slow_it_was() {
        let best = pace(100.0, 200.0);
        let calls_alone = Pace {
            load: Core {
                calls_us: 300.0,
                steps_us: 200.0,
            },
            ..best
        };
        let rows = [
            (best, 1.0),
            (pace(100.0, 220.0), 1.1),
            (pace(150.0, 220.0), 1.5),
            (calls_alone, 1.5),
        ];
        for (pace, slower) in rows {
            let got = pace.slower_than(best);
            assert!((got - slower).abs() < 1e-9, "{pace:?}: {got}");
        }
    }

    #[test]
    fn of_two_the_slower_or_the_faster_is_kept_in_each() {
        let [one, other] = [pace(1.0, 4.0), pace(2.0, 3.0)];
        assert_eq!(one.or_slower(other), pace(2.0, 4.0));
        assert_eq!(one.or_faster(other), pace(1.0, 3.0));
    }

    #[test]
    fn one_piece_that_was_interrupted_does_not_count() {
        assert_eq!(counting(vec![9.0, 1.0, 1.1, 500.0]), 1.1);
        assert_eq!(counting(vec![7.0]), 7.0);
    }

    #[test]
    fn the_work_takes_its_time_on_both_cores() {
        let cores = Cores::choose().unwrap();
        let pace = Pacer::new().unwrap().pace(cores).unwrap();
        for core in [pace.server, pace.load] {
            assert!(core.calls_us > 1.0 && core.steps_us > 1.0, "{pace:?}");
        }
    }
}
