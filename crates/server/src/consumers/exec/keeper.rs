//! The shim of a command, as its server sees it: orders go in, reports come out.

use std::{io, path::PathBuf, process::Stdio, time::Duration};

use bytes::{Buf, BytesMut};
use longwire_shim::{
    Cgroup,
    wire::{HEAD_BYTES, Order, Report, Start, head},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::sleep,
};

/// Bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;
/// How often a cgroup is swept that its shim has left.
const SWEEPS: u32 = 500;
/// Between two sweeps.
const SWEEP: Duration = Duration::from_millis(2);

/// The keeper of one command. Where it is dropped the shim sees that its server is gone, and ends the command by itself.
pub(super) struct Keeper {
    shim: Child,
    orders: ChildStdin,
    reports: ChildStdout,
    read: BytesMut,
    /// The cgroup of the command, if it has one.
    cgroup: Option<PathBuf>,
}

impl Keeper {
    /// Starts the shim of a command, and has it start that.
    pub(super) async fn start(start: Start) -> io::Result<Self> {
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
    pub(super) async fn order(&mut self, order: &Order) -> io::Result<()> {
        self.orders.write_all(&order.encode()?).await
    }

    /// The next report; none once the shim is gone. May be dropped at any time, and loses nothing.
    pub(super) async fn report(&mut self) -> io::Result<Option<Report>> {
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
    pub(super) async fn sweep(&self) -> bool {
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
    pub(super) async fn until_gone(mut self) {
        drop(self.orders);
        // What it came to was in its last report.
        let _ = self.shim.wait().await;
    }
}
