//! Proxies of others in front of the server, as a deployment would have them.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cmd::Cmd;
use crate::project::Project;
use crate::server::{Server, terminate};

const TICK: Duration = Duration::from_millis(50);
const START_TICKS: u32 = 200;

/// A running proxy. Dropping it stops it.
pub(crate) struct Proxy {
    process: Child,
    port: u16,
}

impl Proxy {
    pub(crate) fn nginx(project: &Project, server: &Server, scratch: &Path) -> Result<Self> {
        let (config, port) = fill_in(project, "nginx.conf", server, scratch)?;
        let cmd = Cmd::new(300, "/usr/sbin/nginx")
            .arg("-p")
            .arg(scratch)
            .arg("-e")
            .arg("stderr")
            .arg("-c")
            .arg(config);
        Self::start(cmd, port, &scratch.join("nginx.log"))
    }

    pub(crate) fn haproxy(project: &Project, server: &Server, scratch: &Path) -> Result<Self> {
        let (config, port) = fill_in(project, "haproxy.cfg", server, scratch)?;
        let cmd = Cmd::new(300, "/usr/sbin/haproxy")
            .arg("-db")
            .arg("-f")
            .arg(config);
        Self::start(cmd, port, &scratch.join("haproxy.log"))
    }

    pub(crate) fn socket(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    fn start(cmd: Cmd, port: u16, log: &Path) -> Result<Self> {
        let said = cmd.to_string();
        let mut proxy = Self {
            process: cmd.spawn(log)?,
            port,
        };
        for _ in 0..START_TICKS {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(proxy);
            }
            if proxy.process.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(TICK);
        }
        bail!(
            "{said} does not listen on port {port}:\n{}",
            std::fs::read_to_string(log)?
        )
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) && terminate(&mut self.process).is_err() {
            eprintln!("  a proxy was still there and had to be killed");
        }
    }
}

/// Writes a proxy's configuration with the addresses of this run.
fn fill_in(
    project: &Project,
    name: &str,
    server: &Server,
    scratch: &Path,
) -> Result<(PathBuf, u16)> {
    let template = project.path("conformance/clients/proxies").join(name);
    let template =
        std::fs::read_to_string(&template).with_context(|| template.display().to_string())?;
    let port = free_port()?;
    let filled = template
        .replace("@LISTEN@", &format!("127.0.0.1:{port}"))
        .replace("@SERVER@", server.address())
        .replace("@DIR@", &scratch.display().to_string());
    let file = scratch.join(name);
    std::fs::write(&file, filled)?;
    Ok((file, port))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
