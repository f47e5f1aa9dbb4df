use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// What one socket, one job and the whole server may use at most. No limit can be turned off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of one frame from a client, at most.
    #[schemars(range(min = 1024, max = 1_073_741_824))]
    pub frame_bytes: usize,

    /// Frames of one socket that are read and not yet answered, at most; the socket is not read
    /// further until one is.
    #[schemars(range(min = 1, max = 4_000))]
    pub frames_in_flight_per_socket: usize,

    /// Messages that one socket may send in a second. Each is answered, so a client is held back by
    /// reading its answers long before; this bound is for those that only burn the processor.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub messages_per_second_per_socket: usize,

    /// Pings and pongs that one socket may send in a second.
    #[schemars(range(min = 1, max = 100_000))]
    pub control_frames_per_second_per_socket: usize,

    /// Jobs that one socket may watch at once. The starter of a job watches it.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub jobs_per_socket: usize,

    /// Jobs that have not ended, queued ones included, in the whole server.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub jobs: usize,

    /// The longest time, in seconds, that a start or an extend may ask for. A route can only lower
    /// it.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 1.0, max = 31_536_000.0))]
    pub max_time_seconds: Duration,

    /// Bytes of a connid, at most. The names that the server makes take 36.
    #[schemars(range(min = 36, max = 4096))]
    pub connid_bytes: usize,

    /// Bytes of events kept in the log of one job. The oldest are dropped first and leave a gap.
    #[schemars(range(min = 4096, max = 1_073_741_824))]
    pub log_bytes_per_job: usize,

    /// Events kept in the log of one job. The oldest are dropped first and leave a gap.
    #[schemars(range(min = 16, max = 10_000_000))]
    pub log_events_per_job: usize,

    /// Ended jobs whose logs are kept, to be watched and asked for. Of one more the oldest go: one in 128 together, 32 at most.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub ended_jobs_kept: usize,

    /// Seconds that the log of a job is kept after its end.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 1.0, max = 31_536_000.0))]
    pub ended_seconds_kept: Duration,

    /// Bytes of the logs of all ended jobs together.
    #[schemars(range(min = 65_536, max = 1_099_511_627_776_u64))]
    pub ended_bytes_kept: usize,

    /// Names of jobs that are no longer kept, remembered so that asking for one answers `expired`,
    /// not `unknown_connid`.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub expired_names_kept: usize,

    /// Changes of state kept for the feed of all jobs. A watcher of it that falls further behind
    /// gets a gap.
    #[schemars(range(min = 16, max = 10_000_000))]
    pub feed_events_kept: usize,

    /// Sockets open at once.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub sockets: usize,

    /// HTTP connections open at once. Every socket is one.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub http_connections: usize,

    /// Bytes of the body of one HTTP request, at most.
    #[schemars(range(min = 1024, max = 1_073_741_824))]
    pub http_body_bytes: usize,

    /// Seconds that a client has to send the head of an HTTP request.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 0.1, max = 600.0))]
    pub http_header_seconds: Duration,

    /// Bytes of output in one event, at most.
    #[schemars(range(min = 256, max = 16_777_216))]
    pub output_bytes_per_event: usize,

    /// Tags that one job may have.
    #[schemars(range(min = 1, max = 1024))]
    pub tags_per_job: usize,

    /// Bytes of one tag, at most.
    #[schemars(range(min = 1, max = 4096))]
    pub tag_bytes: usize,

    /// Bytes of the reason of a kill, at most.
    #[schemars(range(min = 16, max = 65_536))]
    pub reason_bytes: usize,

    /// Bytes of what a worker's progress says that its job is at.
    #[schemars(range(min = 16, max = 65_536))]
    pub note_bytes: usize,

    /// Jobs that one worker may hold at once, whatever it claims.
    #[schemars(range(min = 1, max = 100_000))]
    pub slots_per_claim: u32,

    /// Jobs that may wait in the queue of one route.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub queued_jobs_per_route: usize,

    /// Bytes of the file of one catalogue, after it was unpacked. A larger one is passed over.
    #[schemars(range(min = 1024, max = 68_719_476_736_u64))]
    pub module_file_bytes: u64,

    /// Bytes of memory that the catalogues in files may take together. One that does not fit is
    /// passed over. While a file is read some times its size may be needed.
    #[schemars(range(min = 0, max = 68_719_476_736_u64))]
    pub modules_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 1_048_576,
            frames_in_flight_per_socket: 256,
            messages_per_second_per_socket: 1_000_000,
            control_frames_per_second_per_socket: 100,
            jobs_per_socket: 200_000,
            jobs: 2_000_000,
            max_time_seconds: Duration::from_secs(604_800),
            connid_bytes: 128,
            log_bytes_per_job: 4_194_304,
            log_events_per_job: 20_000,
            ended_jobs_kept: 100_000,
            ended_seconds_kept: Duration::from_secs(3600),
            ended_bytes_kept: 268_435_456,
            expired_names_kept: 1_000_000,
            feed_events_kept: 65_536,
            sockets: 20_000,
            http_connections: 25_000,
            http_body_bytes: 1_048_576,
            http_header_seconds: Duration::from_secs(10),
            // With its row a little less than a power of two, which is what the database keeps it in.
            output_bytes_per_event: 64_000,
            tags_per_job: 16,
            tag_bytes: 64,
            reason_bytes: 1024,
            note_bytes: 1024,
            slots_per_claim: 1000,
            queued_jobs_per_route: 1_000_000,
            module_file_bytes: 536_870_912,
            modules_bytes: 1_073_741_824,
        }
    }
}
