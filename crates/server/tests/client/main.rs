//! The Rust client and its workers against a server, with a network between them that breaks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends with its first surprise"
)]

mod proxy;

use std::{net::SocketAddr, time::Duration};

use futures_util::StreamExt;
use longwire_client::{
    Client, Connid, Error, EventFrame, FeedHappening, Happening, Job, OnDisconnect, OutputStream,
    Running, Start, Status, StatusQuery, Task, Unfinished, Worker,
};
use longwire_server::{
    Server,
    config::Config,
    handler::{self, Failure, handler},
};

use self::proxy::{Cuts, Proxy, Way};

#[path = "../../../client/examples/watch.rs"]
#[expect(dead_code, reason = "its main is not called here")]
mod watch;
#[path = "../../../client/examples/worker.rs"]
#[expect(dead_code, reason = "its main is not called here")]
mod worker;

const LINES: u32 = 100_000;

const CONFIG: &str = "
listen = \"127.0.0.1:0\"
[limits]
log_events_per_job = 200000
log_bytes_per_job = 100000000
[routes.work]
served_by = \"workers\"
lease_seconds = 5
kill_grace_seconds = 2
[routes.render]
served_by = \"workers\"
";

/// Runs a server for as long as the test takes.
fn with_server(test: impl AsyncFnOnce(SocketAddr)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let config = Config::from_toml(CONFIG, "test").unwrap();
        let server = Server::bind(config).await.unwrap();
        let server = server.with_consumer("print", handler(print)).unwrap();
        let test = test(server.local_addr());
        let timed = tokio::time::timeout(Duration::from_secs(120), test);
        tokio::select! {
            done = timed => done.expect("in time"),
            ended = server.run(std::future::pending(), std::future::pending()) => panic!("{ended:?}"),
        }
    });
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// A consumer of the server's own that prints so many numbered lines.
async fn print(task: handler::Task, lines: u32) -> Result<u32, Failure> {
    for line in 1..=lines {
        task.output(OutputStream::Stdout, format!("{line}\n"))
            .await?;
    }
    Ok(lines)
}

/// The same as the work of a worker.
async fn work(task: Task) -> Result<u32, Unfinished> {
    let lines = task.input()?;
    for line in 1..=lines {
        task.output(OutputStream::Stdout, format!("{line}\n"))
            .await?;
    }
    if lines == 0 {
        return Err(task.cancelled().await.into());
    }
    Ok(lines)
}

async fn at_work(url: String) -> Running {
    let worker = Worker::new(url).name("test").slots(2).route("work", work);
    worker.start().await.unwrap()
}

/// What came of numbered lines.
#[derive(Debug, Default, PartialEq)]
struct Came {
    received: u32,
    missing: u32,
    twice: u32,
    gaps: u32,
}

async fn lines(job: &mut Job, lines: u32) -> Came {
    let mut seen = vec![0_u32; lines as usize + 1];
    let mut came = Came::default();
    while let Some(happening) = StreamExt::next(job).await {
        match happening.unwrap() {
            Happening::Event(event) => {
                for line in event.output.as_deref().unwrap_or_default().lines() {
                    seen[line.parse::<usize>().unwrap()] += 1;
                    came.received += 1;
                }
            }
            Happening::Gap(_) => came.gaps += 1,
        }
    }
    let times = |of: fn(&&u32) -> bool| seen[1..].iter().filter(of).count();
    came.missing = u32::try_from(times(|times| **times == 0)).unwrap();
    came.twice = u32::try_from(times(|times| **times > 1)).unwrap();
    came
}

#[test]
fn a_hundred_thousand_lines_come_once_each_over_a_connection_that_is_cut_fifty_times() {
    with_server(async |address| {
        let cuts = Cuts {
            times: 50,
            after: 120_001,
            way: Way::ToClient,
        };
        let proxy = Proxy::new(address, cuts).await;
        let client = Client::connect(&proxy.url).await.unwrap();
        let start = Start::new("print").input(&LINES).unwrap();
        let begun = tokio::time::Instant::now();
        let mut job = client.start(start).await.unwrap();
        let came = lines(&mut job, LINES).await;
        println!(
            "{came:?}, cut {} times, {:?}",
            proxy.cuts(),
            begun.elapsed()
        );
        let once = Came {
            received: LINES,
            ..Came::default()
        };
        assert_eq!((proxy.cuts(), came), (cuts.times, once));
        assert_eq!(job.result::<u32>().await, Ok(LINES));
    });
}

#[test]
fn a_worker_whose_connection_is_cut_goes_on_and_loses_no_line() {
    with_server(async |address| {
        let cuts = Cuts {
            times: 20,
            after: 100_001,
            way: Way::ToServer,
        };
        let proxy = Proxy::new(address, cuts).await;
        let running = at_work(proxy.url.clone()).await;
        let client = Client::connect(&url(address)).await.unwrap();
        let start = Start::new("work").input(&20_000).unwrap();
        let begun = tokio::time::Instant::now();
        let mut job = client.start(start).await.unwrap();
        let came = lines(&mut job, 20_000).await;
        println!(
            "{came:?}, cut {} times, {:?}",
            proxy.cuts(),
            begun.elapsed()
        );
        assert_eq!((proxy.cuts(), came.missing, came.gaps), (cuts.times, 0, 0));
        // At most what was under way each time it was cut.
        assert!(came.twice <= 64 * cuts.times, "{came:?}");
        assert_eq!(job.result::<u32>().await, Ok(20_000));
        running.stop().await;
    });
}

#[test]
fn a_kill_reaches_a_workers_function_and_every_handle_is_told() {
    with_server(async |address| {
        let running = at_work(url(address)).await;
        let client = Client::connect(&url(address)).await.unwrap();
        let start = Start::new("work").input(&0).unwrap();
        let start = start.connid(Connid::new("42").unwrap());
        let mut job = client.start(start).await.unwrap();
        let mut other = client.watch(job.connid(), 0).await.unwrap();
        while let Some(Ok(Happening::Event(event))) = other.next().await
            && event.status != Status::Running
        {}
        let done = job.kill_and_wait(Some("enough")).await.unwrap();
        let receipt = done.ended.unwrap().kill.unwrap();
        assert!(!receipt.forced, "{receipt:?}");
        for job in [&mut job, &mut other] {
            let error = job.result::<u32>().await.unwrap_err();
            assert_eq!(error.to_string(), "42 was killed by anonymous: enough");
            assert_eq!(error.receipt(), Some(&receipt));
        }
        running.stop().await;
        let page = client.routes().await.unwrap();
        let work = page.routes.iter().find(|route| &*route.route == "work");
        assert_eq!(work.unwrap().workers, Some(0));
    });
}

#[test]
fn a_job_of_a_worker_that_leaves_goes_to_another() {
    with_server(async |address| {
        let first = at_work(url(address)).await;
        let client = Client::connect(&url(address)).await.unwrap();
        let job = client
            .start(Start::new("work").input(&3).unwrap())
            .await
            .unwrap();
        assert_eq!(job.result::<u32>().await, Ok(3));
        first.stop().await;
        let waits = client
            .start(Start::new("work").input(&4).unwrap())
            .await
            .unwrap();
        let _second = at_work(url(address)).await;
        assert_eq!(waits.result::<u32>().await, Ok(4));
    });
}

/// It is not read, and yet is one of the watchers that keep the job alive.
#[test]
fn a_slow_reader_keeps_its_job_alive() {
    with_server(async |address| {
        let client = Client::connect(&url(address)).await.unwrap();
        let start = Start::new("print").input(&1000).unwrap();
        let start = start.on_disconnect(OnDisconnect::Kill);
        let mut job = client.start(start).await.unwrap();
        let query = || StatusQuery {
            connid: Some(job.connid().clone()),
            ..StatusQuery::default()
        };
        while client.status(query()).await.unwrap().jobs[0]
            .ended_at
            .is_none()
        {}
        let came = lines(&mut job, 1000).await;
        assert_eq!((came.received, came.missing, came.gaps), (1000, 0, 0));
        let last: Result<EventFrame, Error> = job.outcome().await;
        assert_eq!(last.unwrap().result.unwrap().as_str(), "1000");
    });
}

/// Returns once a job has begun, and none runs.
async fn all_ended(url: &str) {
    let client = Client::connect(url).await.unwrap();
    let mut feed = client.feed().await.unwrap();
    while let Some(Ok(happening)) = feed.next().await {
        if let FeedHappening::Change(change) = happening
            && change.status.has_ended()
        {
            return;
        }
    }
}

#[test]
fn the_examples_do_what_they_say() {
    with_server(async |address| {
        let url = url(address);
        let running = worker::worker(&url).start().await.unwrap();
        let done = watch::watch(&url, 2, std::future::pending::<()>()).await;
        assert_eq!(done.unwrap().to_string(), r#"{"frames":2}"#);
        let killed = watch::watch(&url, 1000, std::future::ready(())).await;
        assert_eq!(killed.unwrap_err().code(), "killed");
        let failed = watch::watch(&url, 20_000, std::future::pending::<()>()).await;
        assert_eq!(failed.unwrap_err().code(), "too_long");
        // Told to stop when all was done already.
        for _ in 0..8 {
            let done = watch::watch(&url, 1, all_ended(&url)).await;
            assert_eq!(done.unwrap().to_string(), r#"{"frames":1}"#);
        }
        running.stop().await;
    });
}
