//! Looks names up. The system's look-up blocks a thread and cannot be ended, so each has a thread of its own: in the pool of the
//! runtime look-ups that hang would leave none for the store. How many there are at once is bounded for the whole server.

use std::{
    future::Future,
    io,
    net::{SocketAddr, ToSocketAddrs},
    pin::Pin,
    sync::Arc,
    thread,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Look-ups of the whole server at once.
pub(super) const AT_ONCE: usize = 32;

/// The look-ups of a server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LookUps {
    turns: Arc<Semaphore>,
    resolver: Arc<dyn Resolve>,
}

/// The right to look a name up. It is given back when the look-up has ended, not when nobody waits for it any more.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// Looks a name up. A trait, as tests have names of their own.
pub(super) trait Resolve: Send + Sync {
    /// The addresses of a name. The turn ends with the work.
    fn resolve(&self, name: &str, port: u16, turn: Turn) -> Resolving;
}

pub(super) type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

impl LookUps {
    /// By the resolver of the system.
    pub(crate) fn new() -> Self {
        Self::by(Arc::new(OnThreads(system)))
    }

    pub(super) fn by(resolver: Arc<dyn Resolve>) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            resolver,
        }
    }

    /// Waits until there is one less than there may be.
    pub(super) async fn turn(&self) -> io::Result<Turn> {
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        let permit = permit.map_err(io::Error::other)?;
        Ok(Turn { _permit: permit })
    }

    pub(super) async fn addresses(
        &self,
        name: &str,
        port: u16,
        turn: Turn,
    ) -> io::Result<Vec<SocketAddr>> {
        self.resolver.resolve(name, port, turn).await
    }
}

fn system(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((name, port).to_socket_addrs()?.collect())
}

/// Does each look-up on a thread, which ends with it.
pub(super) struct OnThreads<F>(pub(super) F);

impl<F> Resolve for OnThreads<F>
where
    F: Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Clone + Send + Sync + 'static,
{
    fn resolve(&self, name: &str, port: u16, turn: Turn) -> Resolving {
        let (done, told) = oneshot::channel();
        let (name, look_up) = (name.to_owned(), self.0.clone());
        let work = move || {
            let found = look_up(&name, port);
            drop(turn);
            // Whoever no longer waits for it has given up.
            drop(done.send(found));
        };
        // No owner waits for the thread: it is the turn that bounds how many there are.
        let begun = thread::Builder::new()
            .name("look-up".to_owned())
            .spawn(work);
        Box::pin(async move {
            drop(begun?);
            told.await.map_err(io::Error::other)?
        })
    }
}
