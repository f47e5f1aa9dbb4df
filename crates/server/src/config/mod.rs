//! The typed configuration: one TOML file, whose values the environment and the command line may
//! overlay through the public fields.
//!
//! The types are the only source. Their doc comments, defaults and ranges become the JSON Schema,
//! and from that come the default file, the table in the docs and every complaint about a key.

mod check;
mod document;
mod hint;
mod http;
mod limits;
mod mistake;
mod modules;
mod route;
mod rules;
mod schema;
mod seconds;
mod shape;
mod socket;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod workers;

use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

pub use self::{
    document::{default_file, markdown_table},
    http::{BodyConfig, HttpConfig, MethodConfig, RedirectsConfig, StreamConfig},
    limits::Limits,
    mistake::{ConfigError, Mistake},
    modules::{MODULE_NAME_BYTES, MOST_MODULES, ModuleConfig, STANDARD_MODULE},
    route::{
        ConsumerConfig, DEFAULT_ROUTE, ExecConfig, OnLostConfig, ROUTE_NAME_BYTES, ResultConfig,
        RouteConfig, ServedBy, StdinConfig,
    },
    schema::json_schema,
    socket::SocketSettings,
    store::StoreSettings,
    workers::{MAX_WORKERS, WorkersConfig, WorkersWord},
};
use self::{mistake::settled, source::Source};

pub(crate) use self::route::wrong_with_name;

/// The configuration of a Longwire server. Every key may be left out; then it has the value shown
/// here. Seconds are numbers, fractions allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address and port to listen on. Port 0 takes a free one.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,

    /// Origins whose pages may use the server, beside its own, as browsers send them:
    /// `https://app.example.com`. Their hosts are also the names under which the server may be
    /// asked, beside its addresses and `localhost`: behind a proxy, or with a name of its own, that
    /// name belongs here.
    pub allowed_origins: Vec<String>,

    /// Seconds that running jobs and open connections have to finish once the server was asked to
    /// stop.
    #[serde(with = "seconds")]
    #[schemars(with = "f64", range(min = 0.0, max = 86_400.0))]
    pub shutdown_grace_seconds: Duration,

    /// How the server's own log is written.
    pub log: LogFormat,

    /// What one socket, one job and the whole server may use at most. None can be turned off.
    pub limits: Limits,

    /// How the server finds out that a socket is gone, and how much it writes ahead.
    pub socket: SocketSettings,

    /// Where jobs and their logs are kept.
    pub store: StoreSettings,

    /// The routes that start jobs, by name: `[routes.NAME]`. The route `request` is there even if
    /// only others are written. A name has letters, digits, `_`, `-`, `/` and `.`, at most 64
    /// bytes, and is not a verb's. One with a `/` or a `.` is put in quotes:
    /// `[routes."media/encode"]`.
    pub routes: BTreeMap<String, RouteConfig>,

    /// Catalogues of library symbols that can be searched beside the standard library of C++, by
    /// name: `[modules.NAME]`, at most 64. A name has letters, digits, `_`, `-` and `.`, at most 64
    /// bytes; `cpp` is taken.
    pub modules: BTreeMap<String, ModuleConfig>,
}

/// How the server's own log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            allowed_origins: Vec::new(),
            shutdown_grace_seconds: Duration::from_secs(10),
            log: LogFormat::Auto,
            limits: Limits::default(),
            socket: SocketSettings::default(),
            store: StoreSettings::default(),
            routes: BTreeMap::from([(DEFAULT_ROUTE.to_owned(), RouteConfig::default())]),
            modules: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, or [`Config::from_toml`] finds mistakes in it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            file: path.to_owned(),
            source,
        })?;
        Self::from_toml(&text, &path.display().to_string())
    }

    /// Reads and checks `text`; `file_name` is what complaints call it.
    ///
    /// # Errors
    ///
    /// Where `text` is not TOML, has a key that does not exist, or a value that
    /// [`Config::validate`] would refuse. All mistakes of one kind are told at once, each with its
    /// line.
    pub fn from_toml(text: &str, file_name: &str) -> Result<Self, ConfigError> {
        let source = Source::parse(text, Some(file_name))?;
        settled(check::mistakes(&source))?;
        let mut config: Self = toml::from_str(text).map_err(|error| source.refused(&error))?;
        config.add_default_route();
        config.fit_times_left_out(&source);
        config.fit_sockets_left_out(&source);
        settled(rules::mistakes(&config, &source))?;
        Ok(config)
    }

    /// Checks the values, as [`Config::from_toml`] does: to be called after fields were changed by
    /// hand.
    ///
    /// # Errors
    ///
    /// Where a value is out of its range, or two contradict one another. The complaints name keys,
    /// not lines.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let text = toml::to_string(self).map_err(|error| Mistake::of_no_line(error.to_string()))?;
        let source = Source::parse(&text, None)?;
        settled(check::mistakes(&source))?;
        settled(rules::mistakes(self, &source))
    }

    fn add_default_route(&mut self) {
        self.routes.entry(DEFAULT_ROUTE.to_owned()).or_default();
    }

    /// Whoever lowers `http_connections` alone means the sockets too.
    fn fit_sockets_left_out(&mut self, source: &Source<'_>) {
        if !source.has(&["limits", "sockets"]) {
            self.limits.sockets = self.limits.sockets.min(self.limits.http_connections);
        }
    }

    /// Whoever lowers `max_time_seconds` alone means the default times too.
    fn fit_times_left_out(&mut self, source: &Source<'_>) {
        for (name, route) in &mut self.routes {
            if !source.has(&["routes", name, "time_seconds"]) {
                route.time_seconds = route.time_seconds.min(route.longest_time(&self.limits));
            }
        }
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        de::Error::custom(format!(
            "`listen` is {text:?}; it must be an IP address and a port, \
             as in \"127.0.0.1:8000\" or \"[::1]:8000\""
        ))
    })
}
