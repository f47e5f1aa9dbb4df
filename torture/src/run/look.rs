//! The end of a run: everything comes to rest, and then is looked at.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use longwire_protocol::{Connid, JobId, Request, Seconds, ServerFrame, Start, StatusQuery, Watch};
use longwire_torture::{Fact, Heard};
use tokio::time::{sleep, timeout};

use super::{
    Shared,
    socket::{Gone, Socket},
};

/// Whoever looks is no client.
const NUMBER: u32 = u32::MAX;
/// How long it is tried to reach a server that was started. The checker is less patient.
const REACH: Duration = Duration::from_secs(15);
/// How long all jobs may take to end: longer than the longest of the load.
const REST: Duration = Duration::from_secs(30);
/// How long clients are waited for that wait for something. The checker is less patient.
const TOLD: Duration = Duration::from_secs(6);
/// How long one answer, or one log, may take.
const ANSWER: Duration = Duration::from_secs(10);
/// Between two looks at whether it is so far.
const TICK: Duration = Duration::from_millis(20);
/// Requests sent at once.
const BATCH: usize = 64;

/// Waits until everything has come to rest, and looks at it. What does not come in time is missing in the history, and the
/// checker's to judge.
pub(super) async fn settle(shared: &Arc<Shared>) {
    let mut socket = reach(shared, "probe-1").await;
    if let Some(socket) = &mut socket {
        let _in_time = timeout(REST, rest(socket)).await;
        let _in_time = timeout(TOLD, all_told(shared)).await;
    }
    look(shared, socket).await;
}

/// After a restart in peace: looks again.
pub(super) async fn again(shared: &Arc<Shared>) {
    let mut socket = reach(shared, "probe-2").await;
    if let Some(socket) = &mut socket {
        let _in_time = timeout(REST, rest(socket)).await;
    }
    look(shared, socket).await;
}

/// A socket on which a start was acknowledged.
async fn reach(shared: &Arc<Shared>, name: &str) -> Option<Socket> {
    let reached = async {
        for count in 1_u32.. {
            let name = format!("{name}-{count}");
            let Some(mut socket) = Socket::open(shared, NUMBER).await else {
                sleep(TICK).await;
                continue;
            };
            if probe(&mut socket, &name).await.is_ok() {
                return Some(socket);
            }
        }
        None
    };
    timeout(REACH, reached).await.ok().flatten()
}

async fn probe(socket: &mut Socket, name: &str) -> Result<(), Gone> {
    let start = Request::Start(Start {
        connid: Connid::new(name).ok(),
        time: Some(Seconds::ZERO),
        ..Start::new("request")
    });
    answer(socket, start).await.map(drop)
}

/// Asks for one thing and waits for the reply. None where it takes too long.
async fn answer(socket: &mut Socket, request: Request) -> Result<Option<ServerFrame>, Gone> {
    let asks = socket.send(vec![request]).await?;
    let reply = async {
        loop {
            let came = socket.receive().await?;
            if matches!(came.heard, Heard::Reply(ask) if asks.contains(&ask)) {
                return Ok(came.frame);
            }
        }
    };
    timeout(ANSWER, reply).await.ok().transpose()
}

/// Ends when nothing is running any more.
async fn rest(socket: &mut Socket) -> Result<(), Gone> {
    loop {
        let all = Request::Status(StatusQuery {
            limit: Some(1_000),
            ..StatusQuery::default()
        });
        let reply = answer(socket, all).await?;
        if let Some(ServerFrame::Status(page)) = reply
            && page.jobs.is_empty()
            && page.next.is_none()
        {
            return Ok(());
        }
        sleep(TICK).await;
    }
}

/// Ends when no client waits for anything.
async fn all_told(shared: &Shared) {
    let waiting = || {
        shared
            .waiting
            .iter()
            .any(|count| count.load(Ordering::Relaxed) > 0)
    };
    while waiting() {
        sleep(TICK).await;
    }
}

/// Reads the whole log of every job, and how the last job of each name ended.
async fn look(shared: &Arc<Shared>, socket: Option<Socket>) {
    let Some(mut socket) = socket else { return };
    let number = socket.number();
    shared.recorder.note(Fact::Look { socket: number });
    // The statuses first: they may name jobs that nobody has heard of.
    let names: Vec<Connid> = shared.world.names().into_iter().collect();
    for names in names.chunks(BATCH) {
        if ask_all(&mut socket, names.iter().map(status_of))
            .await
            .is_err()
        {
            return;
        }
    }
    let jobs: Vec<JobId> = shared.world.jobs().into_iter().collect();
    for jobs in jobs.chunks(BATCH) {
        if ask_all(&mut socket, jobs.iter().map(log_of)).await.is_err() {
            return;
        }
    }
}

fn status_of(connid: &Connid) -> Request {
    Request::Status(StatusQuery {
        connid: Some(connid.clone()),
        ..StatusQuery::default()
    })
}

fn log_of(job: &JobId) -> Request {
    Request::Watch(Watch {
        job: Some(*job),
        after: Some(0),
        ..Watch::default()
    })
}

/// Waits until all is answered and every log has been read to its end, or for too long. What did not come to its end before
/// is not waited for again.
async fn ask_all(socket: &mut Socket, requests: impl Iterator<Item = Request>) -> Result<(), Gone> {
    let stuck = socket.waiting();
    socket.send(requests.collect()).await?;
    let told = async {
        while socket.waiting() > stuck {
            socket.receive().await?;
        }
        Ok(())
    };
    timeout(ANSWER, told).await.unwrap_or(Ok(()))
}
