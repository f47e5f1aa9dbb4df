//! Answers that are there already, or come later.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// What a store answers: at once where it has everything in memory, later where it must ask a disk or a network. Await it
/// either way; an answer that is there costs no allocation and no turn of the scheduler.
#[must_use]
pub enum Answer<T> {
    /// It is there. Empty once it was taken.
    Now(Option<T>),
    /// It comes.
    Later(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Answer<T> {
    /// An answer that is there.
    pub const fn now(value: T) -> Self {
        Self::Now(Some(value))
    }

    /// What is made of the answer.
    pub fn map<U>(self, make: impl FnOnce(T) -> U + Send + 'static) -> Answer<U>
    where
        T: 'static,
    {
        match self {
            Self::Now(value) => Answer::Now(value.map(make)),
            Self::Later(future) => Answer::later(async move { make(future.await) }),
        }
    }

    /// An answer that comes.
    pub fn later(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self::Later(Box::pin(future))
    }
}

// Nothing in it is pinned but what is boxed.
impl<T> Unpin for Answer<T> {}

impl<T> Future for Answer<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match &mut *self {
            Self::Now(value) => value.take().map_or(Poll::Pending, Poll::Ready),
            Self::Later(future) => future.as_mut().poll(cx),
        }
    }
}
