//! The sockets of a dialogue. All are read while time passes, as clients do, so that pings are answered.

use std::{
    collections::{BTreeMap, VecDeque},
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use http::Uri;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_websockets::{ClientBuilder, Error, Message, WebSocketStream, upgrade};

use crate::speak::Answer;

/// Where the sockets of a server are.
#[derive(Clone, Debug)]
pub struct Place {
    socket: Uri,
    host: String,
    port: u16,
}

impl Place {
    /// That of a server at `http://HOST:PORT`, or of its socket at `ws://HOST:PORT/ws`.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong =
            || format!("{url:?} must be like http://127.0.0.1:8000 or ws://127.0.0.1:8000/ws");
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let host = uri
            .host()
            .filter(|host| !host.is_empty())
            .ok_or_else(wrong)?;
        let path = match (uri.scheme_str(), uri.path()) {
            (Some("http"), path) => format!("{}/ws", path.trim_end_matches('/')),
            (Some("ws"), "" | "/") => "/ws".to_owned(),
            (Some("ws"), path) => path.to_owned(),
            _ => return Err(wrong()),
        };
        let port = uri.port_u16().unwrap_or(80);
        let socket = format!("ws://{host}:{port}{path}");
        Ok(Self {
            socket: socket.parse().map_err(|_| wrong())?,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
        })
    }
}

type Headers = BTreeMap<String, String>;
/// Stands among the headers for the query of the address.
const QUERY: &str = "?";

type Arrival = Result<Message, String>;

#[derive(Debug)]
struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// What was received and not asked for yet.
    inbox: VecDeque<Arrival>,
    over: bool,
    /// It is not read until something is expected of it.
    deaf: bool,
}

/// Sockets by name. Each is opened when it is first spoken of.
#[derive(Debug)]
pub(crate) struct Sockets {
    place: Place,
    patience: Duration,
    open: BTreeMap<String, Socket>,
}

impl Sockets {
    /// Of a server there, each of which is waited for so long.
    pub(crate) const fn new(place: Place, patience: Duration) -> Self {
        Self {
            place,
            patience,
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
        let mut headers = headers.clone();
        let mut uri = self.place.socket.clone();
        if let Some(query) = headers.remove(QUERY) {
            let asked = format!("{uri}?{query}");
            uri = asked.parse().map_err(std::io::Error::other)?;
        }
        let mut builder = ClientBuilder::from_uri(uri);
        for (header, value) in &headers {
            let header = header.parse().map_err(std::io::Error::other)?;
            let value = value.parse().map_err(std::io::Error::other)?;
            builder = builder.add_header(header, value)?;
        }
        let (host, port) = (self.place.host.as_str(), self.place.port);
        let stream = TcpStream::connect((host, port)).await?;
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
        let agreed = agreed.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Ok(agreed)
    }

    /// Whether there is a server of WebSockets.
    ///
    /// # Errors
    /// Where there is none, and why.
    pub(crate) async fn reach(place: Place, patience: Duration) -> Result<(), String> {
        let there = place.socket.to_string();
        let mut sockets = Self::new(place, patience);
        let why = match timeout(patience, sockets.connect("", &Headers::new())).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", patience.as_secs()),
        };
        Err(format!("cannot connect to {there}: {why}"))
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
        let within = self.next_within(name, self.patience).await?;
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

    /// What was received and never asked for, but for closes, and by whom.
    pub(crate) fn left_over(&self) -> impl Iterator<Item = (&str, &str)> {
        self.open.iter().flat_map(|(name, socket)| {
            let arrived = socket.inbox.iter().flatten();
            let texts = arrived.filter_map(Message::as_text);
            texts.map(move |text| (name.as_str(), text))
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
