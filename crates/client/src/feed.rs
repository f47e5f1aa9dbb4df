//! The watched feed.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::Stream;
use longwire_protocol::{FeedFrame, Gap};

use crate::{Error, handle::Handle, reader::Reader};

/// Something that happened to some job.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedHappening {
    /// A change of its state.
    Change(Box<FeedFrame>),
    /// Changes that are no longer kept.
    Gap(Gap),
}

/// The changes of state of all jobs that may be seen, from when it was opened. It is a [`Stream`] of them.
///
/// Several feeds of one client are independent.
#[derive(Debug)]
pub struct Feed {
    handle: Handle,
    reader: Reader<FeedHappening>,
    ended: bool,
}

impl Feed {
    pub(crate) fn new(handle: Handle, reader: Reader<FeedHappening>) -> Self {
        Self {
            handle,
            reader,
            ended: false,
        }
    }

    /// What happened next; waits for it. None after an error. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<FeedHappening, Error>> {
        poll_fn(|cx| self.poll_happening(cx)).await
    }

    fn poll_happening(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<FeedHappening, Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = ready!(self.reader.poll_next(cx));
        let next = next.unwrap_or_else(|| Err(self.handle.links.why_closed()));
        self.ended = next.is_err();
        Poll::Ready(Some(next))
    }
}

impl Stream for Feed {
    type Item = Result<FeedHappening, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_happening(cx)
    }
}
