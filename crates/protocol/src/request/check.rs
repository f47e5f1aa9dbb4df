//! What a request must and may hold, beyond the types of its fields.

use super::{Extend, Kill, Request, RoutesQuery, Start, Target, Where};
use crate::{
    Code, Connid, JobId, ModulesQuery, ParseLimits, Refusal, fields::excerpt, ids::is_format,
};

impl Request {
    pub(super) fn check(&self, limits: &ParseLimits) -> Result<(), Refusal> {
        match self {
            Self::Start(start) => start.check(limits),
            Self::Kill(kill) => kill.check(limits),
            Self::Status(query) => {
                check_target(query.connid.as_ref(), query.job, limits)?;
                check_limit(query.limit)
            }
            Self::Watch(watch) => check_target(watch.connid.as_ref(), watch.job, limits),
            Self::Unwatch(unwatch) => check_target(unwatch.connid.as_ref(), unwatch.job, limits),
            Self::Extend(extend) => check_named(extend.connid.as_ref(), extend.job, limits),
            // What a question may hold is for who answers it.
            Self::Routes(RoutesQuery {}) | Self::Modules(ModulesQuery {}) | Self::Search(_) => {
                Ok(())
            }
            Self::Claim(claim) => claim.check(limits),
            Self::Append(append) => append.check(limits),
            Self::End(end) => end.check(),
        }
    }
}

impl Start {
    pub(super) fn check(&self, limits: &ParseLimits) -> Result<(), Refusal> {
        if self.route.is_empty() {
            return Err(not_a_route("\"\""));
        }
        check_connid(self.connid.as_ref(), limits)?;
        if self.tags.len() > limits.tags_per_job {
            let (got, most) = (self.tags.len(), limits.tags_per_job);
            return Err(Refusal::invalid(
                "tags",
                format!("\"tags\" must be at most {most}; got {got}"),
            ));
        }
        if self.tags.iter().any(|tag| tag.contains(is_format)) {
            let message =
                "a tag must have no invisible format characters, such as U+200B or U+202E";
            return Err(Refusal::invalid("tags", message));
        }
        let fits = |tag: &str| !tag.is_empty() && tag.len() <= limits.tag_bytes;
        match self.tags.iter().find(|tag| !fits(tag)) {
            Some(tag) => Err(Refusal::invalid(
                "tags",
                format!(
                    "a tag must be 1 to {} bytes; got {}",
                    limits.tag_bytes,
                    tag.len()
                ),
            )),
            None => Ok(()),
        }
    }
}

impl Kill {
    /// The job that is to be killed.
    ///
    /// # Errors
    /// `missing_field`, where it names none.
    pub fn target(&self) -> Result<Target, Refusal> {
        named(self.connid.as_ref(), self.job)
    }

    fn check_many(&self, filter: &Where) -> Result<(), Refusal> {
        if self.connid.is_some() || self.job.is_some() {
            let message = "a kill is of one job, or of all that fit \"where\"; got both";
            return Err(Refusal::invalid("where", message));
        }
        if self.wait {
            let message = "\"wait\" is for the kill of one job; got it with \"where\"";
            return Err(Refusal::invalid("wait", message));
        }
        if *filter == Where::default() {
            let message = "\"where\" must name a \"route\" or a \"tag\", so that nobody kills everything by a slip; got neither";
            return Err(Refusal::invalid("where", message));
        }
        Ok(())
    }

    fn check(&self, limits: &ParseLimits) -> Result<(), Refusal> {
        match &self.filter {
            Some(filter) => self.check_many(filter)?,
            None => check_named(self.connid.as_ref(), self.job, limits)?,
        }
        match self.reason.as_ref().map_or(0, |reason| reason.len()) {
            length if length <= limits.reason_bytes => Ok(()),
            length => Err(Refusal::invalid(
                "reason",
                format!(
                    "\"reason\" must be at most {} bytes; got {length}",
                    limits.reason_bytes
                ),
            )),
        }
    }
}

impl Extend {
    /// The job whose deadline is to move.
    ///
    /// # Errors
    /// `missing_field`, where it names none.
    pub fn target(&self) -> Result<Target, Refusal> {
        named(self.connid.as_ref(), self.job)
    }
}

pub(super) fn not_a_route(got: &str) -> Refusal {
    Refusal::invalid(
        "route",
        format!(
            "\"route\" must be a string such as \"request\"; got {}",
            excerpt(got)
        ),
    )
}

fn check_limit(limit: Option<u16>) -> Result<(), Refusal> {
    match limit.filter(|limit| !(1..=1000).contains(limit)) {
        Some(limit) => Err(Refusal::invalid(
            "limit",
            format!("\"limit\" must be a whole number from 1 to 1000; got {limit}"),
        )),
        None => Ok(()),
    }
}

fn named(connid: Option<&Connid>, job: Option<JobId>) -> Result<Target, Refusal> {
    Target::of(connid.cloned(), job).ok_or_else(nameless)
}

fn nameless() -> Refusal {
    let message = "\"connid\" or \"job\" must be there";
    Refusal::new(Code::MissingField, message).about("connid")
}

/// A target that must be there.
fn check_named(
    connid: Option<&Connid>,
    job: Option<JobId>,
    limits: &ParseLimits,
) -> Result<(), Refusal> {
    if connid.is_none() && job.is_none() {
        return Err(nameless());
    }
    check_target(connid, job, limits)
}

fn check_target(
    connid: Option<&Connid>,
    job: Option<JobId>,
    limits: &ParseLimits,
) -> Result<(), Refusal> {
    if connid.is_some() && job.is_some() {
        let message = "a job is named by \"connid\" or by \"job\"; got both";
        return Err(Refusal::invalid("job", message));
    }
    check_connid(connid, limits)
}

fn check_connid(connid: Option<&Connid>, limits: &ParseLimits) -> Result<(), Refusal> {
    match connid.map_or(0, |connid| connid.as_str().len()) {
        length if length <= limits.connid_bytes => Ok(()),
        length => Err(Refusal::invalid(
            "connid",
            format!(
                "\"connid\" must be at most {} bytes; got {length}",
                limits.connid_bytes
            ),
        )),
    }
}
