//! The REST transport: against its own description, and its event streams.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Result;

use crate::cmd::Cmd;
use crate::need::venv_python;
use crate::project::Project;
use crate::server::{Build, Server};

const FOLDER: &str = "conformance/rest";

pub(crate) fn sse(project: &Project) -> Result<()> {
    let server = Server::start(project, Build::Plain, &project.scratch("sse")?)?;
    Cmd::new(60, "node")
        .arg(project.path(FOLDER).join("events.mjs"))
        .arg(server.url())
        .run()?;
    server.stop()
}

pub(crate) fn schemathesis(project: &Project) -> Result<()> {
    let scratch = project.scratch("schemathesis")?;
    let config = project.path(FOLDER).join("longwire.toml");
    let options = [OsStr::new("--config"), config.as_os_str()];
    let server = Server::start_with(project, Build::Plain, &scratch, &options)?;
    let report = scratch.join("report.json");
    explore(project, &server, &scratch, &report)?;
    server.stop()?;
    let every_operation = project.path(FOLDER).join("every_operation.py");
    Cmd::new(60, venv_python(project, FOLDER))
        .arg(every_operation)
        .arg(report)
        .run()
}

fn explore(project: &Project, server: &Server, scratch: &Path, report: &Path) -> Result<()> {
    let program = venv_python(project, FOLDER).with_file_name("schemathesis");
    Cmd::new(300, program)
        .arg("--config-file")
        .arg(project.path(FOLDER).join("schemathesis.toml"))
        .arg("run")
        .arg(format!("{}/openapi.json", server.url()))
        .arg("--report-json-path")
        .arg(report)
        .env("PYTHONPATH", project.path(FOLDER))
        .dir(scratch)
        .run()
}
