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

/// What is left of it.
pub(crate) struct Patience {
    cores: Cores,
    pacer: Pacer,
    /// The best that the machine was seen at in this run.
    best: Pace,
    spare_seconds: f64,
}

impl Patience {
    /// At the beginning of a run, or where it goes on.
    pub(crate) fn new(cores: Cores, earlier: &[Results]) -> Result<Self> {
        let mut pacer = Pacer::new()?;
        let paces = earlier.iter().flat_map(Results::turns);
        let mut best = paces.filter_map(|turn| turn.pace).reduce(Pace::or_faster);
        for _ in 0..LOOKS {
            let pace = pacer.pace(cores)?;
            best = Some(best.map_or(pace, |best| best.or_faster(pace)));
        }
        Ok(Self {
            cores,
            best: best.map_or_else(|| pacer.pace(cores), Ok)?,
            pacer,
            spare_seconds: SPARE_SECONDS,
        })
    }

    pub(crate) fn best(&self) -> Pace {
        self.best
    }

    /// A turn that nothing else disturbed, or the least disturbed of those that were tried.
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
        let pace = self.pacer.pace(self.cores)?;
        self.best = self.best.or_faster(pace);
        Ok(pace)
    }

    fn wait_for_calm(&mut self) -> Result<()> {
        let last = now() + CALM_PATIENCE;
        while now() < last {
            let others = others_now()?;
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
