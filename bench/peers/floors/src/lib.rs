//! What the floors that speak WebSocket have in common: they answer every request at once, and remember nothing.

use std::borrow::Cow;

use anyhow::Result;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    connid: Cow<'a, str>,
}

/// The answer to a request, whatever its time.
///
/// # Errors
/// Where it is no request.
pub fn answer(request: &[u8]) -> Result<Vec<u8>> {
    let Request { connid } = serde_json::from_slice(request)?;
    let mut answer = Vec::with_capacity(connid.len() + 32);
    answer.extend_from_slice(br#"{"connid":"#);
    serde_json::to_writer(&mut answer, &connid)?;
    answer.extend_from_slice(br#","status":"ok"}"#);
    Ok(answer)
}

/// The port to listen on, of the environment.
///
/// # Errors
/// Where `PORT` is none.
pub fn port() -> Result<u16> {
    Ok(std::env::var("PORT")?.parse()?)
}

/// Serves sockets on one thread, each by its own task, to the end of the process.
///
/// # Errors
/// Where it cannot listen.
pub fn serve<S>(socket: fn(TcpStream) -> S) -> Result<()>
where
    S: Future<Output = Result<()>> + Send + 'static,
{
    Builder::new_current_thread()
        .enable_io()
        .build()?
        .block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", port()?)).await?;
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(socket(stream));
            }
        })
}
