//! A real server, a real job, and a network between that breaks time and again.

use std::{ffi::OsString, fs, path::Path, process::Stdio, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, timeout},
};
use tokio_websockets::{ClientBuilder, Limits, Message};

use crate::{
    Failure, Played, Title, Verdict,
    client::Driver,
    matching::{lines, sha256, shortened},
    proxy::Proxy,
};

/// What the job prints.
const LINES: u64 = 100_000;
/// How often the connection breaks meanwhile.
const CUTS: u32 = 50;
/// How long all of it may take.
const LONGEST: Duration = Duration::from_secs(240);
/// How long a server has to begin.
const BEGIN: Duration = Duration::from_secs(20);
const MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Its name, and where it stands: in no file.
pub(crate) const TITLE: Title<'static> = Title {
    name: "a job of a real server prints 100,000 numbered lines while the connection breaks 50 times: each line comes, once",
    place: "live",
};

/// Prints with pauses, so that it is still at it when the connection breaks for the last time.
const SCRIPT: &str = r#"i=0
while [ $i -lt 100000 ]; do
  i=$((i+1)); echo "line $i"
  [ $((i % 400)) -ne 0 ] || sleep 0.06
done"#;

/// Plays it, with a server that is this program.
pub(crate) async fn play(server: &Path, argv: &[OsString]) -> Played {
    let since = Instant::now();
    let told = timeout(LONGEST, run(server, argv)).await;
    let told = told.unwrap_or_else(|_| {
        let why = format!("it takes longer than {} s", LONGEST.as_secs());
        Err(Failure::new(TITLE.place, &why))
    });
    let (verdict, note) = match told {
        Ok(note) => (Verdict::Passed, Some(note)),
        Err(failure) => (Verdict::Failed(failure), None),
    };
    Played {
        name: TITLE.name.to_owned(),
        place: TITLE.place.to_owned(),
        took: since.elapsed(),
        verdict,
        note,
    }
}

async fn run(server: &Path, argv: &[OsString]) -> Result<String, Failure> {
    let failed = |why: String| Failure::new(TITLE.place, &why);
    let server = Server::start(server).await.map_err(failed)?;
    let mut proxy = Proxy::open(&server.address, CUTS).await.map_err(failed)?;
    let mut driver = Driver::start(argv).map_err(failed)?;
    let url = format!("http://{}", proxy.address);
    let driven = tokio::select! {
        driven = drive(&mut driver, &url) => driven,
        broken = proxy.run() => Err(broken),
    };
    let counted = match driven {
        Ok((job, rest)) => count(&server.address, &job, &rest, proxy.cuts()).await,
        Err(why) => Err(why),
    };
    counted.map_err(|why| Failure {
        stderr: driver.stderr(),
        ..failed(why)
    })
}

/// Has the driver start the job and read it to its end.
async fn drive(driver: &mut Driver, url: &str) -> Result<(String, Value), String> {
    const SOON: Duration = Duration::from_secs(20);
    ask(driver, json!({"do": "connect", "url": url}), SOON).await?;
    let start = json!({"do": "start", "as": "a", "route": "count"});
    let started = ask(driver, start, SOON).await?;
    let job = started["job"].as_str().map(str::to_owned);
    let job = job.ok_or_else(|| format!("a start is answered with the job, got {started}"))?;
    let rest = ask(driver, json!({"do": "rest", "of": "a"}), LONGEST).await?;
    Ok((job, rest))
}

async fn ask(driver: &mut Driver, order: Value, time: Duration) -> Result<Value, String> {
    let fields: Map<String, Value> = order.as_object().cloned().unwrap_or_default();
    let mut answer = driver.ask(fields, time).await?;
    match answer.get_mut("ok") {
        Some(ok) => Ok(ok.take()),
        None => Err(format!("{order} is answered with {}", shortened(&answer))),
    }
}

/// Holds what was read against the log, as it is kept by the server.
async fn count(address: &str, job: &str, rest: &Value, cuts: u32) -> Result<String, String> {
    let log = log(address, job).await?;
    let runs: Vec<(u64, u64)> = serde_json::from_value(rest["seqs"].clone())
        .map_err(|error| format!("\"seqs\" are runs of numbers: {error}"))?;
    let (mut received, mut missing, mut twice) = (0, 0, 0);
    for (seq, lines) in log {
        let times = runs
            .iter()
            .filter(|(from, to)| (*from..=*to).contains(&seq));
        match times.count() {
            0 => missing += lines,
            1 => received += lines,
            _ => {
                received += lines;
                twice += lines;
            }
        }
    }
    let counted =
        format!("{received} lines received, {missing} missing, {twice} twice; {cuts} cuts");
    let is_whole = rest["stdout"] == sha256(lines(LINES).as_bytes()).as_str();
    if received != LINES || missing + twice > 0 || !is_whole {
        let bytes = if is_whole {
            "as printed"
        } else {
            "other than printed"
        };
        return Err(format!(
            "{counted}; expected {LINES} lines once each; the bytes are {bytes}"
        ));
    }
    if cuts != CUTS {
        return Err(format!(
            "{counted}; expected {CUTS} cuts before the job had ended"
        ));
    }
    Ok(counted)
}

/// How many lines each event of a job's log holds, as a watch from the beginning tells it.
async fn log(address: &str, job: &str) -> Result<Vec<(u64, u64)>, String> {
    let failed = |error: tokio_websockets::Error| format!("the kit's own watch: {error}");
    let uri = format!("ws://{address}/ws");
    let uri = uri.parse().map_err(|error| format!("{uri}: {error}"))?;
    let (mut socket, _) = ClientBuilder::from_uri(uri)
        .limits(Limits::default().max_payload_len(Some(MESSAGE_BYTES)))
        .connect()
        .await
        .map_err(failed)?;
    let watch = json!({"route": "watch", "job": job, "after": 0, "id": 1});
    let watch = Message::text(watch.to_string());
    socket.send(watch).await.map_err(failed)?;
    let mut log = Vec::new();
    while let Some(message) = socket.next().await {
        let message = message.map_err(failed)?;
        let text = message.as_text().unwrap_or("null");
        let frame: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if frame["id"] == 1 {
            continue;
        }
        let output = frame["output"].as_str().unwrap_or_default();
        let lines = output.matches('\n').count() as u64;
        log.extend(frame["seq"].as_u64().map(|seq| (seq, lines)));
        if !matches!(frame["status"].as_str(), Some("running" | "queued") | None) {
            break;
        }
    }
    // The first is in the reply to the start.
    log.retain(|(_, lines)| *lines > 0);
    Ok(log)
}

/// A server of the kit's own. It is killed where it is dropped.
struct Server {
    address: String,
    _child: Child,
    _scratch: TempDir,
}

impl Server {
    async fn start(program: &Path) -> Result<Self, String> {
        let scratch = tempfile::tempdir().map_err(|e| format!("a folder for the server: {e}"))?;
        let config = scratch.path().join("longwire.toml");
        fs::write(&config, configuration()).map_err(|e| format!("{}: {e}", config.display()))?;
        let mut child = Command::new(program)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--ephemeral",
                "--config",
            ])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let stdout = child.stdout.take().ok_or("the server has no stdout")?;
        let mut said = BufReader::new(stdout).lines();
        let announced = async {
            while let Ok(Some(line)) = said.next_line().await {
                if let Some(address) = address_in(&line) {
                    return Some(address);
                }
            }
            None
        };
        let address = timeout(BEGIN, announced).await.ok().flatten();
        Ok(Self {
            address: address.ok_or("the kit's own server did not begin")?,
            _child: child,
            _scratch: scratch,
        })
    }
}

fn configuration() -> String {
    let argv = json!(["/bin/sh", "-c", SCRIPT]);
    format!(
        "[limits]\nlog_events_per_job = 400000\nlog_bytes_per_job = 134217728\n\n\
         [routes.count]\nconsumer = \"exec\"\nargv = {argv}\ntime_seconds = 200\n"
    )
}

/// `HOST:PORT` of the URL in a line.
fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ":.".contains(c)));
    Some(rest[..end.unwrap_or(rest.len())].to_owned())
}
