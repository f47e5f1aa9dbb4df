//! What was recorded.

use std::{
    collections::BTreeMap,
    io::{BufRead, Write},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything that was recorded of one run, in the order in which it became known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The facts.
    pub entries: Vec<Entry>,
}

/// One fact, and when it became known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Microseconds since the recording began, on a clock that runs evenly and only forward.
    pub at: u64,
    /// How many server processes had been started by then.
    pub life: u32,
    /// What became known.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What can become known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// How the run was set up. The first fact.
    Setup(Setup),
    /// A server process is about to be started.
    Spawned {
        /// By how many microseconds the wall clock is ahead of the recording's own: deadlines that outlive a server are kept
        /// by the wall clock.
        wall: u64,
    },
    /// It said that it listens.
    Listens,
    /// It is about to be killed with SIGKILL.
    Killed,
    /// It is about to be asked to leave with SIGTERM.
    Asked,
    /// It left though nothing had killed it, or did not leave well when asked.
    Left {
        /// How it left.
        how: String,
    },
    /// A socket was opened.
    Connected {
        /// The number of the client.
        client: u32,
        /// The number of its socket; each has another.
        socket: u32,
    },
    /// A frame is about to be sent.
    Sent {
        /// On which socket.
        socket: u32,
        /// The frame.
        frame: Value,
    },
    /// A frame came.
    Received {
        /// On which socket.
        socket: u32,
        /// The frame.
        frame: Value,
    },
    /// A message came that is not JSON.
    Garbled {
        /// On which socket.
        socket: u32,
        /// The message, as far as it is text.
        text: String,
    },
    /// The server closed a socket.
    Closed {
        /// Which.
        socket: u32,
        /// With what code.
        code: u16,
    },
    /// A socket broke.
    Lost {
        /// Which.
        socket: u32,
    },
    /// Everything should have come to rest: what that socket is told from here on is how things stand in the end.
    Look {
        /// Which.
        socket: u32,
    },
}

/// How a run was set up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// What decided everything that could be decided.
    pub seed: u64,
    /// How often the server was to be killed.
    pub cycles: u32,
    /// Routes whose jobs end `ok` when their time is up, and for nothing else.
    pub timers: Vec<String>,
    /// How many jobs of a route may run at once, where that is bounded.
    pub bounds: BTreeMap<String, u32>,
}

/// A place in a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The number of the entry: what is less came before.
    pub entry: usize,
    /// Its time.
    pub at: u64,
}

impl History {
    /// How the run was set up.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let setup = self.entries.iter().find_map(|entry| {
            if let Fact::Setup(setup) = &entry.fact {
                Some(setup.clone())
            } else {
                None
            }
        });
        setup.unwrap_or_default()
    }

    /// Every fact with its place.
    pub fn facts(&self) -> impl Iterator<Item = (Moment, &Fact)> {
        let numbered = self.entries.iter().enumerate();
        numbered.map(|(entry, Entry { at, fact, .. })| (Moment { entry, at: *at }, fact))
    }

    /// Writes it down, an entry a line.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, mut to: impl Write) -> Result<()> {
        for entry in &self.entries {
            serde_json::to_writer(&mut to, entry)?;
            to.write_all(b"\n")?;
        }
        Ok(to.flush()?)
    }

    /// Reads what [`History::write`] wrote.
    ///
    /// # Errors
    /// The line that is not an entry.
    pub fn read(from: impl BufRead) -> Result<Self> {
        let mut entries = Vec::new();
        for (number, line) in from.lines().enumerate() {
            let entry = serde_json::from_str(&line?);
            entries.push(entry.with_context(|| format!("line {}", number + 1))?);
        }
        Ok(Self { entries })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_history_reads_back_as_it_was_written() {
        let facts = [
            Fact::Setup(Setup {
                seed: 7,
                cycles: 2,
                timers: vec!["request".into()],
                bounds: BTreeMap::from([("narrow".into(), 2)]),
            }),
            Fact::Spawned { wall: 1 << 50 },
            Fact::Listens,
            Fact::Sent {
                socket: 3,
                frame: json!({"route": "request", "time": 0.123_456}),
            },
            Fact::Killed,
            Fact::Lost { socket: 3 },
        ];
        let entries = facts
            .into_iter()
            .zip(1..)
            .map(|(fact, at)| Entry { at, life: 1, fact });
        let history = History {
            entries: entries.collect(),
        };
        let mut text = Vec::new();
        history.write(&mut text).unwrap();
        assert_eq!(History::read(&*text).unwrap(), history);
        assert!(History::read(&b"{}"[..]).is_err());
    }
}
