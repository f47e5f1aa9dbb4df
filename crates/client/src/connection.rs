//! The task that owns the socket: it alone writes to it and reads from it, and makes it anew when it breaks.

use std::time::Duration;

use longwire_protocol::{FrameId, Notice, ServerFrame};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
    time::{Instant, sleep, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Link, Options,
    address::Address,
    wire::{Broken, Turn, Wire},
};

/// Commands taken at once.
const BATCH: usize = 64;
/// How long nothing is read while nobody could take it. Then it is read all the same, and dropped where it has to be.
const PAUSE: Duration = Duration::from_secs(1);

/// What is said over a connection and what comes of what is heard, whoever is at the other end: it outlives the socket.
///
/// Nothing in it does I/O.
pub(crate) trait Desk: Send + 'static {
    /// What its handles want.
    type Command: Send;

    /// Takes what a handle wants. What is taken is not bounded here: it is taken only while the socket takes what is written.
    fn take(&mut self, command: Self::Command);

    /// Waits until [`Desk::look`] has something to look at. Dropping the future loses nothing.
    fn stirs(&self) -> impl Future<Output = ()> + Send;

    /// Looks at what came up beside commands and frames.
    fn look(&mut self);

    /// Whether nobody could take what comes next, and nobody waits for anything else.
    fn is_full(&self) -> bool {
        false
    }

    /// Whether those who read should have a turn now.
    fn is_crowded(&self) -> bool {
        false
    }

    /// The text of the next frame to send.
    fn next_frame(&mut self) -> Option<String>;

    /// Takes a frame of the server.
    ///
    /// # Errors
    /// Where there is no use in going on.
    fn hear(&mut self, frame: ServerFrame) -> Result<(), Error>;

    /// The answer to this is none that is known here.
    fn not_understood(&mut self, id: u64, error: Error);

    /// The connection broke: what was sent and not answered may or may not have been heard.
    fn broke(&mut self) {}

    /// There is a new connection, on which nothing was said yet.
    fn reconnected(&mut self);

    /// There will be no connection any more.
    fn fail(&mut self, error: &Error);
}

/// Everything a connection is made of, but the socket.
pub(crate) struct Connection<D: Desk> {
    address: Address,
    options: Options,
    commands: mpsc::Receiver<D::Command>,
    link: watch::Sender<Link>,
    /// No handle is left, or it was closed.
    stop: CancellationToken,
    desk: D,
    /// Tries since something was last heard.
    attempts: u32,
    /// Since when connections break, or are not made, without anything heard between.
    broken_since: Option<Instant>,
}

impl<D: Desk> Connection<D> {
    pub(crate) fn new(
        (address, options): (Address, Options),
        desk: D,
        commands: mpsc::Receiver<D::Command>,
        link: watch::Sender<Link>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            address,
            options,
            commands,
            link,
            stop,
            desk,
            attempts: 0,
            broken_since: None,
        }
    }

    /// Serves until nobody wants it any more, or it breaks for good. Says why it ended.
    pub(crate) async fn run(mut self, mut wire: Wire) -> Error {
        let end = loop {
            let broken = self.serve(&mut wire).await;
            if wire.has_heard() {
                self.broken_since = None;
            }
            let since = *self.broken_since.get_or_insert_with(Instant::now);
            wire.close().await;
            let why = match broken {
                None => break Error::Closed,
                Some(Broken::ForGood(error)) => break error,
                Some(Broken::ForNow(why)) => why,
            };
            self.desk.broke();
            match self.connect_again(why, since).await {
                Ok(anew) => wire = anew,
                Err(error) => break error,
            }
            self.desk.reconnected();
            self.link.send_replace(Link::Connected);
        };
        self.end(&end);
        end
    }

    /// Serves one socket; none where it was asked to stop.
    async fn serve(&mut self, wire: &mut Wire) -> Option<Broken> {
        let mut pause = Pause::default();
        loop {
            if let Err(broken) = self.fill(wire) {
                return Some(broken);
            }
            if self.desk.is_crowded() {
                yield_now().await;
            }
            let pause = pause.until(self.desk.is_full() && wire.is_written());
            let mut batch = Vec::new();
            tokio::select! {
                () = self.stop.cancelled() => return None,
                count = self.commands.recv_many(&mut batch, BATCH), if wire.is_written() => {
                    if count == 0 {
                        return None;
                    }
                    batch.into_iter().for_each(|command| self.desk.take(command));
                }
                () = self.desk.stirs() => self.desk.look(),
                () = sleep_until(pause.unwrap_or_else(Instant::now)), if pause.is_some() => {}
                turn = wire.turn(), if pause.is_none() => {
                    if let Err(broken) = turn.and_then(|turn| self.hear(turn)) {
                        return Some(broken);
                    }
                }
            }
        }
    }

    /// Gives the socket what is to be sent, as far as there is room.
    fn fill(&mut self, wire: &mut Wire) -> Result<(), Broken> {
        while wire.has_room()
            && let Some(text) = self.desk.next_frame()
        {
            wire.put(text)?;
        }
        Ok(())
    }

    fn hear(&mut self, turn: Turn) -> Result<(), Broken> {
        let Turn::Text(message) = turn else {
            return Ok(());
        };
        let text = message.as_text().unwrap_or_default();
        let frame = match ServerFrame::parse(text) {
            Ok(frame) => frame,
            Err(error) => return self.not_understood(text, &error),
        };
        self.attempts = 0;
        if let ServerFrame::Notice(Notice::ShuttingDown { left }) = frame {
            self.link.send_replace(Link::ShuttingDown { left });
        }
        self.desk.hear(frame).map_err(Broken::ForGood)
    }

    /// What is a frame, and none that is known here, is of a newer server: only who asked for it is told.
    fn not_understood(&mut self, text: &str, error: &serde_json::Error) -> Result<(), Broken> {
        let start = text.get(..text.floor_char_boundary(200));
        let what = Error::Unexpected(format!("{error}: {}", start.unwrap_or_default()));
        // Nothing is sure of it but that it is an object: its fields may mean something else there.
        let Ok(frame) = serde_json::from_str::<Map<String, Value>>(text) else {
            return Err(Broken::ForGood(what));
        };
        let word = |key| frame.get(key).and_then(Value::as_str);
        let id = frame.get("id").and_then(|id| FrameId::deserialize(id).ok());
        if let Some(id) = id.and_then(|id| id.as_str().parse().ok()) {
            let what = match (word("status"), word("code")) {
                (Some("error"), Some(code)) => Error::OtherRefusal {
                    code: code.into(),
                    message: word("message").unwrap_or_default().into(),
                },
                _ => what,
            };
            self.desk.not_understood(id, what);
        }
        Ok(())
    }

    async fn connect_again(&mut self, mut why: Error, since: Instant) -> Result<Wire, Error> {
        let stop = self.stop.clone();
        // One that is too far off to be told is as good as none.
        let end = self.options.patience.and_then(|it| since.checked_add(it));
        loop {
            if end.is_some_and(|end| Instant::now() >= end) {
                return Err(why);
            }
            let wait = self.options.backoff.wait(self.attempts, chance());
            self.attempts = self.attempts.saturating_add(1);
            self.link.send_replace(Link::Reconnecting {
                attempts: self.attempts,
                why: why.clone(),
            });
            let attempt = until(end, self.try_again(wait));
            match stop.run_until_cancelled(attempt).await {
                Some(Some(Ok(wire))) => return Ok(wire),
                Some(Some(Err(error))) => why = error,
                Some(None) => return Err(why),
                None => return Err(Error::Closed),
            }
        }
    }

    async fn try_again(&mut self, wait: Duration) -> Result<Wire, Error> {
        let attempt = async {
            sleep(wait).await;
            Wire::open(&self.address, &self.options).await
        };
        tokio::pin!(attempt);
        loop {
            tokio::select! {
                opened = &mut attempt => return opened,
                () = self.desk.stirs() => self.desk.look(),
            }
        }
    }

    fn end(mut self, error: &Error) {
        self.desk.fail(error);
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            self.desk.take(command);
        }
        self.desk.fail(error);
        self.link.send_replace(Link::Closed(error.clone()));
    }
}

/// What that comes to by then; none where it takes longer.
async fn until<T>(end: Option<Instant>, what: impl Future<Output = T>) -> Option<T> {
    match end {
        Some(end) => timeout_at(end, what).await.ok(),
        None => Some(what.await),
    }
}

/// While nobody could take what comes it is left to wait in the socket, for a moment: then the server waits, too, and nothing is sent in vain.
#[derive(Default)]
struct Pause(Option<Instant>);

impl Pause {
    /// Until when nothing is read.
    fn until(&mut self, is_full: bool) -> Option<Instant> {
        if !is_full {
            self.0 = None;
            return None;
        }
        let now = Instant::now();
        let end = *self.0.get_or_insert_with(|| now + PAUSE);
        Some(end).filter(|end| *end > now)
    }
}

/// From 0 to 255, each as likely. Where the system has no chance to give, clients come back together: no harm.
fn chance() -> u8 {
    let mut byte = [255];
    let _ = getrandom::fill(&mut byte);
    byte[0]
}
