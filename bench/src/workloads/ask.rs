//! What one turn is about, and what that is called.

use std::fmt;

use crate::report::grouped;

/// What varies within a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Unanswered requests on each socket.
    Depth(usize),
    /// Running requests.
    Running(usize),
    /// Running requests that are killed, unanswered kills on each socket, and which is killed next.
    Kills {
        requests: usize,
        depth: usize,
        order: Order,
    },
    /// Running requests that are killed by one frame.
    KillAll(usize),
    /// Sockets.
    Sockets(usize),
    /// Sockets that watch, and whether one more never reads.
    Watchers { reading: usize, stalled: bool },
    /// Symbols of a catalogue; none for the standard one.
    Symbols(Option<usize>),
    /// Starts of the server.
    Starts(usize),
    /// Running requests on a disk, listed and killed.
    Held(usize),
}

/// Which of many is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The one that was started first.
    Started,
    /// Any; always the same.
    Random,
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth(depth)
            | Self::Kills {
                depth,
                order: Order::Started,
                ..
            } => write!(f, "depth {depth}"),
            Self::Kills {
                depth,
                order: Order::Random,
                ..
            } => write!(f, "depth {depth}, in any order"),
            Self::Running(requests) => write!(f, "{} running", counted(*requests)),
            Self::KillAll(_) => f.write_str("all by one where"),
            Self::Sockets(1) => f.write_str("1 socket"),
            Self::Sockets(sockets) => write!(f, "{} sockets", counted(*sockets)),
            Self::Watchers {
                reading: 1,
                stalled: false,
            } => f.write_str("1 watcher"),
            Self::Watchers {
                reading,
                stalled: false,
            } => write!(f, "{reading} watchers"),
            Self::Watchers {
                reading,
                stalled: true,
            } => write!(f, "{reading} watchers, and 1 stalled"),
            Self::Symbols(None) => f.write_str("standard catalogue"),
            Self::Symbols(Some(symbols)) => write!(f, "{} symbols", counted(*symbols)),
            Self::Starts(_) => f.write_str("from start to answer"),
            Self::Held(requests) => write!(f, "{} held", counted(*requests)),
        }
    }
}

fn counted(number: usize) -> String {
    grouped(&number.to_string())
}
