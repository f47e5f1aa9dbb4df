//! `curl`: the table of its meter, and the bar of `-#`.

use longwire_protocol::Progress;

use super::{
    Piece, Read,
    number::{number, percent},
    of_note, of_percent,
};

pub(super) struct Curl;

impl Read for Curl {
    fn read(&mut self, piece: Piece<'_>, _: &Progress) -> Option<Progress> {
        let Piece::Line(line) = piece else {
            return None;
        };
        meter(line).or_else(|| bar(line))
    }
}

/// `% Total, % Received, % Xferd`, two speeds, three times, one speed.
fn meter(line: &str) -> Option<Progress> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let &[all, total, received, down, sent, up, _, _, time, ..] = columns.as_slice() else {
        return None;
    };
    let percents = [number(all)?, number(received)?, number(sent)?];
    if columns.len() != 12 || !time.contains(':') || total == "0" {
        return None;
    }
    let size = if up == "0" { down } else { up };
    if percents == [100.0, 0.0, 0.0] {
        // The length is not known: then the total is what came so far.
        return Some(of_note(size));
    }
    Some(Progress {
        note: Some(format!("{size} of {total}").into()),
        ..of_percent(percents[0])
    })
}

fn bar(line: &str) -> Option<Progress> {
    let rest = line.trim().trim_start_matches('#');
    Some(of_percent(percent(rest.trim_start())?))
}
