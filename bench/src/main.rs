//! Measures a running Longwire server over its sockets.
//!
//! `cargo run --release -p longwire-bench -- running --pid $(pidof longwire)` starts many long jobs over a few sockets and prints
//! four figures: seconds to start them all, resident bytes for each, milliseconds for a first page of status, and seconds until
//! the last `killed` has arrived when all are killed.

#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

mod handover;
mod search;

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use futures_util::{SinkExt, StreamExt};
use tokio::{net::TcpStream, task::JoinSet, time::Instant};
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Measures a running Longwire server.
#[derive(Parser)]
struct Arguments {
    /// The server's socket.
    #[arg(long, default_value = "ws://127.0.0.1:8000/ws")]
    url: String,
    #[command(subcommand)]
    workload: Workload,
}

#[derive(Subcommand)]
enum Workload {
    /// Many running jobs: what they cost to start, to hold, to list and to kill.
    Running {
        /// How many jobs.
        #[arg(long, default_value_t = 100_000)]
        jobs: usize,
        /// Over how many sockets.
        #[arg(long, default_value_t = 4)]
        sockets: usize,
        /// Seconds each is given.
        #[arg(long, default_value_t = 60)]
        time: u64,
        /// The server's process, whose resident memory is read from /proc.
        #[arg(long)]
        pid: u32,
    },
    /// Jobs of no work, through one worker: `--route` is one that workers serve.
    Handover {
        /// Jobs that the worker holds at once.
        #[arg(long, default_value_t = 100)]
        slots: u32,
        /// The route.
        #[arg(long, default_value = "render")]
        route: String,
        /// Seconds to measure.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Searches over HTTP, beside a page as long that is sent as it is.
    Search {
        /// Over how many connections.
        #[arg(long, default_value_t = 8)]
        connections: usize,
        /// Seconds to measure.
        #[arg(long, default_value_t = 14)]
        seconds: u64,
    },
    /// Jobs of no time, each with all its frames, as fast as they come.
    Short {
        /// Over how many sockets.
        #[arg(long, default_value_t = 64)]
        sockets: usize,
        /// How many unanswered at once on each.
        #[arg(long, default_value_t = 1)]
        depth: usize,
        /// Seconds to measure.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.workload {
        Workload::Running {
            jobs,
            sockets,
            time,
            pid,
        } => running(&arguments.url, jobs, sockets, time, pid).await,
        Workload::Handover {
            slots,
            route,
            seconds,
        } => handover::measure(&arguments.url, &route, slots, seconds).await,
        Workload::Search {
            connections,
            seconds,
        } => search::measure(&arguments.url, connections, seconds).await,
        Workload::Short {
            sockets,
            depth,
            seconds,
        } => short(&arguments.url, sockets, depth, seconds).await,
    }
}

async fn connect(url: &str) -> Result<Socket> {
    let (socket, _) = ClientBuilder::new().uri(url)?.connect().await?;
    Ok(socket)
}

fn resident_bytes(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib * 1024.0)
}

/// Sends `count` texts and waits for as many frames that hold `answer`, reading and writing at once.
async fn exchange(
    socket: &mut Socket,
    texts: impl Iterator<Item = String>,
    answer: &str,
    count: usize,
) -> Result<()> {
    let (mut write, mut read) = socket.split();
    let send = async {
        for text in texts {
            write.feed(Message::text(text)).await?;
        }
        write.flush().await?;
        Ok::<(), anyhow::Error>(())
    };
    let receive = async {
        let mut seen = 0;
        while seen < count {
            let message = read.next().await.context("the server closed")??;
            seen += usize::from(message.as_text().is_some_and(|text| text.contains(answer)));
        }
        Ok::<(), anyhow::Error>(())
    };
    futures_util::future::try_join(send, receive).await?;
    Ok(())
}

async fn running(url: &str, jobs: usize, sockets: usize, time: u64, pid: u32) -> Result<()> {
    let each = jobs / sockets;
    let before = resident_bytes(pid)?;
    let started = Instant::now();
    let mut starting = JoinSet::new();
    for number in 0..sockets {
        let url = url.to_owned();
        starting.spawn(async move {
            let mut socket = connect(&url).await?;
            let texts = (0..each).map(|job| {
                format!(r#"{{"route":"request","connid":"{number}-{job}","time":{time}}}"#)
            });
            exchange(&mut socket, texts, r#""status":"running""#, each).await?;
            Ok::<(usize, Socket), anyhow::Error>((number, socket))
        });
    }
    let opened: Vec<(usize, Socket)> = starting
        .join_all()
        .await
        .into_iter()
        .collect::<Result<_>>()?;
    println!(
        "started {} jobs over {sockets} sockets in {:.2} s",
        each * sockets,
        started.elapsed().as_secs_f64()
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    let held = (resident_bytes(pid)? - before) / (each * sockets) as f64;
    println!("resident bytes a job: {held:.0}");
    first_page(url, each * sockets).await?;
    kill_all(url, opened, each).await
}

async fn first_page(url: &str, jobs: usize) -> Result<()> {
    let mut socket = connect(url).await?;
    let asked = Instant::now();
    socket.send(Message::text(r#"{"route":"status"}"#)).await?;
    let page = socket.next().await.context("the server closed")??;
    let took = asked.elapsed();
    let text = page.as_text().unwrap_or_default();
    ensure!(
        text.contains(&format!(r#""total":{jobs}"#)),
        "status said {}",
        &text[..text.len().min(200)]
    );
    println!("first page of status: {:.2} ms", took.as_secs_f64() * 1e3);
    Ok(())
}

async fn kill_all(url: &str, opened: Vec<(usize, Socket)>, each: usize) -> Result<()> {
    let started = Instant::now();
    let mut killing = JoinSet::new();
    for (number, mut socket) in opened {
        let url = url.to_owned();
        killing.spawn(async move {
            let mut killer = connect(&url).await?;
            let texts =
                (0..each).map(|job| format!(r#"{{"route":"kill","connid":"{number}-{job}"}}"#));
            let kill = exchange(&mut killer, texts, r#""status":"ok""#, each);
            let told = exchange(
                &mut socket,
                std::iter::empty(),
                r#""status":"killed""#,
                each,
            );
            futures_util::future::try_join(kill, told).await?;
            Ok::<(), anyhow::Error>(())
        });
    }
    killing
        .join_all()
        .await
        .into_iter()
        .collect::<Result<()>>()?;
    println!(
        "last `killed` received after {:.2} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn short(url: &str, sockets: usize, depth: usize, seconds: u64) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut running = JoinSet::new();
    for number in 0..sockets {
        let url = url.to_owned();
        running.spawn(async move { closed_loop(&url, number, depth, until).await });
    }
    let done: u64 = running.join_all().await.into_iter().sum::<Result<u64>>()?;
    println!(
        "{:.0} jobs a second over {sockets} sockets, {depth} at once on each",
        done as f64 / seconds as f64
    );
    Ok(())
}

async fn closed_loop(url: &str, number: usize, depth: usize, until: Instant) -> Result<u64> {
    let mut socket = connect(url).await?;
    let mut done = 0;
    while Instant::now() < until {
        for job in 0..depth {
            let text = format!(r#"{{"route":"request","connid":"{number}-{job}","time":0}}"#);
            socket.feed(Message::text(text)).await?;
        }
        socket.flush().await?;
        let mut ended = 0;
        while ended < depth {
            let message = socket.next().await.context("the server closed")??;
            ended += usize::from(
                message
                    .as_text()
                    .is_some_and(|text| text.contains(r#""status":"ok""#)),
            );
        }
        done += depth as u64;
    }
    Ok(done)
}
