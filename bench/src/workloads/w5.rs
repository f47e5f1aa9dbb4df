//! A command that prints much, watched by many: what reaches each, and what the server holds of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use memchr::{memchr_iter, memmem};

use crate::contenders::{Contender, Places, Running, Start};
use crate::load::answer::{Answer, Status, number, told};
use crate::load::{Load, Play, Said, frames};
use crate::machine::Watch;
use crate::moment::now;
use crate::printing::{BEFORE, LINE_BYTES};
use crate::workloads::figures::Measured;

/// What stands in front of output is shorter.
const HEAD_BYTES: usize = 160;
/// The command is watched from so long before it prints: a look at all processes takes a few milliseconds.
const AHEAD: Duration = Duration::from_millis(10);
const GAP: &[u8] = br#""gap":"#;

/// Watched by so many sockets that read, and where wanted by one more that does not.
pub(crate) fn measure(
    contender: &Contender,
    places: &Places,
    bytes: u64,
    reading: usize,
    stalled: bool,
) -> Result<Measured> {
    let running = Running::start(contender, places, &config()?)?;
    let target = &running.target()?;
    let mut load = Load::new(target.address, target.dialect)?;
    let sockets = reading + usize::from(stalled);
    load.open(sockets)?;
    let mut watching = Watching::new(reading, sockets, contender.start == Start::Piped);
    // Only then does the command begin to print.
    watching.begun = now() + BEFORE;
    let start = format!(r#"{{"route":"print","connid":"0-10000000","input":{{"bytes":{bytes}}}}}"#);
    say(&mut load, 0, &start)?;
    if sockets > 1 {
        watching.gather(&mut load, sockets)?;
    }
    if stalled {
        load.stall(reading)?;
    }
    let left = watching.begun.saturating_duration_since(now());
    load.during(left.saturating_sub(AHEAD), &mut watching)?;
    let watch = Watch::start(target.tree)?;
    load.until(&mut watching, |it| it.ended == reading)
        .with_context(|| format!("{} of {reading} were told the outcome", watching.ended))?;
    let shares = watch.stop()?;
    watching.ensure_whole(bytes)?;
    Ok(Measured::new(shares)
        .set("bytes_per_second_each", watching.rate()?)
        .set(
            "delivered_percent",
            watching.delivered() / bytes as f64 * 100.0,
        )
        .set("most_resident_bytes", target.tree.most_resident()?))
}

fn config() -> Result<String> {
    let program = std::env::current_exe()?;
    Ok(format!(
        "[routes.print]\nconsumer = \"exec\"\nargv = [{program:?}, \"print\", \"{{bytes}}\"]\ntime_seconds = 600\n"
    ))
}

fn say(load: &mut Load, socket: usize, text: &str) -> Result<()> {
    frames::text(text.as_bytes(), load.out(socket));
    load.flush(socket)
}

/// What one socket has got.
#[derive(Clone, Copy, Default)]
struct Got {
    lines: u64,
    /// The number of its last event, or the last that fell into a gap.
    seq: u32,
    /// Events that fell into gaps.
    lost: u64,
    /// When the outcome came.
    last: Option<Instant>,
}

struct Watching {
    begun: Instant,
    got: Vec<Got>,
    reading: usize,
    /// Whether output comes as it is, not within JSON.
    raw: bool,
    started: bool,
    /// How many of the others were told that they watch.
    watching: usize,
    ended: usize,
}

impl Watching {
    fn new(reading: usize, sockets: usize, raw: bool) -> Self {
        Self {
            begun: now(),
            got: vec![Got::default(); sockets],
            reading,
            raw,
            started: false,
            watching: 0,
            ended: 0,
        }
    }

    /// All others watch, too, and were told so, before there is anything to be read.
    fn gather(&mut self, load: &mut Load, sockets: usize) -> Result<()> {
        load.until(self, |it| it.started)?;
        for socket in 1..sockets {
            let watch = r#"{"route":"watch","connid":"0-10000000"}"#;
            say(load, socket, watch)?;
        }
        load.until(self, |it| it.watching == sockets - 1)?;
        ensure!(
            now() < self.begun,
            "the command printed before all could watch it"
        );
        Ok(())
    }

    /// Bytes a second of output that a socket got, from when it began to the outcome: their mean.
    fn rate(&self) -> Result<f64> {
        let mut sum = 0.0;
        for got in &self.got[..self.reading] {
            let last = got.last.context("a watcher was told no outcome")?;
            sum += bytes(got.lines) / last.saturating_duration_since(self.begun).as_secs_f64();
        }
        Ok(sum / self.reading as f64)
    }

    /// Bytes that a socket got: their mean. The rest fell into gaps, which were told.
    fn delivered(&self) -> f64 {
        let lines: u64 = self.got[..self.reading].iter().map(|got| got.lines).sum();
        bytes(lines) / self.reading as f64
    }

    /// Who missed nothing has all of it.
    fn ensure_whole(&self, printed: u64) -> Result<()> {
        for (socket, got) in self.got[..self.reading].iter().enumerate() {
            let got_bytes = bytes(got.lines);
            ensure!(
                got_bytes <= printed as f64 && (got.lost > 0 || got_bytes == printed as f64),
                "{printed} bytes were printed; socket {socket} got {got_bytes}, and {} events fell into gaps",
                got.lost
            );
        }
        Ok(())
    }

    /// An event of this socket: none is left out but in a gap that is told.
    fn follows(&mut self, socket: usize, text: &[u8]) -> Result<()> {
        let got = &mut self.got[socket];
        let (from, to) = if memmem::find(text, GAP).is_some() {
            let gap = number(text, br#""from""#).zip(number(text, br#""to""#));
            let gap = gap.with_context(|| format!("what is missing in {}?", told(text)))?;
            got.lost += u64::from(gap.1.saturating_sub(gap.0)) + 1;
            gap
        } else {
            let seq =
                number(text, br#""seq""#).with_context(|| format!("no seq: {}", told(text)))?;
            (seq, seq)
        };
        ensure!(
            from == got.seq + 1 && to >= from,
            "event {} came last, and then {}",
            got.seq,
            told(text)
        );
        got.seq = to;
        Ok(())
    }

    fn told(&mut self, socket: usize, text: &[u8], at: Instant) -> Result<()> {
        if memmem::find(text, br#""route":"watch""#).is_some() {
            let taken = memmem::find(text, br#""status":"ok""#).is_some();
            ensure!(taken, "a watch was answered with {}", told(text));
            self.watching += 1;
            return Ok(());
        }
        if !self.raw {
            self.follows(socket, text)?;
        }
        if memmem::find(text, GAP).is_some() {
            return Ok(());
        }
        match Answer::read(text)?.status {
            Status::Going => self.started = true,
            Status::Ok => {
                self.got[socket].last = Some(at);
                self.ended += 1;
            }
            Status::Killed => bail!("the command was killed: {}", told(text)),
        }
        Ok(())
    }
}

impl Play for Watching {
    fn answered(&mut self, said: Said<'_>, _: &mut Vec<u8>) -> Result<()> {
        let Said { socket, text, at } = said;
        let head = &text[..text.len().min(HEAD_BYTES)];
        let within = memmem::find(head, br#""output":"#).is_some();
        let raw = self.raw && !text.starts_with(b"{");
        if !within && !raw {
            return self.told(socket, text, at);
        }
        if within {
            self.follows(socket, head)?;
        }
        // Within JSON the end of a line is the only letter of this output that is escaped.
        let end = if within { b'\\' } else { b'\n' };
        self.got[socket].lines += memchr_iter(end, text).count() as u64;
        Ok(())
    }
}

fn bytes(lines: u64) -> f64 {
    (lines * LINE_BYTES as u64) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays these to one watcher of as much output as fits into a frame.
    fn play(texts: &[&str]) -> Result<()> {
        let mut watching = Watching::new(1, 1, false);
        for text in texts {
            let said = Said {
                socket: 0,
                text: text.as_bytes(),
                at: now(),
            };
            watching.answered(said, &mut Vec::new())?;
        }
        watching.ensure_whole(LINE_BYTES as u64 * 2)
    }

    #[test]
    fn what_is_missing_without_a_gap_is_told() {
        let begun = r#"{"connid":"0-1","seq":1,"status":"running","route":"print"}"#;
        let one = r#"{"connid":"0-1","seq":2,"status":"running","output":"a\n","stream":"stdout"}"#;
        let two = r#"{"connid":"0-1","seq":3,"status":"running","output":"b\n","stream":"stdout"}"#;
        let gap = r#"{"connid":"0-1","gap":{"from":2,"to":2}}"#;
        let ended = r#"{"connid":"0-1","seq":4,"status":"ok"}"#;
        let early = r#"{"connid":"0-1","seq":3,"status":"ok"}"#;
        let rows: [(&[&str], Option<&str>); 5] = [
            (&[begun, one, two, ended], None),
            (&[begun, gap, two, ended], None),
            (&[begun, two, ended], Some("event 1 came last")),
            (&[begun, one, one, ended], Some("event 2 came last")),
            (&[begun, one, early], Some("200 bytes were printed")),
        ];
        for (texts, words) in rows {
            let told = play(texts).err().map(|error| error.to_string());
            assert_eq!(told.is_some(), words.is_some(), "{texts:?}: {told:?}");
            assert!(
                told.unwrap_or_default().contains(words.unwrap_or_default()),
                "{texts:?}"
            );
        }
    }
}
