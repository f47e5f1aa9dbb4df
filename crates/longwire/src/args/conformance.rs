//! `longwire conformance`

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand};

#[derive(Args, Debug)]
pub(crate) struct ConformanceArgs {
    #[command(subcommand)]
    pub(crate) action: ConformanceAction,
}

/// Whom to play against.
#[derive(Debug, Subcommand)]
pub(crate) enum ConformanceAction {
    /// Play the server, and the network with its faults, against a client: a driver around it takes the orders.
    Client(ClientKitArgs),
    /// Play the client against a server.
    Server(ServerKitArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ClientKitArgs {
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// What the driver leaves out counts as failed.
    #[arg(long)]
    pub(crate) whole: bool,
    /// The driver, and its arguments.
    #[arg(last = true, value_name = "PROGRAM", required_unless_present = "list")]
    pub(crate) driver: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct ServerKitArgs {
    /// Where the server is, such as http://127.0.0.1:8000; that of --server where it is left out.
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
}

/// Which dialogues are meant.
#[derive(Args, Debug)]
pub(crate) struct WhichArgs {
    /// Only those with this in their name or their file's.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
    /// Say which there are, and play none.
    #[arg(long)]
    pub(crate) list: bool,
    /// Those of a folder (*.jsonl) instead of those in this program.
    #[arg(long, value_name = "DIR")]
    pub(crate) dialogues: Option<PathBuf>,
}
