//! Workers that are processes of the server's own: it starts them, speaks `longwire.v1` with them over their stdin and stdout, a
//! frame a line, and starts them again where they end.

mod backoff;
mod life;
mod lines;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use longwire_engine::{Engine, Principal, Random};
use longwire_protocol::{Claim, ParseLimits, Refusal};
use longwire_shim::{Limits as ProcessLimits, wire::Start};
use tokio::time::{Instant, sleep};
use tokio_util::task::TaskTracker;

use self::{
    backoff::Backoff,
    life::{Ended, Life},
};
use crate::{
    config::{RouteConfig, WorkersConfig},
    keeper,
    metrics::Metrics,
    stopping::Stopping,
};

/// What all processes of a server share.
pub(crate) struct StdioContext {
    pub(crate) engine: Engine,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) parse_limits: ParseLimits,
    pub(crate) stopping: Stopping,
    /// Bytes of one frame at most.
    pub(crate) frame_bytes: usize,
    /// Frames that wait for what they say to be taken in, at most; a process is not read further until one is.
    pub(crate) frames_in_flight: usize,
}

/// The processes of one route: what is started, and how many.
pub(crate) struct Crew {
    route: Box<str>,
    start: Start,
    grace: Duration,
    count: usize,
}

impl Crew {
    /// The processes of a route that has a command.
    ///
    /// # Errors
    /// Why they could not be started.
    pub(crate) fn of_route(
        route: &str,
        config: &WorkersConfig,
        grace: Duration,
    ) -> Result<Option<Self>, String> {
        if config.command.is_empty() {
            return Ok(None);
        }
        if !longwire_shim::is_hooked() {
            return Err(
                "workers need this program to call longwire_shim::hook() first of all in its main"
                    .to_owned(),
            );
        }
        let dir = keeper::dir(config.dir.as_deref()).map_err(|error| error.to_string())?;
        let mut env = keeper::environment(&config.env, &config.pass_env);
        env.insert("LONGWIRE_ROUTE".to_owned(), route.to_owned());
        Ok(Some(Self {
            route: route.into(),
            start: start(config.command.clone(), dir, env, grace),
            grace,
            count: config.workers,
        }))
    }

    fn not_started(&self, why: &str) -> String {
        let program = self.start.argv.first().map_or("", String::as_str);
        let dir = self.start.dir.display();
        format!("{program:?} could not be started in {dir}: {why}")
    }

    fn log_end(&self, number: usize, wait: Duration, ended: &Ended) {
        let (route, how, last_words) = (&*self.route, &ended.how, &ended.last_words);
        let wait_seconds = wait.as_secs_f64();
        if ended.of_a_kill {
            tracing::info!(route, number, last_words, "a worker ended: {how}");
        } else {
            tracing::warn!(
                route,
                number,
                wait_seconds,
                last_words,
                "a worker ended: {how}"
            );
        }
    }

    /// What a process claims: its own route, and no other.
    ///
    /// # Errors
    /// `invalid_field`, where it names another.
    fn claimed(&self, number: usize, mut claim: Claim) -> Result<Claim, Refusal> {
        if let Some(other) = claim.routes.iter().find(|route| **route != self.route) {
            let (own, shown) = (&self.route, other.chars().take(64).collect::<String>());
            let message = format!(
                "\"routes\" must be [{own:?}], the route that this process was started for; got {shown:?}"
            );
            return Err(Refusal::invalid("routes", message));
        }
        claim.routes = [self.route.clone()].into();
        let name = || format!("{} {number}", self.route).into();
        claim.worker = Some(claim.worker.unwrap_or_else(name));
        Ok(claim)
    }
}

fn start(argv: Vec<String>, dir: PathBuf, env: BTreeMap<String, String>, grace: Duration) -> Start {
    Start {
        argv,
        dir,
        env,
        stdin: String::new(),
        more_stdin: true,
        limits: ProcessLimits::default(),
        cgroup: None,
        grace_ms: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
    }
}

/// The crews of these routes.
///
/// # Errors
/// The route whose processes could not be started, and why.
pub(crate) fn crews<'a>(
    routes: impl IntoIterator<Item = (&'a String, &'a RouteConfig)>,
) -> Result<Vec<Crew>, (String, String)> {
    let mut crews = Vec::new();
    for (name, route) in routes {
        if let Some(workers) = route.workers() {
            let crew = Crew::of_route(name, workers, route.kill_grace_seconds);
            crews.extend(crew.map_err(|why| (name.clone(), why))?);
        }
    }
    Ok(crews)
}

/// Keeps every process of these crews until the server closes.
pub(crate) fn keep(context: &Arc<StdioContext>, crews: Vec<Arc<Crew>>, tasks: &TaskTracker) {
    for crew in crews {
        for number in 1..=crew.count {
            let (context, crew) = (Arc::clone(context), Arc::clone(&crew));
            tasks.spawn(async move { keep_one(&context, &crew, number).await });
        }
    }
}

async fn keep_one(context: &StdioContext, crew: &Crew, number: usize) {
    let mut backoff = Backoff::default();
    loop {
        let began = Instant::now();
        let life = Life::begin(context, crew, number).await;
        let ended = life.until_gone().await;
        if ended.of_the_server {
            return;
        }
        let wait = if ended.of_a_kill {
            Duration::ZERO
        } else {
            backoff.after(began.elapsed(), context.random.bits())
        };
        crew.log_end(number, wait, &ended);
        tokio::select! {
            () = context.stopping.clone().begun() => return,
            () = sleep(wait) => {}
        }
    }
}

/// Whoever asks on behalf of a process.
fn who() -> Principal {
    Principal::anonymous()
}
