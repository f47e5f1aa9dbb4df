//! A handle's end of a position.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use crate::{
    Error,
    board::{Board, Note, Seat},
    cursor::{Deliveries, Delivery, WAITING},
};

/// Reads what a cursor hands on, and says when it has caught up.
#[derive(Debug)]
pub(crate) struct Reader<T> {
    stay: Arc<Stay>,
    deliveries: Deliveries<T>,
}

/// That somebody is there, to read or for how it ends. Dropping it is leaving.
#[derive(Debug)]
pub(crate) struct Stay {
    board: Arc<Board>,
    seat: Seat,
    wants_end: AtomicBool,
}

impl Stay {
    /// What comes is to be heard on to the end, even where nobody reads it.
    pub(crate) fn want_end(&self) {
        if !self.wants_end.swap(true, Ordering::Relaxed) {
            self.board.leave(Note::WantsEnd(self.seat));
        }
    }
}

impl<T> Reader<T> {
    pub(crate) fn new(board: Arc<Board>, seat: Seat, deliveries: Deliveries<T>) -> Self {
        let stay = Stay {
            board,
            seat,
            wants_end: AtomicBool::new(false),
        };
        Self {
            stay: Arc::new(stay),
            deliveries,
        }
    }

    /// For somebody else who is there.
    pub(crate) fn stay(&self) -> Arc<Stay> {
        Arc::clone(&self.stay)
    }

    /// What is next; none where the connection is gone without a word.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            match ready!(self.deliveries.poll_recv(cx)) {
                Some(Delivery::Happening(happening)) => {
                    if self.deliveries.len() == WAITING / 2 {
                        self.stay.board.ring();
                    }
                    return Poll::Ready(Some(Ok(happening)));
                }
                Some(Delivery::Behind) => {
                    self.stay.board.leave(Note::CaughtUp(self.stay.seat));
                }
                Some(Delivery::Failed(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.board.leave(Note::Left(self.seat));
    }
}
