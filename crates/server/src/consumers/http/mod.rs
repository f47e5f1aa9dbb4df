//! A route that is an HTTP upstream.

mod addresses;
mod answer;
mod body;
mod dial;
mod events;
mod exchange;
mod fetch;
mod gzip;
pub(crate) mod headers;
mod insecure;
mod look_up;
pub(crate) mod origin;
pub(crate) mod path;
mod plan;
mod retry;
mod run;
mod trace;

use std::sync::Arc;

use longwire_engine::{BadInput, Consumer, Serving, Task};
use longwire_protocol::Payload;
use tracing::Instrument;

use super::{
    Means,
    output::{
        Printer,
        progress::{Reader, Rule},
    },
};
use crate::config::HttpConfig;
use dial::Dial;
use fetch::Fetch;
use headers::IDEMPOTENCY_KEY;
pub(crate) use look_up::LookUps;
use origin::Scheme;
use plan::Plan;
pub(crate) use plan::wrong_with_secret;
use retry::Retry;
use trace::Trace;

/// TLS as a client. Cheap to clone; all clones are one.
pub(crate) type Tls = tokio_rustls::TlsConnector;

/// TLS that trusts the authorities of the system.
///
/// # Errors
/// Where there are none.
pub(super) fn tls() -> Result<Tls, String> {
    dial::tls(dial::authorities()?)
}

/// Serves its jobs with a request each.
pub(crate) struct Http {
    fetch: Arc<Fetch>,
    progress: Vec<Rule>,
    output_bytes: u64,
    idempotency_key: bool,
}

impl Http {
    /// The consumer of a route's configuration.
    ///
    /// # Errors
    /// Why it cannot be served.
    pub(crate) fn new(config: &HttpConfig, means: &Means) -> Result<Self, String> {
        let plan = Plan::new(config)?;
        let tls = match plan.origin.scheme {
            Scheme::Http => None,
            Scheme::Https => Some(means.tls()?),
        };
        let progress = config.progress.iter().map(|text| Rule::parse(text));
        let fetch = Fetch {
            plan,
            dial: Dial {
                look_ups: means.look_ups.clone(),
                tls,
                private_addresses: config.private_addresses,
                time: config.connect_seconds,
            },
            retry: Retry {
                retries: config.retries,
                first: config.retry_seconds,
                random: Arc::clone(&means.random),
            },
            redirects: config.redirects,
            read: config.read_seconds,
            response_bytes: config.response_bytes,
            stream: config.stream,
        };
        Ok(Self {
            fetch: Arc::new(fetch),
            progress: progress.collect::<Result<_, _>>()?,
            output_bytes: config.output_bytes,
            idempotency_key: config.idempotency_key,
        })
    }
}

impl Consumer for Http {
    fn serve(&self, task: Task) -> Serving {
        let fetch = Arc::clone(&self.fetch);
        let printer = Printer::new(self.output_bytes, Reader::new(&self.progress));
        let spec = Arc::clone(task.spec());
        let mut call = match fetch.plan.fill(spec.input.as_ref()) {
            Ok(call) => call,
            Err(bad) => return Box::pin(std::future::ready(bad.into())),
        };
        if self.idempotency_key
            && let Ok(key) = spec.job.to_string().try_into()
        {
            call.headers.insert(IDEMPOTENCY_KEY, key);
        }
        let fresh = || Trace::fresh(&*fetch.retry.random);
        let trace = call.trace.unwrap_or_else(fresh);
        let span = tracing::info_span!("upstream", job = %spec.job, %trace);
        let work = async move {
            tracing::debug!(upstream = %fetch.plan.origin, "a request is sent");
            run::run(&fetch, &call, trace, printer, task).await
        };
        Box::pin(work.instrument(span))
    }

    fn check(&self, input: Option<&Payload>) -> Result<(), BadInput> {
        self.fetch.plan.fill(input).map(drop)
    }

    fn schema(&self) -> Option<Payload> {
        Payload::new(&self.fetch.plan.schema()?).ok()
    }
}
