//! The table of all that is measured.

mod start;

pub(crate) use start::{Places, Running, Target};

use crate::dialects::Dialect;

/// What a contender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    /// Another system that does the same job.
    Peer,
    /// What the bytes cost without any system.
    Floor,
}

/// How it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The release binary, keeping nothing.
    Longwire,
    /// The release binary, on a disk.
    LongwireOnDisk,
    /// `serve.sh` of a folder in `bench/peers`, told which of those in it.
    Folder(&'static str, Option<&'static str>),
    /// This program, as the pipe's floor.
    Piped,
}

/// A server that is measured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) kind: Kind,
    pub(crate) dialect: Dialect,
    pub(crate) start: Start,
}

const fn peer(
    name: &'static str,
    what: &'static str,
    dialect: Dialect,
    folder: &'static str,
    which: Option<&'static str>,
) -> Contender {
    let start = Start::Folder(folder, which);
    Contender {
        name,
        what,
        kind: Kind::Peer,
        dialect,
        start,
    }
}

const fn floor(name: &'static str, what: &'static str, dialect: Dialect) -> Contender {
    let start = Start::Folder("floors", Some(name));
    Contender {
        name,
        what,
        kind: Kind::Floor,
        dialect,
        start,
    }
}

const fn ours(name: &'static str, what: &'static str, start: Start) -> Contender {
    Contender {
        name,
        what,
        kind: Kind::Ours,
        dialect: Dialect::Json,
        start,
    }
}

pub(crate) static CONTENDERS: [Contender; 14] = [
    ours("longwire", "Longwire, in memory", Start::Longwire),
    ours(
        "longwire-disk",
        "Longwire, on a disk",
        Start::LongwireOnDisk,
    ),
    peer(
        "uwebsockets",
        "uWebSockets (C++)",
        Dialect::Json,
        "uwebsockets",
        None,
    ),
    peer("node-ws", "Node and ws", Dialect::Json, "node-ws", None),
    peer(
        "socket-io",
        "Socket.IO, with acknowledgements",
        Dialect::SocketIo,
        "socket-io",
        None,
    ),
    peer(
        "jsonrpsee",
        "jsonrpsee",
        Dialect::JsonRpc,
        "jsonrpsee",
        None,
    ),
    peer(
        "websockets",
        "Python websockets",
        Dialect::Json,
        "websockets",
        None,
    ),
    peer(
        "channels-uvicorn",
        "Django Channels, uvicorn",
        Dialect::Json,
        "channels",
        Some("uvicorn"),
    ),
    peer(
        "channels-daphne",
        "Django Channels, Daphne",
        Dialect::Json,
        "channels",
        Some("daphne"),
    ),
    peer("celery", "Celery with Redis", Dialect::Json, "celery", None),
    floor("bare", "floor: tokio-websockets alone", Dialect::Json),
    floor(
        "bare-fastest",
        "floor: the fastest crate alone",
        Dialect::Json,
    ),
    floor("echo", "floor: the same bytes over TCP", Dialect::Echo),
    Contender {
        name: "pipe",
        what: "floor: a pipe into a bare WebSocket",
        kind: Kind::Floor,
        dialect: Dialect::Json,
        start: Start::Piped,
    },
];

/// The one of this name.
pub(crate) fn named(name: &str) -> Option<&'static Contender> {
    CONTENDERS.iter().find(|contender| contender.name == name)
}
