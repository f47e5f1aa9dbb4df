//! A bare WebSocket on the crate that Longwire uses.

use anyhow::Result;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::{Message, ServerBuilder};

fn main() -> Result<()> {
    floors::serve(socket)
}

async fn socket(stream: TcpStream) -> Result<()> {
    let (_, mut socket) = ServerBuilder::new().accept(stream).await?;
    let mut turn = Vec::new();
    while let Some(first) = socket.next().await {
        let mut read = Some(Some(first));
        while let Some(Some(message)) = read {
            let message = message?;
            if message.is_text() {
                turn.push(Message::text(String::from_utf8(floors::answer(
                    message.as_payload(),
                )?)?));
            }
            read = socket.next().now_or_never();
        }
        // Only now, as the crate flushes what it was fed before it reads.
        for answer in turn.drain(..) {
            socket.feed(answer).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}
