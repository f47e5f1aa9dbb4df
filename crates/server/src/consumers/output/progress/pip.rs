//! `pip`: the bars it shows on a terminal, the numbers of `--progress-bar raw`, and what it is at.

use longwire_protocol::Progress;

use super::{
    Piece, Read,
    number::{fraction, number},
    of_note, of_total,
};

/// Each begins something new, whose size is not known yet.
const STEPS: [&str; 6] = [
    "Collecting ",
    "Downloading ",
    "Using cached ",
    "Building wheel",
    "Installing build dependencies",
    "Installing collected packages",
];

/// What a bar is drawn with.
const MARKS: [char; 3] = ['━', '╸', '╺'];

pub(super) struct Pip;

impl Read for Pip {
    fn read(&mut self, piece: Piece<'_>, before: &Progress) -> Option<Progress> {
        let Piece::Line(line) = piece else {
            return None;
        };
        let line = line.trim();
        let numbers = bar(line).or_else(|| raw(line));
        let numbers = numbers.map(|now| Progress {
            note: now.note.or_else(|| before.note.clone()),
            ..now
        });
        numbers.or_else(|| step(line))
    }
}

/// `━━━━╸━━━ 1.2/3.4 MB 5.6 MB/s eta 0:00:01`, in bytes; `━━━━╸━━━ 1/2 [numpy]`, in packages.
fn bar(line: &str) -> Option<Progress> {
    let rest = line.trim_start_matches(MARKS);
    if rest.len() == line.len() {
        return None;
    }
    let mut words = rest.split_whitespace();
    let (done, total) = fraction(words.next()?)?;
    let unit = words.next()?;
    if let Some(name) = unit.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        return Some(Progress {
            note: Some(format!("Installing {name}").into()),
            ..of_total(done, total)
        });
    }
    let bytes = bytes_of(unit)?;
    Some(of_total((done * bytes).round(), (total * bytes).round()))
}

fn bytes_of(unit: &str) -> Option<f64> {
    match unit {
        "bytes" => Some(1.0),
        "kB" => Some(1e3),
        "MB" => Some(1e6),
        "GB" => Some(1e9),
        _ => None,
    }
}

/// `Progress 262144 of 16918164`
fn raw(line: &str) -> Option<Progress> {
    let (done, total) = line.strip_prefix("Progress ")?.split_once(" of ")?;
    Some(of_total(number(done)?, number(total)?))
}

fn step(line: &str) -> Option<Progress> {
    let is_step = STEPS.iter().any(|step| line.starts_with(step));
    let step = line.split(" (").next().filter(|_| is_step)?;
    Some(of_note(step))
}
