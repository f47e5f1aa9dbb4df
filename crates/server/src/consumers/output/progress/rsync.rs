//! `rsync`: `--info=progress2`, which counts the bytes of all files, and `--progress`, which begins anew with each.

use longwire_protocol::Progress;

use super::{
    Piece, Read,
    number::{fraction, percent},
    of_percent,
};

/// What it says before the first file, where it names them.
const HEADS: [&str; 4] = [
    "sending incremental file list",
    "receiving incremental file list",
    "building file list",
    "receiving file list",
];

#[derive(Default)]
pub(super) struct Rsync {
    /// Whether it names files; else other lines are warnings, or the greeting of another machine.
    names_files: bool,
    /// The file it is at, where it names them: then its percent is that of a file, and files are counted instead.
    file: Option<String>,
    /// How many files it is through with, and of how many.
    files: Option<(f64, f64)>,
}

impl Read for Rsync {
    fn read(&mut self, piece: Piece<'_>, _: &Progress) -> Option<Progress> {
        let Piece::Line(line) = piece else {
            return None;
        };
        let Some(state) = State::read(line) else {
            let is_head = HEADS.iter().any(|head| line.starts_with(head));
            if self.names_files && !is_head {
                self.file = Some(line.to_owned());
            }
            self.names_files |= is_head;
            return None;
        };
        let Some(file) = &self.file else {
            return Some(of_percent(state.percent));
        };
        self.files = state.files.or(self.files);
        Some(Progress {
            done: self.files.map(|(done, _)| done),
            total: self.files.map(|(_, total)| total),
            note: Some(format!("{file} {}%", state.percent).into()),
        })
    }
}

/// `2,132,771  30%    1.99MB/s    0:00:02 (xfr#4, to-chk=1/7)`
struct State {
    percent: f64,
    files: Option<(f64, f64)>,
}

impl State {
    fn read(line: &str) -> Option<Self> {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let &[bytes, part, speed, time, ref rest @ ..] = columns.as_slice() else {
            return None;
        };
        let is_state = bytes.starts_with(|first: char| first.is_ascii_digit())
            && speed.ends_with("/s")
            && time.contains(':');
        let files = rest.iter().find_map(|word| {
            let (_, left) = word.strip_suffix(')')?.split_once("-chk=")?;
            let (left, total) = fraction(left)?;
            Some((total - left, total))
        });
        Some(Self {
            percent: percent(part).filter(|_| is_state)?,
            files: files.filter(|(done, _)| *done >= 0.0),
        })
    }
}
