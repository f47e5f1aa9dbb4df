//! Requests of zero time in a closed loop: as one is answered, the next is sent.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::contenders::Target;
use crate::dialects::Dialect;
use crate::load::answer::{Answer, Status};
use crate::load::prepared::{FIRST, Prepared};
use crate::load::{Load, Play};
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
    play(&mut load, &mut closed, span.warm)?;
    closed.forget();
    let watch = Watch::start(&target.tree)?;
    play(&mut load, &mut closed, span.measured)?;
    let shares = watch.stop(&target.tree)?;
    Ok(Measured::new(shares)
        .with_answers(closed.answers)
        .with_latencies(&closed.latencies))
}

fn play(load: &mut Load, closed: &mut Closed, how_long: Duration) -> Result<()> {
    let last = now() + how_long;
    while now() < last {
        let before = closed.answers;
        load.turn(PATIENCE, closed)?;
        if closed.answers == before && now() > closed.heard + PATIENCE {
            bail!("no answer came for {PATIENCE:?}");
        }
    }
    Ok(())
}

/// A server that says nothing for so long has lost what it was asked.
const PATIENCE: Duration = Duration::from_secs(10);

struct Closed {
    dialect: Dialect,
    depth: u32,
    starts: Vec<Prepared>,
    /// When what is unanswered was sent, by socket and place; the numbers of a place are `depth` apart.
    sent: Vec<Vec<Instant>>,
    /// The number that an echo sends back next, for each socket.
    echoed: Vec<u32>,
    latencies: Latencies,
    answers: u64,
    heard: Instant,
}

impl Closed {
    fn new(dialect: Dialect, sockets: usize, depth: usize) -> Result<Self> {
        let numbers = 0..u32::try_from(sockets)?;
        Ok(Self {
            dialect,
            depth: u32::try_from(depth)?,
            starts: numbers.map(|socket| dialect.start(socket, 0)).collect(),
            sent: vec![vec![now(); depth]; sockets],
            echoed: vec![FIRST; sockets],
            latencies: Latencies::new()?,
            answers: 0,
            heard: now(),
        })
    }

    fn begin(&mut self, load: &mut Load) -> Result<()> {
        for (socket, start) in self.starts.iter().enumerate() {
            for place in 0..self.depth {
                start.write(FIRST + place, load.out(socket));
            }
            self.sent[socket].fill(now());
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
        anyhow::ensure!(
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
    fn answered(
        &mut self,
        socket: usize,
        text: &[u8],
        at: Instant,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let Some(number) = self.ended(socket, text)? else {
            return Ok(());
        };
        let place = number
            .checked_sub(FIRST)
            .context("a number that was never sent")?
            % self.depth;
        let sent = &mut self.sent[socket][place as usize];
        self.latencies.record(at.saturating_duration_since(*sent));
        *sent = at;
        self.answers += 1;
        self.heard = at;
        self.starts[socket].write(number + self.depth, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each place has numbers of its own, and uses none twice.
    #[test]
    fn an_answer_is_followed_by_the_next_request_of_its_place() {
        let mut closed = Closed::new(Dialect::Json, 1, 4).unwrap();
        let (mut out, mut expected) = (Vec::new(), Vec::new());
        for number in [FIRST + 2, FIRST + 6, FIRST + 1] {
            let accepted = format!(r#"{{"connid":"0-{number}","status":"running"}}"#);
            let ended = format!(r#"{{"connid":"0-{number}","status":"ok"}}"#);
            for text in [accepted, ended] {
                closed
                    .answered(0, text.as_bytes(), now(), &mut out)
                    .unwrap();
            }
            Dialect::Json.start(0, 0).write(number + 4, &mut expected);
        }
        assert_eq!(out, expected);
        assert_eq!(closed.answers, 3);
    }

    #[test]
    fn answers_of_another_socket_and_kills_are_told() {
        let mut closed = Closed::new(Dialect::Json, 2, 1).unwrap();
        let rows = [
            r#"{"connid":"1-10000000","status":"ok"}"#,
            r#"{"connid":"0-10000000","status":"killed"}"#,
            r#"{"connid":"0-3","status":"ok"}"#,
        ];
        for text in rows {
            let said = closed.answered(0, text.as_bytes(), now(), &mut Vec::new());
            assert!(said.is_err(), "{text}");
        }
    }
}
