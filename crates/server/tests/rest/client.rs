//! A server, and a client that speaks just enough HTTP.

use std::{net::SocketAddr, time::Duration};

use longwire_engine::{Consumer, Serving, Task, Work};
use longwire_protocol::Stream;
use longwire_server::{Server, config::Config, openapi};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};

/// Longer, on the paused clock, than anything may take.
const PATIENCE: Duration = Duration::from_secs(7_200);

pub(crate) struct Client {
    address: SocketAddr,
    description: Value,
    stop: std::cell::Cell<Option<oneshot::Sender<()>>>,
}

/// Says so many lines, whatever the input, and is done.
struct Talker;

impl Consumer for Talker {
    fn serve(&self, task: Task) -> Serving {
        Box::pin(async move {
            let lines: u32 = task.input().map_or(0, |input| input.read().unwrap());
            for line in 1..=lines {
                let _ = task.output(Stream::Stdout, format!("line {line}\n")).await;
            }
            Work::Done(None)
        })
    }
}

/// Runs a server with that configuration, beside the defaults, for as long as the test takes.
pub(crate) fn with_server(config: &str, test: impl AsyncFnOnce(&Client)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut config = Config::from_toml(config, "the test").unwrap();
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(config)
            .await
            .unwrap()
            .with_consumer("talk", Talker)
            .unwrap();
        let (stop, stopped) = oneshot::channel();
        let client = Client {
            address: server.local_addr(),
            description: openapi(),
            stop: std::cell::Cell::new(Some(stop)),
        };
        let served = server.run(async { drop(stopped.await) }, std::future::pending());
        tokio::select! {
            () = test(&client) => {}
            () = async { served.await.unwrap(); std::future::pending().await } => unreachable!(),
        }
    });
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no head: {text:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap()[9..12].parse().unwrap();
        let header = |line: &str| {
            line.split_once(": ")
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .unwrap()
        };
        Self {
            status,
            headers: lines.map(header).collect(),
            body: body.to_owned(),
        }
    }
}

impl Client {
    /// Tells the server to stop.
    pub(crate) fn stop(&self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Sends `METHOD /path`, with headers a line each, and a body of JSON unless they say otherwise.
    pub(crate) async fn call(&self, request: &str, headers: &str, body: &str) -> Reply {
        let mut stream = self
            .open(
                request,
                "1.1",
                &format!("Connection: close\r\n{}", lines(headers)),
                body,
            )
            .await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
        assert!(
            read.is_ok(),
            "{request}: no end in sight after {:?}",
            String::from_utf8_lossy(&bytes)
        );
        let reply = Reply::parse(&bytes);
        self.check(request, &reply);
        reply
    }

    /// The same with a body that does not say what it is.
    pub(crate) async fn untyped(&self, request: &str, body: &str) -> Reply {
        let (host, length) = (self.address, body.len());
        let text = format!(
            "{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let reply = Reply::parse(&bytes);
        self.check(request, &reply);
        reply
    }

    async fn open(&self, request: &str, version: &str, headers: &str, body: &str) -> TcpStream {
        let (host, length) = (self.address, body.len());
        let typed = body.is_empty() || headers.to_ascii_lowercase().contains("content-type:");
        let content_type = if typed {
            ""
        } else {
            "Content-Type: application/json\r\n"
        };
        let host = if headers.starts_with("Host:") || headers.contains("\nHost:") {
            String::new()
        } else {
            format!("Host: {host}\r\n")
        };
        let head = format!(
            "{request} HTTP/{version}\r\n{host}Content-Length: {length}\r\n{content_type}{headers}\r\n"
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // A server that has refused already may have closed.
        let _ = stream.write_all(body.as_bytes()).await;
        stream
    }

    /// Opens a stream of events. Over HTTP/1.0, so that the body comes as it is, and ends with the connection.
    pub(crate) async fn events(&self, path: &str, headers: &str) -> Events {
        let stream = self
            .open(&format!("GET {path}"), "1.0", &lines(headers), "")
            .await;
        let mut events = Events {
            stream,
            text: String::new(),
        };
        let head = events.until("\r\n\r\n").await.expect("a head");
        let reply = Reply::parse(format!("{head}\r\n\r\n").as_bytes());
        self.check(&format!("GET {path}"), &reply);
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some("text/event-stream")),
            "{reply:?}"
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("x-accel-buffering"), Some("no"));
        events
    }

    /// Whatever a described operation answers is described.
    fn check(&self, request: &str, reply: &Reply) {
        let (method, target) = request.split_once(' ').unwrap();
        let path = target.split('?').next().unwrap();
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let template = match *segments {
            ["jobs", _] => "/jobs/{connid}",
            ["jobs", _, "events"] => "/jobs/{connid}/events",
            _ => path,
        };
        let operation = &self.description["paths"][template][method.to_ascii_lowercase()];
        // To a name that is not the server's, any operation answers the same.
        if operation.is_null() || reply.status == 421 {
            return;
        }
        let response = &operation["responses"][reply.status.to_string()];
        assert!(
            response.is_object(),
            "{request}: {} is not described",
            reply.status
        );
        let content_type = reply.header("content-type");
        match response["content"].as_object() {
            Some(content) => assert!(
                content.contains_key(content_type.unwrap()),
                "{request}: {content_type:?} is not described"
            ),
            None => assert_eq!(content_type, None, "{request}"),
        }
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            assert!(
                header["required"] != true || reply.header(name).is_some(),
                "{request}: {name} is missing"
            );
        }
    }
}

fn lines(headers: &str) -> String {
    headers
        .lines()
        .map(|line| format!("{}\r\n", line.trim()))
        .collect()
}

/// A stream of server-sent events.
pub(crate) struct Events {
    stream: TcpStream,
    text: String,
}

/// One of them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Message {
    pub(crate) event: Option<String>,
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Message {
    /// The number in the id.
    pub(crate) fn seq(&self) -> u64 {
        self.id.rsplit(':').next().unwrap().parse().unwrap()
    }
}

impl Events {
    /// The text up to a mark; none at the end of the stream.
    async fn until(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some((head, rest)) = self.text.split_once(mark) {
                let (head, rest) = (head.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(head);
            }
            let mut bytes = [0; 4096];
            let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut bytes))
                .await
                .expect("no end in sight");
            match read.unwrap_or(0) {
                0 => {
                    assert_eq!(self.text, "", "cut off");
                    return None;
                }
                some => self
                    .text
                    .push_str(std::str::from_utf8(&bytes[..some]).unwrap()),
            }
        }
    }

    /// The next block, comments and all.
    pub(crate) async fn block(&mut self) -> Option<String> {
        self.until("\n\n").await
    }

    /// The next message; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            let block = self.block().await?;
            let mut message = Message::default();
            for line in block.lines() {
                match line.split_once(':').unwrap() {
                    ("event", value) => message.event = Some(value.trim().to_owned()),
                    ("id", value) => value.trim().clone_into(&mut message.id),
                    ("data", value) => message.data = serde_json::from_str(value).unwrap(),
                    ("retry", value) => assert_eq!(value.trim(), "1000"),
                    ("", "") => {}
                    other => panic!("what is {other:?}?"),
                }
            }
            if !message.data.is_null() {
                return Some(message);
            }
        }
    }

    /// All that is left.
    pub(crate) async fn rest(mut self) -> Vec<Message> {
        let mut all = Vec::new();
        while let Some(message) = self.next().await {
            all.push(message);
        }
        all
    }
}

/// Whether everything that is expected is there, and the same.
pub(crate) fn fits(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected
            .iter()
            .all(|(key, expected)| got.get(key).is_some_and(|got| fits(expected, got))),
        (Value::Array(expected), Value::Array(got)) => {
            expected.len() == got.len()
                && expected
                    .iter()
                    .zip(got)
                    .all(|(expected, got)| fits(expected, got))
        }
        (Value::Number(expected), Value::Number(got)) => expected.as_f64() == got.as_f64(),
        _ => expected == got,
    }
}

impl Client {
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a body in chunks, as they are given.
    pub(crate) async fn chunked(&self, request: &str, chunks: &[&str]) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            self.address
        );
        stream
            .write_all((head + &chunks.concat()).as_bytes())
            .await
            .unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let reply = Reply::parse(&bytes);
        self.check(request, &reply);
        reply
    }
}
