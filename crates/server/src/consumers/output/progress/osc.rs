//! The progress that terminals show on a task bar: `ESC ] 9 ; 4 ; state ; percent`, by ConEmu, Windows Terminal, Ghostty and others.

use longwire_protocol::Progress;

use super::{Piece, Read, number::number, of_percent};

pub(super) struct Osc;

impl Read for Osc {
    fn read(&mut self, piece: Piece<'_>, before: &Progress) -> Option<Progress> {
        let Piece::Osc(text) = piece else {
            return None;
        };
        let mut fields = text.strip_prefix("9;4;")?.split(';');
        match fields.next()? {
            // Going on, failed, paused: each as far as it came. The others say that there is no number.
            "1" | "2" | "4" => {}
            _ => return None,
        }
        let percent = number(fields.next()?).filter(|percent| *percent <= 100.0)?;
        Some(Progress {
            note: before.note.clone(),
            ..of_percent(percent)
        })
    }
}
