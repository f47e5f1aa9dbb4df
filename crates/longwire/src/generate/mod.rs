//! Files that are made from the types: completions, manual pages, and what is committed.

mod cli;

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use longwire_server::{SCHEMAS, SchemaFile, config};

use crate::{args::Cli, exit::Exit, failure::Failure, print};

/// A generated file that is committed: where it is in the repository, and how it is made.
type File = (&'static str, fn() -> String);

/// All of them but the schemas.
const FILES: [File; 5] = [
    (
        "docs/asyncapi.json",
        || pretty(&longwire_server::asyncapi()),
    ),
    ("docs/cli.md", cli::page),
    ("docs/configuration.md", configuration),
    ("docs/longwire.default.toml", config::default_file),
    ("docs/openapi.json", || pretty(&longwire_server::openapi())),
];

/// Writes every committed file into a folder.
pub(crate) fn run(dir: &Path) -> Result<Exit, Failure> {
    for (path, make) in FILES {
        write(&dir.join(path), &make())?;
    }
    for SchemaFile { name, make, .. } in SCHEMAS {
        let path = format!("docs/schema/{name}.json");
        write(&dir.join(path), &pretty(&make()))?;
    }
    Ok(Exit::Ok)
}

/// Prints the completions of a shell.
pub(crate) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "longwire", &mut script);
    print::raw(&script)?;
    Ok(Exit::Ok)
}

/// Writes the manual pages into a folder.
pub(crate) fn man(dir: &Path) -> Result<Exit, Failure> {
    let written =
        std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir));
    written.map_err(|error| cannot_write(dir, &error))?;
    Ok(Exit::Ok)
}

fn configuration() -> String {
    let head = include_str!("configuration.md");
    format!("{head}\n{}", config::markdown_table())
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(path);
    let written = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(path, text));
    written.map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("{} cannot be written: {error}", path.display()))
}
