//! The mistakes, and which invariant each breaks.

use longwire_torture::{Fact, Invariant};
use serde_json::json;

use crate::model::Model;

/// A mistake that a server could make. The jobs it is made with are those of the story in `main.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    AcknowledgesBeforeItCommits,
    NeverEnds,
    StatusKnowsLess,
    LosesAnEvent,
    ForgetsTheUnheard,
    RefusesToGoOn,
    EndsTwice,
    ChangesTheEnd,
    RefusesWithAnotherEnd,
    SaysTheEndTwice,
    NumbersAnew,
    SkipsAnEvent,
    SkipsAChange,
    ChangesAnEvent,
    AnswersAStartWrong,
    ForgetsARunningJob,
    ForgetsAName,
    RunsAfterItsEnd,
    JoinsTheDead,
    IgnoresTheConflict,
    StartsByItself,
    StartsTwice,
    AnswersWithAnother,
    LosesAKill,
    KillsAndIsOk,
    KillsTheDead,
    MisnumbersAKill,
    KillsByItself,
    LosesAnExtend,
    EndsEarly,
    TimesOutEarly,
    ForgetsTheNewDeadline,
    LosesARunningJob,
    RunsAgain,
    GoesBackToTheQueue,
    TriesATimerAgain,
    HasNoQueue,
    FallsSilent,
    NeverAnswers,
    ComesBackLate,
    LeavesByItself,
    MakesUpACode,
    MakesUpAClose,
    AnswersTwice,
    Babbles,
}

/// Each mistake with exactly the invariants that it breaks. Most break one; some are seen from two sides.
pub(crate) const TABLE: &[(Bug, &[Invariant])] = &[
    (
        Bug::AcknowledgesBeforeItCommits,
        &[Invariant::AcknowledgedIsThere],
    ),
    (Bug::NeverEnds, &[Invariant::AcknowledgedIsThere]),
    (Bug::StatusKnowsLess, &[Invariant::NothingSeenIsLost]),
    (
        Bug::LosesAnEvent,
        &[
            Invariant::NothingSeenIsLost,
            Invariant::SameEvent,
            Invariant::ExtendsHold,
        ],
    ),
    (Bug::ForgetsTheUnheard, &[Invariant::NothingSeenIsLost]),
    (Bug::RefusesToGoOn, &[Invariant::NothingSeenIsLost]),
    (Bug::EndsTwice, &[Invariant::OneOutcome]),
    (Bug::ChangesTheEnd, &[Invariant::OneOutcome]),
    (Bug::RefusesWithAnotherEnd, &[Invariant::OneOutcome]),
    (Bug::SaysTheEndTwice, &[Invariant::OneOutcome]),
    (
        Bug::NumbersAnew,
        &[Invariant::NoHoles, Invariant::SameEvent],
    ),
    (Bug::SkipsAnEvent, &[Invariant::NoHoles]),
    (Bug::SkipsAChange, &[Invariant::NoHoles]),
    (Bug::ChangesAnEvent, &[Invariant::SameEvent]),
    (Bug::AnswersAStartWrong, &[Invariant::SameEvent]),
    (Bug::ForgetsARunningJob, &[Invariant::NeverUnknown]),
    (Bug::ForgetsAName, &[Invariant::NeverUnknown]),
    (Bug::RunsAfterItsEnd, &[Invariant::EndedStaysEnded]),
    (Bug::JoinsTheDead, &[Invariant::EndedStaysEnded]),
    (Bug::IgnoresTheConflict, &[Invariant::OneLiveJobPerConnid]),
    (Bug::StartsByItself, &[Invariant::NobodyElsesJob]),
    (Bug::StartsTwice, &[Invariant::NobodyElsesJob]),
    (Bug::AnswersWithAnother, &[Invariant::NobodyElsesJob]),
    (Bug::LosesAKill, &[Invariant::KillsHold]),
    (Bug::KillsAndIsOk, &[Invariant::KillsHold]),
    (Bug::KillsTheDead, &[Invariant::KillsHold]),
    (Bug::MisnumbersAKill, &[Invariant::KillsHold]),
    (Bug::KillsByItself, &[Invariant::NobodyElsesKill]),
    (Bug::LosesAnExtend, &[Invariant::ExtendsHold]),
    (Bug::EndsEarly, &[Invariant::NeverEarly]),
    (Bug::TimesOutEarly, &[Invariant::NeverEarly]),
    (Bug::ForgetsTheNewDeadline, &[Invariant::NeverEarly]),
    (Bug::LosesARunningJob, &[Invariant::TimersGoOn]),
    (Bug::RunsAgain, &[Invariant::RunsOnce]),
    (Bug::GoesBackToTheQueue, &[Invariant::RunsOnce]),
    (Bug::TriesATimerAgain, &[Invariant::TimersGoOn]),
    (Bug::HasNoQueue, &[Invariant::WithinBounds]),
    (Bug::FallsSilent, &[Invariant::EveryoneIsTold]),
    (Bug::NeverAnswers, &[Invariant::EveryoneIsTold]),
    (Bug::ComesBackLate, &[Invariant::StartsAfterFaults]),
    (Bug::LeavesByItself, &[Invariant::ServerStays]),
    (Bug::MakesUpACode, &[Invariant::DocumentedWords]),
    (Bug::MakesUpAClose, &[Invariant::DocumentedWords]),
    (Bug::AnswersTwice, &[Invariant::DocumentedWords]),
    (Bug::Babbles, &[Invariant::DocumentedWords]),
];

/// What a server that makes this mistake does to its logs when it comes back. Others it makes while it serves.
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "most mistakes are made elsewhere"
)]
pub(crate) fn recover(model: &mut Model, bug: Bug) {
    let lost = json!({"error": {"code": "lost", "message": "its server died"}});
    match bug {
        Bug::AcknowledgesBeforeItCommits => model.forget("late"),
        Bug::LosesAnEvent => drop(model.job("moved").log.pop()),
        Bug::EndsTwice => model.end("short", "lost", lost),
        Bug::ChangesTheEnd => {
            drop(model.job("short").log.pop());
            model.end("short", "lost", lost);
        }
        Bug::ChangesAnEvent => model.job("long").log[0]["time"] = 3.5.into(),
        Bug::StartsByItself => {
            model.create("ghost", &json!({"route": "request", "time": 0.1}));
        }
        Bug::KillsByItself => {
            let reason = "who knows";
            model.append(
                "long",
                json!({"status": "ending", "kill": {"by": "me", "reason": reason}}),
            );
            let receipt =
                json!({"by": "me", "reason": reason, "forced": false, "survivors": 0, "ms": 0});
            model.end("long", "killed", json!({"kill": receipt}));
        }
        Bug::LosesARunningJob => model.end("long", "lost", lost),
        Bug::RunsAgain => model.append("long", json!({"status": "running"})),
        Bug::GoesBackToTheQueue => {
            model.append("long", json!({"status": "queued", "time": 3, "left": 2}));
            model.append("long", json!({"status": "running", "time": 3, "left": 2}));
        }
        Bug::TriesATimerAgain => {
            model.job("long").attempt = Some(2);
            model.append("long", json!({"status": "queued"}));
            model.append("long", json!({"status": "running"}));
        }
        Bug::LeavesByItself => model.note(Fact::Left {
            how: "signal: 6".into(),
        }),
        Bug::MakesUpAClose => model.note(Fact::Closed {
            socket: 1,
            code: 4999,
        }),
        Bug::Babbles => model.note(Fact::Garbled {
            socket: 1,
            text: "panicked at".into(),
        }),
        _ => {}
    }
}
