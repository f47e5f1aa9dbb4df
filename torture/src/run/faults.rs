//! When the server is killed.

use std::time::Duration;

use longwire_torture::Chance;

/// What happens until the load goes on undisturbed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cycle {
    /// Each ends with a kill.
    pub(super) steps: Vec<Step>,
}

/// How long the server lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So long after it listens.
    UnderLoad(Duration),
    /// So long after its process was started, whether it listens by then or not.
    StartingUp(Duration),
}

impl Cycle {
    /// Mostly one kill under load; now and then another right after, or while the next server starts up.
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let millis = |chance: &mut Chance, range| Duration::from_millis(chance.within(range));
        let mut steps = vec![Step::UnderLoad(millis(chance, 20..800))];
        match chance.within(0..100) {
            0..15 => steps.push(Step::StartingUp(millis(chance, 0..60))),
            15..30 => steps.push(Step::UnderLoad(millis(chance, 0..30))),
            _ => {}
        }
        Self { steps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_kill_is_drawn_and_a_seed_draws_the_same() {
        let draw = || {
            let mut chance = Chance::new(3);
            let cycles = std::iter::repeat_with(move || Cycle::draw(&mut chance).steps);
            cycles.take(100).collect::<Vec<_>>()
        };
        let cycles = draw();
        assert_eq!(cycles, draw());
        let ends = |step: fn(&Step) -> bool| {
            let last = |steps: &Vec<Step>| steps.len() == 2 && steps.last().is_some_and(step);
            cycles.iter().filter(|steps| last(steps)).count()
        };
        assert!(ends(|step| matches!(step, Step::StartingUp(_))) > 5);
        assert!(ends(|step| matches!(step, Step::UnderLoad(_))) > 5);
        assert!(cycles.iter().filter(|steps| steps.len() == 1).count() > 50);
    }
}
