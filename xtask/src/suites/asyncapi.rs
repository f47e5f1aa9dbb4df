//! The description of the socket.

use anyhow::Result;

use crate::cmd::Cmd;
use crate::project::Project;
use crate::server::{Build, Server};

pub(crate) fn run(project: &Project) -> Result<()> {
    let server = Server::start(project, Build::Plain, &project.scratch("asyncapi")?)?;
    let validate = project.path("conformance/asyncapi/validate.mjs");
    Cmd::new(60, "node")
        .arg(validate)
        .arg(format!("{}/asyncapi.json", server.url()))
        .run()?;
    server.stop()
}
