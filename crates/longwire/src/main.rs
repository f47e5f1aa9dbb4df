//! The `longwire` binary: the server, and its verbs as commands.

mod args;
mod bar;
mod clock;
mod conformance;
mod connect;
mod exit;
mod extend;
mod failure;
mod feed;
mod follow;
mod generate;
mod kill;
mod live;
mod modules;
mod paint;
mod print;
mod routes;
mod serve;
mod settings;
mod show;
mod signals;
mod start;
mod status;
mod store;
mod table;
mod tell;
mod watch;

use std::process::ExitCode;

use args::{Cli, Command, Global};
use clap::Parser;
use exit::Exit;
use failure::Failure;

fn main() -> ExitCode {
    if let Some(exit) = longwire_shim::hook() {
        return exit;
    }
    match Cli::try_parse() {
        Ok(cli) => run(cli).code(),
        Err(error) => {
            // Help is an "error" for stdout that ends with 0. Where it cannot be written nobody reads it.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

fn run(cli: Cli) -> Exit {
    let Cli { global, command } = cli;
    let done = match command {
        Command::Serve(args) => serve::run(&args),
        Command::Config(args) => settings::run(&args),
        Command::Store(args) => store::run(&args),
        Command::Completions { shell } => generate::completions(shell),
        Command::Man { dir } => generate::man(&dir),
        Command::Generate { dir } => generate::run(&dir),
        Command::Start(args) => on_client(start::run(&global, args)),
        Command::Watch(args) => on_client(watch::run(&global, args)),
        Command::Kill(args) => on_client(kill::run(&global, args)),
        Command::Status(args) => on_client(status::run(&global, args)),
        Command::Modules(args) => on_client(modules::run(&global, args)),
        Command::Routes(args) => on_client(routes::run(&global, args)),
        Command::Extend(args) => on_client(extend::run(&global, args)),
        Command::Conformance(args) => on_client(conformance::run(&global, args)),
    };
    done.unwrap_or_else(|failure| failure.report(&global))
}

/// Runs a verb: one socket needs one thread.
fn on_client(verb: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.map_err(Failure::Io)?.block_on(verb)
}
