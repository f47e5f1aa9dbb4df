//! The table of all that is measured.

mod start;

use std::fmt;

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
    /// No server at all: this program does it by itself.
    Here,
}

/// What can be asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Can {
    /// Answer a request of no time.
    Answer,
    /// Keep running requests, to be listed and killed.
    Keep,
    /// The same where it takes long: only some are asked.
    KeepMany,
    /// Kill all by one frame.
    KillAll,
    /// Hold sockets that say nothing.
    Hold,
    /// Send what a command prints to who started it.
    Print,
    /// Send it to many.
    Share,
    /// Put a request on a disk before it answers, or be beside those that do.
    Write,
    /// The same, one at a time.
    WriteOne,
    /// Keep running requests on a disk, to be listed and killed.
    KeepWritten,
    Search,
    /// Begin in a moment.
    Begin,
}

/// What has to be on the machine before its `ready.sh`, beside cargo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Npm,
    Python,
    Compiler,
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Npm => "npm",
            Self::Python => "python",
            Self::Compiler => "compiler",
        })
    }
}

/// What is measured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) kind: Kind,
    pub(crate) start: Start,
    /// How it is spoken to; not at all where its load is a program of its own, or it has none.
    pub(crate) dialect: Option<Dialect>,
    pub(crate) can: &'static [Can],
    pub(crate) needs: Option<Tool>,
}

/// What a server with a registry in memory does.
const REGISTRY: &[Can] = &[Can::Answer, Can::Keep, Can::Hold];
const REGISTRY_OF_MANY: &[Can] = &[Can::Answer, Can::Keep, Can::KeepMany, Can::Hold];
/// What keeps requests on a disk.
const WRITES: &[Can] = &[Can::Write, Can::WriteOne, Can::KeepWritten];

const fn ours(
    name: &'static str,
    what: &'static str,
    start: Start,
    can: &'static [Can],
) -> Contender {
    Contender {
        name,
        what,
        kind: Kind::Ours,
        start,
        dialect: Some(Dialect::Json),
        can,
        needs: None,
    }
}

/// One with a registry, in the dialect of the demo.
const fn peer(name: &'static str, what: &'static str, needs: Option<Tool>) -> Contender {
    Contender {
        name,
        what,
        kind: Kind::Peer,
        start: Start::Folder(name, None),
        dialect: Some(Dialect::Json),
        can: REGISTRY,
        needs,
    }
}

/// One that only answers.
const fn floor(name: &'static str, what: &'static str, start: Start) -> Contender {
    Contender {
        name,
        what,
        kind: Kind::Floor,
        start,
        dialect: Some(Dialect::Json),
        can: &[Can::Answer],
        needs: None,
    }
}

const fn of_floors(name: &'static str) -> Start {
    Start::Folder("floors", Some(name))
}

pub(crate) static LONGWIRE: Contender = ours(
    "longwire",
    "Longwire, in memory",
    Start::Longwire,
    &[
        Can::Answer,
        Can::Keep,
        Can::KeepMany,
        Can::KillAll,
        Can::Hold,
        Can::Print,
        Can::Share,
        Can::Write,
        Can::WriteOne,
        Can::Search,
        Can::Begin,
    ],
);

pub(crate) static LONGWIRE_ON_DISK: Contender = ours(
    "longwire-disk",
    "Longwire, on a disk",
    Start::LongwireOnDisk,
    WRITES,
);

static UWEBSOCKETS: Contender = Contender {
    can: REGISTRY_OF_MANY,
    ..peer("uwebsockets", "uWebSockets (C++)", Some(Tool::Compiler))
};

pub(crate) static NODE_WS: Contender = Contender {
    can: REGISTRY_OF_MANY,
    ..peer("node-ws", "Node and ws", Some(Tool::Npm))
};

pub(crate) static SOCKET_IO: Contender = Contender {
    dialect: Some(Dialect::SocketIo),
    ..peer(
        "socket-io",
        "Socket.IO, with acknowledgements",
        Some(Tool::Npm),
    )
};

static JSONRPSEE: Contender = Contender {
    dialect: Some(Dialect::JsonRpc),
    ..peer("jsonrpsee", "jsonrpsee", None)
};

static WEBSOCKETS: Contender = peer("websockets", "Python websockets", Some(Tool::Python));

pub(crate) static CHANNELS_UVICORN: Contender = Contender {
    start: Start::Folder("channels", Some("uvicorn")),
    ..peer(
        "channels-uvicorn",
        "Django Channels, uvicorn",
        Some(Tool::Python),
    )
};

static CHANNELS_DAPHNE: Contender = Contender {
    start: Start::Folder("channels", Some("daphne")),
    ..peer(
        "channels-daphne",
        "Django Channels, Daphne",
        Some(Tool::Python),
    )
};

pub(crate) static CELERY: Contender = Contender {
    dialect: None,
    can: WRITES,
    ..peer("celery", "Celery with Redis", Some(Tool::Python))
};

pub(crate) static BARE: Contender = Contender {
    can: &[Can::Answer, Can::Hold],
    ..floor("bare", "floor: tokio-websockets alone", of_floors("bare"))
};

static BARE_FASTEST: Contender = floor(
    "bare-fastest",
    "floor: fastwebsockets alone",
    of_floors("bare-fastest"),
);

static ECHO: Contender = Contender {
    dialect: Some(Dialect::Echo),
    ..floor("echo", "floor: the same bytes over TCP", of_floors("echo"))
};

pub(crate) static PIPE: Contender = Contender {
    can: &[Can::Print],
    ..floor("pipe", "floor: a pipe into a bare WebSocket", Start::Piped)
};

static FDATASYNC: Contender = Contender {
    dialect: None,
    can: &[Can::WriteOne],
    ..floor(
        "fdatasync",
        "floor: the same bytes appended to a file, and fdatasync",
        Start::Here,
    )
};

/// Ours first; of the floors the first that takes part is the one that ratios are to.
pub(crate) static CONTENDERS: [&Contender; 15] = [
    &LONGWIRE,
    &LONGWIRE_ON_DISK,
    &UWEBSOCKETS,
    &NODE_WS,
    &SOCKET_IO,
    &JSONRPSEE,
    &WEBSOCKETS,
    &CHANNELS_UVICORN,
    &CHANNELS_DAPHNE,
    &CELERY,
    &BARE,
    &BARE_FASTEST,
    &ECHO,
    &PIPE,
    &FDATASYNC,
];

/// The one of this name.
pub(crate) fn named(name: &str) -> Option<&'static Contender> {
    CONTENDERS
        .into_iter()
        .find(|contender| contender.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Results have nothing but names.
    #[test]
    fn no_two_have_the_same_name() {
        for contender in CONTENDERS {
            assert_eq!(named(contender.name), Some(contender));
        }
    }

    /// What lies in a folder has one there, with both of its scripts.
    #[test]
    fn every_folder_is_there() {
        let peers = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");
        for contender in CONTENDERS {
            if let Start::Folder(folder, _) = contender.start {
                for script in ["ready.sh", "serve.sh"] {
                    let file = std::path::Path::new(peers).join(folder).join(script);
                    assert!(file.is_file(), "{}", file.display());
                }
            }
        }
    }
}
