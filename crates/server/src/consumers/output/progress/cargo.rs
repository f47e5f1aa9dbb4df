//! `cargo`: the bar it shows on a terminal, or with `CARGO_TERM_PROGRESS_WHEN=always`; without one, what it compiles.

use longwire_protocol::Progress;

use super::{Piece, Read, number::fraction, of_note, of_total};

const STEPS: [&str; 4] = ["Compiling ", "Checking ", "Documenting ", "Downloaded "];

pub(super) struct Cargo;

impl Read for Cargo {
    fn read(&mut self, piece: Piece<'_>, before: &Progress) -> Option<Progress> {
        let Piece::Line(line) = piece else {
            return None;
        };
        let line = line.trim();
        // Beside a bar, which names them as well, these would only flicker.
        bar(line).or_else(|| step(line).filter(|_| before.total.is_none()))
    }
}

/// `Building [====>      ] 12/34: serde, syn`
fn bar(line: &str) -> Option<Progress> {
    let (_, rest) = line.split_once(" [")?;
    let (bar, rest) = rest.split_once("] ")?;
    if !bar.chars().all(|mark| "=> ".contains(mark)) {
        return None;
    }
    let (count, names) = rest.split_once(": ").unwrap_or((rest, ""));
    let (done, total) = fraction(count)?;
    Some(Progress {
        note: (!names.is_empty()).then(|| names.into()),
        ..of_total(done, total)
    })
}

fn step(line: &str) -> Option<Progress> {
    let is_step = STEPS.iter().any(|step| line.starts_with(step));
    // The folder of a package is nothing to its watchers.
    let step = line.split(" (").next().filter(|_| is_step)?;
    Some(of_note(step))
}
