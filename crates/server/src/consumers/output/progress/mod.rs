//! How far a command has come, read off what it prints.
//!
//! Nothing here waits, looks at a clock or knows a job: bytes go in, and now and then a progress comes out.

mod cargo;
mod curl;
mod ffmpeg;
mod json;
mod number;
mod osc;
mod pattern;
mod pieces;
mod pip;
mod rsync;
#[cfg(test)]
mod tests;

use longwire_protocol::{Progress, Stream};

use pattern::Pattern;
use pieces::{Piece, Pieces};

/// The rules that are ready-made, and what reads by each.
const READY_MADE: [(&str, NewReader); 7] = [
    ("ffmpeg", || Box::<ffmpeg::Ffmpeg>::default()),
    ("rsync", || Box::<rsync::Rsync>::default()),
    ("pip", || Box::new(pip::Pip)),
    ("cargo", || Box::new(cargo::Cargo)),
    ("curl", || Box::new(curl::Curl)),
    ("json", || Box::new(json::Json)),
    ("osc", || Box::new(osc::Osc)),
];

type NewReader = fn() -> Box<dyn Read>;

/// Reads what one command prints by one rule, and keeps what it has to remember of it.
trait Read: Send + Sync {
    /// What a piece says of the progress, which was `before` until now.
    fn read(&mut self, piece: Piece<'_>, before: &Progress) -> Option<Progress>;
}

/// A rule as a route has it.
pub(crate) struct Rule(Kind);

enum Kind {
    ReadyMade(NewReader),
    Pattern(Pattern),
}

impl Rule {
    /// Reads a rule: the name of a ready-made one, or a pattern.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("(?<") || text.contains("(?P<") {
            let pattern = Pattern::parse(text)?;
            return Ok(Self(Kind::Pattern(pattern)));
        }
        let mut ready_made = READY_MADE.iter();
        let found = ready_made.find(|(name, _)| *name == text);
        found
            .map(|(_, reader)| Self(Kind::ReadyMade(*reader)))
            .ok_or_else(what_is_right)
    }

    fn reader(&self) -> Box<dyn Read> {
        match &self.0 {
            Kind::ReadyMade(reader) => reader(),
            Kind::Pattern(pattern) => Box::new(pattern.clone()),
        }
    }
}

fn what_is_right() -> String {
    let names: Vec<_> = READY_MADE.iter().map(|(n, _)| format!("{n:?}")).collect();
    format!(
        "is no rule; it must be one of {}, or a pattern with a group named {}, as in '(?<percent>[0-9]+)%'",
        names.join(", "),
        pattern::groups_in_words()
    )
}

/// Reads all that one command prints, by all rules of its route.
pub(crate) struct Reader {
    stdout: Pieces,
    stderr: Pieces,
    /// In the order of their rules: of what two can read, the first counts.
    readers: Vec<Box<dyn Read>>,
    last: Progress,
}

impl Reader {
    pub(crate) fn new(rules: &[Rule]) -> Self {
        Self {
            stdout: Pieces::default(),
            stderr: Pieces::default(),
            readers: rules.iter().map(Rule::reader).collect(),
            last: NOTHING,
        }
    }

    /// How far the command has come by the last word of these bytes, where that is news.
    pub(crate) fn push(&mut self, stream: Stream, bytes: &[u8]) -> Option<Progress> {
        self.read(stream, |pieces, give| pieces.push(bytes, give))
    }

    /// How far it has come by a line that has not ended, where that is news: a bar that begins with a carriage return ends only where
    /// the next one begins.
    pub(crate) fn so_far(&mut self, stream: Stream) -> Option<Progress> {
        self.read(stream, |pieces, give| pieces.so_far(give))
    }

    fn read(
        &mut self,
        stream: Stream,
        cut: impl FnOnce(&mut Pieces, &mut dyn FnMut(Piece<'_>)),
    ) -> Option<Progress> {
        if self.readers.is_empty() {
            return None;
        }
        let pieces = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let (readers, before) = (&mut self.readers, &self.last);
        let mut last = None;
        cut(pieces, &mut |piece| {
            let before = last.as_ref().unwrap_or(before);
            let said = readers.iter_mut();
            let mut said = said.filter_map(|reader| reader.read(piece, before));
            if let Some(now) = said.find(can_be) {
                last = Some(now);
            }
        });
        let news = last.filter(|last| *last != self.last)?;
        self.last = news.clone();
        Some(news)
    }
}

/// Nobody has done more than there is: what says so is something else.
fn can_be(progress: &Progress) -> bool {
    progress
        .done
        .zip(progress.total)
        .is_none_or(|(done, total)| done <= total)
}

const NOTHING: Progress = Progress {
    done: None,
    total: None,
    note: None,
};

/// What was found of each: a percent is done of 100, where nothing else is done.
fn of_parts([done, total, percent]: [Option<f64>; 3], note: Option<&str>) -> Progress {
    let hundred = percent.filter(|_| done.is_none()).map(|_| 100.0);
    Progress {
        done: done.or(percent),
        total: total.or(hundred),
        note: note.filter(|note| !note.is_empty()).map(Into::into),
    }
}

fn of_total(done: f64, total: f64) -> Progress {
    Progress {
        done: Some(done),
        total: Some(total),
        note: None,
    }
}

fn of_percent(percent: f64) -> Progress {
    of_total(percent, 100.0)
}

fn of_note(note: &str) -> Progress {
    Progress {
        note: Some(note.into()),
        ..NOTHING
    }
}

/// What `now` says, and of what it does not say, what was said before; none where it says nothing.
fn laid_over(now: Progress, before: &Progress) -> Option<Progress> {
    (now != NOTHING).then(|| Progress {
        done: now.done.or(before.done),
        total: now.total.or(before.total),
        note: now.note.or_else(|| before.note.clone()),
    })
}
