//! Turns taken again where something else had to do with them, in the time that there is for that.

use std::time::Duration;

use anyhow::Result;

use crate::machine::{Cores, others_now};
use crate::moment::now;
use crate::pace::{Pace, Pacer, SLOW};
use crate::report::short;
use crate::results::{DISTURBED, Results, Turn};
use crate::workloads::Measured;

/// So often a turn is taken again, at most.
const AGAIN: usize = 3;
/// Time for that: at the beginning, and for each second of turns.
pub(crate) const SPARE_SECONDS: f64 = 60.0;
pub(crate) const SPARE: f64 = 0.1;
/// So long it is waited for a calm machine before that.
const CALM_PATIENCE: Duration = Duration::from_secs(20);
/// How often the machine is looked at before the first turn: what its best is has to be known by then.
const LOOKS: usize = 200;

/// What a machine is asked around a turn.
pub(crate) trait Machine {
    /// How fast it is just now.
    fn pace(&mut self) -> Result<Pace>;
    /// What others have of a core just now.
    fn others(&mut self) -> Result<f64>;
}

/// The one that this runs on.
pub(crate) struct ThisMachine {
    cores: Cores,
    pacer: Pacer,
}

impl Machine for ThisMachine {
    fn pace(&mut self) -> Result<Pace> {
        self.pacer.pace(self.cores)
    }

    fn others(&mut self) -> Result<f64> {
        others_now()
    }
}

/// What is left of it.
pub(crate) struct Patience<M> {
    machine: M,
    /// The best that the machine was seen at in this run.
    best: Pace,
    spare_seconds: f64,
}

impl Patience<ThisMachine> {
    /// At the beginning of a run, or where it goes on.
    pub(crate) fn new(cores: Cores, earlier: &[Results]) -> Result<Self> {
        let pacer = Pacer::new()?;
        Self::with(ThisMachine { cores, pacer }, earlier)
    }
}

impl<M: Machine> Patience<M> {
    fn with(mut machine: M, earlier: &[Results]) -> Result<Self> {
        let paces = earlier.iter().flat_map(Results::turns);
        let mut best = match paces.filter_map(|turn| turn.pace).reduce(Pace::or_faster) {
            Some(best) => best,
            None => machine.pace()?,
        };
        for _ in 0..LOOKS {
            best = best.or_faster(machine.pace()?);
        }
        Ok(Self {
            machine,
            best,
            spare_seconds: SPARE_SECONDS,
        })
    }

    pub(crate) fn best(&self) -> Pace {
        self.best
    }

    /// A turn that nothing else disturbed, or the least disturbed of those that were tried. One that fails when it is taken again has failed: an
    /// answer that is none is not forgotten for an earlier one.
    pub(crate) fn turn(&mut self, mut take: impl FnMut() -> Result<Measured>) -> Result<Turn> {
        let mut best = self.once(&mut take)?;
        self.spare_seconds += best.took_seconds * SPARE;
        for _ in 0..AGAIN {
            if best.is_calm() || self.spare_seconds < best.took_seconds {
                break;
            }
            println!("    disturbed: {}", told(&best));
            let again = now();
            self.wait_for_calm()?;
            let turn = self.once(&mut take)?;
            self.spare_seconds -= again.elapsed().as_secs_f64();
            if turn.unrest() < best.unrest() {
                best = turn;
            }
        }
        Ok(best)
    }

    /// A turn as it comes.
    pub(crate) fn once(&mut self, mut take: impl FnMut() -> Result<Measured>) -> Result<Turn> {
        let begun = now();
        let before = self.look()?;
        let measured = take()?;
        let pace = before.or_slower(self.look()?);
        Ok(Turn {
            measured,
            pace: Some(pace),
            slower: pace.slower_than(self.best),
            took_seconds: begun.elapsed().as_secs_f64(),
        })
    }

    fn look(&mut self) -> Result<Pace> {
        let pace = self.machine.pace()?;
        self.best = self.best.or_faster(pace);
        Ok(pace)
    }

    fn wait_for_calm(&mut self) -> Result<()> {
        let last = now() + CALM_PATIENCE;
        while now() < last {
            let others = self.machine.others()?;
            if others <= DISTURBED && self.look()?.slower_than(self.best) <= SLOW {
                break;
            }
        }
        Ok(())
    }
}

/// What was wrong with it.
fn told(turn: &Turn) -> String {
    let percent = short(turn.measured.shares.others * 100.0);
    let slower = short(turn.slower);
    format!(
        "others had {percent} % of a core, and the machine took {slower} times as long as at best"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use anyhow::bail;

    use super::*;
    use crate::pace::tests::pace;
    use crate::results::tests::turn as turn_with;

    /// One that is always calm when it is looked at.
    struct Calm;

    impl Machine for Calm {
        fn pace(&mut self) -> Result<Pace> {
            Ok(pace(100.0, 100.0))
        }

        fn others(&mut self) -> Result<f64> {
            Ok(0.0)
        }
    }

    /// What comes of turns in which others had so much of a core, none meaning that it failed; and how many were taken.
    fn taken(patience: &mut Patience<Calm>, others: &[Option<f64>]) -> (Result<f64>, usize) {
        let mut left: VecDeque<Option<f64>> = others.iter().copied().collect();
        let turn = patience.turn(|| {
            let Some(others) = left.pop_front().flatten() else {
                bail!("it said no");
            };
            let mut measured = turn_with("per_second", others, false).measured;
            measured.shares.others = others;
            Ok(measured)
        });
        let others_had = turn.map(|turn| turn.measured.shares.others);
        (others_had, others.len() - left.len())
    }

    #[test]
    fn a_turn_is_taken_again_until_it_is_calm_three_times_at_most_and_the_calmest_stays() {
        let rows: [(&[f64], f64, usize); 4] = [
            (&[0.02, 0.0], 0.02, 1),
            (&[0.5, 0.01, 0.0], 0.01, 2),
            (&[0.5, 0.2, 0.3, 0.4, 0.0], 0.2, 4),
            (&[0.2, 0.5, 0.3, 0.4, 0.0], 0.2, 4),
        ];
        for (others, expected, times) in rows {
            let mut patience = Patience::with(Calm, &[]).unwrap();
            let others: Vec<Option<f64>> = others.iter().copied().map(Some).collect();
            let (stays, taken) = taken(&mut patience, &others);
            assert_eq!((stays.unwrap(), taken), (expected, times), "{others:?}");
        }
    }

    #[test]
    fn without_time_to_spare_nothing_is_taken_again() {
        let mut patience = Patience::with(Calm, &[]).unwrap();
        patience.spare_seconds = -1.0;
        let (stays, taken) = taken(&mut patience, &[Some(0.5), Some(0.0)]);
        assert_eq!((stays.unwrap(), taken), (0.5, 1));
    }

    #[test]
    fn a_turn_that_fails_is_not_forgotten() {
        for others in [&[None, Some(0.0)][..], &[Some(0.5), None, Some(0.0)]] {
            let mut patience = Patience::with(Calm, &[]).unwrap();
            let (stays, taken) = taken(&mut patience, others);
            assert_eq!(stays.unwrap_err().to_string(), "it said no");
            assert_eq!(taken, others.len() - 1);
        }
    }

    /// One that is slow once the run has begun, and then fast.
    struct Slow(VecDeque<f64>);

    impl Machine for Slow {
        fn pace(&mut self) -> Result<Pace> {
            let took = self.0.pop_front().unwrap_or(100.0);
            Ok(pace(took, took))
        }

        fn others(&mut self) -> Result<f64> {
            Ok(0.0)
        }
    }

    #[test]
    fn a_turn_beside_which_the_machine_was_slow_is_taken_again() {
        for (before, after, taken) in [(100.0, 149.0, 1), (100.0, 151.0, 2), (151.0, 100.0, 2)] {
            let mut patience = Patience::with(Slow(VecDeque::new()), &[]).unwrap();
            patience.machine.0 = [before, after].into();
            let mut times = 0;
            let turn = patience.turn(|| {
                times += 1;
                Ok(turn_with("per_second", 1.0, false).measured)
            });
            assert_eq!(times, taken, "{before} {after}");
            assert!(turn.unwrap().is_calm());
        }
    }
}
