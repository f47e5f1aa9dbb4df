//! The driver: a program around a client, which takes orders on stdin and answers on stdout.

use std::{
    collections::{HashMap, VecDeque},
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

use crate::matching::cut;

/// The longest line that a driver may print.
const LINE_BYTES: usize = 4 * 1024 * 1024;
/// Of what it writes to stderr the end is kept.
const STDERR_BYTES: usize = 4 * 1024;

/// What every client can, or there is nothing to play.
const NEEDED: [&str; 2] = ["connect", "start"];

/// An order that was given.
#[derive(Debug)]
struct Asked {
    verb: String,
    answer: Option<Value>,
}

/// A running driver. It is killed where it is dropped.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<FramedRead<ChildStdout, LinesCodec>>,
    stderr: Option<ChildStderr>,
    to_write: VecDeque<u8>,
    /// Orders that are not answered, and answers that nobody asked for yet.
    answers: HashMap<u64, Asked>,
    last: u64,
    said: VecDeque<u8>,
    /// What it did that no driver may.
    pub(super) fault: Option<String>,
    /// What it was told to do and has not.
    pub(super) unsupported: Option<String>,
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
            answers: HashMap::new(),
            last: 0,
            said: VecDeque::new(),
            fault: None,
            unsupported: None,
        })
    }

    /// Its process, while it is there.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Gives an order, and says by which number it will be answered.
    pub(super) fn order(&mut self, mut order: Map<String, Value>) -> u64 {
        self.last += 1;
        let verb = order.get("do").and_then(Value::as_str).unwrap_or_default();
        let verb = verb.to_owned();
        let answer = None;
        self.answers.insert(self.last, Asked { verb, answer });
        order.insert("n".to_owned(), self.last.into());
        let line = format!("{}\n", Value::Object(order));
        self.to_write.extend(line.bytes());
        self.last
    }

    /// The answer to an order, once.
    pub(super) fn answer(&mut self, number: u64) -> Option<Value> {
        self.answers.get(&number)?.answer.as_ref()?;
        self.answers.remove(&number)?.answer
    }

    /// Whether an order was answered.
    pub(super) fn is_answered(&self, number: u64) -> bool {
        let asked = self.answers.get(&number);
        asked.is_some_and(|asked| asked.answer.is_some())
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
            match (self.answer(number), self.fault.clone()) {
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
                Poll::Ready(Some(Ok(line))) => self.hear(&line),
                Poll::Ready(Some(Err(error))) => {
                    self.fault = Some(format!("the driver's stdout: {error}"));
                    self.stdout = None;
                }
                Poll::Ready(None) => self.stdout = None,
                Poll::Pending => return,
            }
        }
    }

    /// A line that answers no order is a fault, so a driver cannot flood.
    fn hear(&mut self, line: &str) {
        let answer: Option<Value> = serde_json::from_str(line).ok();
        let number = answer.as_ref().and_then(|it| it["n"].as_u64());
        let asked = number.and_then(|number| self.answers.get_mut(&number));
        match (asked.filter(|asked| asked.answer.is_none()), answer) {
            (Some(asked), Some(answer)) => {
                let error = &answer["error"];
                let is_needed = NEEDED.contains(&asked.verb.as_str());
                if error["code"] == "unsupported" && is_needed {
                    let why = format!("no driver can leave out {:?}", asked.verb);
                    self.fault = Some(why);
                } else if error["code"] == "unsupported" {
                    let what = error["message"].as_str().unwrap_or_default();
                    self.unsupported = Some(what.to_owned());
                }
                asked.answer = Some(answer);
            }
            _ if self.fault.is_none() => {
                let line = cut(line, 200);
                self.fault = Some(format!("the driver printed what answers no order: {line}"));
            }
            _ => {}
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
