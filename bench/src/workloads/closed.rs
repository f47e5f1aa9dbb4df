//! Requests of zero time in a closed loop: as one is answered, the next is sent.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::contenders::Target;
use crate::dialects::Dialect;
use crate::load::answer::{Answer, Status};
use crate::load::prepared::{FIRST, Prepared};
use crate::load::{Load, Play, Said};
use crate::machine::Watch;
use crate::moment::now;
use crate::workloads::figures::{Latencies, Measured};

/// How long it goes on before it is measured, and how long it is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) warm: Duration,
    pub(crate) measured: Duration,
}

/// Over so many sockets, so many unanswered on each.
pub(crate) fn measure(
    target: &Target,
    sockets: usize,
    depth: usize,
    span: Span,
) -> Result<Measured> {
    let mut load = Load::new(target.address, target.dialect)?;
    load.open(sockets)?;
    let mut closed = Closed::new(target.dialect, sockets, depth)?;
    closed.begin(&mut load)?;
    load.during(span.warm, &mut closed)?;
    closed.forget();
    let watch = Watch::start(target.tree)?;
    load.during(span.measured, &mut closed)?;
    let shares = watch.stop()?;
    ensure!(closed.answers > 0, "no answer came in {:?}", span.measured);
    Ok(Measured::new(shares)
        .with_answers(closed.answers)
        .with_latencies(&closed.latencies))
}

/// A request that is unanswered.
#[derive(Clone, Copy)]
struct Sent {
    number: u32,
    at: Instant,
}

struct Closed {
    dialect: Dialect,
    depth: u32,
    starts: Vec<Prepared>,
    /// What is unanswered, by socket and place; the numbers of a place are `depth` apart.
    sent: Vec<Vec<Sent>>,
    /// The number that an echo sends back next, for each socket.
    echoed: Vec<u32>,
    latencies: Latencies,
    answers: u64,
}

impl Closed {
    fn new(dialect: Dialect, sockets: usize, depth: usize) -> Result<Self> {
        let numbers = 0..u32::try_from(sockets)?;
        Ok(Self {
            dialect,
            depth: u32::try_from(depth)?,
            starts: numbers.map(|socket| dialect.start(socket, 0)).collect(),
            sent: vec![Vec::with_capacity(depth); sockets],
            echoed: vec![FIRST; sockets],
            latencies: Latencies::new()?,
            answers: 0,
        })
    }

    fn begin(&mut self, load: &mut Load) -> Result<()> {
        for (socket, start) in self.starts.iter().enumerate() {
            for number in FIRST..FIRST + self.depth {
                start.write(number, load.out(socket));
                self.sent[socket].push(Sent { number, at: now() });
            }
            load.flush(socket)?;
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.latencies.forget();
        self.answers = 0;
    }

    /// The number of the request that was answered; none where it only goes on.
    fn ended(&mut self, socket: usize, text: &[u8]) -> Result<Option<u32>> {
        if self.dialect == Dialect::Echo {
            let number = self.echoed[socket];
            self.echoed[socket] += 1;
            return Ok(Some(number));
        }
        let Answer { name, status } = Answer::read(text)?;
        ensure!(
            name.socket as usize == socket,
            "an answer of socket {} came",
            name.socket
        );
        match status {
            Status::Going => Ok(None),
            Status::Ok => Ok(Some(name.number)),
            Status::Killed => bail!("{name:?} was killed, and nobody asked for it"),
        }
    }
}

impl Play for Closed {
    fn answered(&mut self, said: Said<'_>, out: &mut Vec<u8>) -> Result<()> {
        let Some(number) = self.ended(said.socket, said.text)? else {
            return Ok(());
        };
        let place = number.wrapping_sub(FIRST) % self.depth;
        let sent = &mut self.sent[said.socket][place as usize];
        ensure!(
            sent.number == number,
            "{number} was answered, which was not asked, or twice"
        );
        self.latencies
            .record(said.at.saturating_duration_since(sent.at));
        *sent = Sent {
            number: number + self.depth,
            at: said.at,
        };
        self.answers += 1;
        self.starts[said.socket].write(sent.number, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With so many requests unanswered on each of two sockets, none of which is connected.
    fn begun(depth: u32) -> Closed {
        let mut closed = Closed::new(Dialect::Json, 2, depth as usize).unwrap();
        for sent in &mut closed.sent {
            sent.extend((FIRST..FIRST + depth).map(|number| Sent { number, at: now() }));
        }
        closed
    }

    fn say(closed: &mut Closed, text: &str, out: &mut Vec<u8>) -> Result<()> {
        let said = Said {
            socket: 0,
            text: text.as_bytes(),
            at: now(),
        };
        closed.answered(said, out)
    }

    /// Each place has numbers of its own, and uses none twice.
    #[test]
    fn an_answer_is_followed_by_the_next_request_of_its_place() {
        let mut closed = begun(4);
        let (mut out, mut expected) = (Vec::new(), Vec::new());
        for number in [FIRST + 2, FIRST + 6, FIRST + 1] {
            for status in ["running", "ok"] {
                let text = format!(r#"{{"connid":"0-{number}","status":"{status}"}}"#);
                say(&mut closed, &text, &mut out).unwrap();
            }
            Dialect::Json.start(0, 0).write(number + 4, &mut expected);
        }
        assert_eq!(out, expected);
        assert_eq!(closed.answers, 3);
    }

    #[test]
    fn what_was_not_asked_is_told() {
        let rows = [
            (r#"{"connid":"1-10000000","status":"ok"}"#, "of socket 1"),
            (r#"{"connid":"0-10000000","status":"killed"}"#, "was killed"),
            (r#"{"connid":"0-10000001","status":"ok"}"#, "was not asked"),
            (r#"{"connid":"0-3","status":"ok"}"#, "was not asked"),
        ];
        for (text, words) in rows {
            let told = say(&mut begun(1), text, &mut Vec::new()).unwrap_err();
            assert!(format!("{told:#}").contains(words), "{text}: {told:#}");
        }
    }

    #[test]
    fn an_answer_counts_once() {
        let mut closed = begun(2);
        let text = r#"{"connid":"0-10000001","status":"ok"}"#;
        say(&mut closed, text, &mut Vec::new()).unwrap();
        let told = say(&mut closed, text, &mut Vec::new()).unwrap_err();
        assert!(told.to_string().contains("or twice"), "{told:#}");
    }
}
