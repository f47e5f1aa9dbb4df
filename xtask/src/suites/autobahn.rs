//! The Autobahn Testsuite as a client of `/echo`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cmd::Cmd;
use crate::need::{find_python2, python2_packages};
use crate::project::Project;
use crate::server::{Build, Server};

const FOLDER: &str = "conformance/autobahn";

pub(crate) fn run(project: &Project) -> Result<()> {
    let scratch = project.scratch("autobahn")?;
    let config = project.path(FOLDER).join("longwire.toml");
    let options = [OsStr::new("--config"), config.as_os_str()];
    let server = Server::start_with(project, Build::Echo, &scratch, &options)?;
    let python = find_python2(project).context("Python 2.7 is missing")?;
    Cmd::new(600, &python)
        .arg(project.path(FOLDER).join("wstest.py"))
        .arg(python2_packages(project, &python, FOLDER))
        .args(["--mode", "fuzzingclient", "--spec"])
        .arg(specification(project, &server, &scratch)?)
        .dir(&scratch)
        .run_into(&scratch.join("wstest.log"))?;
    server.stop()?;
    let verdict = project.path(FOLDER).join("verdict.py");
    Cmd::new(60, "/usr/bin/python3")
        .arg(verdict)
        .arg(scratch.join("reports/index.json"))
        .run()
}

fn specification(project: &Project, server: &Server, scratch: &Path) -> Result<PathBuf> {
    let template = std::fs::read_to_string(project.path(FOLDER).join("fuzzingclient.json"))?;
    let file = scratch.join("fuzzingclient.json");
    std::fs::write(&file, template.replace("@URL@", &server.socket("/echo")))?;
    Ok(file)
}
