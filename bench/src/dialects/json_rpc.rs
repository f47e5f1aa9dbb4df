//! JSON-RPC 2.0 over WebSocket: a request is answered when it ends.

use crate::load::prepared::NUMBER;

pub(super) const STATUS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"status","params":{}}"#;

pub(super) fn start(socket: u32, time: u32) -> String {
    let params = format!(r#"{{"connid":"{socket}-{NUMBER}","time":{time}}}"#);
    call("request", &params)
}

pub(super) fn kill(socket: u32) -> String {
    call("kill", &format!(r#"{{"connid":"{socket}-{NUMBER}"}}"#))
}

fn call(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{NUMBER},"method":"{method}","params":{params}}}"#)
}
