//! Requests on jsonrpsee: a map of names to who waits for the end of each.

use std::collections::HashMap;
use std::time::Duration;

use jsonrpsee::core::{RpcResult, async_trait};
use jsonrpsee::proc_macros::rpc;
use jsonrpsee::server::{Server, ServerConfig};
use parking_lot::Mutex;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

#[derive(Clone, Serialize)]
pub struct Answer {
    connid: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'static str>,
}

#[derive(Clone, Serialize)]
pub struct Job {
    connid: String,
    time: f64,
    timeleft: f64,
}

#[derive(Clone, Serialize)]
pub struct Status {
    route: &'static str,
    total: usize,
    jobs: Vec<Job>,
}

#[rpc(server)]
trait Requests {
    #[method(name = "request")]
    async fn request(&self, connid: String, time: f64) -> RpcResult<Answer>;
    #[method(name = "kill")]
    fn kill(&self, connid: String) -> RpcResult<Answer>;
    #[method(name = "status")]
    fn status(&self) -> RpcResult<Status>;
}

struct Running {
    kill: oneshot::Sender<()>,
    time: f64,
    until: Instant,
}

#[derive(Default)]
struct Registry(Mutex<HashMap<String, Running>>);

/// A call is dropped where its socket closes, and must not stay in the registry then.
struct Registered<'a>(&'a Registry, &'a str);

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.0.0.lock().remove(self.1);
    }
}

impl Registry {
    fn enter(&self, connid: &str, time: f64) -> Option<(oneshot::Receiver<()>, Instant)> {
        let (kill, killed) = oneshot::channel();
        let until = Instant::now() + Duration::try_from_secs_f64(time).ok()?;
        let mut running = self.0.lock();
        if running.contains_key(connid) {
            return None;
        }
        running.insert(connid.to_owned(), Running { kill, time, until });
        Some((killed, until))
    }
}

#[async_trait]
impl RequestsServer for Registry {
    async fn request(&self, connid: String, time: f64) -> RpcResult<Answer> {
        if time == 0.0 {
            return Ok(Answer {
                connid,
                status: "ok",
                route: None,
            });
        }
        let Some((killed, until)) = self.enter(&connid, time) else {
            return Ok(Answer {
                connid,
                status: "duplicate",
                route: None,
            });
        };
        let registered = Registered(self, &connid);
        let status = if timeout_at(until, killed).await.is_ok() {
            "killed"
        } else {
            "ok"
        };
        drop(registered);
        Ok(Answer {
            connid,
            status,
            route: None,
        })
    }

    fn kill(&self, connid: String) -> RpcResult<Answer> {
        let found = self.0.lock().remove(&connid);
        let status = if found.is_some_and(|running| running.kill.send(()).is_ok()) {
            "ok"
        } else {
            "unknown"
        };
        Ok(Answer {
            connid,
            status,
            route: Some("kill"),
        })
    }

    fn status(&self) -> RpcResult<Status> {
        let (running, now) = (self.0.lock(), Instant::now());
        let job = |(connid, job): (&String, &Running)| Job {
            connid: connid.clone(),
            time: job.time,
            timeleft: (job.until - now).as_secs_f64(),
        };
        Ok(Status {
            route: "status",
            total: running.len(),
            jobs: running.iter().take(100).map(job).collect(),
        })
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    // By default there may be 100 connections.
    let config = ServerConfig::builder()
        .ws_only()
        .max_connections(20_000)
        .build();
    let server = Server::builder()
        .set_config(config)
        .build(("127.0.0.1", port))
        .await?;
    let handle = server.start(Registry::default().into_rpc());
    signal(SignalKind::terminate())?.recv().await;
    handle.stop()?;
    Ok(())
}
