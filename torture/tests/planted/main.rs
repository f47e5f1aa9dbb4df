//! The checker, against a server that keeps its word and against one that makes mistakes.
#![allow(
    clippy::unwrap_used,
    reason = "in a test, what is not there is a mistake of the test"
)]

mod bugs;
mod model;
mod stories;
mod verbs;

use std::collections::BTreeSet;

use longwire_torture::{Fact, Invariant, Violation, check};

use crate::{
    bugs::{Bug, TABLE},
    stories::{random_story, story},
};

fn broken(violations: &[Violation]) -> BTreeSet<Invariant> {
    violations
        .iter()
        .map(|violation| violation.invariant)
        .collect()
}

fn told(violations: &[Violation]) -> String {
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[test]
fn a_server_that_keeps_its_word_is_clean() {
    let violations = check(&story(None));
    assert!(violations.is_empty(), "{}", told(&violations));
}

#[test]
fn each_mistake_breaks_its_invariants_and_no_other() {
    let mut wrong = Vec::new();
    for (bug, invariants) in TABLE {
        let violations = check(&story(Some(*bug)));
        if broken(&violations) != invariants.iter().copied().collect() {
            wrong.push(format!(
                "{bug:?}, not {invariants:?}:\n{}",
                told(&violations)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_invariant_is_broken_by_some_mistake() {
    let broken: BTreeSet<Invariant> = TABLE
        .iter()
        .flat_map(|(_, broken)| broken.iter().copied())
        .collect();
    let all: BTreeSet<Invariant> = Invariant::all().collect();
    assert_eq!(broken, all);
}

/// Deadlines outlive a server by the wall clock: how that was moved is not its mistake.
#[test]
fn a_timer_may_be_early_by_as_much_as_the_wall_clock_was_moved() {
    for (moved, early) in [(10_000, true), (45_000, false)] {
        let mut history = story(Some(Bug::EndsEarly));
        let spawned = history.entries.iter_mut().rev().find_map(|entry| {
            if let Fact::Spawned { wall } = &mut entry.fact {
                Some(wall)
            } else {
                None
            }
        });
        *spawned.unwrap() += moved;
        assert_eq!(!check(&history).is_empty(), early, "{moved}");
    }
}

#[test]
fn a_history_without_a_last_look_proves_nothing() {
    let mut history = story(None);
    let looks = |entry: &longwire_torture::Entry| matches!(entry.fact, Fact::Look { .. });
    let look = history.entries.iter().position(looks).unwrap();
    history.entries.truncate(look);
    assert!(broken(&check(&history)).contains(&Invariant::AcknowledgedIsThere));
}

#[test]
fn whatever_happens_a_server_that_keeps_its_word_is_clean() {
    for seed in 0..250 {
        let violations = check(&random_story(seed));
        assert!(violations.is_empty(), "seed {seed}:\n{}", told(&violations));
    }
}
