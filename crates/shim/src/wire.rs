//! What server and shim say to one another: frames of a kind, a length and so many bytes.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    path::PathBuf,
};

use bytes::Bytes;
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::Limits;

/// Bytes of one frame at most.
pub const FRAME_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of a frame before what is in it: its kind and its length, big-endian.
pub const HEAD_BYTES: usize = 5;

/// The command to start: the first frame of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The program, by path or by a name that is looked for in the `PATH` of `env`, and its arguments.
    pub argv: Vec<String>,
    /// The folder it is started in.
    pub dir: PathBuf,
    /// All of its environment.
    pub env: BTreeMap<String, String>,
    /// What it is given on its stdin.
    pub stdin: String,
    /// Whether its stdin stays open for more after that.
    pub more_stdin: bool,
    /// What it may use.
    pub limits: Limits,
    /// The cgroup that is made for it, where one can be had: it must not be there. A shim that may not make it does without.
    pub cgroup: Option<PathBuf>,
    /// Milliseconds between asking it to end and forcing it, where the server has gone.
    pub grace_ms: u64,
}

/// What a server asks of a shim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start the command. Once, before all else.
    Start(Box<Start>),
    /// Ask it to end: its stdin is closed, and SIGTERM goes to its group once that is there.
    Ask,
    /// Kill everything that is left of it.
    Force,
    /// Give it this on its stdin, where that stays open.
    Input(Vec<u8>),
}

/// What a shim tells its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The command runs, as the process of this number.
    Started(u32),
    /// It could not be started.
    NotStarted(NotStarted),
    /// It printed this to stdout.
    Stdout(Bytes),
    /// It printed this to stderr.
    Stderr(Bytes),
    /// So many bytes of its input were taken by it, or by the pipe to it. Not of what was given once it was to end.
    Fed(u32),
    /// The command itself has ended; what it started may go on.
    Exited(Exit),
    /// Nothing is left of it, or this much. The last report.
    Gone(Gone),
}

/// A stream that a command prints to, as the report that passes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Stdout,
    Stderr,
}

impl Output {
    /// What stands before so many bytes of it, which fit into a frame.
    #[expect(clippy::cast_possible_truncation, reason = "a frame is far shorter")]
    pub(crate) fn head(self, length: usize) -> [u8; HEAD_BYTES] {
        let kind = match self {
            Self::Stdout => STDOUT,
            Self::Stderr => STDERR,
        };
        let [a, b, c, d] = (length as u32).to_be_bytes();
        [kind, a, b, c, d]
    }
}

/// Why a command could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotStarted {
    /// In words.
    pub why: String,
    /// The system's name for it, such as `ENOENT`, where it is the system's refusal.
    pub errno: Option<String>,
    /// What could not be had.
    pub step: Step,
}

/// A step to a command that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The folder that it starts in.
    Dir,
    /// What it may use.
    Limits,
    /// The program.
    Program,
    /// A process, and what belongs to it.
    Process,
}

impl From<io::Error> for NotStarted {
    fn from(error: io::Error) -> Self {
        Self::at(Step::Process, &error)
    }
}

impl NotStarted {
    pub(crate) fn at(step: Step, error: &io::Error) -> Self {
        let missing = (error.kind() == io::ErrorKind::NotFound).then_some(Errno::ENOENT);
        let errno = error.raw_os_error().map(Errno::from_raw).or(missing);
        Self {
            why: error.to_string(),
            errno: errno.map(|errno| format!("{errno:?}")),
            step,
        }
    }
}

/// How the command itself ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
}

/// What is left of a command, and what it took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// Processes of it that are still there, though they were killed: 0 is verified.
    pub survivors: u32,
    /// The signals that were sent to end it, such as `TERM`, in order, each kind once.
    pub signals: Vec<String>,
    /// Whether something had to be killed that the end was asked of before, or that was left after the command's own end.
    pub forced: bool,
    /// Milliseconds of processor time in user code, of all of it.
    pub user_ms: u64,
    /// Milliseconds of processor time in the kernel.
    pub system_ms: u64,
    /// The largest memory of one of its processes, in bytes.
    pub max_rss_bytes: u64,
}

const START: u8 = b's';
const ASK: u8 = b'a';
const FORCE: u8 = b'f';
const INPUT: u8 = b'i';
const STARTED: u8 = b'S';
const NOT_STARTED: u8 = b'N';
const STDOUT: u8 = b'o';
const STDERR: u8 = b'e';
const FED: u8 = b'w';
const EXITED: u8 = b'x';
const GONE: u8 = b'g';

/// A frame that is none of these.
fn strange(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}

fn json<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(strange)
}

fn read_json<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> io::Result<T> {
    serde_json::from_slice(bytes).map_err(strange)
}

impl Order {
    /// Writes the order.
    ///
    /// # Errors
    /// Where nobody reads any more.
    pub fn encode(&self) -> io::Result<Vec<u8>> {
        match self {
            Self::Start(start) => frame(START, &json(start)?),
            Self::Ask => frame(ASK, &[]),
            Self::Force => frame(FORCE, &[]),
            Self::Input(bytes) => frame(INPUT, bytes),
        }
    }

    /// Reads an order; none at the end.
    ///
    /// # Errors
    /// Where it is none, or cannot be read.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let Some((kind, bytes)) = read_frame(from)? else {
            return Ok(None);
        };
        match kind {
            START => Ok(Some(Self::Start(read_json(&bytes)?))),
            ASK => Ok(Some(Self::Ask)),
            FORCE => Ok(Some(Self::Force)),
            INPUT => Ok(Some(Self::Input(bytes))),
            other => Err(strange(format_args!("no order is of the kind {other}"))),
        }
    }
}

impl Report {
    /// Writes the report.
    ///
    /// # Errors
    /// Where nobody reads any more.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let frame = match self {
            Self::Started(pid) => frame(STARTED, &pid.to_be_bytes()),
            Self::NotStarted(why) => frame(NOT_STARTED, &json(why)?),
            Self::Stdout(bytes) => frame(STDOUT, bytes),
            Self::Stderr(bytes) => frame(STDERR, bytes),
            Self::Fed(count) => frame(FED, &count.to_be_bytes()),
            Self::Exited(exit) => frame(EXITED, &json(exit)?),
            Self::Gone(gone) => frame(GONE, &json(gone)?),
        };
        to.write_all(&frame?)?;
        to.flush()
    }

    /// The report of a frame's kind and bytes.
    ///
    /// # Errors
    /// Where it is none.
    pub fn decode(kind: u8, bytes: impl Into<Bytes>) -> io::Result<Self> {
        let bytes = bytes.into();
        Ok(match kind {
            STARTED => Self::Started(u32::from_be_bytes((*bytes).try_into().map_err(strange)?)),
            NOT_STARTED => Self::NotStarted(read_json(&bytes)?),
            STDOUT => Self::Stdout(bytes),
            STDERR => Self::Stderr(bytes),
            FED => Self::Fed(u32::from_be_bytes((*bytes).try_into().map_err(strange)?)),
            EXITED => Self::Exited(read_json(&bytes)?),
            GONE => Self::Gone(read_json(&bytes)?),
            other => return Err(strange(format_args!("no report is of the kind {other}"))),
        })
    }
}

/// The kind and the length that a frame's head says.
///
/// # Errors
/// Where it is longer than any may be.
pub fn head(head: [u8; HEAD_BYTES]) -> io::Result<(u8, usize)> {
    let [kind, length @ ..] = head;
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_BYTES {
        return Err(strange(format_args!("a frame of {length} bytes")));
    }
    Ok((kind, length))
}

fn frame(kind: u8, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(bytes.len()).map_err(strange)?;
    if bytes.len() > FRAME_BYTES {
        return Err(strange(format_args!("a frame of {length} bytes")));
    }
    let mut frame = Vec::with_capacity(HEAD_BYTES + bytes.len());
    frame.push(kind);
    frame.extend(length.to_be_bytes());
    frame.extend(bytes);
    Ok(frame)
}

fn read_frame(from: &mut impl Read) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut start = [0; HEAD_BYTES];
    match from.read_exact(&mut start) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let (kind, length) = head(start)?;
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(Some((kind, bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_read_back() {
        let start = Start {
            argv: vec!["ls".to_owned(), "-l".to_owned()],
            dir: "/".into(),
            env: BTreeMap::from([("A".to_owned(), "ö".to_owned())]),
            stdin: "{}".to_owned(),
            more_stdin: true,
            limits: Limits::default(),
            cgroup: Some("/sys/fs/cgroup/longwire-7-1".into()),
            grace_ms: 5,
        };
        for order in [
            Order::Start(Box::new(start)),
            Order::Ask,
            Order::Force,
            Order::Input(vec![0xff, b'\n']),
        ] {
            let bytes = order.encode().unwrap();
            let read = Order::read(&mut bytes.as_slice()).unwrap();
            assert_eq!(read, Some(order));
        }
        assert_eq!(Order::read(&mut [].as_slice()).unwrap(), None);
        assert!(Order::read(&mut b"a\xff\xff\xff\xff".as_slice()).is_err());
        assert!(Order::read(&mut b"?\0\0\0\0".as_slice()).is_err());
    }

    #[test]
    fn reports_read_back() {
        let reports = [
            Report::Started(7),
            Report::NotStarted(io::Error::from_raw_os_error(13).into()),
            Report::Stdout(vec![0xff, 0].into()),
            Report::Stderr(Bytes::new()),
            Report::Fed(7),
            Report::Exited(Exit::Signal(9)),
            Report::Gone(Gone::default()),
        ];
        for report in reports {
            let mut bytes = Vec::new();
            report.write(&mut bytes).unwrap();
            let (kind, rest) = read_frame(&mut bytes.as_slice()).unwrap().unwrap();
            assert_eq!(Report::decode(kind, rest).unwrap(), report);
        }
        for (output, report) in [
            (Output::Stdout, Report::Stdout(vec![7; 300].into())),
            (Output::Stderr, Report::Stderr(vec![7; 300].into())),
        ] {
            let mut bytes = Vec::new();
            report.write(&mut bytes).unwrap();
            assert_eq!(bytes[..HEAD_BYTES], output.head(300));
        }
    }
}
