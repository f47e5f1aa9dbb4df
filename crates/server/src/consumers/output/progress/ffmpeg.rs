//! `ffmpeg`: its status line, and the pairs of `-progress`. Both count seconds of what was written.

use longwire_protocol::Progress;

use super::{
    NOTHING, Piece, Read,
    number::{clock, number},
};

#[derive(Default)]
pub(super) struct Ffmpeg {
    /// How long the longest of its inputs is.
    longest: Option<f64>,
    done: Option<f64>,
}

impl Read for Ffmpeg {
    fn read(&mut self, piece: Piece<'_>, _: &Progress) -> Option<Progress> {
        let Piece::Line(line) = piece else {
            return None;
        };
        let line = line.trim();
        if let Some(duration) = line.strip_prefix("Duration: ") {
            let duration = duration.split(',').next().and_then(clock);
            self.longest = duration.into_iter().chain(self.longest).reduce(f64::max);
            return None;
        }
        if line == "progress=end" {
            // It may have been told to write less than its input holds.
            self.longest = self.longest.and(self.done);
        } else {
            self.done = Some(written(line)?);
        }
        let done = self.done?;
        Some(Progress {
            done: Some(done),
            total: self.longest.map(|longest| longest.max(done)),
            ..NOTHING
        })
    }
}

fn written(line: &str) -> Option<f64> {
    if let Some(micros) = line.strip_prefix("out_time_us=") {
        return Some(number(micros)? / 1_000_000.0);
    }
    let (_, time) = line.split_once(" time=")?;
    clock(time.split_whitespace().next()?)
}
