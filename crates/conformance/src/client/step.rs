//! The steps of a dialogue that is played as a server: see `docs/conformance.md`.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    format::{self, Line, expected, read_as, repeated},
    placeholder::check,
};

/// One line of a dialogue. The name of an order or of a connection comes first; the nameless ones have most to say.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Gives the driver an order.
    Order(String, String),
    /// The order is answered in one of these ways, within so many seconds.
    Answer(String, Vec<Value>, Option<f64>),
    /// The order is not answered for so many seconds.
    Unanswered(String, f64),
    /// The order is given again and again, until it is answered so.
    Until(String, Value),
    /// A connection comes.
    Open(String),
    /// No connection comes for so many seconds.
    Nobody(f64),
    /// The client sends these, in any order.
    Hear(String, Vec<Value>),
    /// The client sends nothing for so many seconds that the kit does not answer by itself.
    Quiet(String, f64),
    /// Something is done to a connection.
    ToLine(String, ToLine),
    /// Sends a ping with this text, and the same comes back.
    Ping(String, String),
    /// So many seconds pass.
    Pass(f64),
    /// What a worker said of a lease comes to this.
    Said(String, Value),
    /// The driver has at most so many megabytes more than when it was weighed, for so many seconds.
    Grown(u64, f64),
    /// What takes no time.
    AtOnce(AtOnce),
}

/// What may be done to a connection.
#[derive(Clone, Debug)]
pub(crate) enum ToLine {
    /// Sends these texts, all in one write.
    Say(Vec<String>),
    /// Sends these bytes in a binary message.
    Binary(String),
    /// Sends half of this text's frame, and breaks the connection.
    Half(String),
    /// Breaks it.
    Cut,
    /// Closes it with this code.
    Close(u16),
    /// The client closes it.
    Closed,
    /// From here on it is not read, or is again.
    Deaf(bool),
}

/// What takes no time.
#[derive(Clone, Debug)]
pub(crate) enum AtOnce {
    /// Whether connections are refused.
    Refuse(bool),
    /// From here on there is this job.
    Job(Box<JobScript>),
    /// The job of that name goes on.
    Release(String),
    /// How what a worker says is answered from here on.
    Acknowledge(Acknowledge),
    /// Looks how much memory the driver has.
    Weigh,
    /// Whether connections are taken, and dropped unheard.
    TurnAway(bool),
    /// Whether connections are taken, and nothing is said on them.
    Silent(bool),
    /// At most so many were.
    TurnedAway(u64),
}

/// How what a worker says is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Acknowledge {
    /// It is in the log.
    #[default]
    Yes,
    /// Not at all.
    No,
    /// `lease_lost`.
    Lost,
    /// `too_many`: it is not taken, and to be said again.
    TooMany,
}

/// A job that the kit serves by itself: its log, and the faults on the way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobScript {
    /// Its name in the dialogue.
    #[serde(rename = "as")]
    pub(crate) name: String,
    /// The server's name for it.
    #[serde(default = "some_job")]
    pub(crate) id: String,
    /// Its connid; that of its start where it is left out.
    #[serde(default)]
    pub(crate) connid: Option<String>,
    #[serde(default = "some_route")]
    pub(crate) route: String,
    /// It prints so many lines first.
    #[serde(default)]
    pub(crate) lines: u64,
    /// Each of these lines has so many dots more.
    #[serde(default)]
    pub(crate) wide: usize,
    /// What its events carry after that.
    #[serde(default)]
    pub(crate) events: Vec<Map<String, Value>>,
    /// The connection breaks once the event with this number was sent, once for each.
    #[serde(default)]
    pub(crate) cut: Vec<u64>,
    /// Of the event with this number half is sent, and the connection breaks, once for each.
    #[serde(default)]
    pub(crate) half: Vec<u64>,
    /// Events with these numbers are left out, once each.
    #[serde(default)]
    pub(crate) skip: Vec<u64>,
    /// Events with these numbers are always left out, and no gap is said.
    #[serde(default)]
    pub(crate) missing: Vec<u64>,
    /// Every event comes twice.
    #[serde(default)]
    pub(crate) twice: bool,
    /// Events before this number are no longer kept.
    #[serde(default)]
    pub(crate) kept_from: u64,
    /// What comes after this number happens only once the job is released.
    #[serde(default)]
    pub(crate) hold: Option<u64>,
}

fn some_job() -> String {
    "01970000-0000-7000-8000-000000000001".to_owned()
}

fn some_route() -> String {
    "report".to_owned()
}

impl format::Step for Step {
    fn read(line: &Line) -> Result<Self, String> {
        let (key, raw) = line.first(&["within", "or", "is", "said", "for"])?;
        let (name, what) = match key.find(['!', '=', '<', '>']) {
            Some(sign) => key.split_at(sign),
            None => key.split_once(' ').unwrap_or(("", key)),
        };
        let name = name.to_owned();
        Ok(match what {
            "!" => Self::Order(name, order(raw)?),
            "=" => {
                let ways = std::iter::once(expected(raw)?).chain(beside(line, "or")?);
                Self::Answer(name, ways.collect(), line.get("within")?)
            }
            ">" => Self::Hear(name, vec![checked(written_out(raw)?)?]),
            ">>" => {
                let frames: Vec<Value> = written_out(raw)?;
                frames.iter().try_for_each(check)?;
                Self::Hear(name, frames)
            }
            "<" => Self::ToLine(name, ToLine::Say(vec![repeated(raw.get())])),
            "<<" => {
                let frames: Vec<Box<RawValue>> = read_as(key, raw)?;
                let texts = frames.iter().map(|raw| repeated(raw.get()));
                Self::ToLine(name, ToLine::Say(texts.collect()))
            }
            "raw" => {
                let text: String = read_as(key, raw)?;
                Self::ToLine(name, ToLine::Say(vec![repeated(&text)]))
            }
            "binary" => Self::ToLine(name, ToLine::Binary(read_as(key, raw)?)),
            "half" => Self::ToLine(name, ToLine::Half(repeated(raw.get()))),
            "unanswered" => Self::Unanswered(name, read_as(key, raw)?),
            "until" => {
                let is = beside(line, "is")?.ok_or("\"until\" needs an \"is\"")?;
                Self::Until(order(raw)?, is)
            }
            "open" => Self::Open(name),
            "nobody" => Self::Nobody(read_as(key, raw)?),
            "quiet" => Self::Quiet(name, read_as(key, raw)?),
            "cut" => Self::ToLine(name, ToLine::Cut),
            "close" => Self::ToLine(name, ToLine::Close(read_as(key, raw)?)),
            "closed" => Self::ToLine(name, ToLine::Closed),
            "ping" => Self::Ping(name, read_as(key, raw)?),
            "deaf" => Self::ToLine(name, ToLine::Deaf(read_as(key, raw)?)),
            "pass" => Self::Pass(read_as(key, raw)?),
            "lease" => {
                let said = beside(line, "said")?.ok_or("\"lease\" needs a \"said\"")?;
                Self::Said(read_as(key, raw)?, said)
            }
            "grown" => {
                let seconds = line.get("for")?.ok_or("\"grown\" needs a \"for\"")?;
                Self::Grown(read_as(key, raw)?, seconds)
            }
            _ => Self::AtOnce(AtOnce::read(key, raw, what)?),
        })
    }
}

impl AtOnce {
    fn read(key: &str, raw: &RawValue, what: &str) -> Result<Self, String> {
        Ok(match what {
            "refuse" => Self::Refuse(read_as(key, raw)?),
            "job" => Self::Job(written_out(raw)?),
            "release" => Self::Release(read_as(key, raw)?),
            "acknowledge" => Self::Acknowledge(read_as(key, raw)?),
            "weigh" => Self::Weigh,
            "silent" => Self::Silent(read_as(key, raw)?),
            "turn_away" => Self::TurnAway(read_as(key, raw)?),
            "turned_away" => Self::TurnedAway(read_as(key, raw)?),
            _ => return Err(format!("what is {key:?}?")),
        })
    }
}

/// What is written there, once what is to be repeated was.
fn written_out<T: DeserializeOwned>(raw: &RawValue) -> Result<T, String> {
    serde_json::from_str(&repeated(raw.get())).map_err(|error| error.to_string())
}

/// What is expected beside something else, where it is there.
fn beside(line: &Line, key: &str) -> Result<Option<Value>, String> {
    line.get(key)?.map(checked).transpose()
}

fn checked(expected: Value) -> Result<Value, String> {
    check(&expected)?;
    Ok(expected)
}

/// An order as it is written, once it was seen to be an object.
fn order(raw: &RawValue) -> Result<String, String> {
    let _: Map<String, Value> = read_as("an order", raw)?;
    Ok(repeated(raw.get()))
}
