//! The frames of the demo, which are Longwire's own.

use crate::load::prepared::NUMBER;

pub(super) const STATUS: &str = r#"{"route":"status"}"#;

pub(super) fn start(socket: u32, time: u32) -> String {
    format!(r#"{{"route":"request","connid":"{socket}-{NUMBER}","time":{time}}}"#)
}

pub(super) fn kill(socket: u32) -> String {
    format!(r#"{{"route":"kill","connid":"{socket}-{NUMBER}"}}"#)
}
