//! Dialogues that are played as a client: their steps, and who takes them.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tokio_websockets::{CloseCode, Message};

use crate::{
    format::{self, Line, bytes, expected, read_as, repeated},
    matching::{Names, cut},
    sockets::{Place, Sockets},
};

/// One line of a dialogue. The name of a socket comes first; the nameless one has most to say.
#[derive(Clone, Debug)]
pub enum Step {
    /// Opens a socket with these headers. The answer has this status and, where one is given, this subprotocol.
    Open(String, BTreeMap<String, String>, Answer),
    /// Sends these texts, all in one write.
    Send(String, Vec<String>),
    /// Sends these bytes in a binary message.
    SendBinary(String, Vec<u8>),
    /// Sends these bytes as they are, without a frame around them.
    SendBytes(String, Vec<u8>),
    /// Sends so many pings.
    Ping(String, u64),
    /// The next frame that is received fits this.
    Expect(String, Value),
    /// Frames are received and not looked at, up to one that fits this or, where it is a number, to the close with this code.
    Skip(String, Value),
    /// Nothing is received for so many seconds.
    Quiet(String, f64),
    /// The socket is not read until something is expected of it.
    Deaf(String),
    /// Closes the socket, as a client does.
    Close(String),
    /// The server closes the socket with this code.
    Closed(String, u64),
    /// The connection breaks.
    Cut(String),
    /// So many seconds pass.
    Pass(f64),
    /// The server is told to stop.
    Stop,
    /// The server is told to stop, and once it has another is started in its place.
    Restart,
}

/// What a request to open a socket is answered with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Of HTTP; 101 where it was opened.
    pub status: u16,
    /// What was agreed on.
    #[serde(default)]
    pub subprotocol: Option<String>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP status {}", self.status)?;
        match &self.subprotocol {
            Some(agreed) => write!(f, " with the subprotocol {agreed}"),
            None => f.write_str(" without a subprotocol"),
        }
    }
}

impl format::Step for Step {
    fn read(line: &Line) -> Result<Self, String> {
        let (key, raw) = line.first(&["answer"])?;
        if let Some(socket) = key.strip_suffix(">>") {
            let frames: Vec<Box<RawValue>> = read_as(key, raw)?;
            let texts = frames.iter().map(|raw| repeated(raw.get()));
            return Ok(Self::Send(socket.to_owned(), texts.collect()));
        }
        if let Some(socket) = key.strip_suffix('>') {
            return Ok(Self::Send(socket.to_owned(), vec![repeated(raw.get())]));
        }
        if let Some(socket) = key.strip_suffix('<') {
            return Ok(Self::Expect(socket.to_owned(), expected(raw)?));
        }
        let (socket, what) = key.split_once(' ').unwrap_or(("", key));
        let socket = socket.to_owned();
        let text = || read_as::<String>(key, raw).map(|text| repeated(&text));
        Ok(match what {
            "open" => {
                let answer = line.get("answer")?.ok_or("\"open\" needs an \"answer\"")?;
                Self::Open(socket, read_as(key, raw)?, answer)
            }
            "raw" => Self::Send(socket, vec![text()?]),
            "binary" => Self::SendBinary(socket, text()?.into_bytes()),
            "bytes" => Self::SendBytes(socket, bytes(&text()?)?),
            "ping" => Self::Ping(socket, read_as(key, raw)?),
            "skip" => Self::Skip(socket, expected(raw)?),
            "quiet" => Self::Quiet(socket, read_as(key, raw)?),
            "deaf" => Self::Deaf(socket),
            "close" => Self::Close(socket),
            "closed" => Self::Closed(socket, read_as(key, raw)?),
            "cut" => Self::Cut(socket),
            "pass" => Self::Pass(read_as(key, raw)?),
            "stop" => Self::Stop,
            "restart" => Self::Restart,
            _ => return Err(format!("what is {key:?}?")),
        })
    }
}

/// Takes the steps of a dialogue, as a client with as many sockets as it names.
#[derive(Debug)]
pub struct Speaker {
    sockets: Sockets,
    names: Names,
    record: Vec<String>,
}

impl Speaker {
    /// Of a server there, which has so long for each answer.
    #[must_use]
    pub const fn new(place: Place, names: Names, patience: Duration) -> Self {
        Self {
            sockets: Sockets::new(place, patience),
            names,
            record: Vec::new(),
        }
    }

    /// What was said so far, for people.
    #[must_use]
    pub fn record(&self) -> &[String] {
        &self.record
    }

    /// Takes one step.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub async fn step(&mut self, step: &Step) -> Result<(), String> {
        let sockets = &mut self.sockets;
        match step {
            Step::Open(name, headers, answer) => match sockets.open(name, headers).await? {
                got if got == *answer => Ok(()),
                got => Err(format!("expected {answer}, got {got}")),
            },
            Step::Send(name, texts) => self.send(name, texts).await,
            Step::SendBinary(name, bytes) => {
                let message = Message::binary(bytes.clone());
                sockets.send(name, vec![message]).await
            }
            Step::SendBytes(name, bytes) => sockets.send_bytes(name, bytes).await,
            Step::Ping(name, times) => {
                let pings = (0..*times).map(|_| Message::ping(""));
                sockets.send(name, pings.collect()).await
            }
            Step::Expect(name, expected) => self.expect(name, expected).await,
            Step::Skip(name, until) => self.skip(name, until).await,
            Step::Quiet(name, seconds) => self.quiet(name, *seconds).await,
            Step::Deaf(name) => sockets.deafen(name).await,
            Step::Close(name) => {
                let close = Message::close(Some(CloseCode::NORMAL_CLOSURE), "");
                sockets.send(name, vec![close]).await
            }
            Step::Closed(name, code) => self.closed(name, *code).await,
            Step::Cut(name) => sockets.cut(name),
            Step::Pass(seconds) => {
                sockets.pass(span(*seconds)?).await;
                Ok(())
            }
            Step::Stop | Step::Restart => Err("this server is not ours to stop".to_owned()),
        }
    }

    /// Nothing must have been said that was not expected.
    ///
    /// # Errors
    /// What was.
    pub async fn end(&mut self) -> Result<(), String> {
        self.sockets.pass(Duration::from_millis(10)).await;
        let is_ours = |(_, text): &(&str, &str)| {
            let frame = serde_json::from_str(text).unwrap_or_default();
            !self.names.is_of_others(&frame)
        };
        match self.sockets.left_over().find(is_ours) {
            Some((name, text)) => Err(format!(
                "after the last line, socket {name:?} received {text}"
            )),
            None => Ok(()),
        }
    }

    async fn send(&mut self, name: &str, texts: &[String]) -> Result<(), String> {
        let texts: Vec<String> = texts.iter().map(|text| self.names.fill(text)).collect();
        let said = texts.iter().map(|text| format!("{name}> {text}"));
        self.record.extend(said);
        let messages = texts.into_iter().map(Message::text).collect();
        self.sockets.send(name, messages).await
    }

    async fn next(&mut self, name: &str, expected: &Value) -> Result<Message, String> {
        let message = self.sockets.next(name).await;
        let message = message.map_err(|why| format!("{why}; expected {expected}"))?;
        self.record.push(format!("{name}< {}", words(&message)));
        Ok(message)
    }

    async fn expect(&mut self, name: &str, expected: &Value) -> Result<(), String> {
        let message = self.next(name, expected).await?;
        self.names
            .matches(expected, &frame(&message)?)
            .map_err(|why| {
                format!(
                    "{why}\n    expected {expected}\n    got      {}",
                    words(&message)
                )
            })
    }

    async fn skip(&mut self, name: &str, until: &Value) -> Result<(), String> {
        loop {
            let message = self.next(name, until).await?;
            if until.is_number() && close_code(&message) == until.as_u64() {
                return Ok(());
            }
            let mut names = self.names.clone();
            if names.matches(until, &frame(&message)?).is_ok() {
                self.names = names;
                return Ok(());
            }
        }
    }

    async fn quiet(&mut self, name: &str, seconds: f64) -> Result<(), String> {
        match self.sockets.next_within(name, span(seconds)?).await? {
            None => Ok(()),
            Some(message) => Err(format!("expected nothing, got {}", words(&message))),
        }
    }

    async fn closed(&mut self, name: &str, code: u64) -> Result<(), String> {
        match self.sockets.next(name).await? {
            message if close_code(&message) == Some(code) => Ok(()),
            message => Err(format!(
                "expected a close with {code}, got {}",
                words(&message)
            )),
        }
    }
}

fn frame(message: &Message) -> Result<Value, String> {
    let text = message
        .as_text()
        .ok_or_else(|| format!("expected a text, got {}", words(message)))?;
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}: {text}"))
}

/// A message for people.
fn words(message: &Message) -> String {
    let bytes = message.as_payload().len();
    match (message.as_text(), message.as_close()) {
        (Some(text), _) => cut(text, 400),
        (None, Some((code, why))) => format!("a close with {} ({why:?})", u16::from(code)),
        (None, None) => format!("a binary message of {bytes} bytes"),
    }
}

fn close_code(message: &Message) -> Option<u64> {
    let (code, _) = message.as_close()?;
    Some(u16::from(code).into())
}

/// Seconds of a dialogue.
pub(crate) fn span(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("{seconds} s: {error}"))
}
