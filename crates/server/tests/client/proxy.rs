//! A network between a client and a server that breaks again and again, in the middle of whatever it carries.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

/// Which way what is carried goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToServer,
    ToClient,
}

/// How it breaks: so often, each time after so many bytes that way.
#[derive(Clone, Copy)]
pub(super) struct Cuts {
    pub(super) times: u32,
    pub(super) after: usize,
    pub(super) way: Way,
}

/// Carries what comes to a port of its own on to the server.
pub(super) struct Proxy {
    pub(super) url: String,
    cuts: Arc<AtomicU32>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    pub(super) async fn new(server: SocketAddr, cuts: Cuts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let done = Arc::new(AtomicU32::new(0));
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(listener, server, cuts, Arc::clone(&done)));
        Self {
            url,
            cuts: done,
            _tasks: tasks,
        }
    }

    /// How often it broke.
    pub(super) fn cuts(&self) -> u32 {
        self.cuts.load(Ordering::Relaxed)
    }
}

async fn listen(listener: TcpListener, server: SocketAddr, cuts: Cuts, done: Arc<AtomicU32>) {
    let mut open = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let is_to_break = done.load(Ordering::Relaxed) < cuts.times;
        let most = |way| {
            if is_to_break && way == cuts.way {
                cuts.after
            } else {
                usize::MAX
            }
        };
        let (to_server, to_client) = (most(Way::ToServer), most(Way::ToClient));
        let done = Arc::clone(&done);
        open.spawn(async move {
            let server = TcpStream::connect(server).await.unwrap();
            let (from_client, to) = client.into_split();
            let (from_server, on) = server.into_split();
            tokio::select! {
                () = carry(from_client, on, to_server) => {}
                () = carry(from_server, to, to_client) => {}
            }
            if is_to_break {
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
        while open.try_join_next().is_some() {}
    }
}

/// Carries so many bytes, and no more.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut most: usize) {
    let mut bytes = vec![0; 16 * 1024];
    while most > 0 {
        let room = most.min(bytes.len());
        let Ok(count @ 1..) = from.read(&mut bytes[..room]).await else {
            return;
        };
        most -= count;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
