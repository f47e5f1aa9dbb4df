//! The invariants, and what breaks them.
//!
//! Each is a file with one function that reads the [`Story`] and says what cannot be. None guesses: a request without an
//! answer may have been carried out or not, and what is not known for certain is not held against the server.

mod acknowledged;
mod attempts;
mod bounds;
mod content;
mod early;
mod ended;
mod extends;
mod healed;
mod holes;
mod kept;
mod kills;
mod known;
mod lives;
mod names;
mod outcomes;
mod process;
mod reading;
mod started;
mod story;
mod survival;
mod told;
mod unseen;
mod wishes;
mod words;

use std::fmt;

use crate::{History, Moment, check::story::Story};

/// What must hold of every history. In this order they are in the table, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "`Invariant::sentence` says what each is")]
pub enum Invariant {
    AcknowledgedIsThere,
    NothingSeenIsLost,
    OneOutcome,
    NoHoles,
    SameEvent,
    NeverUnknown,
    EndedStaysEnded,
    OneLiveJobPerConnid,
    NobodyElsesJob,
    KillsHold,
    NobodyElsesKill,
    ExtendsHold,
    NeverEarly,
    TimersGoOn,
    RunsOnce,
    WithinBounds,
    EveryoneIsTold,
    StartsAfterFaults,
    ServerStays,
    DocumentedWords,
}

/// An invariant, what it says, and what finds where it is broken.
struct Rule {
    invariant: Invariant,
    name: &'static str,
    sentence: &'static str,
    find: fn(&Story<'_>) -> Vec<Finding>,
}

const RULES: [Rule; 20] = [
    Rule {
        invariant: Invariant::AcknowledgedIsThere,
        name: "acknowledged_is_there",
        sentence: "every acknowledged start is there at the end, and its job has ended",
        find: acknowledged::find,
    },
    Rule {
        invariant: Invariant::NothingSeenIsLost,
        name: "nothing_seen_is_lost",
        sentence: "what anyone saw of a log is in it from then on",
        find: kept::find,
    },
    Rule {
        invariant: Invariant::OneOutcome,
        name: "one_outcome",
        sentence: "a job has one outcome, the same for all, before and after crashes, and nothing comes after it",
        find: outcomes::find,
    },
    Rule {
        invariant: Invariant::NoHoles,
        name: "no_holes",
        sentence: "each watch is sent the number after the last, or a gap that says what is missing",
        find: holes::find,
    },
    Rule {
        invariant: Invariant::SameEvent,
        name: "same_event",
        sentence: "an event of a number is the same event for all, always",
        find: content::find,
    },
    Rule {
        invariant: Invariant::NeverUnknown,
        name: "never_unknown",
        sentence: "a job that was acknowledged or seen is never unknown afterwards, and is listed while it has not ended",
        find: known::find,
    },
    Rule {
        invariant: Invariant::EndedStaysEnded,
        name: "ended_stays_ended",
        sentence: "after anyone saw a job's end nobody is told that it runs",
        find: ended::find,
    },
    Rule {
        invariant: Invariant::OneLiveJobPerConnid,
        name: "one_live_job_per_connid",
        sentence: "no two jobs of one connid live at one moment",
        find: names::find,
    },
    Rule {
        invariant: Invariant::NobodyElsesJob,
        name: "nobody_elses_job",
        sentence: "every job was started by a request, and a request makes one job at most",
        find: started::find,
    },
    Rule {
        invariant: Invariant::KillsHold,
        name: "kills_hold",
        sentence: "a kill that was acknowledged ends in `killed`, or in `ok` where the work had finished first",
        find: kills::find,
    },
    Rule {
        invariant: Invariant::NobodyElsesKill,
        name: "nobody_elses_kill",
        sentence: "a job is killed for a reason that someone gave",
        find: wishes::find,
    },
    Rule {
        invariant: Invariant::ExtendsHold,
        name: "extends_hold",
        sentence: "an extend that was acknowledged is in the log",
        find: extends::find,
    },
    Rule {
        invariant: Invariant::NeverEarly,
        name: "never_early",
        sentence: "a job's time is not up before it has passed since the start, or the last extend, was sent",
        find: early::find,
    },
    Rule {
        invariant: Invariant::TimersGoOn,
        name: "timers_go_on",
        sentence: "a job that only its clock serves is neither lost nor failed, and runs out of time only in a queue",
        find: survival::find,
    },
    Rule {
        invariant: Invariant::RunsOnce,
        name: "runs_once",
        sentence: "a job begins to run once in each attempt, and goes back to the queue only for another",
        find: attempts::find,
    },
    Rule {
        invariant: Invariant::WithinBounds,
        name: "within_bounds",
        sentence: "no more jobs of a route run at once than it allows",
        find: bounds::find,
    },
    Rule {
        invariant: Invariant::EveryoneIsTold,
        name: "everyone_is_told",
        sentence: "on a socket that lives every request is answered, and every watch told the end",
        find: told::find,
    },
    Rule {
        invariant: Invariant::StartsAfterFaults,
        name: "starts_after_faults",
        sentence: "10 s after the last fault has healed a start has been acknowledged",
        find: healed::find,
    },
    Rule {
        invariant: Invariant::ServerStays,
        name: "server_stays",
        sentence: "the server leaves only when it is killed or asked to, and then well",
        find: process::find,
    },
    Rule {
        invariant: Invariant::DocumentedWords,
        name: "documented_words",
        sentence: "only documented frames, refusal codes and close codes appear",
        find: words::find,
    },
];

impl Invariant {
    /// Every invariant.
    pub fn all() -> impl Iterator<Item = Self> {
        RULES.iter().map(|rule| rule.invariant)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.rule().map_or("", |rule| rule.name)
    }

    /// What it says.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.rule().map_or("", |rule| rule.sentence)
    }

    fn rule(self) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.invariant == self)
    }
}

/// Where an invariant is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When that became known.
    pub seen: Moment,
    /// What cannot be.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Moment { entry, at } = self.seen;
        let seconds = at as f64 / 1e6;
        let name = self.invariant.name();
        write!(
            f,
            "{name}: {} (line {}, {seconds:.6} s)",
            self.what,
            entry + 1
        )
    }
}

/// What a rule found.
struct Finding {
    seen: Moment,
    what: String,
}

impl Finding {
    fn new(seen: Moment, what: impl Into<String>) -> Self {
        Self {
            seen,
            what: what.into(),
        }
    }
}

/// Where a history breaks which invariant; nothing, where it may be so.
#[must_use]
pub fn check(history: &History) -> Vec<Violation> {
    let story = Story::read(history);
    let broken = RULES.iter().flat_map(|rule| {
        let found = (rule.find)(&story).into_iter();
        found.map(|Finding { seen, what }| Violation {
            invariant: rule.invariant,
            seen,
            what,
        })
    });
    broken.collect()
}
