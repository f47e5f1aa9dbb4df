//! A bare WebSocket on fastwebsockets, which took the least processor time of the crates that were tried.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anyhow::{Result, anyhow, ensure};
use fastwebsockets::upgrade::{UpgradeFut, upgrade};
use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

fn main() -> Result<()> {
    floors::serve(connection)
}

async fn connection(stream: TcpStream) -> Result<()> {
    let serve = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(handshake));
    Ok(serve.with_upgrades().await?)
}

async fn handshake(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let Ok((response, upgraded)) = upgrade(&mut request) else {
        let mut refused = Response::new(Empty::new());
        *refused.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(refused);
    };
    tokio::spawn(socket(upgraded));
    Ok(response)
}

async fn socket(upgraded: UpgradeFut) -> Result<()> {
    let stream = upgraded.await?.into_inner().into_inner();
    let parts = stream
        .downcast::<TokioIo<TcpStream>>()
        .map_err(|_| anyhow!("not the stream that was upgraded"))?;
    ensure!(
        parts.read_buf.is_empty(),
        "the client did not wait for the end of the handshake"
    );
    let mut socket = WebSocket::after_handshake(Turns::of(parts.io.into_inner()), Role::Server);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Text => {
                let answer = floors::answer(&frame.payload)?;
                socket
                    .write_frame(Frame::text(Payload::Owned(answer)))
                    .await?;
            }
            OpCode::Close => return Ok(()),
            OpCode::Binary | OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
        }
    }
}

/// A stream that is written to once a turn: when all that was read is answered and more is asked for.
///
/// The crate writes each frame by itself, and reading one cannot be given up half way; so the turn's end is found here.
struct Turns {
    stream: TcpStream,
    unsent: Vec<u8>,
    sent: usize,
}

impl Turns {
    const fn of(stream: TcpStream) -> Self {
        Self {
            stream,
            unsent: Vec::new(),
            sent: 0,
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.unsent.len() {
            self.sent +=
                ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unsent[self.sent..]))?;
        }
        self.unsent.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Turns {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Turns {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.unsent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
