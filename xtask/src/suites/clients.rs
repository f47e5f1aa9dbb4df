//! One dialogue, spoken by the clients of other ecosystems, and by one of them through proxies.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cmd::Cmd;
use crate::need::venv_python;
use crate::project::Project;
use crate::proxy::Proxy;
use crate::server::{Build, Server};

const FOLDER: &str = "conformance/clients";
const PYTHON: &str = "conformance/clients/python";

/// Each program stops by itself after 20 s; starting it (a compiler, a browser) comes on top.
const SECONDS: u32 = 60;

pub(crate) fn run(project: &Project) -> Result<()> {
    let scratch = project.scratch("clients")?;
    let server = Server::start(project, Build::Plain, &scratch)?;
    let mut failed = Vec::new();
    for client in clients(project, &scratch)? {
        if let Err(error) = client.speak(&server.socket("/ws")) {
            println!("  FAILED {}: {error:#}", client.name);
            failed.push(client.name);
        }
    }
    for (name, result) in [
        ("nginx", through_nginx(project, &server)),
        ("haproxy", through_haproxy(project, &server)),
    ] {
        if let Err(error) = result {
            println!("  FAILED through {name}: {error:#}");
            failed.push(name);
        }
    }
    server.stop()?;
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("{} failed", failed.join(", "))
    }
}

/// A program that takes the socket's address as its last argument.
struct Client {
    name: &'static str,
    argv: Vec<OsString>,
}

impl Client {
    fn new(name: &'static str, argv: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let argv = argv.into_iter().map(Into::into).collect();
        Self { name, argv }
    }

    fn speak(&self, url: &str) -> Result<()> {
        println!("  {}", self.name);
        let (program, args) = self.argv.split_first().context("a client is a program")?;
        let said = Cmd::new(SECONDS, program).args(args).arg(url).quiet()?;
        said.lines().for_each(|line| println!("    {line}"));
        Ok(())
    }
}

fn clients(project: &Project, scratch: &Path) -> Result<Vec<Client>> {
    let file = |inside: &str| project.path(FOLDER).join(inside).into_os_string();
    let python = |script: &str| [venv_python(project, PYTHON).into_os_string(), file(script)];
    let node = |script: &str| [OsString::from("node"), file(script)];
    Ok(vec![
        Client::new("Python websockets", python("python/with_websockets.py")),
        Client::new("Python aiohttp", python("python/with_aiohttp.py")),
        Client::new(
            "Python websocket-client",
            python("python/with_websocket_client.py"),
        ),
        Client::new("Node ws", node("node/with_ws.mjs")),
        Client::new("Node undici", node("node/with_undici.mjs")),
        Client::new(
            "Go gorilla",
            [build_go(project, &file("go/gorilla.go"), scratch)?],
        ),
        Client::new(
            "Java java.net.http",
            [OsString::from("java"), file("java/ThreeActions.java")],
        ),
        Client::new(
            "Ruby websocket-driver",
            [
                OsString::from("ruby"),
                file("ruby/with_websocket_driver.rb"),
            ],
        ),
        Client::new(
            "Perl Mojolicious",
            [OsString::from("perl"), file("perl/with_mojolicious.pl")],
        ),
        Client::new("Chromium", node("node/with_chromium.mjs")),
    ])
}

/// Debian's Go packages are sources below its GOPATH, used without modules.
fn build_go(project: &Project, source: &OsString, scratch: &Path) -> Result<OsString> {
    let binary = scratch.join("gorilla");
    Cmd::new(300, "go")
        .args(["build", "-o"])
        .arg(&binary)
        .arg(source)
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", project.tools("go-cache"))
        .quiet()?;
    Ok(binary.into_os_string())
}

fn through_nginx(project: &Project, server: &Server) -> Result<()> {
    let proxy = Proxy::nginx(project, server, &project.scratch("nginx")?)?;
    through(project, "Python websockets through nginx", &proxy)
}

fn through_haproxy(project: &Project, server: &Server) -> Result<()> {
    let proxy = Proxy::haproxy(project, server, &project.scratch("haproxy")?)?;
    through(project, "Python websockets through haproxy", &proxy)
}

fn through(project: &Project, name: &'static str, proxy: &Proxy) -> Result<()> {
    let python = venv_python(project, PYTHON);
    let script = project.path(PYTHON).join("with_websockets.py");
    Client::new(name, [python, script]).speak(&proxy.socket("/ws"))
}
