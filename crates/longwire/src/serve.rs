//! `longwire serve`

use std::{
    io::IsTerminal,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use longwire_server::{
    BindError, Server,
    config::{Config, LogFormat},
};
use tracing_subscriber::EnvFilter;

use crate::{args::ServeArgs, exit::Exit, failure::Failure, print, signals::Stops};

/// Says how much is logged.
const LOG: &str = "LONGWIRE_LOG";

pub(crate) fn run(args: &ServeArgs) -> Result<Exit, Failure> {
    let config = configuration(args)?;
    log_as(config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(config))
}

fn configuration(args: &ServeArgs) -> Result<Config, Failure> {
    if args.data.is_some() && !args.ephemeral {
        let why = "--data (or LONGWIRE_DATA): durable storage has not come yet, every server forgets its jobs when it stops; leave it out, or say --ephemeral";
        return Err(Failure::Usage(why.to_owned()));
    }
    let mut config = match &args.config {
        Some(file) => Config::load(file).map_err(|error| Failure::Usage(error.to_string()))?,
        None => Config::default(),
    };
    config.listen = args.listen.unwrap_or(config.listen);
    Ok(config)
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

async fn serve(config: Config) -> Result<Exit, Failure> {
    let (mut first, mut second) = (Stops::new()?, Stops::new()?);
    let server = Server::bind(config).await.map_err(refused)?;
    // Whoever does not read the greeting is served all the same.
    let _ = print::line(&greeting(server.local_addr()));
    let drain = async move {
        first.next().await;
    };
    let now = async move {
        second.next().await;
        second.next().await;
    };
    server.run(drain, now).await;
    Ok(Exit::Ok)
}

fn refused(error: BindError) -> Failure {
    match error {
        BindError::Listen { address, source } if source.kind() == std::io::ErrorKind::AddrInUse => {
            Failure::Failed(format!(
                "cannot listen on {address}: something else does; choose another with --listen, as in --listen 127.0.0.1:0 for a free one"
            ))
        }
        BindError::Listen { .. } => Failure::Failed(error.to_string()),
        BindError::Config(_) => Failure::Usage(error.to_string()),
    }
}

/// What a newcomer can try.
fn greeting(address: SocketAddr) -> String {
    let url = format!("http://{}", reachable(address));
    let server = if url == crate::args::DEFAULT_SERVER {
        String::new()
    } else {
        format!(" --server {url}")
    };
    format!(
        "Longwire listens on http://{address}

Try it:
  open the page        {url}/
  start a request      longwire start request --time 30{server}
  or with curl         curl -X POST {url}/jobs -H 'Content-Type: application/json' -d '{{\"route\":\"request\",\"time\":30}}'
  see what runs        longwire status --watch{server}"
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
            let greeting = greeting(address.parse().unwrap());
            let first = greeting.lines().next();
            assert_eq!(first, Some(format!("Longwire listens on {says}").as_str()));
            assert!(greeting.contains(tells), "{greeting}");
        }
    }
}
