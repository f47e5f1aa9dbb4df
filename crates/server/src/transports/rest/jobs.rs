//! Start, status, kill and extend.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{StatusCode, Uri, header},
};
use longwire_engine::{Killed, Opened};
use longwire_protocol::{
    Code, Connid, Done, Extend, JobId, JobView, Refusal, RouteView, Start, StatusQuery, Where,
    not_startable,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Answer, Rest, Shared,
    address::{self, Parameters},
    body, json, prefer, say,
};

/// A page of the jobs that have not ended, oldest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct JobsPage {
    /// How many there are in all that fit, where that is known without looking at each.
    total: Option<u64>,
    /// Those of this page. It may hold fewer than asked for, even none, and yet not be the last.
    jobs: Vec<JobView>,
    /// What to give as `after` for the page that follows; null on the last.
    next: Option<JobId>,
}

/// The routes on which jobs may be started, by name.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RoutesList {
    /// The routes.
    routes: Vec<RouteView>,
}

/// `GET /routes`
pub(super) async fn routes(State(rest): Shared, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let page = rest.engine.routes(&rest.who()).await;
    let routes = page.routes;
    json(StatusCode::OK, &RoutesList { routes })
}

/// `POST /jobs`
pub(super) async fn start(State(rest): Shared, request: Request) -> Answer {
    Parameters::of(request.uri(), &[])?;
    let wait = prefer::wait(request.headers());
    let text = body::json_text(request, rest.limits.http_body_bytes).await?;
    let start = Start::parse(&text, &rest.parse_limits)?;
    if let Some(refusal) = no_start(&start.route) {
        return Err(refusal.into());
    }
    let opened = rest.engine.start(&rest.who(), &start).await?;
    let ended = match wait {
        Some(wait) => rest.ended_within(wait, &opened).await,
        None => None,
    };
    let mut response = match &ended {
        Some(view) => json(StatusCode::OK, view)?,
        None => json(StatusCode::ACCEPTED, &opened.reply)?,
    };
    let headers = response.headers_mut();
    say(
        headers,
        header::LOCATION,
        &address::location(&opened.spec.connid),
    );
    if let Some(wait) = wait {
        say(
            headers,
            prefer::PREFERENCE_APPLIED,
            &format!("wait={}", wait.as_secs()),
        );
    }
    Ok(response)
}

/// A verb is said in another way here.
fn no_start(route: &str) -> Option<Refusal> {
    let refusal = not_startable(route)?;
    let message = format!(
        "{}; see /openapi.json for how it is said here",
        refusal.message
    );
    Some(Refusal {
        message: message.into(),
        ..refusal
    })
}

impl Rest {
    /// How the job ended, if it does in time. Whoever started it is present meanwhile.
    async fn ended_within(&self, wait: Duration, opened: &Opened) -> Option<JobView> {
        let end = self
            .engine
            .follow(opened.spec.job, opened.reply.seq)
            .ended();
        let job = tokio::time::timeout(wait, end).await.ok().flatten()?;
        Some(job.view(self.engine.now(), None))
    }

    fn connid(&self, uri: &Uri) -> Result<Connid, Refusal> {
        address::connid(uri, &self.parse_limits)
    }
}

/// `GET /jobs`
pub(super) async fn list(State(rest): Shared, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["limit", "after", "route", "tag"])?;
    let limit = |text: &str| {
        let limit = address::number(text).and_then(|limit| u16::try_from(limit).ok());
        limit.filter(|limit| (1..=1000).contains(limit))
    };
    let query = StatusQuery {
        connid: None,
        job: None,
        limit: parameters.read("limit", "a whole number from 1 to 1000", limit)?,
        after: parameters.read("after", "the `next` of the page before", JobId::parse)?,
        filter: Some(Where {
            route: parameters.text("route").map(Into::into),
            tag: parameters.text("tag").map(Into::into),
        }),
    };
    let page = rest.engine.status(&rest.who(), query).await?;
    let page = JobsPage {
        total: page.total,
        jobs: page.jobs,
        next: page.next,
    };
    json(StatusCode::OK, &page)
}

/// `GET /jobs/{connid}`
pub(super) async fn view(State(rest): Shared, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let query = StatusQuery {
        connid: Some(rest.connid(&uri)?),
        ..StatusQuery::default()
    };
    let page = rest.engine.status(&rest.who(), query).await?;
    let unsaid = || Refusal::new(Code::Internal, "the status of a job has no job in it");
    json(StatusCode::OK, page.jobs.first().ok_or_else(unsaid)?)
}

/// `DELETE /jobs`
pub(super) async fn kill_all(State(rest): Shared, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["route", "tag", "reason"])?;
    let filter = Where {
        route: parameters.text("route").map(Into::into),
        tag: parameters.text("tag").map(Into::into),
    };
    if filter == Where::default() {
        let message = "\"route\" or \"tag\" must be there, so that nobody kills everything by a slip; got neither";
        return Err(Refusal::new(Code::MissingField, message)
            .about("route")
            .into());
    }
    let reason = parameters.text("reason");
    check_reason(reason, rest.parse_limits.reason_bytes)?;
    let killed = rest.engine.kill_all(&rest.who(), filter, reason).await?;
    let done = Done {
        killed: Some(killed),
        ..Done::new("kill")
    };
    json(StatusCode::ACCEPTED, &done)
}

/// `DELETE /jobs/{connid}`
pub(super) async fn kill(State(rest): Shared, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["wait", "reason"])?;
    let wait = parameters.read("wait", "true or false", |text| text.parse().ok())?;
    let wait = wait.unwrap_or(false);
    let reason = parameters.text("reason");
    check_reason(reason, rest.parse_limits.reason_bytes)?;
    let (who, connid) = (rest.who(), rest.connid(&uri)?);
    let Killed { job, seq } = if wait {
        rest.engine.kill_and_wait(&who, &connid, reason).await?
    } else {
        rest.engine.kill(&who, &connid, reason).await?
    };
    let done = Done {
        connid: Some(connid),
        seq: Some(seq),
        ended: job.ended_view().filter(|_| wait).map(Box::new),
        ..Done::new("kill")
    };
    let status = if wait {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    json(status, &done)
}

fn check_reason(reason: Option<&str>, most: usize) -> Result<(), Refusal> {
    match reason.map_or(0, str::len) {
        length if length <= most => Ok(()),
        length => {
            let message = format!("\"reason\" must be at most {most} bytes; got {length}");
            Err(Refusal::invalid("reason", message))
        }
    }
}

/// `PATCH /jobs/{connid}`
pub(super) async fn extend(State(rest): Shared, request: Request) -> Answer {
    Parameters::of(request.uri(), &[])?;
    let connid = rest.connid(request.uri())?;
    let text = body::json_text(request, rest.limits.http_body_bytes).await?;
    let time = Extend::parse_time(&text)?;
    let done = rest.engine.extend(&rest.who(), &connid, time).await?;
    json(StatusCode::OK, &done)
}
