//! `longwire-bench`: measures Longwire beside its peers and its floors, and a few things of its own pages.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

mod handover;
mod search;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Result;
use clap::{Parser, Subcommand};
use longwire_bench::{
    cli::{self, Load, Run},
    printing,
};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, MaybeTlsStream, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Where the small measures find a server.
const URL: &str = "ws://127.0.0.1:8000/ws";

/// Measures Longwire beside its peers and its floors.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Everything that `bench/README.md` tells of, or some of it.
    Run(Run),
    /// Writes the results of earlier runs into the page again.
    Report {
        /// Where they are.
        #[arg(long, default_value = "bench/results")]
        results: PathBuf,
        /// The page.
        #[arg(long, default_value = "docs/performance.md")]
        page: PathBuf,
    },
    /// One turn of one contender, as JSON on stdout.
    Load(Load),
    /// Prints so many bytes in lines of a hundred: the command that is watched.
    Print {
        /// How many.
        bytes: usize,
    },
    /// The floor of what is watched: a server that sends what that command prints, as it comes out of its pipe.
    Pipe {
        /// Where to listen.
        address: SocketAddr,
    },
    /// Jobs of no work, through one worker: `--route` is one that workers serve.
    Handover {
        /// The server's socket.
        #[arg(long, default_value = URL)]
        url: String,
        /// Jobs that the worker holds at once.
        #[arg(long, default_value_t = 100)]
        slots: u32,
        /// The route.
        #[arg(long, default_value = "render")]
        route: String,
        /// Seconds to measure.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Searches over HTTP, beside a page as long that is sent as it is.
    Search {
        /// The server's socket.
        #[arg(long, default_value = URL)]
        url: String,
        /// Over how many connections.
        #[arg(long, default_value_t = 8)]
        connections: usize,
        /// Seconds to measure.
        #[arg(long, default_value_t = 14)]
        seconds: u64,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().what {
        What::Run(run) => cli::run(&run),
        What::Report { results, page } => cli::report(&results, &page),
        What::Load(load) => cli::load(&load),
        What::Print { bytes } => printing::print(bytes),
        What::Pipe { address } => printing::pipe(address),
        What::Handover {
            url,
            slots,
            route,
            seconds,
        } => with_runtime(handover::measure(&url, &route, slots, seconds)),
        What::Search {
            url,
            connections,
            seconds,
        } => with_runtime(search::measure(&url, connections, seconds)),
    }
}

/// Only the small measures have one: a load is a thread of its own.
fn with_runtime(measure: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(measure)
}

async fn connect(url: &str) -> Result<Socket> {
    let (socket, _) = ClientBuilder::new().uri(url)?.connect().await?;
    Ok(socket)
}
