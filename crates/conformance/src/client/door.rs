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
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_websockets::{Limits, ServerBuilder, WebSocketStream};

use super::{desk::Desk, line::Line, record::Record};

/// Little, so that a reader that falls behind is felt soon.
const SEND_BUFFER: u32 = 64 * 1024;
const MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// As many connections as may wait.
const BACKLOG: u32 = 16;

type Upgrade = BoxFuture<'static, Result<WebSocketStream<TcpStream>, String>>;

/// A server's door.
pub(super) struct Door {
    pub(super) address: SocketAddr,
    listener: Option<TcpListener>,
    upgrades: Vec<Upgrade>,
    /// Connections that nothing was said of yet, in the order in which they came.
    waiting: VecDeque<Line>,
    lines: BTreeMap<String, Line>,
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

    /// The connection of that name: the one there is, or else the next that came.
    pub(super) fn line(&mut self, name: &str) -> Option<&mut Line> {
        let is_there = self.lines.get(name).is_some_and(|line| !line.is_over());
        if !is_there && let Some(line) = self.waiting.pop_front() {
            self.lines.insert(name.to_owned(), line);
        }
        self.lines.get_mut(name)
    }

    /// Whether somebody connects of whom nothing was said.
    pub(super) fn is_called(&self) -> bool {
        !self.waiting.is_empty() || !self.upgrades.is_empty()
    }

    /// What was sent and not spoken of, on connections that are there.
    pub(super) fn left_over(&self) -> Option<String> {
        let lines = self.lines.values().chain(&self.waiting);
        let mut frames = lines.flat_map(|line| &line.inbox);
        frames.next().map(ToString::to_string)
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
        self.waiting.retain(|line| !line.is_over());
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) {
        while let Some(listener) = &self.listener
            && let Poll::Ready(accepted) = listener.poll_accept(cx)
        {
            match accepted {
                Ok((stream, _)) => self.upgrades.push(Box::pin(upgrade(stream))),
                Err(error) => {
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
                Poll::Ready(Err(why)) => record.note(&why),
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

async fn upgrade(stream: TcpStream) -> Result<WebSocketStream<TcpStream>, String> {
    let failed =
        |error: tokio_websockets::Error| format!("a connection that is no WebSocket: {error}");
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let agreed = HeaderValue::from_static(SUBPROTOCOL);
    let builder = ServerBuilder::new()
        .limits(Limits::default().max_payload_len(Some(MESSAGE_BYTES)))
        .add_header(SEC_WEBSOCKET_PROTOCOL, agreed)
        .map_err(failed)?;
    let (request, socket) = builder.accept(stream).await.map_err(failed)?;
    let offered = request.headers().get(SEC_WEBSOCKET_PROTOCOL);
    let offered = offered.and_then(|it| it.to_str().ok()).unwrap_or_default();
    if !offered.split(',').any(|it| it.trim() == SUBPROTOCOL) {
        return Err(format!(
            "a connection that does not offer {SUBPROTOCOL}, but {offered:?}"
        ));
    }
    Ok(socket)
}
