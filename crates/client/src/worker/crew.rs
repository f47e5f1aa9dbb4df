//! Those who do the work: as many at once as there are slots.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use longwire_protocol::{Failure, Payload};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::sleep,
};

use super::{Task, Unfinished, Work};

/// Does the work of each job that is handed over.
pub(super) struct Crew {
    works: HashMap<Box<str>, Work>,
    /// One for each slot. Work that goes on though its job is no longer here keeps its place, so that nothing is begun beside it.
    places: Arc<Semaphore>,
}

impl Crew {
    pub(super) fn new(works: HashMap<Box<str>, Work>, slots: u32) -> Self {
        Self {
            works,
            places: Arc::new(Semaphore::new(slots.max(1) as usize)),
        }
    }

    /// Works until the connection is gone; what still runs then is dropped.
    pub(super) async fn work(self, mut handed: mpsc::Receiver<Task>) {
        let mut running = JoinSet::new();
        loop {
            tokio::select! {
                task = handed.recv() => match task {
                    Some(task) => drop(running.spawn(self.serve(task))),
                    None => break,
                },
                Some(_) = running.join_next() => {}
            }
        }
    }

    fn serve(&self, task: Task) -> impl Future<Output = ()> + Send + 'static {
        let work = self.works.get(task.route()).cloned();
        let places = Arc::clone(&self.places);
        async move {
            let end = match task.unless_cancelled(places.acquire_owned()).await {
                Err(stopped) => Err(stopped.into()),
                Ok(_place) => match work {
                    Some(work) => in_time(&task, work).await,
                    None => Err(no_work(task.route()).into()),
                },
            };
            task.end(end).await;
        }
    }
}

/// The work, until it is done, or its grace is over after the job was told to end.
async fn in_time(task: &Task, work: Work) -> Result<Option<Payload>, Unfinished> {
    let given = task.clone();
    let work = AssertUnwindSafe(async move { work(given).await }).catch_unwind();
    let too_late = async {
        let stopped = task.cancelled().await;
        sleep(task.grace().as_duration()).await;
        stopped
    };
    tokio::select! {
        biased;
        done = work => done.unwrap_or_else(|_| Err(panicked().into())),
        stopped = too_late => Err(stopped.into()),
    }
}

fn panicked() -> Failure {
    let message = "the worker failed unexpectedly; what it wrote to stderr says how";
    Failure::new("panic", message)
}

fn no_work(route: &str) -> Failure {
    let message = format!("this worker does not serve {route:?}, which it never claimed");
    Failure::new("unknown_route", message)
}
