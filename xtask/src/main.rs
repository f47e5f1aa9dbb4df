//! The project's own commands: `cargo xtask test`, everything that CI runs, and `cargo xtask generate`.
#![allow(clippy::print_stdout, reason = "a command line talks on stdout")]

mod bench;
mod catalogue;
mod cmd;
mod generate;
mod need;
mod project;
mod proxy;
mod server;
mod steps;
mod suites;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::project::Project;

const USAGE: &str = "\
cargo xtask test            run every step that CI runs
cargo xtask test NAME...    run these steps
cargo xtask test --list     say what there is
cargo xtask bench [--quick] [w1...] [--only NAME,...]  measure beside others, see bench/README.md
cargo xtask generate        write the generated files
cargo xtask generate --check  fail where a committed one differs
cargo xtask catalogue       write the catalogue of the C++ standard library
cargo xtask catalogue --check  fail where the committed one differs
cargo xtask catalogue --libstdcxx FOLDER  read libstdc++'s headers (include/c++/N) anew, for it";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<ExitCode> {
    let project = Project::here()?;
    match words {
        ["test", "--list"] => test::list(),
        ["test", names @ ..] => return test::run(&project, names),
        ["bench", words @ ..] => bench::run(&project, words)?,
        ["generate"] => generate::write(&project)?,
        ["generate", "--check"] => generate::check(&project)?,
        ["catalogue"] => catalogue::write(&project)?,
        ["catalogue", "--check"] => catalogue::check(&project)?,
        ["catalogue", "--libstdcxx", include] => catalogue::read_libstdcxx(&project, include)?,
        _ => bail!("what to do?\n{USAGE}"),
    }
    Ok(ExitCode::SUCCESS)
}
