use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// Where jobs and their logs are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// The folder that jobs are kept in; it is made where there is none, and only one server can
    /// use it at a time. Where this is not set `longwire serve` takes `longwire` in the user's data
    /// folder: `$XDG_DATA_HOME`, or else `~/.local/share`.
    #[schemars(with = "Option<String>", example = "/var/lib/longwire")]
    pub dir: Option<PathBuf>,

    /// Keep everything in memory, to be forgotten when the server stops.
    pub ephemeral: bool,

    /// Seconds that output and progress may wait to be written to the disk together with others.
    /// They are shown once they are written, so this is also how late they may be seen.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 0.0, max = 60.0))]
    pub output_wait_seconds: Duration,

    /// Bytes of the disk that are set aside. Where it is full they are given back, so that the jobs
    /// there are can go on to their ends; new ones are refused until there is space again.
    #[schemars(range(min = 0, max = 1_099_511_627_776_u64))]
    pub reserve_bytes: u64,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            dir: None,
            ephemeral: false,
            output_wait_seconds: Duration::from_millis(20),
            reserve_bytes: 16_777_216,
        }
    }
}
