//! Whose search runs next: what takes long is done elsewhere, and whoever asks for much of it waits for itself.

use std::sync::Arc;

use longwire_modules::{Catalogue, Lazy};
use longwire_protocol::{Code, Refusal};
use tokio::sync::Semaphore;

use super::refusal;

/// Searches of large catalogues that wait for a thread or have one, in the whole server.
const MOST_WAITING: usize = 256;
/// Those of one asker. The second does not wait for the first, and all others wait for these two.
const MOST_OF_ONE: usize = 2;
/// Searches that run at once for each processor: they share it, so that a quick one need not wait until a slow one has ended.
const RUNNING_PER_PROCESSOR: usize = 4;
const MOST_RUNNING: usize = 64;

/// Someone who asks, and whose searches wait for one another: a socket, or one request over HTTP.
pub(crate) struct Asker(Semaphore);

impl Default for Asker {
    fn default() -> Self {
        Self(Semaphore::new(MOST_OF_ONE))
    }
}

/// The threads that serve nobody, and who may have one.
pub(super) struct Turns {
    /// Places to wait in, each for one search.
    places: Arc<Semaphore>,
    /// In the order in which they were asked for. As nobody asks for more than a few, they go round among all who do.
    running: Arc<Semaphore>,
    /// Catalogues are built one at a time, and never behind a search.
    building: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let running = (processors * RUNNING_PER_PROCESSOR).min(MOST_RUNNING);
        Self {
            places: Arc::new(Semaphore::new(MOST_WAITING)),
            running: Arc::new(Semaphore::new(running)),
            building: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Turns {
    /// Has a thread do this that serves no socket, once it is this one's turn.
    ///
    /// # Errors
    /// Where too many others wait.
    #[expect(
        clippy::disallowed_methods,
        reason = "searches end, and only a few are there at once"
    )]
    pub(super) async fn take<T: Send + 'static>(
        &self,
        asker: &Asker,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let _own = asker.0.acquire().await;
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| too_many())?;
        let turn = Arc::clone(&self.running).acquire_owned().await;
        // Whoever asked may leave; what it holds is given back once the work is done.
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "a search broke off");
            Refusal::new(Code::Internal, "the search broke off")
        })
    }

    /// The catalogue, built elsewhere where it was not yet.
    ///
    /// # Errors
    /// Where it cannot be.
    pub(super) async fn build(&self, lazy: &Arc<Lazy>) -> Result<Arc<Catalogue>, Refusal> {
        if !lazy.is_made() {
            self.build_once(Arc::clone(lazy)).await;
        }
        lazy.get().map_err(refusal)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "one is built at a time, and it ends"
    )]
    async fn build_once(&self, lazy: Arc<Lazy>) {
        let turn = Arc::clone(&self.building).acquire_owned().await;
        if lazy.is_made() {
            return;
        }
        let built = tokio::task::spawn_blocking(move || {
            let _held = turn;
            drop(lazy.get());
        });
        if let Err(error) = built.await {
            tracing::error!(%error, "the building of a catalogue broke off");
        }
    }
}

fn too_many() -> Refusal {
    let message = format!(
        "{MOST_WAITING} searches of large catalogues wait already, as many as may; ask again in a moment"
    );
    Refusal::new(Code::TooMany, message)
}
