//! A server that stops, and those who would hold it.

use std::{future::pending, net::SocketAddr, time::Duration};

use longwire_server::{Server, config::Config};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::oneshot,
    time::{Instant, sleep},
};

#[tokio::test(start_paused = true)]
async fn a_request_that_was_sent_by_half_holds_a_stop_for_eight_seconds() {
    let config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Config::default()
    };
    let server = Server::bind(config).await.unwrap();
    let address = server.local_addr();
    let (stop, stopped) = oneshot::channel();
    let client = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let half = "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
        stream.write_all(half.as_bytes()).await.unwrap();
        // Time stands still but where all wait: the server has read what there is by then.
        sleep(Duration::from_millis(100)).await;
        stop.send(Instant::now()).unwrap();
        stream
    };
    let mut asked = None;
    let drain = async { asked = stopped.await.ok() };
    let (ran, _stream) = tokio::join!(server.run(drain, pending()), client);
    ran.unwrap();
    assert_eq!(asked.unwrap().elapsed().as_secs(), 8);
}
