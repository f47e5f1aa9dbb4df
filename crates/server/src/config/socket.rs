use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// How the server finds out that a socket is gone, and how much it writes ahead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SocketSettings {
    /// Seconds without a frame from the client after which it is sent a ping.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 0.1, max = 3600.0))]
    pub ping_seconds: Duration,

    /// Seconds without any frame from the client, pongs included, after which the socket is closed.
    /// More than `ping_seconds`.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 0.2, max = 7200.0))]
    pub dead_after_seconds: Duration,

    /// Seconds that a client may read nothing while there is something for it; then its socket or
    /// event stream is closed. It can resume on another.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 0.1, max = 3600.0))]
    pub stalled_seconds: Duration,

    /// Bytes that are gathered for one write.
    #[schemars(range(min = 1024, max = 16_777_216))]
    pub write_buffer_bytes: usize,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            ping_seconds: Duration::from_secs(20),
            dead_after_seconds: Duration::from_secs(50),
            stalled_seconds: Duration::from_secs(30),
            write_buffer_bytes: 65_536,
        }
    }
}
