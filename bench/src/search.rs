//! Searches over HTTP, beside a page that is sent as it is.

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Duration, Instant},
};

/// How often each of the two is measured, one after the other.
const ROUNDS: u32 = 7;
/// A page that is a constant of the server.
const STATIC: &str = "/style.css";

/// Prints how many searches a second are answered, and how many times a page as long is.
pub(crate) async fn measure(url: &str, connections: usize, seconds: u64) -> Result<()> {
    let host = url.split('/').nth(2).context("no host")?;
    let page = request("GET", STATIC, host, "");
    let length = connection(host).await?.ask(&page).await?;
    let (limit, found) = as_long_as(host, length).await?;
    println!("a page of {length} bytes, a search with {found} in its answer");
    let [body, address] = searches(host, limit);
    let round = Duration::from_secs(seconds) / (3 * ROUNDS);
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (rates, text) in rates.iter_mut().zip([&page, &body, &address]) {
            rates.push(rate(host, text, connections, round).await?);
        }
    }
    let [page, body, address] = rates.map(middle);
    println!(
        "{page:.0} pages a second; {body:.0} searches with a body: {:.0} %; {address:.0} by address: {:.0} %",
        100.0 * body / page,
        100.0 * address / page
    );
    Ok(())
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

async fn rate(host: &str, text: &str, connections: usize, time: Duration) -> Result<f64> {
    let begin = Instant::now();
    let mut asking = JoinSet::new();
    for _ in 0..connections {
        let (host, text) = (host.to_owned(), text.to_owned());
        asking.spawn(async move {
            let mut connection = connection(&host).await?;
            let mut count = 0_u64;
            while begin.elapsed() < time {
                connection.ask(&text).await?;
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
