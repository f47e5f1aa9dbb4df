//! Frames of output that several sockets send: made by one or two, and shared by all others.

use bytes::Bytes;
use longwire_protocol::{JobId, Seq};
use parking_lot::Mutex;

/// Frames that are kept at most: those of the last events of a job that prints much.
const PLACES: usize = 32;
/// Bytes of a frame that is kept, at most.
const MOST_BYTES: usize = 128 * 1024;

/// A frame as text.
pub(super) enum Text {
    /// One socket's.
    Own(String),
    /// UTF-8, as that is.
    Shared(Bytes),
}

impl Text {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Own(text) => text.as_bytes(),
            Self::Shared(text) => text,
        }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Own(text) => text.into(),
            Self::Shared(text) => text,
        }
    }
}

/// Which of all frames one is: of which event, and in which of its forms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Which {
    pub(super) job: JobId,
    pub(super) seq: Seq,
    pub(super) by_job: bool,
    pub(super) times: bool,
}

impl Which {
    /// Events that follow one another have places of their own.
    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits will do")]
    const fn place(self) -> usize {
        (self.job.bits() as usize).wrapping_add(self.seq as usize) % PLACES
    }
}

/// The frames that were made last. A frame is kept once a second socket needs it: of a job with one watcher nothing is.
#[derive(Default)]
pub(crate) struct Frames([Mutex<Place>; PLACES]);

#[derive(Default)]
struct Place {
    made: Option<Which>,
    kept: Option<Bytes>,
}

impl Frames {
    /// That frame, made unless it is there.
    pub(super) fn get(&self, which: Which, make: impl FnOnce() -> String) -> Text {
        let place = &self.0[which.place()];
        if let Some(kept) = place.lock().find(which) {
            return Text::Shared(kept);
        }
        // It takes a while, so others are not kept from their frames meanwhile.
        let text = make();
        if text.len() > MOST_BYTES {
            return Text::Own(text);
        }
        place.lock().put(which, text)
    }
}

impl Place {
    fn find(&self, which: Which) -> Option<Bytes> {
        self.kept.clone().filter(|_| self.made == Some(which))
    }

    fn put(&mut self, which: Which, text: String) -> Text {
        if self.made != Some(which) {
            *self = Self {
                made: Some(which),
                kept: None,
            };
            return Text::Own(text);
        }
        let text = self.kept.insert(text.into());
        Text::Shared(text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Which = Which {
        job: JobId::from_bits(u128::MAX),
        seq: 1,
        by_job: false,
        times: false,
    };

    /// What four sockets get, and which of them have to make it.
    fn made_by(frames: &Frames, which: Which, text: &str) -> Vec<usize> {
        let mut makers = Vec::new();
        for socket in 1..=4 {
            let got = frames.get(which, || {
                makers.push(socket);
                text.to_owned()
            });
            assert_eq!(got.as_bytes(), text.as_bytes());
        }
        makers
    }

    #[test]
    fn a_frame_is_kept_for_the_third_that_needs_it() {
        let frames = Frames::default();
        assert_eq!(made_by(&frames, FIRST, "a"), [1, 2]);
        for (which, text) in [
            (Which { seq: 2, ..FIRST }, "b"),
            (
                Which {
                    by_job: true,
                    ..FIRST
                },
                "c",
            ),
            (
                Which {
                    times: true,
                    ..FIRST
                },
                "d",
            ),
            (
                Which {
                    job: JobId::from_bits(7),
                    ..FIRST
                },
                "e",
            ),
            // In the place of another.
            (
                Which {
                    seq: 1 + PLACES as u64,
                    ..FIRST
                },
                "f",
            ),
        ] {
            assert_eq!(made_by(&frames, which, text), [1, 2], "{text}");
        }
        assert_eq!(made_by(&frames, FIRST, "a"), [1, 2], "it was let go of");
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let large = "x".repeat(MOST_BYTES + 1);
        assert_eq!(made_by(&Frames::default(), FIRST, &large), [1, 2, 3, 4]);
    }
}
