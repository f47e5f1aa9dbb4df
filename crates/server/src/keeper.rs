//! The shim of a command, as its server sees it: orders go in, reports come out. And what a command starts with.

use std::{
    collections::BTreeMap,
    env, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use bytes::{Buf, BytesMut};
use longwire_engine::Stopped;
use longwire_shim::{
    Cgroup,
    wire::{Gone, HEAD_BYTES, Order, Report, Start, head},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::sleep,
};

/// Where programs are looked for, unless the route says otherwise.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;
/// How often a cgroup is swept that its shim has left.
const SWEEPS: u32 = 500;
/// Between two sweeps.
const SWEEP: Duration = Duration::from_millis(2);

/// The keeper of one command. Where it is dropped the shim sees that its server is gone, and ends the command by itself.
pub(crate) struct Keeper {
    shim: Child,
    orders: ChildStdin,
    reports: ChildStdout,
    read: BytesMut,
    /// The cgroup of the command, if it has one.
    cgroup: Option<PathBuf>,
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
            shim,
            orders,
            reports,
            read: BytesMut::new(),
        };
        keeper.order(&Order::Start(Box::new(start))).await?;
        Ok(keeper)
    }

    /// Gives an order.
    pub(crate) async fn order(&mut self, order: &Order) -> io::Result<()> {
        self.orders.write_all(&order.encode()?).await
    }

    /// The next report; none once the shim is gone. May be dropped at any time, and loses nothing.
    pub(crate) async fn report(&mut self) -> io::Result<Option<Report>> {
        loop {
            if let Some(report) = self.take()? {
                return Ok(Some(report));
            }
            self.read.reserve(READ_BYTES);
            if self.reports.read_buf(&mut self.read).await? == 0 {
                return Ok(None);
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
        let bytes = self.read.split_to(length).to_vec();
        Report::decode(kind, bytes).map(Some)
    }

    /// Kills what a shim that was killed has left in the command's cgroup. Whether there was one to look at.
    pub(crate) async fn sweep(&self) -> bool {
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
