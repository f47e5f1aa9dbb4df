//! The conformance kit, against each client of ours and against the server.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Result, bail};

use crate::cmd::{Cmd, cargo};
use crate::need::venv_python;
use crate::project::Project;
use crate::server::{Build, Server, build_it, target_dir};

/// No client takes longer; most of it is 100,000 lines and 10,000 events in debug builds.
const SECONDS: u32 = 600;

/// The Python client's folder, with the list of its packages.
pub(crate) const PYTHON: &str = "clients/python";

/// A client's name, its driver, and how that is made ready and started: one line each. What it needs stands beside the step.
const DRIVERS: &[Driver] = &[
    Driver("Rust", "crates/client/examples/driver.rs", rust),
    Driver(
        "TypeScript",
        "clients/typescript/conformance/driver.mjs",
        typescript,
    ),
    Driver("Python", "clients/python/conformance/driver.py", python),
];

struct Driver(
    &'static str,
    &'static str,
    fn(&Project, &Path) -> Result<Vec<OsString>>,
);

pub(crate) fn run(project: &Project) -> Result<()> {
    let kit = build_it(project, Build::Plain)?;
    let mut failed = Vec::new();
    for driver in DRIVERS {
        if let Err(error) = client(project, &kit, driver) {
            println!("  FAILED {}: {error:#}", driver.0);
            failed.push(driver.0);
        }
    }
    if let Err(error) = server(project, &kit) {
        println!("  FAILED the server: {error:#}");
        failed.push("the server");
    }
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("{} failed", failed.join(", "))
    }
}

fn client(project: &Project, kit: &Path, driver: &Driver) -> Result<()> {
    let Driver(name, file, argv) = driver;
    let file = project.path(file);
    println!("  {name}");
    Cmd::new(SECONDS, kit)
        .args(["conformance", "client", "--whole", "--"])
        .args(argv(project, &file)?)
        .run()
}

fn server(project: &Project, kit: &Path) -> Result<()> {
    let server = Server::start(project, Build::Plain, &project.scratch("conformance")?)?;
    Cmd::new(120, kit)
        .args(["conformance", "server", server.url()])
        .run()?;
    server.stop()
}

fn rust(project: &Project, _: &Path) -> Result<Vec<OsString>> {
    cargo(600, project)
        .args([
            "build",
            "--package",
            "longwire-client",
            "--example",
            "driver",
        ])
        .run()?;
    let program = target_dir(project).join("debug/examples/driver");
    Ok(vec![program.into_os_string()])
}

fn typescript(project: &Project, file: &Path) -> Result<Vec<OsString>> {
    super::typescript::build(project)?;
    Ok(vec!["node".into(), file.into()])
}

fn python(project: &Project, file: &Path) -> Result<Vec<OsString>> {
    // The package as it lies here, not as it may be installed.
    let mut path = OsString::from("PYTHONPATH=");
    path.push(project.path(PYTHON).join("src"));
    let python = venv_python(project, PYTHON).into();
    Ok(vec!["env".into(), path, python, file.into()])
}
