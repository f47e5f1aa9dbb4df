//! A socket on which nothing is hidden: each frame is recorded before it is sent, and as it comes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use longwire_protocol::{FrameId, JobId, Request, ServerFrame};
use longwire_torture::{Conversation, Fact, Heard};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

use super::Shared;

/// How long opening a socket, or sending on one, may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A recorded socket.
pub(super) struct Socket {
    shared: Arc<Shared>,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    number: u32,
    asked: u32,
    conversation: Conversation,
}

/// The socket is no more, and that is recorded.
pub(super) struct Gone;

/// What came.
pub(super) struct Frame {
    pub(super) heard: Heard,
    pub(super) frame: ServerFrame,
}

impl Socket {
    /// Opens one, if there is a server.
    pub(super) async fn open(shared: &Arc<Shared>, client: u32) -> Option<Self> {
        let url = format!("ws://127.0.0.1:{}/ws", shared.port);
        let builder = ClientBuilder::new().uri(&url).ok()?;
        let (stream, _) = timeout(PATIENCE, builder.connect()).await.ok()?.ok()?;
        let number = shared.sockets.fetch_add(1, Ordering::Relaxed);
        shared.recorder.note(Fact::Connected {
            client,
            socket: number,
        });
        Some(Self {
            shared: Arc::clone(shared),
            stream,
            number,
            asked: 0,
            conversation: Conversation::default(),
        })
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    pub(super) const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// How many answers and ends are to come.
    pub(super) fn waiting(&self) -> usize {
        self.conversation.waiting()
    }

    /// Sends requests, all at once. Gives back their numbers.
    pub(super) async fn send(&mut self, requests: Vec<Request>) -> Result<Vec<usize>, Gone> {
        let mut asks = Vec::new();
        for request in requests {
            self.asked += 1;
            let (id, ask) = (FrameId::from(u64::from(self.asked)), self.asked as usize);
            let text = request.to_frame(Some(&id)).unwrap_or_default();
            let frame = serde_json::from_str(&text).unwrap_or_default();
            let socket = self.number;
            self.shared.recorder.note(Fact::Sent { socket, frame });
            self.conversation.sent(&id, ask, request);
            asks.push(ask);
            let fed = timeout(PATIENCE, self.stream.feed(Message::text(text))).await;
            if !matches!(fed, Ok(Ok(()))) {
                return Err(self.lost());
            }
        }
        match timeout(PATIENCE, self.stream.flush()).await {
            Ok(Ok(())) => Ok(asks),
            _ => Err(self.lost()),
        }
    }

    /// Waits for a frame. Nothing is lost where this future is dropped.
    pub(super) async fn receive(&mut self) -> Result<Frame, Gone> {
        loop {
            let Some(Ok(message)) = self.stream.next().await else {
                return Err(self.lost());
            };
            if let Some((code, _)) = message.as_close() {
                let (socket, code) = (self.number, u16::from(code));
                self.shared.recorder.note(Fact::Closed { socket, code });
            } else if let Some(frame) = self.take(&message) {
                return Ok(frame);
            }
        }
    }

    fn take(&mut self, message: &Message) -> Option<Frame> {
        if message.is_ping() || message.is_pong() {
            return None;
        }
        let socket = self.number;
        let recorder = &self.shared.recorder;
        let text = message.as_text().unwrap_or("(binary)");
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            let text = text.to_owned();
            recorder.note(Fact::Garbled { socket, text });
            return None;
        };
        let seen = recorder.note(Fact::Received {
            socket,
            frame: value,
        });
        // What is none of the frames there are is the checker's to say.
        let frame = ServerFrame::parse(text).ok()?;
        let heard = self.conversation.heard(seen, &frame);
        self.shared.world.learn(&frame, self.whose(heard));
        Some(Frame { heard, frame })
    }

    fn whose(&self, heard: Heard) -> Option<JobId> {
        if let Heard::Of(stream) = heard {
            let stream = self.conversation.streams().get(stream)?;
            return Some(stream.job);
        }
        None
    }

    /// It is no more.
    pub(super) fn lost(&self) -> Gone {
        let socket = self.number;
        self.shared.recorder.note(Fact::Lost { socket });
        Gone
    }
}
