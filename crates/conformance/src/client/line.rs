//! One connection of the client's.

use std::{
    collections::{BTreeMap, VecDeque},
    task::{Context, Poll},
};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_websockets::{Message, WebSocketStream};

use super::{
    desk::{Desk, Heard, Position},
    job::Next,
    record::Record,
};

/// How many messages of the client's may wait for the dialogue.
const INBOX: usize = 10_000;

/// A connection, and all that is to be sent and was received on it.
#[derive(Debug)]
pub(super) struct Line {
    socket: Option<WebSocketStream<TcpStream>>,
    pub(super) inbox: VecDeque<Value>,
    outbox: VecDeque<Message>,
    pub(super) pongs: Vec<Vec<u8>>,
    watches: BTreeMap<usize, Position>,
    /// The `id` of the frame that the dialogue spoke of last, where it spoke of one and where that had one.
    pub(super) last_id: Option<Option<Value>>,
    pub(super) deaf: bool,
    /// The kit ends it: nothing more is done to it.
    pub(super) leaves: bool,
    /// The dialogue has spoken of its end.
    pub(super) told: bool,
    /// It breaks once all was written, and these bytes after it.
    breaks: Option<Vec<u8>>,
    /// What the client did that no client may.
    pub(super) fault: Option<String>,
}

impl Line {
    pub(super) fn new(socket: WebSocketStream<TcpStream>) -> Self {
        Self {
            socket: Some(socket),
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            pongs: Vec::new(),
            watches: BTreeMap::new(),
            last_id: None,
            deaf: false,
            leaves: false,
            told: false,
            breaks: None,
            fault: None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.socket.is_none()
    }

    pub(super) fn send(&mut self, message: Message) {
        self.outbox.push_back(message);
    }

    /// Says that it ends, after all that was to be sent.
    pub(super) fn close(&mut self, close: Message) {
        self.leaves = true;
        self.send(close);
    }

    /// Breaks the connection, once all that was to be sent is.
    pub(super) fn cut(&mut self) {
        self.leaves = true;
        self.breaks.get_or_insert_default();
    }

    /// The same, with half a frame at the end.
    pub(super) fn cut_within(&mut self, text: &str) {
        self.leaves = true;
        self.breaks = Some(half_of(text));
    }

    /// Reads and writes as far as that can be done without waiting.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, desk: &mut Desk, record: &mut Record) {
        self.poll_read(cx, desk, record);
        if self.poll_write(cx, desk, record).is_err() {
            self.socket = None;
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, desk: &mut Desk, record: &mut Record) {
        while let Some(socket) = &mut self.socket
            && !self.deaf
        {
            match socket.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(message))) => self.hear(&message, desk, record),
                Poll::Ready(Some(Err(error))) => {
                    record.note(&format!("the connection broke: {error}"));
                    self.socket = None;
                }
                Poll::Ready(None) => {
                    record.note("the connection is over");
                    self.socket = None;
                }
                Poll::Pending => return,
            }
        }
    }

    fn hear(&mut self, message: &Message, desk: &mut Desk, record: &mut Record) {
        if message.is_pong() {
            self.pongs.push(message.as_payload().to_vec());
        }
        if let Some((code, _)) = message.as_close() {
            record.note(&format!("the client closes with {}", u16::from(code)));
        }
        if message.is_binary() {
            self.fault = Some("the client sent a binary message".to_owned());
        }
        let Some(text) = message.as_text() else {
            return;
        };
        record.frame('>', text);
        match serde_json::from_str(text) {
            Ok(frame) => self.take(frame, desk),
            Err(error) => self.fault = Some(format!("the client sent what is no JSON: {error}")),
        }
    }

    fn take(&mut self, frame: Value, desk: &mut Desk) {
        let answer = |answer: Value| Message::text(answer.to_string());
        match desk.hear(&frame) {
            Heard::Theirs if self.inbox.len() < INBOX => self.inbox.push_back(frame),
            Heard::Theirs => self.fault = Some("the client floods".to_owned()),
            Heard::Ours(reply, position) => {
                self.outbox.extend(reply.map(answer));
                self.watches.extend(position.map(|it| (it.job, it)));
            }
            Heard::Left(reply, job) => {
                self.outbox.push_back(answer(reply));
                job.and_then(|job| self.watches.remove(&job));
            }
        }
    }

    /// The connection is over where this fails.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        desk: &mut Desk,
        record: &mut Record,
    ) -> Result<(), ()> {
        while let Some(socket) = &mut self.socket {
            match socket.poll_ready_unpin(cx) {
                Poll::Ready(ready) => ready.map_err(drop)?,
                Poll::Pending => return Ok(()),
            }
            let Some(message) = self.next_message(desk) else {
                break;
            };
            if let Some(text) = message.as_text() {
                record.frame('<', text);
            }
            if let Some(socket) = &mut self.socket {
                socket.start_send_unpin(message).map_err(drop)?;
            }
        }
        let Some(socket) = &mut self.socket else {
            return Ok(());
        };
        match (socket.poll_flush_unpin(cx), &self.breaks) {
            (Poll::Ready(Err(_)), _) => Err(()),
            (Poll::Ready(Ok(())), Some(last)) => {
                record.note("the kit breaks the connection");
                // Whether they arrive is as open as with any connection that breaks.
                let _ = socket.get_mut().try_write(last);
                Err(())
            }
            (Poll::Ready(Ok(())) | Poll::Pending, _) => Ok(()),
        }
    }

    fn next_message(&mut self, desk: &mut Desk) -> Option<Message> {
        if let Some(message) = self.outbox.pop_front() {
            return Some(message);
        }
        if self.breaks.is_some() {
            return None;
        }
        let (position, turn) = self
            .watches
            .values()
            .find_map(|position| Some((*position, desk.next(*position)?)))?;
        let next = Position {
            next: turn.position,
            ..position
        };
        self.watches.insert(position.job, next);
        match turn.next {
            Next::Texts(texts) => self.outbox.extend(texts.into_iter().map(Message::text)),
            Next::Half(text) => self.cut_within(&text),
        }
        if turn.breaks {
            self.cut();
        }
        self.outbox.pop_front()
    }
}

/// The first half of the WebSocket frame of a text.
fn half_of(text: &str) -> Vec<u8> {
    const FINAL_TEXT: u8 = 0x81;
    const LENGTH_IN_TWO: u8 = 126;
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![FINAL_TEXT];
    match u8::try_from(length) {
        Ok(length) if length < LENGTH_IN_TWO => bytes.push(length),
        Ok(_) | Err(_) => {
            bytes.push(LENGTH_IN_TWO);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(&text.as_bytes()[..usize::from(length) / 2]);
    bytes
}
