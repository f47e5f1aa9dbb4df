//! Socket.IO 5 over Engine.IO 4, by WebSocket from the beginning: a request is acknowledged when it ends.

use crate::dialects::Heard;
use crate::load::prepared::NUMBER;

pub(super) const PATH: &str = "/socket.io/?EIO=4&transport=websocket";
/// To connect to the namespace `/`, once the server has opened.
pub(super) const HELLO: (&str, &str) = ("40", "40");
pub(super) const STATUS: &str = r#"421["status",{}]"#;

const PING: &[u8] = b"2";
const PONG: &str = "3";
/// An acknowledgement; what follows is its number, and what it says.
const ACKNOWLEDGED: &[u8] = b"43";

pub(super) fn start(socket: u32, time: u32) -> String {
    format!(r#"42{NUMBER}["request",{{"connid":"{socket}-{NUMBER}","time":{time}}}]"#)
}

pub(super) fn kill(socket: u32) -> String {
    format!(r#"42{NUMBER}["kill",{{"connid":"{socket}-{NUMBER}"}}]"#)
}

pub(super) fn heard(text: &[u8]) -> Heard<'_> {
    if text.starts_with(ACKNOWLEDGED) {
        Heard::Answer(text)
    } else if text == PING {
        Heard::Asked(PONG)
    } else if text.starts_with(b"44") || text.starts_with(b"41") {
        // A refused connection, or the end of one: as an answer it is an error that says so.
        Heard::Answer(text)
    } else {
        Heard::Nothing
    }
}
