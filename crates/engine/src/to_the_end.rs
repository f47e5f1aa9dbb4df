//! Work that is not left half done.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::runtime::Handle;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

/// A work that several writes and what must follow them make up. It is done to its end where whoever asked for it leaves
/// meanwhile: what is written down is then also served, counted and watched over.
///
/// As long as somebody asks it is done where they ask, and takes no task of its own.
#[must_use]
pub(crate) struct ToTheEnd<F>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    /// None once it is done, or has panicked.
    work: Option<Pin<Box<F>>>,
    tasks: TaskTracker,
    /// Whoever waits for the tasks waits for this as well, from where it has begun.
    begun: Option<TaskTrackerToken>,
}

impl<F> ToTheEnd<F>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    /// That work, which becomes one of these tasks where it is left.
    pub(crate) const fn new(work: Pin<Box<F>>, tasks: TaskTracker) -> Self {
        Self {
            work: Some(work),
            tasks,
            begun: None,
        }
    }
}

impl<F> Future for ToTheEnd<F>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Some(mut work) = self.work.take() else {
            return Poll::Pending;
        };
        let done = work.as_mut().poll(cx);
        if done.is_pending() {
            self.work = Some(work);
            // Over a store in memory it is done at its first poll, and nobody can come to wait for it.
            let this = &mut *self;
            this.begun.get_or_insert_with(|| this.tasks.token());
        }
        done
    }
}

impl<F> Drop for ToTheEnd<F>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn drop(&mut self) {
        // Where there is no runtime any more, nothing goes on.
        if let Some(work) = self.work.take()
            && self.begun.is_some()
            && let Ok(runtime) = Handle::try_current()
        {
            self.tasks.spawn_on(work, &runtime);
        }
    }
}
