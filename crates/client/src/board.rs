//! What readers have to say to the task that owns the socket, without waiting for it.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::desk::Place;

/// A reader of a place, among all that a client ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) place: Place,
    pub(crate) number: u64,
}

/// What a reader has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// It was behind, and has read all that was kept for it.
    CaughtUp(Seat),
    /// It is to be told how the job ends, whether or not it reads on.
    WantsEnd(Seat),
    /// It reads no more.
    Left(Seat),
}

/// Where notes are left. There are never more than three of a reader: whoever is behind is told once, and wants the end once.
#[derive(Debug, Default)]
pub(crate) struct Board {
    notes: Mutex<Vec<Note>>,
    bell: Notify,
}

impl Board {
    pub(crate) fn leave(&self, note: Note) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(note);
        self.bell.notify_one();
    }

    /// There is room again for what comes.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until there is a note, or room. Dropping the future loses nothing.
    pub(crate) async fn bell(&self) {
        self.bell.notified().await;
    }

    /// The notes that are there.
    pub(crate) fn take(&self) -> Vec<Note> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut notes)
    }
}
