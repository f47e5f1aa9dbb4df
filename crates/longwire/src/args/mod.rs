//! The command line: what may be typed, and what `--help` says of it.

mod conformance;
mod help;
mod modules;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use longwire_client::{Connid, JobId, OnConflict, OnDisconnect, Seconds, Seq};

pub(crate) use self::conformance::{
    ClientKitArgs, ConformanceAction, ConformanceArgs, ServerKitArgs, WhichArgs,
};
pub(crate) use self::modules::{FileArgs, ModulesAction, ModulesArgs, SearchArgs};
use crate::paint::Color;

/// Start, watch and kill long-running requests over one WebSocket.
#[derive(Debug, Parser)]
#[command(name = "longwire", version, about, max_term_width = 100)]
#[command(after_help = help::OVERVIEW, after_long_help = help::overview())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command knows.
#[derive(Args, Debug)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Where the server is.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "LONGWIRE_SERVER",
        hide_env_values = true
    )]
    #[arg(default_value = DEFAULT_SERVER)]
    pub(crate) server: String,
    /// Print the server's frames, one JSON object a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours; `auto` heeds `NO_COLOR`.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = false
    )]
    pub(crate) color: Color,
}

pub(crate) const DEFAULT_SERVER: &str = "http://127.0.0.1:8000";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a server.
    #[command(after_help = help::SERVE)]
    Serve(ServeArgs),
    /// Start a request and follow it to its end.
    #[command(after_help = help::START, after_long_help = help::start())]
    Start(StartArgs),
    /// Follow a request, from any of its events on, or the changes of all.
    #[command(after_help = help::WATCH)]
    Watch(WatchArgs),
    /// Kill requests: each is told to end, and forced after its route's grace.
    #[command(after_help = help::KILL)]
    Kill(KillArgs),
    /// Show what runs and how long it has left, or how one request stands.
    #[command(after_help = help::STATUS)]
    Status(StatusArgs),
    /// Give a request more time, or less.
    #[command(after_help = help::EXTEND)]
    Extend(ExtendArgs),
    /// Show what may be started: the routes, their terms and what their inputs must be.
    #[command(after_help = help::ROUTES)]
    Routes(RoutesArgs),
    /// Search libraries, and manage the catalogues that are searched.
    #[command(after_help = help::MODULES)]
    Modules(ModulesArgs),
    /// Play dialogues against a client or a server, and say whether they speak as the protocol does.
    #[command(after_help = help::CONFORMANCE)]
    Conformance(ConformanceArgs),
    /// Print the whole default configuration file.
    #[command(after_help = help::CONFIG)]
    Config(ConfigArgs),
    /// Check, shrink or print a folder of jobs, while no server uses it.
    #[command(after_help = help::STORE)]
    Store(StoreArgs),
    /// Print the completions of a shell.
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Write the manual pages into a folder.
    Man {
        /// The folder; it is made where there is none.
        dir: PathBuf,
    },
    /// Write every generated file of the repository into a folder.
    #[command(hide = true)]
    Generate {
        /// The folder; it is made where there is none.
        dir: PathBuf,
    },
}

#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", env = "LONGWIRE_LISTEN", hide_env_values = true, value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
    /// The configuration file; `longwire config` prints one to begin with.
    #[arg(
        long,
        value_name = "FILE",
        env = "LONGWIRE_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Keep everything in memory, to be forgotten when the server stops.
    #[arg(long, conflicts_with = "data")]
    pub(crate) ephemeral: bool,
    /// Check the configuration and every route of it, and start nothing.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Where jobs are kept.
#[derive(Args, Debug)]
pub(crate) struct DataArgs {
    /// The folder that jobs are kept in. Where none is said: `store.dir` of the configuration, or else
    /// `longwire` in the user's data folder ($XDG_DATA_HOME or ~/.local/share).
    #[arg(
        long,
        value_name = "DIR",
        env = "LONGWIRE_DATA",
        hide_env_values = true,
        global = true
    )]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The configuration file, where the folder is said there.
    #[arg(
        long,
        value_name = "FILE",
        env = "LONGWIRE_CONFIG",
        hide_env_values = true,
        global = true
    )]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) action: StoreAction,
}

/// What to do with a folder of jobs.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum StoreAction {
    /// Read all of it, and say whether it is whole.
    Check,
    /// Give space that is not needed back to the disk.
    Compact,
    /// Print every event of every job, one JSON object a line.
    Export,
}

#[derive(Args, Debug)]
pub(crate) struct StartArgs {
    /// Who serves it: a route of the server, such as `request`.
    pub(crate) route: String,
    /// Your name for it, to watch and kill it by; one is made where there is none.
    #[arg(long, value_parser = connid)]
    pub(crate) connid: Option<Connid>,
    /// Seconds it may take, its time in the queue included; the route's default where it is left out.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = seconds)]
    pub(crate) time: Option<Seconds>,
    /// Seconds it may go without any event while it runs.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = seconds)]
    pub(crate) idle_time: Option<Seconds>,
    /// Seconds it may wait in the queue.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = seconds)]
    pub(crate) queue_time: Option<Seconds>,
    /// What its consumer is given: JSON, `@FILE` with JSON in it, or `-` for stdin.
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub(crate) input: Option<String>,
    /// A word to find it by; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// What to do where the connid is in use.
    #[arg(long, value_name = "WHAT", default_value = "reject")]
    pub(crate) on_conflict: Conflict,
    /// What becomes of it when its last watcher is gone.
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) on_disconnect: Disconnect,
    /// Print its connid and leave it alone.
    #[arg(long)]
    pub(crate) detach: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Conflict {
    /// Refuse the start.
    Reject,
    /// Join the one that runs, if its route and input are the same.
    Attach,
    /// Kill it, wait until it is dead, then start.
    Replace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Disconnect {
    /// It goes on.
    Keep,
    /// It is killed, after its route's grace.
    Kill,
}

impl From<Conflict> for OnConflict {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::Reject => Self::Reject,
            Conflict::Attach => Self::Attach,
            Conflict::Replace => Self::Replace,
        }
    }
}

impl From<Disconnect> for OnDisconnect {
    fn from(disconnect: Disconnect) -> Self {
        match disconnect {
            Disconnect::Keep => Self::Keep,
            Disconnect::Kill => Self::Kill,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    /// Which request, by your name for it; where none is given, the changes of state of all are shown.
    #[arg(value_parser = connid, conflicts_with = "job")]
    pub(crate) connid: Option<Connid>,
    /// Which request, by the server's name: exact, also where the connid was used again.
    #[arg(long, value_name = "ID", value_parser = job)]
    pub(crate) job: Option<JobId>,
    /// The number of the last event that you have seen.
    #[arg(long, value_name = "N")]
    pub(crate) after: Option<Seq>,
}

#[derive(Args, Debug)]
pub(crate) struct KillArgs {
    /// Which requests, by your names for them.
    #[arg(value_name = "CONNID", value_parser = connid, required_unless_present_any = ["route", "tag"])]
    pub(crate) connids: Vec<Connid>,
    /// All of this route that have not ended.
    #[arg(long, conflicts_with_all = ["connids", "wait"])]
    pub(crate) route: Option<String>,
    /// All with this tag; with --route, those that fit both.
    #[arg(long, conflicts_with_all = ["connids", "wait"])]
    pub(crate) tag: Option<String>,
    /// Why, for whoever runs or watches them.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Wait until they are dead, and print the receipts.
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// That one request, also if it has ended and is still kept.
    #[arg(value_parser = connid, conflicts_with_all = ["route", "tag", "limit", "all", "watch"])]
    pub(crate) connid: Option<Connid>,
    /// Only those of this route.
    #[arg(long)]
    pub(crate) route: Option<String>,
    /// Only those with this tag.
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// At most so many (1 to 1000); 100 where it is left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: Option<u16>,
    /// All there are, page after page.
    #[arg(long, conflicts_with = "watch")]
    pub(crate) all: bool,
    /// Go on showing how they stand; `q` ends it.
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ExtendArgs {
    /// Which request.
    #[arg(value_parser = connid)]
    pub(crate) connid: Connid,
    /// Its deadline, in seconds from now.
    #[arg(allow_negative_numbers = true, value_parser = seconds)]
    pub(crate) seconds: Seconds,
}

#[derive(Args, Debug)]
pub(crate) struct RoutesArgs {
    /// That one route, with the whole schema of its input.
    pub(crate) name: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ConfigArgs {
    /// Check a file instead, and say what is wrong with it.
    #[arg(long, value_name = "FILE", conflicts_with = "markdown")]
    pub(crate) check: Option<PathBuf>,
    /// Print the table of all settings in Markdown instead.
    #[arg(long)]
    pub(crate) markdown: bool,
}

fn seconds(text: &str) -> Result<Seconds, String> {
    let secs = text.parse().ok().and_then(Seconds::from_f64);
    secs.ok_or_else(|| "it must be seconds from 0 to 1000000000, such as 30 or 0.5".to_owned())
}

fn connid(text: &str) -> Result<Connid, String> {
    Connid::new(text).map_err(|rule| format!("it must be {rule}"))
}

fn job(text: &str) -> Result<JobId, String> {
    JobId::parse(text).ok_or_else(|| {
        "it must be the server's name for a job, such as 01970000-0000-7000-8000-000000000001; is it a connid?".to_owned()
    })
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse();
    address.map_err(|_| {
        "it must be an IP address and a port, such as 127.0.0.1:8000 or [::1]:0".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_negative_number_is_refused_for_what_it_is() {
        for line in [
            "start request --time -1",
            "start request --idle-time -0.5",
            "start request --queue-time -1",
            "extend 42 -1",
        ] {
            let words = std::iter::once("longwire").chain(line.split(' '));
            let why = Cli::try_parse_from(words).unwrap_err().to_string();
            assert!(why.contains("it must be seconds from 0"), "{line}: {why}");
        }
    }

    #[test]
    fn what_may_be_typed() {
        for (line, ok) in [
            ("start request", true),
            ("start request --time 0.5 --tag a --tag b --input -", true),
            ("start request --time -1", false),
            ("start request --time abc", false),
            ("start request --time 1e308", false),
            ("start request --time nan", false),
            (
                "start request --on-conflict attach --on-disconnect kill",
                true,
            ),
            ("start", false),
            ("watch", true),
            ("watch 42 --after 7", true),
            ("watch --job 01970000-0000-7000-8000-000000000001", true),
            ("watch --job 42", false),
            ("watch 42 --job 01970000-0000-7000-8000-000000000001", false),
            ("kill", false),
            ("kill a b --wait --reason x", true),
            ("kill a/b", false),
            ("status --limit 0", false),
            ("status --limit 1000 --route request --tag x", true),
            ("status 42 --watch", false),
            (
                "status --watch --json --color never --server http://host",
                true,
            ),
            ("--server http://host status", true),
            ("extend 42 60", true),
            ("extend 42", false),
            ("routes", true),
            ("routes report", true),
            ("serve --check --config longwire.toml", true),
            ("serve --listen 127.0.0.1:0 --ephemeral", true),
            ("serve --listen localhost", false),
            ("serve --data a --ephemeral", false),
            ("store check", true),
            ("store --data a export", true),
            ("store export --data a", true),
            ("store", false),
            ("config --check a --markdown", false),
            ("completions zsh", true),
        ] {
            let words = std::iter::once("longwire").chain(line.split(' '));
            let parsed = Cli::try_parse_from(words);
            assert_eq!(parsed.is_ok(), ok, "{line}");
        }
    }

    #[test]
    fn what_may_be_typed_of_catalogues() {
        for (line, ok) in [
            ("modules", false),
            ("modules list", true),
            ("modules info", true),
            ("modules info cpp", true),
            ("modules search", true),
            (
                "modules search ~ --lib vector --lib map --kind function",
                true,
            ),
            ("modules search -> --since C++17 --limit 5 --json", true),
            ("modules check a.tag --base-url https://a/", true),
            ("modules check", false),
            ("modules add zlib zlib.tag --config longwire.toml", true),
            ("modules add zlib --config longwire.toml", false),
        ] {
            let words = std::iter::once("longwire").chain(line.split(' '));
            let parsed = Cli::try_parse_from(words);
            assert_eq!(parsed.is_ok(), ok, "{line}");
        }
    }
}
