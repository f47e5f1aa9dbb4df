//! The driver: a program around a client, which takes orders on stdin and answers on stdout.

use std::{
    collections::VecDeque,
    ffi::OsString,
    future::poll_fn,
    process::Stdio,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::StreamExt;
use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, killpg},
        wait::{Id, WaitPidFlag, WaitStatus, waitid},
    },
    unistd::Pid,
};
use serde_json::{Map, Value};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::{sleep, timeout},
};
use tokio_util::codec::{FramedRead, LinesCodec};

use super::answers::Answers;

/// The longest line that a driver may print.
const LINE_BYTES: usize = 4 * 1024 * 1024;
/// Of what it writes to stderr the end is kept.
const STDERR_BYTES: usize = 4 * 1024;

/// A running driver. It is killed where it is dropped.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<FramedRead<ChildStdout, LinesCodec>>,
    stderr: Option<ChildStderr>,
    to_write: VecDeque<u8>,
    pub(super) answers: Answers,
    said: VecDeque<u8>,
}

/// A driver may be a script around a program: that goes with it.
impl Drop for Driver {
    fn drop(&mut self) {
        self.kill_group();
    }
}

impl Driver {
    pub(crate) fn start(argv: &[OsString]) -> Result<Self, String> {
        let (program, args) = argv.split_first().ok_or("a driver is a program")?;
        let started = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let name = program.to_string_lossy();
        let mut child = started.map_err(|error| format!("cannot start {name}: {error}"))?;
        let stdout = child.stdout.take();
        let codec = LinesCodec::new_with_max_length(LINE_BYTES);
        Ok(Self {
            stdin: child.stdin.take(),
            stdout: stdout.map(|stdout| FramedRead::new(stdout, codec)),
            stderr: child.stderr.take(),
            child,
            to_write: VecDeque::new(),
            answers: Answers::default(),
            said: VecDeque::new(),
        })
    }

    /// Its process, while it is there.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Gives an order, and says by which number it will be answered.
    pub(super) fn order(&mut self, mut order: Map<String, Value>) -> u64 {
        let verb = order.get("do").and_then(Value::as_str);
        let number = self.answers.expect(verb.unwrap_or_default());
        order.insert("n".to_owned(), number.into());
        let line = format!("{}\n", Value::Object(order));
        self.to_write.extend(line.bytes());
        number
    }

    /// The answer to an order, once.
    pub(super) fn answer(&mut self, number: u64) -> Option<Value> {
        self.answers.take(number)
    }

    /// What it wrote to stderr last.
    pub(crate) fn stderr(&self) -> String {
        let said: Vec<u8> = self.said.iter().copied().collect();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Gives an order and waits for its answer, where nothing else is to be done meanwhile.
    pub(crate) async fn ask(
        &mut self,
        order: Map<String, Value>,
        time: Duration,
    ) -> Result<Value, String> {
        let number = self.order(order);
        let answered = poll_fn(|cx| {
            self.poll(cx);
            match (self.answer(number), self.answers.fault.clone()) {
                (Some(answer), _) => Poll::Ready(Ok(Some(answer))),
                (None, Some(fault)) => Poll::Ready(Err(fault)),
                (None, None) if self.is_over() => Poll::Ready(Ok(None)),
                (None, None) => Poll::Pending,
            }
        });
        match timeout(time, answered).await {
            Ok(Ok(Some(answer))) => Ok(answer),
            Ok(Ok(None)) => Err(self.how_it_ended().await),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(format!("no answer within {} s", time.as_secs())),
        }
    }

    /// Ends its stdin, upon which it is to leave.
    pub(super) fn dismiss(&mut self) {
        self.stdin = None;
    }

    /// Whether it has left. What it started goes with it, while the group is still known to be its own.
    pub(super) fn has_left(&mut self) -> Result<bool, String> {
        let Some(pid) = self.group() else {
            return Ok(true);
        };
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        match waitid(Id::Pid(pid), flags) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => return Ok(false),
            Ok(_) => self.kill_group(),
            Err(error) => return Err(format!("cannot wait for the driver: {error}")),
        }
        let status = self.child.try_wait();
        let status = status.map_err(|error| format!("cannot wait for the driver: {error}"))?;
        Ok(status.is_some())
    }

    /// Its group, until it was seen to have left.
    fn group(&self) -> Option<Pid> {
        let pid = i32::try_from(self.child.id()?).ok()?;
        Some(Pid::from_raw(pid))
    }

    fn kill_group(&self) {
        if let Some(group) = self.group() {
            // Where nobody is left there is nothing to be done.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }

    /// How it ended, where it has.
    pub(super) async fn how_it_ended(&mut self) -> String {
        let left = timeout(Duration::from_secs(1), async {
            while matches!(self.has_left(), Ok(false)) {
                sleep(Duration::from_millis(5)).await;
            }
        });
        let left = left.await.map(|()| self.child.try_wait());
        match left {
            Ok(Ok(Some(status))) => format!("the driver is gone ({status})"),
            _ => "the driver closed its stdout".to_owned(),
        }
    }

    /// Whether it says nothing any more.
    pub(super) fn is_over(&self) -> bool {
        self.stdout.is_none()
    }

    /// Writes and reads as far as that can be done without waiting.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        self.poll_write(cx);
        self.poll_answers(cx);
        self.poll_stderr(cx);
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while let Some(stdin) = &mut self.stdin {
            let (bytes, _) = self.to_write.as_slices();
            if bytes.is_empty() {
                return;
            }
            match std::pin::Pin::new(stdin).poll_write(cx, bytes) {
                Poll::Ready(Ok(written)) => drop(self.to_write.drain(..written)),
                // Its end is told by its stdout.
                Poll::Ready(Err(_)) => self.stdin = None,
                Poll::Pending => return,
            }
        }
    }

    fn poll_answers(&mut self, cx: &mut Context<'_>) {
        while let Some(stdout) = &mut self.stdout {
            match stdout.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(line))) => self.answers.hear(&line),
                Poll::Ready(Some(Err(error))) => {
                    self.answers.fault = Some(format!("the driver's stdout: {error}"));
                    self.stdout = None;
                }
                Poll::Ready(None) => self.stdout = None,
                Poll::Pending => return,
            }
        }
    }

    fn poll_stderr(&mut self, cx: &mut Context<'_>) {
        let mut buffer = [0; 1024];
        // What it floods is read in turns.
        for _ in 0..64 {
            let Some(stderr) = &mut self.stderr else {
                return;
            };
            let mut read = ReadBuf::new(&mut buffer);
            match std::pin::Pin::new(stderr).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                    self.said.extend(read.filled());
                    let over = self.said.len().saturating_sub(STDERR_BYTES);
                    self.said.drain(..over);
                }
                Poll::Ready(_) => self.stderr = None,
                Poll::Pending => return,
            }
        }
        cx.waker().wake_by_ref();
    }
}
