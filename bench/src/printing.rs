//! The command that prints much, and the floor beneath watching it: a pipe into a bare WebSocket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

/// Bytes of a line, its end included.
pub(crate) const LINE_BYTES: usize = 100;
/// What is written at once, as `stdio` does it to a pipe, only larger.
const BLOCK_LINES: usize = 640;
/// Whoever is to watch it from its beginning has so long.
pub(crate) const BEFORE: Duration = Duration::from_millis(500);
/// What is read of the pipe at once.
const READ_BYTES: usize = 64_000;
/// The answer to the key of RFC 6455's example, which the load always sends.
const UPGRADED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Prints so many bytes, in lines.
///
/// # Errors
///
/// Nobody reads them.
pub fn print(bytes: usize) -> Result<()> {
    sleep(BEFORE);
    let block = line().repeat(BLOCK_LINES);
    let mut out = std::io::stdout().lock();
    let mut left = bytes;
    while left > 0 {
        let length = left.min(block.len());
        out.write_all(&block.as_bytes()[..length])?;
        left -= length;
    }
    Ok(out.flush()?)
}

fn line() -> String {
    let words = "the quick brown fox jumps over the lazy dog ".repeat(3);
    format!("{}\n", &words[..LINE_BYTES - 1])
}

/// Takes connections, one after the other, and sends each what the command prints: as it comes out of its pipe.
///
/// # Errors
///
/// The address cannot be listened on.
pub fn pipe(address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    loop {
        let (stream, _) = listener.accept()?;
        if let Err(error) = serve(&stream) {
            eprintln!("{error:#}");
        }
    }
}

fn serve(stream: &TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    upgrade(&mut reader, stream)?;
    let asked = question(&mut reader)?;
    let bytes = asked.rsplit("\"bytes\":").next().unwrap_or_default();
    let bytes = bytes.trim_end_matches('}').to_owned();
    let mut command = Command::new(std::env::current_exe()?);
    let mut child = command
        .args(["print", &bytes])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = child.stdout.take().context("no pipe")?;
    let mut block = vec![0; READ_BYTES];
    loop {
        let length = output.read(&mut block)?;
        if length == 0 {
            break;
        }
        send(stream, &block[..length])?;
    }
    child.wait()?;
    send(stream, br#"{"connid":"0-10000000","status":"ok"}"#)
}

pub(crate) fn upgrade(reader: &mut impl BufRead, mut stream: &TcpStream) -> Result<()> {
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        anyhow::ensure!(reader.read_line(&mut line)? > 0, "it was no handshake");
    }
    Ok(stream.write_all(UPGRADED.as_bytes())?)
}

/// One short text, unmasked.
pub(crate) fn question(reader: &mut impl Read) -> Result<String> {
    let mut head = [0; 6];
    reader.read_exact(&mut head)?;
    let mut body = vec![0; usize::from(head[1] & 0x7f)];
    reader.read_exact(&mut body)?;
    let mask = head[2..].iter().cycle();
    Ok(body
        .iter()
        .zip(mask)
        .map(|(byte, mask)| char::from(byte ^ mask))
        .collect())
}

/// A text frame, with one write.
pub(crate) fn send(mut stream: &TcpStream, payload: &[u8]) -> Result<()> {
    let mut frame = Vec::with_capacity(payload.len() + 10);
    frame.extend_from_slice(&[0x81, 127]);
    frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
    frame.extend_from_slice(payload);
    Ok(stream.write_all(&frame)?)
}
