//! Running requests killed from other sockets: how fast, and how soon whoever started one is told.

use anyhow::Result;

use crate::contenders::Target;
use crate::load::Load;
use crate::made_up::Chance;
use crate::workloads::ask::Order;
use crate::workloads::figures::Measured;
use crate::workloads::filling::{Filling, SOCKETS, ensure_listed};
use crate::workloads::kills::{Kills, LONG_ENOUGH, Sum, TIMES};

/// Sockets that kills are sent on.
const KILLERS: usize = 64;
/// Of so many requests one is left for the kills at half the rate.
const EVENLY: usize = 4;

/// Starts so many, and kills most of them one by one, so many unanswered on each socket; then the rest at half the rate that
/// this came to, evenly; and all of that again, until both took long enough to say something. It ends well only where every kill was
/// answered, every notice has come, and nothing is listed then.
pub(crate) fn measure(
    target: &Target,
    requests: usize,
    depth: usize,
    order: Order,
) -> Result<Measured> {
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(SOCKETS + KILLERS)?;
    let mut filling = Filling::new(&load);
    let (mut closed, mut even) = (Sum::new()?, Sum::new()?);
    for _ in 0..TIMES {
        let begin = filling.started();
        filling.more(&mut load, requests)?;
        let mut all: Vec<usize> = (begin..filling.started()).collect();
        if order == Order::Random {
            shuffle(&mut all);
        }
        let rest = all.split_off(all.len() - all.len() / EVENLY);
        let mut kills = Kills::new(&load, all, KILLERS, depth)?;
        closed.add(&mut kills, target, |kills| kills.closed(&mut load))?;
        ensure_listed(target, rest.len())?;
        let rate = kills.rate() / 2.0;
        let mut kills = Kills::new(&load, rest, KILLERS, 0)?;
        even.add(&mut kills, target, |kills| kills.evenly(&mut load, rate))?;
        ensure_listed(target, 0)?;
        if closed.took.min(even.took) >= LONG_ENOUGH {
            break;
        }
    }
    let started = filling.started() as f64;
    let notices_percent = (closed.notices + even.notices) as f64 / started * 100.0;
    Ok(closed
        .measured()?
        .set("half_rate_p50_us", even.latencies.micros(0.5))
        .set("half_rate_p99_us", even.latencies.micros(0.99))
        .set("half_rate_late_p99_us", even.late.micros(0.99))
        .set("notices_percent", notices_percent)
        // The load looked at the clock then until the next kill was due: it had all of its core, however little it did.
        .disturbed_as(even.shares()?))
}

/// Kills so many by one frame.
pub(crate) fn measure_at_once(target: &Target, requests: usize) -> Result<Measured> {
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(SOCKETS + 1)?;
    let mut filling = Filling::new(&load);
    let mut all = Sum::new()?;
    for _ in 0..TIMES {
        let begin = filling.started();
        filling.more(&mut load, requests)?;
        let mut kills = Kills::new(&load, (begin..filling.started()).collect(), 1, 0)?;
        all.add(&mut kills, target, |kills| kills.at_once(&mut load))?;
        ensure_listed(target, 0)?;
        if all.took >= LONG_ENOUGH {
            break;
        }
    }
    let notices_percent = all.notices as f64 / filling.started() as f64 * 100.0;
    Ok(all.measured()?.set("notices_percent", notices_percent))
}

/// Always the same.
fn shuffle(places: &mut [usize]) {
    let mut chance = Chance(0x2545_f491_4f6c_dd1d);
    for last in (1..places.len()).rev() {
        places.swap(last, chance.below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_has_all_and_is_always_the_same() {
        let shuffled = || {
            let mut places: Vec<usize> = (5..1005).collect();
            shuffle(&mut places);
            places
        };
        let mut places = shuffled();
        assert_eq!(places, shuffled());
        let in_their_order = places.windows(2).filter(|two| two[0] < two[1]).count();
        assert!((400..600).contains(&in_their_order), "{in_their_order}");
        places.sort_unstable();
        assert!(places.into_iter().eq(5..1005));
    }
}
