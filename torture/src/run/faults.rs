//! When the server is struck, and how.

use std::time::Duration;

use longwire_torture::Chance;

/// What happens until the load goes on undisturbed: one server after another is struck.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cycle {
    pub(super) steps: Vec<Step>,
}

/// How long one server lives, and how it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) life: Life,
    pub(super) blow: Blow,
}

/// How long a server lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// So long after it listens.
    UnderLoad(Duration),
    /// So long after its process was started, whether it listens by then or not.
    StartingUp(Duration),
}

/// How a server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// It is killed.
    Kill,
    /// It is asked to leave, and does.
    Ask,
    /// It is asked to leave, and killed so long after, unless it has left.
    AskThenKill(Duration),
}

impl Cycle {
    /// Mostly one kill under load; now and then another right after, or while the next server starts up. Some are asked to
    /// leave.
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let life = Life::UnderLoad(millis(chance, 20..800));
        let blow = match chance.within(0..100) {
            0..10 => Blow::Ask,
            10..20 => Blow::AskThenKill(millis(chance, 0..40)),
            _ => Blow::Kill,
        };
        let mut steps = vec![Step { life, blow }];
        let life = match chance.within(0..100) {
            0..15 => Some(Life::StartingUp(millis(chance, 0..60))),
            15..30 => Some(Life::UnderLoad(millis(chance, 0..30))),
            _ => None,
        };
        steps.extend(life.map(|life| Step {
            life,
            blow: Blow::Kill,
        }));
        Self { steps }
    }
}

fn millis(chance: &mut Chance, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(chance.within(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_blow_is_drawn_and_a_seed_draws_the_same() {
        let draw = || {
            let mut chance = Chance::new(3);
            let cycles = std::iter::repeat_with(move || Cycle::draw(&mut chance).steps);
            cycles.take(100).collect::<Vec<_>>()
        };
        let cycles = draw();
        assert_eq!(cycles, draw());
        let count = |kind: fn(&Step) -> bool| cycles.iter().flatten().filter(|s| kind(s)).count();
        assert!(count(|step| step.blow == Blow::Kill) > 70);
        assert!(count(|step| step.blow == Blow::Ask) > 3);
        assert!(count(|step| matches!(step.blow, Blow::AskThenKill(_))) > 3);
        assert!(count(|step| matches!(step.life, Life::StartingUp(_))) > 5);
        assert!(cycles.iter().any(|steps| steps.len() == 1));
    }
}
