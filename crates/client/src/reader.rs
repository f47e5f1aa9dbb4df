//! A handle's end of a position.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use crate::{
    Error,
    board::{Board, Note, Seat},
    cursor::{Deliveries, Delivery, WAITING},
};

/// Reads what a cursor hands on, and says when it has caught up. Dropping it is leaving.
#[derive(Debug)]
pub(crate) struct Reader<T> {
    board: Arc<Board>,
    seat: Seat,
    deliveries: Deliveries<T>,
}

impl<T> Reader<T> {
    pub(crate) const fn new(board: Arc<Board>, seat: Seat, deliveries: Deliveries<T>) -> Self {
        Self {
            board,
            seat,
            deliveries,
        }
    }

    /// What is next; none where the connection is gone without a word.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            match ready!(self.deliveries.poll_recv(cx)) {
                Some(Delivery::Happening(happening)) => {
                    if self.deliveries.len() == WAITING / 2 {
                        self.board.ring();
                    }
                    return Poll::Ready(Some(Ok(happening)));
                }
                Some(Delivery::Behind) => self.board.leave(Note::CaughtUp(self.seat)),
                Some(Delivery::Failed(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        self.board.leave(Note::Left(self.seat));
    }
}
