//! A network that breaks: every connection to a server goes through it, and is cut after a while.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    task::JoinSet,
    time::Instant,
};

/// A connection that has brought less than this is not cut, so that there is always some progress.
const LEAST_BYTES: usize = 2_000;
/// The shortest that a connection lives, and by how much that differs.
const LEAST_LIFE: u64 = 40;
const LIVES: u32 = 100;

/// It cuts so many connections; those that come after are spared.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    server: String,
    cutter: Arc<Cutter>,
    connections: JoinSet<()>,
}

struct Cutter {
    to_do: u32,
    done: AtomicU32,
}

impl Proxy {
    pub(crate) async fn open(server: &str, cuts: u32) -> Result<Self, String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(|error| format!("the proxy: {error}"))?;
        Ok(Self {
            address: listener.local_addr().map_err(|e| e.to_string())?,
            listener,
            server: server.to_owned(),
            cutter: Arc::new(Cutter {
                to_do: cuts,
                done: AtomicU32::new(0),
            }),
            connections: JoinSet::new(),
        })
    }

    /// How many connections were cut.
    pub(crate) fn cuts(&self) -> u32 {
        self.cutter.done.load(Ordering::Relaxed)
    }

    /// Serves until something is wrong with the proxy itself.
    pub(crate) async fn run(&mut self) -> String {
        loop {
            match self.listener.accept().await {
                Ok((client, _)) => {
                    let (server, cutter) = (self.server.clone(), Arc::clone(&self.cutter));
                    self.connections.spawn(serve(client, server, cutter));
                }
                Err(error) => return format!("the proxy: {error}"),
            }
            while self.connections.try_join_next().is_some() {}
        }
    }
}

/// A connection that breaks, by itself or by us, is over: there is nobody to tell.
async fn serve(client: TcpStream, server: String, cutter: Arc<Cutter>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        _ = bring(from_server, to_client, &cutter) => {}
    }
}

/// Brings what the server says, until it is time to cut, in the middle of whatever comes then.
async fn bring(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    cutter: &Cutter,
) -> std::io::Result<()> {
    let (since, mut brought) = (Instant::now(), 0);
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        if brought >= LEAST_BYTES && cutter.takes(since) {
            return to.write_all(&buffer[..read / 2]).await;
        }
        to.write_all(&buffer[..read]).await?;
        brought += read;
    }
}

impl Cutter {
    /// Whether a connection that lives since then is cut now.
    fn takes(&self, since: Instant) -> bool {
        let done = self.done.load(Ordering::Relaxed);
        let life = LEAST_LIFE + u64::from(done.wrapping_mul(37) % LIVES);
        let is_time = done < self.to_do && since.elapsed() >= Duration::from_millis(life);
        if is_time {
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        is_time
    }
}
