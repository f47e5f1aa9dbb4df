//! How a contender is spoken to: its handshake, and the three actions in its words.

mod json;
mod json_rpc;
mod socket_io;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::load::prepared::Prepared;

/// One of the ways to say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// A JSON object a frame, as in the demo that everything began with.
    Json,
    /// Events of Socket.IO with acknowledgements.
    SocketIo,
    /// JSON-RPC 2.0.
    JsonRpc,
    /// The bytes come back as they were sent, without any handshake.
    Echo,
}

/// What a text is, seen from outside of the three actions.
pub(crate) enum Heard<'a> {
    /// An answer.
    Answer(&'a [u8]),
    /// A question of the protocol below, with what is to be said to it.
    Asked(&'static str),
    /// Nothing to be done.
    Nothing,
}

impl Dialect {
    /// Where its WebSocket is; none where there is no handshake.
    pub(crate) fn path(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("/ws"),
            Self::SocketIo => Some(socket_io::PATH),
            Self::JsonRpc => Some("/"),
            Self::Echo => None,
        }
    }

    /// What is said first, and what its answer begins with; before it comes one frame unasked.
    pub(crate) fn hello(self) -> Option<(&'static str, &'static str)> {
        (self == Self::SocketIo).then_some(socket_io::HELLO)
    }

    /// A request of so many seconds, named by the socket and the number.
    pub(crate) fn start(self, socket: u32, time: u32) -> Prepared {
        Prepared::new(&match self {
            Self::Json | Self::Echo => json::start(socket, time),
            Self::SocketIo => socket_io::start(socket, time),
            Self::JsonRpc => json_rpc::start(socket, time),
        })
    }

    /// The kill of a request that was started on this socket.
    ///
    /// # Errors
    ///
    /// There are no requests to whom it is spoken to so.
    pub(crate) fn kill(self, socket: u32) -> Result<Prepared> {
        Ok(Prepared::new(&match self {
            Self::Json => json::kill(socket),
            Self::SocketIo => socket_io::kill(socket),
            Self::JsonRpc => json_rpc::kill(socket),
            Self::Echo => bail!("an echo kills nothing"),
        }))
    }

    /// The first page of what runs.
    ///
    /// # Errors
    ///
    /// There are no requests to whom it is spoken to so.
    pub(crate) fn status(self) -> Result<&'static str> {
        Ok(match self {
            Self::Json => json::STATUS,
            Self::SocketIo => socket_io::STATUS,
            Self::JsonRpc => json_rpc::STATUS,
            Self::Echo => bail!("an echo lists nothing"),
        })
    }

    /// Tells an answer from what else comes.
    pub(crate) fn heard(self, text: &[u8]) -> Heard<'_> {
        match self {
            Self::Json | Self::JsonRpc | Self::Echo => Heard::Answer(text),
            Self::SocketIo => socket_io::heard(text),
        }
    }
}
