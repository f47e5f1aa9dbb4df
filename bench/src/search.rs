//! Searches over HTTP, beside a page that is sent as it is.

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Duration, Instant},
};

/// How often each of the two is measured, one after the other.
const ROUNDS: u32 = 7;
/// Small libraries of the standard: so many pairs of them that no server keeps the answers to all.
const BESIDE: [&str; 72] = [
    "tuple",
    "pair",
    "optional",
    "variant",
    "any",
    "bitset",
    "array",
    "span",
    "stack",
    "queue",
    "deque",
    "list",
    "forward_list",
    "map",
    "set",
    "multimap",
    "multiset",
    "unordered_map",
    "unordered_set",
    "unordered_multimap",
    "unordered_multiset",
    "priority_queue",
    "mutex",
    "timed_mutex",
    "recursive_mutex",
    "shared_mutex",
    "lock_guard",
    "unique_lock",
    "shared_lock",
    "scoped_lock",
    "thread",
    "jthread",
    "stop_token",
    "stop_source",
    "latch",
    "barrier",
    "counting_semaphore",
    "condition_variable",
    "future",
    "promise",
    "packaged_task",
    "shared_future",
    "unique_ptr",
    "shared_ptr",
    "weak_ptr",
    "function",
    "reference_wrapper",
    "initializer_list",
    "complex",
    "valarray",
    "slice",
    "gslice",
    "ratio",
    "error_code",
    "error_category",
    "error_condition",
    "system_error",
    "exception",
    "type_info",
    "type_index",
    "locale",
    "ctype",
    "codecvt",
    "numpunct",
    "moneypunct",
    "random_device",
    "mersenne_twister_engine",
    "expected",
    "mdspan",
    "generator",
    "flat_map",
    "flat_set",
];
/// A page that is a constant of the server.
const STATIC: &str = "/schema/catalogue.json";

/// Prints how many searches a second are answered, and how many times a page as long is.
pub(crate) async fn measure(url: &str, connections: usize, seconds: u64) -> Result<()> {
    let host = url.split('/').nth(2).context("no host")?;
    let page = request("GET", STATIC, host, "");
    let length = connection(host).await?.ask(&page).await?;
    let (limit, found) = as_long_as(host, length).await?;
    println!("a page of {length} bytes, a search with {found} in its answer");
    let [body, address] = searches(host, limit);
    let asked: [Arc<[String]>; 4] = [
        Arc::new([page]),
        Arc::new([body]),
        Arc::new([address]),
        new(host, limit),
    ];
    let round = Duration::from_secs(seconds) / (4 * ROUNDS);
    let mut rates = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        for (rates, texts) in rates.iter_mut().zip(&asked) {
            rates.push(rate(host, texts, connections, round).await?);
        }
    }
    let [page, body, address, new] = rates.map(middle);
    println!(
        "{page:.0} pages a second; {body:.0} searches with a body: {:.0} %; {address:.0} by address: {:.0} %; \
         {new:.0} that were not asked of late: {:.0} %",
        100.0 * body / page,
        100.0 * address / page,
        100.0 * new / page,
    );
    Ok(())
}

/// Questions that differ in libraries that the answer shows nothing of: more than a server keeps answers to.
fn new(host: &str, limit: usize) -> Arc<[String]> {
    let pairs = BESIDE.iter().flat_map(|first| {
        BESIDE
            .iter()
            .map(move |second| format!("{first}\",\"{second}"))
    });
    let question = |beside: String| {
        let body =
            format!(r#"{{"lib":["basic_string","vector","{beside}"],"text":"p","limit":{limit}}}"#);
        request("GET", "/query/module", host, &body)
    };
    pairs.map(question).collect()
}

/// The question with so many matches at most, in a body and in an address.
fn searches(host: &str, limit: usize) -> [String; 2] {
    let body = format!(r#"{{"lib":["basic_string","vector"],"text":"p","limit":{limit}}}"#);
    let address = format!("/query/module?lib=basic_string,vector&text=p&limit={limit}");
    [
        request("GET", "/query/module", host, &body),
        request("GET", &address, host, ""),
    ]
}

fn middle(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// So many matches that the answer has about so many bytes, and not fewer; and how many it has.
async fn as_long_as(host: &str, length: usize) -> Result<(usize, usize)> {
    let mut connection = connection(host).await?;
    for limit in 1..=200 {
        let [text, _] = searches(host, limit);
        let found = connection.ask(&text).await?;
        if found >= length {
            return Ok((limit, found));
        }
    }
    anyhow::bail!("no answer has {length} bytes")
}

fn request(method: &str, path: &str, host: &str, body: &str) -> String {
    let length = body.len();
    let content = match length {
        0 => String::new(),
        _ => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{content}\r\n{body}")
}

async fn rate(
    host: &str,
    texts: &Arc<[String]>,
    connections: usize,
    time: Duration,
) -> Result<f64> {
    let begin = Instant::now();
    let mut asking = JoinSet::new();
    for first in 0..connections {
        let (host, texts) = (host.to_owned(), Arc::clone(texts));
        asking.spawn(async move {
            let mut connection = connection(&host).await?;
            let mut count = 0_u64;
            // Each connection asks others of them, in the same order.
            let texts = texts.iter().cycle().skip(first).step_by(connections);
            for text in texts {
                if begin.elapsed() >= time {
                    break;
                }
                connection.ask(text).await?;
                count += 1;
            }
            Ok::<u64, anyhow::Error>(count)
        });
    }
    let counts = asking.join_all().await;
    let count: u64 = counts.into_iter().sum::<Result<u64>>()?;
    Ok(count as f64 / begin.elapsed().as_secs_f64())
}

/// A connection that is kept open.
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

async fn connection(host: &str) -> Result<Connection> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    Ok(Connection {
        stream,
        read: Vec::with_capacity(64 * 1024),
    })
}

impl Connection {
    /// Sends a request, and reads its answer. How long the body was.
    async fn ask(&mut self, text: &str) -> Result<usize> {
        self.stream.write_all(text.as_bytes()).await?;
        self.read.clear();
        loop {
            anyhow::ensure!(self.stream.read_buf(&mut self.read).await? > 0, "it closed");
            if let Some((head, length)) = lengths(&self.read)
                && self.read.len() >= head + length
            {
                let status = String::from_utf8_lossy(&self.read[..12]);
                anyhow::ensure!(status == "HTTP/1.1 200", "it answered {status}");
                return Ok(length);
            }
        }
    }
}

/// How long the head is, and how long the body will be.
fn lengths(read: &[u8]) -> Option<(usize, usize)> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&read[..end]).ok()?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?;
    Some((end, length.parse().ok()?))
}
