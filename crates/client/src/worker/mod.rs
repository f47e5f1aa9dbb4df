//! Programs that serve routes.

mod crew;
mod desk;
mod say;
mod stopped;
mod task;
mod words;

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use longwire_protocol::Payload;
use serde::Serialize;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use self::{
    crew::Crew,
    desk::{Offer, Ways, WorkDesk},
};
use crate::{Error, Link, Links, Options, address::Address, connection::Connection, wire::Wire};

pub use stopped::{Stopped, Unfinished, Why};
pub use task::Task;

/// Things to say that wait for the connection.
const COMMANDS: usize = 64;
/// How long jobs have to end once the worker is told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// What does the work of a route.
type Work = Arc<dyn Fn(Task) -> Working + Send + Sync>;
type Working = BoxFuture<'static, Result<Option<Payload>, Unfinished>>;

/// A worker: it claims routes of a server, is handed their jobs, and does the work of each with an async function of yours.
///
/// Over a lost connection it goes on with the jobs that it holds: it connects again, claims their leases, and says again what was not
/// answered, so a line of output may come twice, and none is lost.
///
/// A function that returns a value ends its job with that as the result; one that returns an error, or panics, with a failure. A job
/// that is killed, or out of time, cancels the [`Task`]: whoever looks at that has the grace of the route to leave off, and a function that
/// has not returned by then is dropped where it waits. Work that does not wait belongs into `tokio::task::spawn_blocking`.
#[derive(Clone)]
pub struct Worker {
    url: String,
    options: Options,
    name: Option<Box<str>>,
    slots: u32,
    grace: Duration,
    works: HashMap<Box<str>, Work>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("url", &self.url)
            .field("name", &self.name)
            .field("slots", &self.slots)
            .field("routes", &self.works.keys())
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker for the server at an address such as `http://127.0.0.1:8000`, that takes one job at a time.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            options: Options::default(),
            name: None,
            slots: 1,
            grace: GRACE,
            works: HashMap::new(),
        }
    }

    /// What it is called, for people: 1 to 128 bytes.
    #[must_use]
    pub fn name(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How many jobs it takes at once, of all its routes together: 1 to 1,000.
    #[must_use]
    pub fn slots(mut self, slots: u32) -> Self {
        self.slots = slots;
        self
    }

    /// How long its jobs have to end once it is told to stop; 30 seconds where it is not said.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How to deal with a server that does not answer.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Serves that route with that function, which is given each job as a [`Task`].
    ///
    /// What it returns is written as JSON, at most 1,000,000 bytes of it, and is the result; `()` is none. An error is any
    /// [`std::error::Error`] (its code is then `failed`), a [`Failure`](crate::Failure) with a code of yours, or an [`Unfinished`], which takes
    /// these and [`Stopped`].
    #[must_use]
    pub fn route<F, Fut, T, E>(mut self, route: impl Into<Box<str>>, work: F) -> Self
    where
        F: Fn(Task) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: Serialize,
        E: Into<Unfinished>,
    {
        let work = Arc::new(work);
        let erased = move |task| {
            let work = Arc::clone(&work);
            async move {
                let done = work(task).await;
                done.map_err(Into::into)
                    .and_then(|value| say::result(&value))
            }
            .boxed()
        };
        self.works.insert(route.into(), Arc::new(erased));
        self
    }

    /// Connects, claims the routes, and works in the background.
    ///
    /// # Errors
    /// Where the server cannot be reached, which is tried once, or refuses the claim.
    pub async fn start(self) -> Result<Running, Error> {
        let address = Address::parse(&self.url)?;
        let wire = Wire::open(&address, &self.options).await?;
        let (commands, taken) = mpsc::channel(COMMANDS);
        let (handed, tasks) = mpsc::channel(4 * self.slots.max(1) as usize);
        let (claimed, stands) = oneshot::channel();
        let (link, links) = watch::channel(Link::Connected);
        let (stop, leave, left) = Default::default();
        let ways = Ways {
            commands,
            handed,
            claimed: Some(claimed),
            leave: CancellationToken::clone(&leave),
            left: CancellationToken::clone(&left),
        };
        let stop: CancellationToken = stop;
        let offer = Offer {
            routes: self.works.keys().cloned().collect(),
            slots: self.slots,
            name: self.name,
        };
        let desk = WorkDesk::new(offer, ways);
        let connection = Connection::new((address, self.options), desk, taken, link, stop.clone());
        let tracker = TaskTracker::new();
        tracker.spawn(connection.run(wire));
        tracker.spawn(Crew::new(self.works, self.slots).work(tasks));
        tracker.close();
        let running = Running {
            links: Links(links),
            tracker,
            leave,
            left,
            grace: self.grace,
            stop: stop.drop_guard(),
        };
        stands.await.unwrap_or(Err(Error::Closed))?;
        Ok(running)
    }

    /// Works until that future is there; then claims nothing more, lets the jobs that it holds end, within the grace, and leaves.
    ///
    /// # Errors
    /// As [`Worker::start`], and where the connection is gone for good before that.
    pub async fn run_until(self, stop: impl Future) -> Result<(), Error> {
        let mut running = self.start().await?;
        tokio::select! {
            _ = stop => {}
            error = running.ended() => return Err(error),
        }
        running.stop().await;
        Ok(())
    }

    /// Works until Ctrl-C or, on Unix, SIGTERM, as [`Worker::run_until`] does; the second of these leaves at once.
    ///
    /// # Errors
    /// As [`Worker::run_until`].
    pub async fn run(self) -> Result<(), Error> {
        let mut running = self.start().await?;
        tokio::select! {
            () = signal() => {}
            error = running.ended() => return Err(error),
        }
        tokio::select! {
            () = running.stop() => {}
            () = signal() => {}
        }
        Ok(())
    }
}

/// A worker at work. Dropping it leaves at once: the server gives its jobs up, or hands them to others, when their leases run out.
#[derive(Debug)]
pub struct Running {
    links: Links,
    tracker: TaskTracker,
    leave: CancellationToken,
    left: CancellationToken,
    grace: Duration,
    stop: DropGuard,
}

impl Running {
    /// How its connection is doing.
    #[must_use]
    pub fn links(&self) -> Links {
        self.links.clone()
    }

    /// Waits until its connection is gone for good, and says why. Dropping the future loses nothing.
    pub async fn ended(&mut self) -> Error {
        self.tracker.wait().await;
        self.links.why_closed()
    }

    /// Claims nothing more, lets the jobs that it holds end, within the grace, and leaves. Work that has not ended by then is dropped where
    /// it waits.
    pub async fn stop(self) {
        self.leave.cancel();
        let gone = async {
            tokio::select! {
                () = self.left.cancelled() => {}
                () = self.tracker.wait() => {}
            }
        };
        // Whoever has not ended by then is left.
        drop(timeout(self.grace, gone).await);
        drop(self.stop);
        self.tracker.wait().await;
    }
}

async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Where signals cannot be had the process ends by them.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
