//! What the verbs refuse, in words.

use longwire_protocol::{Code, Refusal, Seconds};

use crate::{BadInput, Job, Name, Unavailable};

/// The store cannot write.
pub(crate) fn unavailable(why: &Unavailable) -> Refusal {
    let message = format!("the server cannot write this down: {}", why.0);
    Refusal::new(Code::Unavailable, message)
}

/// The route's consumer does not take that input.
pub(crate) fn bad_input(route: &str, bad: &BadInput) -> Refusal {
    let field = bad.path();
    let message = format!("{field:?} does not suit route {route:?}: {}", bad.message);
    Refusal::new(Code::InvalidField, message).about(field)
}

/// The server stops.
pub(crate) fn shutting_down() -> Refusal {
    Refusal::new(
        Code::ShuttingDown,
        "the server is stopping and takes no new jobs; start it again once the server is back",
    )
}

pub(crate) fn too_many(what: &str) -> Refusal {
    Refusal::new(
        Code::TooMany,
        format!("{what}; try again when some have ended"),
    )
}

pub(crate) fn connid_in_use(job: &Job) -> Refusal {
    let message = format!(
        "a job named {} is {}; kill it, or start with \"on_conflict\": \"attach\" or \"replace\", or with another connid",
        job.connid(),
        job.status().as_str()
    );
    Refusal::new(Code::ConnidInUse, message)
        .about("connid")
        .of(job.connid().clone())
}

pub(crate) fn already_ended(job: &Job) -> Refusal {
    let message = format!(
        "{} has already ended: {}",
        job.connid(),
        job.status().as_str()
    );
    let mut refusal = Refusal::new(Code::AlreadyEnded, message).of(job.connid().clone());
    refusal.ended = job.ended_view().map(Box::new);
    refusal
}

pub(crate) fn over_the_longest(route: &str, most: Seconds, had: Seconds, time: Seconds) -> Refusal {
    let left = Seconds::from_micros(most.as_micros().saturating_sub(had.as_micros()));
    Refusal::invalid(
        "time",
        format!(
            "\"time\" must be at most {left} seconds now, as route {route:?} allows {most} in all; got {time}"
        ),
    )
}

pub(crate) fn gone(name: &Name, code: Code) -> Refusal {
    let message = |what: &str| {
        if code == Code::Expired {
            format!("{what} ended and is no longer kept")
        } else {
            // The words of the old contract.
            format!("invalid connection id: {what}")
        }
    };
    match name {
        Name::Connid(connid) => Refusal::new(code, message(connid.as_str()))
            .about("connid")
            .of(connid.clone()),
        Name::Job(job) => Refusal::new(code, message(&job.to_string())).about("job"),
    }
}
