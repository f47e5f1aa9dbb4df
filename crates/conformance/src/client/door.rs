//! Where clients connect to, and the connections by name.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use longwire_protocol::SUBPROTOCOL;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_websockets::{Limits, ServerBuilder, WebSocketStream};

use super::{desk::Desk, line::Line, record::Record};
use crate::matching::shortened;

/// Little, so that a reader that falls behind is felt soon.
const SEND_BUFFER: u32 = 64 * 1024;
const MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// As many connections as may wait.
const BACKLOG: u32 = 16;
/// As many as may be taken in silence.
const SILENT: usize = 100;

type Upgrade = BoxFuture<'static, Result<WebSocketStream<TcpStream>, NoSocket>>;

/// Why a connection did not come to be a WebSocket.
enum NoSocket {
    /// It broke, or was none: another may come.
    Broken(String),
    /// The client asks for what no client may.
    Wrong(String),
}

/// A server's door.
pub(super) struct Door {
    pub(super) address: SocketAddr,
    listener: Option<TcpListener>,
    upgrades: Vec<Upgrade>,
    /// Connections that nothing was said of yet, in the order in which they came.
    waiting: VecDeque<Line>,
    lines: BTreeMap<String, Line>,
    /// Connections are taken, and dropped unheard.
    pub(super) turns_away: bool,
    /// Connections are taken, kept, and nothing is said on them.
    silent: Option<Vec<TcpStream>>,
    /// So many were.
    pub(super) turned_away: u64,
    fault: Option<String>,
}

impl Door {
    pub(super) fn open() -> Result<Self, String> {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self {
            address: listener.local_addr().map_err(|e| e.to_string())?,
            listener: Some(listener),
            upgrades: Vec::new(),
            waiting: VecDeque::new(),
            lines: BTreeMap::new(),
            turns_away: false,
            silent: None,
            turned_away: 0,
            fault: None,
        })
    }

    /// From here on connections are refused, or no longer.
    pub(super) fn refuse(&mut self, refuse: bool) -> Result<(), String> {
        self.listener = None;
        if !refuse {
            self.listener = Some(listen(self.address)?);
        }
        Ok(())
    }

    /// From here on nothing is said on connections that come, or there is again; those on which nothing was said are over then.
    pub(super) fn fall_silent(&mut self, silent: bool) {
        self.silent = silent.then(Vec::new);
    }

    /// The connection that the dialogue spoke of last by that name, whatever has become of it.
    pub(super) fn last(&mut self, name: &str) -> Option<&mut Line> {
        self.lines.get_mut(name)
    }

    /// The connection of that name to which something may be done. Where the last is over it is the next that came.
    pub(super) fn live(&mut self, name: &str) -> Option<&mut Line> {
        self.succeed(name);
        let line = self.lines.get_mut(name)?;
        (!line.is_over() && !line.leaves).then_some(line)
    }

    /// Whether another connection came, which has that name from here on: not before the last is over.
    pub(super) fn has_come(&mut self, name: &str) -> bool {
        self.succeed(name)
    }

    /// The next frame that came by that name. What came on a connection that is over comes first.
    pub(super) fn frame(&mut self, name: &str) -> Option<Value> {
        let line = self.lines.get_mut(name);
        if let Some(frame) = line.and_then(|line| line.inbox.pop_front()) {
            return Some(frame);
        }
        self.succeed(name);
        self.lines.get_mut(name)?.inbox.pop_front()
    }

    /// Whether the connection of that name is over. Its end is told once: after that the next one's is meant, for which a client that
    /// comes back at once may be earlier here than the end of its last.
    pub(super) fn has_ended(&mut self, name: &str) -> bool {
        let is_next = self.lines.get(name).is_none_or(|line| line.told);
        if is_next && !self.succeed(name) {
            return false;
        }
        let line = self.lines.get_mut(name);
        line.is_some_and(|line| {
            line.told |= line.is_over();
            line.told
        })
    }

    /// Whether nobody is connected any more.
    pub(super) fn is_left(&self) -> bool {
        let mut lines = self.lines.values().chain(&self.waiting);
        lines.all(Line::is_over)
    }

    /// All connections are read again.
    pub(super) fn hear_all(&mut self) {
        let lines = self.lines.values_mut().chain(&mut self.waiting);
        lines.for_each(|line| line.deaf = false);
    }

    /// Where the connection of that name is over, or none had it yet, the next that came has it from here on.
    fn succeed(&mut self, name: &str) -> bool {
        let last = self.lines.get(name);
        if last.is_some_and(|line| !line.is_over()) {
            return false;
        }
        let Some(next) = self.waiting.pop_front() else {
            return false;
        };
        if let Some(frame) = last.and_then(|line| line.inbox.front()) {
            let frame = shortened(frame);
            self.fault = Some(format!(
                "on its last connection the client had sent {frame}, which was not expected"
            ));
        }
        self.lines.insert(name.to_owned(), next);
        true
    }

    /// Whether somebody connects of whom nothing was said.
    pub(super) fn is_called(&self) -> bool {
        !self.waiting.is_empty() || !self.upgrades.is_empty()
    }

    /// What was sent and not spoken of.
    pub(super) fn left_over(&self) -> impl Iterator<Item = &Value> {
        let lines = self.lines.values().chain(&self.waiting);
        lines.flat_map(|line| &line.inbox)
    }

    pub(super) fn fault(&self) -> Option<String> {
        let lines = self.lines.values().chain(&self.waiting);
        let of_lines = lines.filter_map(|line| line.fault.clone()).next();
        self.fault.clone().or(of_lines)
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>, desk: &mut Desk, record: &mut Record) {
        self.poll_accept(cx);
        self.poll_upgrades(cx, record);
        for line in self.lines.values_mut().chain(&mut self.waiting) {
            line.poll(cx, desk, record);
        }
        // What it said is not forgotten with it.
        let is_worth_it = |line: &Line| !line.is_over() || !line.inbox.is_empty();
        self.waiting.retain(is_worth_it);
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) {
        while let Some(listener) = &self.listener
            && let Poll::Ready(accepted) = listener.poll_accept(cx)
        {
            match (accepted, &mut self.silent) {
                (Ok((stream, _)), Some(silent)) if silent.len() < SILENT => silent.push(stream),
                // It ends here, unheard.
                (Ok(_), None) if self.turns_away => self.turned_away += 1,
                (Ok((stream, _)), None) => self.upgrades.push(Box::pin(upgrade(stream))),
                (Ok(_), Some(_)) => self.fault = Some("the client floods".to_owned()),
                (Err(error), _) => {
                    self.fault = Some(format!("cannot take a connection: {error}"));
                    return;
                }
            }
        }
    }

    fn poll_upgrades(&mut self, cx: &mut Context<'_>, record: &mut Record) {
        let mut under_way = Vec::new();
        for mut upgrade in std::mem::take(&mut self.upgrades) {
            match Pin::new(&mut upgrade).poll(cx) {
                Poll::Ready(Ok(socket)) => {
                    record.note("a connection");
                    self.waiting.push_back(Line::new(socket));
                }
                Poll::Ready(Err(NoSocket::Broken(why))) => record.note(&why),
                Poll::Ready(Err(NoSocket::Wrong(why))) => self.fault = Some(why),
                Poll::Pending => under_way.push(upgrade),
            }
        }
        self.upgrades = under_way;
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let listen = || {
        let socket = TcpSocket::new_v4()?;
        // The port is taken again right after it was left.
        socket.set_reuseaddr(true)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error: std::io::Error| format!("cannot listen on {address}: {error}"))
}

async fn upgrade(stream: TcpStream) -> Result<WebSocketStream<TcpStream>, NoSocket> {
    let failed = |error: tokio_websockets::Error| {
        NoSocket::Broken(format!("a connection that is no WebSocket: {error}"))
    };
    let nodelay = stream.set_nodelay(true);
    nodelay.map_err(|error| NoSocket::Broken(error.to_string()))?;
    let agreed = HeaderValue::from_static(SUBPROTOCOL);
    let builder = ServerBuilder::new()
        .limits(Limits::default().max_payload_len(Some(MESSAGE_BYTES)))
        .add_header(SEC_WEBSOCKET_PROTOCOL, agreed)
        .map_err(failed)?;
    let (request, socket) = builder.accept(stream).await.map_err(failed)?;
    let offered = request.headers().get(SEC_WEBSOCKET_PROTOCOL);
    let offered = offered.and_then(|it| it.to_str().ok());
    let mut words = offered.unwrap_or_default().split(',').map(str::trim);
    if words.any(|it| it == SUBPROTOCOL) {
        return Ok(socket);
    }
    let offered = offered.unwrap_or("none");
    Err(NoSocket::Wrong(format!(
        "expected the client to offer the subprotocol {SUBPROTOCOL}, got {offered}"
    )))
}
