use std::{collections::BTreeMap, num::NonZeroUsize, path::PathBuf, time::Duration};

use longwire_protocol::VERBS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{HttpConfig, Limits, WorkersConfig, seconds};

/// The route that is there without any configuration.
pub const DEFAULT_ROUTE: &str = "request";

/// Bytes of a route's name, at most.
pub const ROUTE_NAME_BYTES: usize = 64;

/// A route that starts jobs: who serves them, and within which times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
// Serde cannot deny unknown fields beside a flattened one; `check` does, and the schema says so.
#[schemars(deny_unknown_fields)]
pub struct RouteConfig {
    /// Who serves the jobs of this route.
    #[serde(flatten)]
    pub served_by: ServedBy,

    /// What the route is for, in words for its users.
    pub description: String,

    /// The JSON Schema of the input of this route's jobs (draft 2020-12): a start whose input does not fit is refused. Where this
    /// is not set the consumer alone looks at it.
    #[schemars(example = json!({ "type": "object", "required": ["width"] }))]
    pub schema: Option<Value>,

    /// Seconds that a job may run where its start names no `time`. Where this is not set and the
    /// longest time allowed is shorter, it is that.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 0.001, max = 31_536_000.0))]
    pub time_seconds: Duration,

    /// The longest time, in seconds, that a start or an extend may ask for. Where this is not set
    /// it is `limits.max_time_seconds`, which it cannot exceed.
    #[serde(with = "seconds::optional")]
    #[schemars(
        with = "Option<f64>",
        range(min = 0.001, max = 31_536_000.0),
        example = 3600
    )]
    pub max_time_seconds: Option<Duration>,

    /// Seconds without any event after which a running job is out of time. Where this is not set
    /// there is no such clock.
    #[serde(with = "seconds::optional")]
    #[schemars(
        with = "Option<f64>",
        range(min = 0.001, max = 31_536_000.0),
        example = 30
    )]
    pub idle_seconds: Option<Duration>,

    /// Seconds in the queue after which a job is out of time. Where this is not set there is no
    /// such clock.
    #[serde(with = "seconds::optional")]
    #[schemars(
        with = "Option<f64>",
        range(min = 0.001, max = 31_536_000.0),
        example = 300
    )]
    pub queue_seconds: Option<Duration>,

    /// Jobs of this route that run at once; more wait in its queue. Where this is not set there is
    /// no limit.
    #[schemars(with = "Option<usize>", range(min = 1, max = 100_000_000), example = 4)]
    pub concurrency: Option<NonZeroUsize>,

    /// Seconds between asking a job to end and ending it by force.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 0.0, max = 86_400.0))]
    pub kill_grace_seconds: Duration,

    /// Whether the jobs of this route are written to the disk, and are there after any stop of the
    /// server. Where not they are kept in memory alone.
    pub durable: bool,

    /// What becomes of a job whose server or worker died while it was being served.
    pub on_lost: OnLostConfig,

    /// How often a job is served at most, where `on_lost` asks for another attempt.
    #[schemars(range(min = 1, max = 1000))]
    pub max_attempts: u32,

    /// Ended jobs of this route that are kept, within `limits.ended_jobs_kept`. Where this is not
    /// set there is only that limit.
    #[schemars(
        with = "Option<usize>",
        range(min = 0, max = 100_000_000),
        example = 1000
    )]
    pub ended_jobs_kept: Option<usize>,

    /// Seconds that jobs of this route are kept after their end, instead of
    /// `limits.ended_seconds_kept`.
    #[serde(with = "seconds::optional")]
    #[schemars(
        with = "Option<f64>",
        range(min = 0.0, max = 31_536_000.0),
        example = 86400
    )]
    pub ended_seconds_kept: Option<Duration>,

    /// Bytes of the logs of ended jobs of this route together, within `limits.ended_bytes_kept`.
    /// Where this is not set there is only that limit.
    #[schemars(
        with = "Option<usize>",
        range(min = 0, max = 1_099_511_627_776_u64),
        example = 10_485_760
    )]
    pub ended_bytes_kept: Option<usize>,

    /// Seconds that a job with `on_disconnect` = `kill` goes on after its last watcher has gone.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 0.0, max = 86_400.0))]
    pub disconnect_grace_seconds: Duration,
}

/// Who serves a route's jobs: a consumer of the server's own, or workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ServedBy {
    /// A consumer of the server's own.
    Consumer(ConsumerConfig),
    /// Its jobs are served by workers: programs that connect and claim it, and those that the server keeps itself.
    Workers(Box<WorkersConfig>),
}

/// Who ends a route's jobs. It cannot change while there may be some: nobody would be there to end them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Clock,
    Work,
    Workers,
}

impl ServedBy {
    pub(crate) const fn way(&self) -> Way {
        match self {
            Self::Consumer(ConsumerConfig::Timer) => Way::Clock,
            Self::Consumer(ConsumerConfig::Exec(_) | ConsumerConfig::Http(_)) => Way::Work,
            Self::Workers(_) => Way::Workers,
        }
    }
}

/// Which consumer serves a route's jobs: the value of `consumer`, and the keys that this consumer has beside
/// those of every route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "consumer", rename_all = "snake_case")]
pub enum ConsumerConfig {
    /// Nothing runs: the job ends with `ok` when its time is up.
    Timer,
    /// A command is run: never by a shell, and only what is written here.
    Exec(Box<ExecConfig>),
    /// A request is sent to an HTTP upstream, whose answer is the result.
    Http(Box<HttpConfig>),
}

/// The command of a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExecConfig {
    /// The program and its arguments. `{name}` stands for the field of that name of the input, a string, a number or a
    /// boolean; `{{` and `}}` for the braces themselves. Where a value begins with `-`, and is no number, it is refused, as the
    /// program would take it for an option: unless it is part of a longer argument, or `"--"` stands before it.
    pub argv: Vec<String>,

    /// The folder that the command is started in. Where this is not set it is the one that the server was started in.
    #[schemars(with = "Option<String>", example = &"/srv/media")]
    pub dir: Option<PathBuf>,

    /// Variables of the command's environment, beside `LONGWIRE_CONNID`, `LONGWIRE_JOB`, `LONGWIRE_ATTEMPT` and a plain `PATH`.
    /// Nothing of the server's own environment goes along.
    #[serde(default)]
    pub env: BTreeMap<String, String>,

    /// Variables of the server's environment that go along, by name.
    #[serde(default)]
    pub pass_env: Vec<String>,

    /// What the command reads on its stdin.
    #[serde(default)]
    pub stdin: StdinConfig,

    /// The field of the input that the command reads where `stdin` is `field`: a string.
    #[schemars(with = "Option<String>", example = &"text")]
    pub stdin_field: Option<String>,

    /// Bytes of memory that each process of the command may use: of its address space. Where this is not set there is no limit.
    #[schemars(
        with = "Option<u64>",
        range(min = 1_048_576, max = 1_099_511_627_776_u64),
        example = 1_073_741_824
    )]
    pub memory_bytes: Option<u64>,

    /// Seconds of processor time that each process of the command may use. Where this is not set there is no limit.
    #[schemars(with = "Option<u64>", range(min = 1, max = 31_536_000), example = 600)]
    pub cpu_seconds: Option<u64>,

    /// Files that each process of the command may have open. Where this is not set it is 1024, which a
    /// program may raise by itself as far as the system allows.
    #[schemars(with = "Option<u64>", range(min = 8, max = 1_048_576), example = 256)]
    pub open_files: Option<u64>,

    /// Whether the command is put into a cgroup of its own, where the server may make one. Without it a kill reaches the same,
    /// process by process.
    #[serde(default = "yes")]
    pub cgroup: bool,

    /// Bytes that the command may print. One that prints more is ended, and has failed.
    #[serde(default = "output_bytes")]
    #[schemars(range(min = 1, max = 1_099_511_627_776_u64))]
    pub output_bytes: u64,

    /// What the result of a job is, once its command has exited with 0.
    #[serde(default)]
    pub result: ResultConfig,

    /// Bytes that the command may write to stdout where that is the result. One that writes more is ended, and has failed.
    #[serde(default = "result_bytes")]
    #[schemars(range(min = 1, max = 8_388_608))]
    pub result_bytes: usize,

    /// How the progress of a job is read off what its command prints, a rule each: `ffmpeg`, `rsync`, `pip`, `cargo` or `curl`
    /// for what these show, `json` for lines of JSON, `osc` for the bar of a terminal, or a regular expression with groups
    /// named `done`, `total`, `percent` or `note`, as in `'(?<percent>[0-9]+)%'`. Of a line that several can read the first says
    /// what it means.
    #[serde(default)]
    pub progress: Vec<String>,
}

/// What a command reads on its stdin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StdinConfig {
    /// Nothing: it is at its end at once.
    #[default]
    None,
    /// The input, as JSON; `null` where there is none.
    Json,
    /// The field of the input that `stdin_field` names.
    Field,
}

/// What the result of a job is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultConfig {
    /// How the command ended, and what it took. What it writes to stdout is output.
    #[default]
    Exit,
    /// What it writes to stdout, which must be JSON, and is no output then.
    Json,
}

const fn yes() -> bool {
    true
}

const fn result_bytes() -> usize {
    1 << 20
}

const fn output_bytes() -> u64 {
    1 << 30
}

/// What becomes of a job whose server or worker died while it was being served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnLostConfig {
    /// It is lost, and says so.
    Lost,
    /// It is served once more, from its beginning: only for work that may be done twice.
    Again,
}

impl RouteConfig {
    /// The workers that serve it, where workers do.
    #[must_use]
    pub const fn workers(&self) -> Option<&WorkersConfig> {
        match &self.served_by {
            ServedBy::Workers(workers) => Some(workers),
            ServedBy::Consumer(_) => None,
        }
    }

    /// The longest time that a job of this route may ask for.
    #[must_use]
    pub fn longest_time(&self, limits: &Limits) -> Duration {
        self.max_time_seconds
            .map_or(limits.max_time_seconds, |own| {
                own.min(limits.max_time_seconds)
            })
    }
}

impl Default for RouteConfig {
    fn default() -> Self {
        Self {
            served_by: ServedBy::Consumer(ConsumerConfig::Timer),
            description: String::new(),
            schema: None,
            time_seconds: Duration::from_secs(60),
            max_time_seconds: None,
            idle_seconds: None,
            queue_seconds: None,
            concurrency: None,
            kill_grace_seconds: Duration::from_secs(5),
            durable: true,
            on_lost: OnLostConfig::Lost,
            max_attempts: 3,
            ended_jobs_kept: None,
            ended_seconds_kept: None,
            ended_bytes_kept: None,
            disconnect_grace_seconds: Duration::from_secs(5),
        }
    }
}

/// What is wrong with a route's name, as the end of a sentence that begins with it.
pub(crate) fn wrong_with_name(name: &str) -> Option<String> {
    if VERBS.contains(&name) {
        return Some("is a verb; a route needs a name of its own".to_owned());
    }
    if name.is_empty() {
        return Some("is empty; a route needs a name".to_owned());
    }
    if name.len() > ROUTE_NAME_BYTES {
        return Some(format!(
            "has {} bytes; at most {ROUTE_NAME_BYTES} are allowed",
            name.len()
        ));
    }
    let strange = name.chars().find(|&letter| !may_be_in_name(letter))?;
    Some(format!(
        "has {strange:?} in it; only letters, digits and `_`, `-`, `/`, `.` are allowed"
    ))
}

fn may_be_in_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '/' | '.')
}
