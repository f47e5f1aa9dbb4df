use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// Processes of one route at most.
pub const MAX_WORKERS: usize = 1000;

/// Its jobs are served by workers: programs that connect and claim it, and those that the server keeps itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkersConfig {
    /// Who serves the jobs of this route, where no `consumer` does.
    pub served_by: WorkersWord,

    /// Seconds without a sign of a worker (a frame or a pong) after which the jobs that it holds are given up. Of a worker whose
    /// connection closed it is a third of that.
    #[serde(default = "lease_seconds", with = "seconds")]
    #[schemars(with = "f64", range(min = 0.3, max = 3600.0))]
    pub lease_seconds: Duration,

    /// A program and its arguments that serves the route over its stdin and stdout: the server starts it, and starts it again
    /// where it ends. Where this is not set only workers that connect serve the route.
    #[serde(default)]
    pub command: Vec<String>,

    /// How many processes of `command` are kept.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1000))]
    pub workers: usize,

    /// The folder that `command` is started in. Where this is not set it is the one that the server was started in.
    #[schemars(with = "Option<String>", example = &"/srv/render")]
    pub dir: Option<PathBuf>,

    /// Variables of the environment of `command`, beside a plain `PATH`. Nothing of the server's own environment goes along.
    #[serde(default)]
    pub env: BTreeMap<String, String>,

    /// Variables of the server's environment that go along, by name.
    #[serde(default)]
    pub pass_env: Vec<String>,
}

impl WorkersConfig {
    /// Takes over how processes are started from another configuration of the same route. Whether that was otherwise here.
    pub(crate) fn keep_processes(&mut self, kept: &Self) -> bool {
        let before = self.clone();
        *self = Self {
            lease_seconds: before.lease_seconds,
            ..kept.clone()
        };
        *self != before
    }
}

/// The word `workers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkersWord {
    /// The one thing that `served_by` can be.
    Workers,
}

const fn lease_seconds() -> Duration {
    Duration::from_secs(15)
}

const fn one() -> usize {
    1
}
