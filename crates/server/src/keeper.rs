//! The shim of a command, as its server sees it: orders go in, reports come out. And what a command starts with.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    env, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use bytes::{Buf, BytesMut};
use longwire_engine::Stopped;
use longwire_shim::{
    Cgroup, Lost, wake,
    wire::{Gone, HEAD_BYTES, Order, Report, Start, head},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Instant, sleep, timeout, timeout_at},
};

/// Where programs are looked for, unless the route says otherwise.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The variable of a command that says which job it belongs to.
pub(crate) const JOB: &str = "LONGWIRE_JOB";
/// Bytes that are read at once: a report of output, and the largest of these.
const READ_BYTES: usize = HEAD_BYTES + 64 * 1024;
/// How long a shim has to force its command: what it takes at most, and a second for its words. One that says nothing until then
/// has been stopped, and is killed.
pub(crate) const FORCE: Duration = Duration::from_secs(10);
/// How long a shim has to take the order for it.
pub(crate) const ORDER: Duration = Duration::from_secs(1);
/// How often what a shim has left is swept.
const SWEEPS: u32 = 200;
/// Between two sweeps.
const SWEEP: Duration = Duration::from_millis(2);

/// The keeper of one command. Where it is dropped the shim sees that its server is gone, and ends the command by itself.
pub(crate) struct Keeper {
    shim: Child,
    orders: ChildStdin,
    reports: ChildStdout,
    /// Orders that the shim has not taken yet: written beside the reading of its reports, so that neither waits for the other.
    unwritten: BytesMut,
    read: BytesMut,
    /// The cgroup of the command, if it has one.
    cgroup: Option<PathBuf>,
    /// How the rest of it is known.
    lost: Lost,
    /// By when it has forced the command, once it was told to.
    force_by: Option<Instant>,
}

impl Keeper {
    /// Starts the shim of a command, and has it start that.
    pub(crate) async fn start(start: Start) -> io::Result<Self> {
        let mut shim = Command::from(longwire_shim::command())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(orders), Some(reports)) = (shim.stdin.take(), shim.stdout.take()) else {
            return Err(io::Error::other("the shim has no pipes"));
        };
        let mut keeper = Self {
            cgroup: start.cgroup.clone(),
            lost: Lost {
                session: None,
                mark: start.env.get(JOB).map(|job| format!("{JOB}={job}")),
            },
            force_by: None,
            shim,
            orders,
            reports,
            unwritten: BytesMut::new(),
            read: BytesMut::new(),
        };
        keeper.order(&Order::Start(Box::new(start))).await?;
        Ok(keeper)
    }

    /// Gives an order. One to end the command reaches a shim that was stopped, too. Input waits for its turn: it is written while reports
    /// are waited for, and whoever gives it bounds it by what is reported as taken.
    ///
    /// # Errors
    /// `InvalidData` where it can never be given; else nobody takes it any more, or not in time.
    pub(crate) async fn order(&mut self, order: &Order) -> io::Result<()> {
        if let (Order::Ask | Order::Force, Some(shim)) = (order, self.shim.id()) {
            wake(shim);
        }
        self.unwritten.extend_from_slice(&order.encode()?);
        if *order == Order::Force {
            self.force_by = self.force_by.or_else(|| Instant::now().checked_add(FORCE));
        }
        match order {
            Order::Input(_) => Ok(()),
            Order::Start(_) => self.orders.write_all_buf(&mut self.unwritten).await,
            Order::Ask | Order::Force => {
                timeout(ORDER, self.orders.write_all_buf(&mut self.unwritten)).await?
            }
        }
    }

    /// Writes the orders that wait, and reads no reports. Never ends. May be dropped at any time, and loses nothing.
    pub(crate) async fn write(&mut self) -> Infallible {
        write(&mut self.orders, &mut self.unwritten).await
    }

    /// The next report; none once the shim is gone. May be dropped at any time, and loses nothing.
    pub(crate) async fn report(&mut self) -> io::Result<Option<Report>> {
        loop {
            if let Some(report) = self.take()? {
                if let Report::Started(pid) = report {
                    self.lost.session = Some(pid);
                }
                return Ok(Some(report));
            }
            self.read.reserve(READ_BYTES);
            let read = self.reports.read_buf(&mut self.read);
            let read = async {
                match self.force_by {
                    Some(by) => timeout_at(by, read).await,
                    None => Ok(read.await),
                }
            };
            let read = tokio::select! {
                read = read => read,
                never = write(&mut self.orders, &mut self.unwritten) => match never {},
            };
            if let Ok(count) = read {
                if count? == 0 {
                    return Ok(None);
                }
            } else {
                self.force_by = None;
                self.shim.start_kill()?;
            }
        }
    }

    fn take(&mut self) -> io::Result<Option<Report>> {
        let Some(start) = self.read.first_chunk::<HEAD_BYTES>() else {
            return Ok(None);
        };
        let (kind, length) = head(*start)?;
        if self.read.len() < HEAD_BYTES + length {
            return Ok(None);
        }
        self.read.advance(HEAD_BYTES);
        let bytes = self.read.split_to(length).freeze();
        Report::decode(kind, bytes).map(Some)
    }

    /// Kills what a shim that was killed has left. What it comes to: nobody can say that nothing is left, unless there is a cgroup to
    /// look at.
    pub(crate) async fn sweep(&self) -> Stopped {
        let swept = self.sweep_cgroup().await;
        let mut any = swept;
        for _ in 0..SWEEPS {
            if self.lost.kill() == 0 {
                break;
            }
            any = true;
            sleep(SWEEP).await;
        }
        Stopped {
            signals: any.then(|| "KILL".into()).into_iter().collect(),
            ..if swept {
                Stopped::FORCED
            } else {
                Stopped::UNSEEN
            }
        }
    }

    /// Whether there is a cgroup, and nobody in it any more.
    async fn sweep_cgroup(&self) -> bool {
        let Some(cgroup) = self.cgroup.clone().and_then(Cgroup::at) else {
            return false;
        };
        for _ in 0..SWEEPS {
            // It is empty a moment after that; what cannot be removed is there the next time.
            let swept = cgroup.kill().and_then(|()| cgroup.remove());
            if swept.is_ok() {
                return true;
            }
            sleep(SWEEP).await;
        }
        false
    }

    /// Waits for the shim to be gone, too.
    pub(crate) async fn until_gone(mut self) {
        drop(self.orders);
        // What it came to was in its last report.
        let _ = self.shim.wait().await;
    }
}

/// Writes what waits, and then waits without end. Where nobody takes it any more the reports end, too, and that is what counts.
async fn write(orders: &mut ChildStdin, unwritten: &mut BytesMut) -> Infallible {
    if let Err(error) = orders.write_all_buf(unwritten).await {
        tracing::debug!(%error, "a keeper takes no orders");
        unwritten.clear();
    }
    std::future::pending().await
}

/// A folder that stays the same, wherever the server itself may go.
pub(crate) fn dir(dir: Option<&Path>) -> io::Result<PathBuf> {
    let here = env::current_dir()?;
    Ok(dir.map_or(here.clone(), |dir| here.join(dir)))
}

/// All of a command's environment: a plain `PATH`, what is passed on of the server's own, and what was set.
pub(crate) fn environment(
    set: &BTreeMap<String, String>,
    passed: &[String],
) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
    let passed = passed.iter();
    environment.extend(passed.filter_map(|name| Some((name.clone(), env::var(name).ok()?))));
    environment.extend(set.clone());
    environment
}

/// What the end of a command says of a kill.
pub(crate) fn stopped(gone: Gone) -> Stopped {
    Stopped {
        forced: gone.forced,
        survivors: Some(gone.survivors),
        signals: gone.signals.into_iter().map(Into::into).collect(),
    }
}
