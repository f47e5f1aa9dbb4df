use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;

/// The HTTP upstream of a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HttpConfig {
    /// Where the upstream is: `http` or `https`, a host, and what all its paths begin with. No input can change it. A private
    /// address, or `localhost`, is asked only where it is written here as such, or `private_addresses` says so.
    #[schemars(example = &"https://reports.example.com/api")]
    pub url: String,

    /// The method of the request.
    #[serde(default)]
    pub method: MethodConfig,

    /// The rest of the path. `{name}` stands for the field of that name of the input, a string, a number or a boolean, which is
    /// percent-encoded and so stays within its segment; `{{` and `}}` for the braces themselves.
    #[serde(default)]
    #[schemars(example = &"/reports/{year}/{name}")]
    pub path: String,

    /// Parameters of the query. Their values may have places for fields of the input, as `path`.
    #[serde(default)]
    pub query: BTreeMap<String, String>,

    /// Headers of the request. Their values may have places for fields of the input, as `path`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,

    /// Headers whose values are in the server's environment, by the name of the variable: for secrets.
    #[serde(default)]
    pub headers_from_env: BTreeMap<String, String>,

    /// Headers that an input may set, in its field `headers`, an object of strings.
    #[serde(default)]
    pub allow_headers: Vec<String>,

    /// What the body of the request is.
    #[serde(default)]
    pub body: BodyConfig,

    /// The field of the input that is the body where `body` is `field`: any JSON.
    #[schemars(with = "Option<String>", example = &"report")]
    pub body_field: Option<String>,

    /// Seconds to connect within: to look up the name, and for TLS, too.
    #[serde(default = "connect_seconds", with = "seconds")]
    #[schemars(with = "f64", range(min = 0.001, max = 3600.0))]
    pub connect_seconds: Duration,

    /// Seconds that the upstream may say nothing: before its answer begins, or in the midst of it. Where this is not set only the
    /// clocks of the job count.
    #[serde(default, with = "seconds::optional")]
    #[schemars(
        with = "Option<f64>",
        range(min = 0.001, max = 31_536_000.0),
        example = 60
    )]
    pub read_seconds: Option<Duration>,

    /// Bytes of an answer that becomes the result of a job, once it is unpacked. A job whose answer has more has failed.
    #[serde(default = "response_bytes")]
    #[schemars(range(min = 1, max = 8_388_608))]
    pub response_bytes: u64,

    /// What becomes output of the job while it arrives, instead of its result.
    #[serde(default)]
    pub stream: StreamConfig,

    /// Bytes that an answer may have that becomes output, once it is unpacked. A job whose answer has more has failed.
    #[serde(default = "output_bytes")]
    #[schemars(range(min = 1, max = 1_099_511_627_776_u64))]
    pub output_bytes: u64,

    /// How the progress of a job is read off such output, a rule each, as of a command's: `json` for lines of JSON, or a regular
    /// expression with groups named `done`, `total`, `percent` or `note`, as in `'(?<percent>[0-9]+)%'`.
    #[serde(default)]
    pub progress: Vec<String>,

    /// How often a request is sent again that could not be connected, or was answered with 429, 502, 503 or 504. Only for methods
    /// that may be sent twice (GET, HEAD, PUT, DELETE, OPTIONS), or with `idempotency_key`.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub retries: u32,

    /// Seconds before the second attempt, at most: how long it is, is chance. Doubled with each attempt, up to 30.
    #[serde(default = "retry_seconds", with = "seconds")]
    #[schemars(with = "f64", range(min = 0.0, max = 30.0))]
    pub retry_seconds: Duration,

    /// Whether the request has the id of the job in `Idempotency-Key`: for an upstream that does nothing twice under one key.
    #[serde(default)]
    pub idempotency_key: bool,

    /// Whether redirects are followed.
    #[serde(default)]
    pub redirects: RedirectsConfig,

    /// Whether the host may have addresses that are not public: loopback, private, link-local, and all others that only some
    /// machines can reach.
    #[serde(default)]
    pub private_addresses: bool,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum MethodConfig {
    /// To read.
    #[default]
    Get,
    /// To read the head alone.
    Head,
    /// To have something done.
    Post,
    /// To put something there.
    Put,
    /// To change something.
    Patch,
    /// To delete something.
    Delete,
    /// To ask what is possible.
    Options,
}

/// The body of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyConfig {
    /// There is none.
    #[default]
    None,
    /// The input as JSON, without its `headers` where `allow_headers` lists any; `null` where there is none.
    Json,
    /// The field of the input that `body_field` names, as JSON.
    Field,
}

/// Which answers become output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamConfig {
    /// Server-sent events, lines of JSON, and text that comes without a length.
    #[default]
    Auto,
    /// None.
    Never,
    /// All.
    Always,
}

/// Which redirects are followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RedirectsConfig {
    /// None: one is a failure that says where it leads.
    #[default]
    None,
    /// Those within scheme, host and port of `url`, five at most.
    SameHost,
}

impl MethodConfig {
    /// Whether the request may be sent twice (RFC 9110, section 9.2.2).
    #[must_use]
    pub const fn is_idempotent(self) -> bool {
        match self {
            Self::Get | Self::Head | Self::Put | Self::Delete | Self::Options => true,
            Self::Post | Self::Patch => false,
        }
    }
}

const fn connect_seconds() -> Duration {
    Duration::from_secs(5)
}

const fn response_bytes() -> u64 {
    4 << 20
}

const fn output_bytes() -> u64 {
    1 << 30
}

const fn retry_seconds() -> Duration {
    Duration::from_millis(500)
}
