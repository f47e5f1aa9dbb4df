//! What workers say of a job, on its way to whoever serves that: in the order in which it was said.

use std::sync::Arc;

use longwire_protocol::{Progress, Seq, Stream};
use tokio::sync::{mpsc, oneshot};

use crate::job::Work;

/// Words that may wait before whoever says another has to wait with it.
const AHEAD: usize = 64;
/// Words that may wait in all. One session alone never comes to it: it may have at most 4,000 frames in flight.
const MOST: usize = 4096;

/// What a worker says of a job.
pub(super) enum Said {
    /// This happened.
    Append {
        output: Option<(Stream, Printed)>,
        progress: Option<Progress>,
        /// To be told once it is in the log.
        written: Option<oneshot::Sender<Seq>>,
    },
    /// It ended so. For this there is always room.
    End(Work),
}

/// What a worker says that its job printed.
pub(super) enum Printed {
    Text(Arc<str>),
    Bytes(Vec<u8>),
}

/// Why something could not be said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsaid {
    /// Nobody listens any more.
    Lost,
    /// Too much waits already.
    TooMuch,
}

/// The near end: whoever has the lease.
pub(super) struct Line(mpsc::Sender<Word>);

/// The far end: whoever serves the job.
pub(super) struct Heard(mpsc::Receiver<Word>);

struct Word {
    said: Said,
    /// Who said it waits until it is taken in.
    taken: Option<oneshot::Sender<()>>,
}

/// To be waited for before more is said.
#[must_use]
pub(super) struct Room(Option<oneshot::Receiver<()>>);

/// Both ends.
pub(super) fn line() -> (Line, Heard) {
    // One more, for the end.
    let (near, far) = mpsc::channel(MOST + 1);
    (Line(near), Heard(far))
}

impl Line {
    /// Says it. It has its place in the order when this returns, whether or not the room is waited for.
    pub(super) fn say(&self, said: Said) -> Result<Room, Unsaid> {
        let free = self.0.capacity();
        if free <= 1 && !matches!(said, Said::End(_)) {
            return Err(Unsaid::TooMuch);
        }
        let waits = self.0.max_capacity() - free >= AHEAD;
        let (taken, room) = waits.then(oneshot::channel).unzip();
        match self.0.try_send(Word { said, taken }) {
            Ok(()) => Ok(Room(room)),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Unsaid::TooMuch),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Unsaid::Lost),
        }
    }
}

impl Room {
    /// Waits for it. False where nobody listens any more.
    pub(super) async fn comes(self) -> bool {
        match self.0 {
            Some(taken) => taken.await.is_ok(),
            None => true,
        }
    }
}

impl Heard {
    /// What was said next; none once nobody can say anything more.
    pub(super) async fn next(&mut self) -> Option<Said> {
        self.0.recv().await.map(Word::take)
    }

    /// From here on nobody can say anything more. What was said before can still be heard.
    pub(super) fn close(&mut self) {
        self.0.close();
    }

    /// What was said next, where it is there.
    pub(super) fn now(&mut self) -> Option<Said> {
        self.0.try_recv().ok().map(Word::take)
    }
}

impl Word {
    fn take(self) -> Said {
        // Who no longer waits need not be told.
        if let Some(taken) = self.taken {
            let _ = taken.send(());
        }
        self.said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word() -> Said {
        Said::Append {
            output: None,
            progress: None,
            written: None,
        }
    }

    #[tokio::test]
    async fn who_says_too_much_waits_then_is_refused_and_the_end_always_fits() {
        let (line, mut heard) = line();
        for _ in 0..AHEAD {
            assert!(line.say(word()).unwrap().comes().await);
        }
        let mut waits: Vec<Room> = (AHEAD..MOST).map(|_| line.say(word()).unwrap()).collect();
        assert_eq!(line.say(word()).err(), Some(Unsaid::TooMuch));
        let end = line.say(Said::End(Work::Over(None))).unwrap();
        for _ in 0..=AHEAD {
            assert!(matches!(heard.now(), Some(Said::Append { .. })));
        }
        assert!(waits.remove(0).comes().await);
        for _ in AHEAD + 1..MOST {
            heard.next().await;
        }
        assert!(matches!(heard.now(), Some(Said::End(_))));
        assert!(end.comes().await);
        drop(heard);
        assert_eq!(line.say(word()).err(), Some(Unsaid::Lost));
    }
}
