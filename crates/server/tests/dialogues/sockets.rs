//! The sockets of a dialogue. All are read while time passes, as clients do, so that pings are answered.

use std::{
    collections::{BTreeMap, VecDeque},
    future::poll_fn,
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_websockets::{ClientBuilder, Error, Message, WebSocketStream, upgrade};

use crate::format::Answer;

/// How long to wait for a frame, in the paused clock's time: longer than any server would hold one back.
const PATIENCE: Duration = Duration::from_secs(3_600);

type Headers = BTreeMap<String, String>;
type Arrival = Result<Message, String>;

struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// What was received and not asked for yet.
    inbox: VecDeque<Arrival>,
    over: bool,
    /// It is not read until something is expected of it.
    deaf: bool,
}

/// Sockets by name. Each is opened when it is first spoken of.
pub(crate) struct Sockets {
    address: SocketAddr,
    open: BTreeMap<String, Socket>,
}

impl Sockets {
    pub(crate) const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            open: BTreeMap::new(),
        }
    }

    /// Asks for a socket with these headers, and says what was answered.
    pub(crate) async fn open(&mut self, name: &str, headers: &Headers) -> Result<Answer, String> {
        match self.connect(name, headers).await {
            Ok(subprotocol) => Ok(Answer {
                status: 101,
                subprotocol,
            }),
            Err(Error::Upgrade(upgrade::Error::DidNotSwitchProtocols(status))) => Ok(Answer {
                status,
                subprotocol: None,
            }),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn connect(&mut self, name: &str, headers: &Headers) -> Result<Option<String>, Error> {
        let uri = format!("ws://{}/ws", self.address);
        let mut builder = ClientBuilder::new().uri(&uri).unwrap();
        for (header, value) in headers {
            builder = builder.add_header(header.parse().unwrap(), value.parse().unwrap())?;
        }
        let stream = TcpStream::connect(self.address).await?;
        // A frame that the system held back would come after time has jumped.
        stream.set_nodelay(true)?;
        let (stream, response) = builder.connect_on(stream).await?;
        let socket = Socket {
            stream,
            inbox: VecDeque::new(),
            over: false,
            deaf: false,
        };
        self.open.insert(name.to_owned(), socket);
        let agreed = response.headers().get("sec-websocket-protocol");
        Ok(agreed.map(|value| value.to_str().unwrap().to_owned()))
    }

    async fn named(&mut self, name: &str) -> Result<&mut Socket, String> {
        if !self.open.contains_key(name) {
            let opened = self.connect(name, &Headers::new()).await;
            opened.map_err(|error| error.to_string())?;
        }
        self.open
            .get_mut(name)
            .ok_or_else(|| "no such socket".to_owned())
    }

    /// Sends all at once, so that the server finds them together.
    pub(crate) async fn send(&mut self, name: &str, messages: Vec<Message>) -> Result<(), String> {
        let stream = &mut self.named(name).await?.stream;
        for message in messages {
            stream.feed(message).await.map_err(|e| e.to_string())?;
        }
        stream.flush().await.map_err(|e| e.to_string())
    }

    /// Sends bytes as they are.
    pub(crate) async fn send_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let stream = self.named(name).await?.stream.get_mut();
        stream.write_all(bytes).await.map_err(|e| e.to_string())
    }

    /// Breaks the connection.
    pub(crate) fn cut(&mut self, name: &str) -> Result<(), String> {
        let cut = self.open.remove(name).map(drop);
        cut.ok_or_else(|| "no such socket".to_owned())
    }

    /// Does not read a socket until something is expected of it.
    pub(crate) async fn deafen(&mut self, name: &str) -> Result<(), String> {
        self.named(name).await?.deaf = true;
        Ok(())
    }

    /// The next text or close.
    pub(crate) async fn next(&mut self, name: &str) -> Result<Message, String> {
        let within = self.next_within(name, PATIENCE).await?;
        within.ok_or_else(|| "nothing came".to_owned())
    }

    /// The next text or close that comes within that time.
    pub(crate) async fn next_within(
        &mut self,
        name: &str,
        time: Duration,
    ) -> Result<Option<Message>, String> {
        self.named(name).await?.deaf = false;
        let next = poll_fn(|cx| {
            self.poll_receive(cx);
            match self.open.get_mut(name).and_then(|s| s.inbox.pop_front()) {
                Some(arrival) => Poll::Ready(arrival),
                None => Poll::Pending,
            }
        });
        timeout(time, next)
            .await
            .map_or(Ok(None), |arrival| arrival.map(Some))
    }

    /// Lets time pass.
    pub(crate) async fn pass(&mut self, time: Duration) {
        let receive = poll_fn(|cx| {
            self.poll_receive(cx);
            Poll::<()>::Pending
        });
        // Ends with the time and no earlier.
        drop(timeout(time, receive).await);
    }

    /// What was received and never asked for, but for closes.
    pub(crate) fn left_over(&mut self) -> Option<(String, String)> {
        self.open.iter().find_map(|(name, socket)| {
            let mut arrived = socket.inbox.iter().flatten();
            let text = arrived.find_map(Message::as_text)?;
            Some((name.clone(), text.to_owned()))
        })
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) {
        for socket in self.open.values_mut().filter(|socket| !socket.deaf) {
            socket.poll_receive(cx);
        }
    }
}

impl Socket {
    fn poll_receive(&mut self, cx: &mut Context<'_>) {
        while !self.over {
            let Poll::Ready(arrived) = self.stream.poll_next_unpin(cx) else {
                return;
            };
            let arrival = arrived
                .unwrap_or(Err(Error::AlreadyClosed))
                .map_err(|error| error.to_string());
            self.over = arrival.is_err();
            let control = |message: &Message| message.is_ping() || message.is_pong();
            if !arrival.as_ref().is_ok_and(control) {
                self.inbox.push_back(arrival);
            }
        }
    }
}
