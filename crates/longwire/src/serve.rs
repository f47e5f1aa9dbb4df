//! `longwire serve`

use std::{
    io::IsTerminal,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use longwire_server::{
    BindError, Doubt, Reloader, Server,
    config::{Config, LogFormat},
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing_subscriber::EnvFilter;

use crate::{
    args::{DataArgs, ServeArgs},
    exit::Exit,
    failure::Failure,
    print,
    signals::{Hangup, Hangups, Stops, outlive_the_limit_of_files},
};

/// Says how much is logged.
const LOG: &str = "LONGWIRE_LOG";

pub(crate) fn run(args: &ServeArgs) -> Result<Exit, Failure> {
    let config = configuration(args)?;
    if args.check {
        return check(config);
    }
    log_as(config.log)?;
    raise_open_files(config.limits.http_connections);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A worker's own queue holds 256 tasks, and what is over goes to the one of all. Were that looked at now and then only, as is
        // usual, a socket in it would wait until all others had nothing to ask.
        .global_queue_interval(1)
        .build()?;
    runtime.block_on(serve(config, args))
}

/// Says whether a server could be started like this. What only a start can tell, such as a port that is taken, is not asked.
fn check(config: Config) -> Result<Exit, Failure> {
    let names: Vec<String> = config.routes.keys().cloned().collect();
    let (routes, address) = (names.join(", "), config.listen);
    let doubts = Server::check(config).map_err(refused)?;
    complain(&doubts)?;
    print::line(&format!("ok: would listen on {address} and serve {routes}"))?;
    Ok(Exit::Ok)
}

/// What is missing on this machine is wrong with it, though a server would start; a variable that is not set may well be meant so.
fn complain(doubts: &[Doubt]) -> Result<(), Failure> {
    let (missing, unset): (Vec<_>, Vec<_>) = doubts
        .iter()
        .partition(|doubt| matches!(doubt, Doubt::Missing(_)));
    for doubt in unset {
        print::say(&format!("warning: {doubt}"));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<String> = missing.into_iter().map(ToString::to_string).collect();
    Err(Failure::Usage(missing.join("\n")))
}

fn configuration(args: &ServeArgs) -> Result<Config, Failure> {
    let mut config = loaded(args.config.as_deref())?;
    config.listen = args.listen.unwrap_or(config.listen);
    config.store.ephemeral |= args.ephemeral;
    if args.data.data.is_some() {
        config.store.ephemeral = false;
    }
    if !config.store.ephemeral {
        config.store.dir = Some(data_dir(&args.data, &config)?);
    }
    Ok(config)
}

/// The configuration of a file, or the defaults.
pub(crate) fn loaded(file: Option<&Path>) -> Result<Config, Failure> {
    match file {
        Some(file) => Config::load(file).map_err(|error| Failure::Usage(error.to_string())),
        None => Ok(Config::default()),
    }
}

/// The folder that jobs are kept in.
pub(crate) fn data_dir(args: &DataArgs, config: &Config) -> Result<PathBuf, Failure> {
    let said = args.data.clone().or_else(|| config.store.dir.clone());
    said.or_else(users_data_dir).ok_or_else(|| {
        let why = "there is no data folder, as this user has no home; say where to keep jobs with --data DIR, or --ephemeral to keep them in memory";
        Failure::Usage(why.to_owned())
    })
}

/// As the XDG Base Directory Specification has it.
fn users_data_dir() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.filter(|dir| dir.is_absolute());
    let data = data.or_else(|| Some(std::env::home_dir()?.join(".local/share")));
    data.filter(|dir| dir.is_absolute())
        .map(|dir| dir.join("longwire"))
}

/// Descriptors beside those of connections: the store's, the log's, the runtime's, and those of commands that run.
const OTHER_FILES: u64 = 64;

/// Every connection is a file to the system, and what shells allow is meant for programs that have few.
fn raise_open_files(connections: usize) {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        if soft < hard {
            setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
        }
        Ok(hard)
    });
    let needed = (connections as u64).saturating_add(OTHER_FILES);
    match limit {
        Ok(limit) if limit < needed => tracing::warn!(
            limit,
            needed,
            "the system allows fewer open files than `limits.http_connections` needs: raise it (`ulimit -Hn`, `LimitNOFILE=`) or lower that limit"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

fn log_as(format: LogFormat) -> Result<(), Failure> {
    let filter = match std::env::var(LOG) {
        Ok(level) if !level.is_empty() => EnvFilter::try_new(&level).map_err(|error| {
            Failure::Usage(format!(
                "{LOG} is {level:?} ({error}); it must be like info or longwire_server=debug"
            ))
        })?,
        Ok(_) | Err(_) => EnvFilter::new("info"),
    };
    let terminal = std::io::stderr().is_terminal();
    let pretty = match format {
        LogFormat::Auto => terminal,
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(terminal && std::env::var_os("NO_COLOR").is_none());
    let set = if pretty {
        log.try_init()
    } else {
        log.json().flatten_event(true).try_init()
    };
    set.map_err(|error| Failure::Failed(error.to_string()))
}

async fn serve(config: Config, args: &ServeArgs) -> Result<Exit, Failure> {
    let (mut first, mut second) = (Stops::new()?, Stops::new()?);
    let mut hangups = Hangups::new()?;
    outlive_the_limit_of_files()?;
    let kept_in = config.store.dir.clone().filter(|_| !config.store.ephemeral);
    let server = Server::bind(config).await.map_err(refused)?;
    // Whoever does not read the greeting is served all the same.
    let _ = print::line(&greeting(
        &command(),
        server.local_addr(),
        kept_in.as_deref(),
    ));
    let reloader = server.reloader();
    let drain = async {
        tokio::select! {
            _ = first.next() => {}
            () = read_again(args, &reloader, &mut hangups) => {}
        }
    };
    let now = async move {
        second.next().await;
        second.next().await;
    };
    let served = server.run(drain, now).await;
    served.map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(Exit::Ok)
}

/// Reads the configuration again whenever somebody asks for it. Ends when the terminal is gone.
async fn read_again(args: &ServeArgs, reloader: &Reloader, hangups: &mut Hangups) {
    while hangups.next().await == Hangup::Asked {
        if args.config.is_none() {
            tracing::warn!(
                "there is no configuration file to read again: the server was started without --config"
            );
            continue;
        }
        let read = configuration(args).map_err(|failure| failure.to_string());
        let reloaded = match read {
            Ok(config) => reloader.reload(config).await,
            Err(why) => {
                tracing::error!(why, "the configuration was not taken over");
                continue;
            }
        };
        match reloaded {
            Some(Ok(reloaded)) => tracing::info!(%reloaded, "the configuration was read again"),
            Some(Err(error)) => {
                tracing::error!(why = %error, "the configuration was not taken over");
            }
            None => tracing::warn!("the server is stopping, and takes no configuration over"),
        }
    }
}

fn refused(error: BindError) -> Failure {
    match error {
        BindError::Listen { address, source } if source.kind() == std::io::ErrorKind::AddrInUse => {
            Failure::Failed(format!(
                "cannot listen on {address}: something else does; choose another with --listen, as in --listen 127.0.0.1:0 for a free one"
            ))
        }
        BindError::Store { ref source, .. } => {
            let advice = source.advice().map(|advice| format!("; {advice}"));
            Failure::Failed(format!("{error}{}", advice.unwrap_or_default()))
        }
        BindError::Listen { .. } => Failure::Failed(error.to_string()),
        BindError::Config(_) | BindError::Route { .. } => Failure::Usage(error.to_string()),
    }
}

/// This program, as it was called.
fn command() -> String {
    let called = std::env::args().next();
    print::quoted(&called.unwrap_or_else(|| "longwire".to_owned()))
}

/// What a newcomer can try.
fn greeting(command: &str, address: SocketAddr, kept_in: Option<&Path>) -> String {
    let url = format!("http://{}", reachable(address));
    let server = if url == crate::args::DEFAULT_SERVER {
        String::new()
    } else {
        format!(" --server {url}")
    };
    let kept = match kept_in {
        Some(dir) => format!("Jobs are kept in {}", dir.display()),
        None => "Jobs are kept in memory, and forgotten when the server stops".to_owned(),
    };
    format!(
        "Longwire listens on http://{address}
{kept}

Try it:
  open the page        {url}/
  start a request      {command} start request --time 30{server}
  or with curl         curl -X POST {url}/jobs -H 'Content-Type: application/json' -d '{{\"route\":\"request\",\"time\":30}}'
  see what runs        {command} status --watch{server}"
    )
}

/// Where one on this machine reaches a server that listens on all addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_may_be_open_as_the_system_allows() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, hard.min(512), hard).unwrap();
        raise_open_files(1);
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (hard, hard));
    }

    #[test]
    fn the_greeting_names_the_server_only_where_it_must() {
        for (address, says, tells) in [
            ("127.0.0.1:8000", "http://127.0.0.1:8000", "--time 30\n"),
            (
                "127.0.0.1:81",
                "http://127.0.0.1:81",
                "--time 30 --server http://127.0.0.1:81\n",
            ),
            (
                "0.0.0.0:81",
                "http://0.0.0.0:81",
                "--time 30 --server http://127.0.0.1:81\n",
            ),
            (
                "[::1]:81",
                "http://[::1]:81",
                "--time 30 --server http://[::1]:81\n",
            ),
        ] {
            let greeting = greeting("longwire", address.parse().unwrap(), None);
            let first = greeting.lines().next();
            assert_eq!(first, Some(format!("Longwire listens on {says}").as_str()));
            assert!(greeting.contains(tells), "{greeting}");
        }
    }
}
