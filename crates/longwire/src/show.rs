//! What is seen of a request that is followed: its output, its news, and a bar.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use longwire_client::{
    EventFrame, Gap, OutputStream as Stream, Progress, Seconds, Started, Status, StreamName,
};

use crate::{
    Global,
    bar::{bar, done_share, left_share, progress, span},
    clock::Countdown,
    paint::Paint,
    print, tell,
};

const CELLS: usize = 24;
/// A line that does not end is shown when it is that long.
const HELD_BYTES: usize = 4096;

/// What is seen of a request that is followed.
pub(crate) struct Show {
    connid: String,
    json: bool,
    paint: Paint,
    standing: Standing,
    bar: Option<ProgressBar>,
    /// Lines that have not ended yet: a bar below would be drawn into them.
    held: [Vec<u8>; 2],
    /// It wrote to stdout what is no text: nothing is put behind that.
    wrote_bytes: bool,
}

/// How the request stands, as far as it was told.
#[derive(Debug)]
struct Standing {
    status: Status,
    time: Seconds,
    deadline: Option<Countdown>,
    progress: Option<Progress>,
}

impl Show {
    pub(crate) fn new(global: &Global, connid: &str) -> Self {
        let bar = io::stderr().is_terminal() && !global.json;
        Self {
            connid: connid.to_owned(),
            json: global.json,
            paint: Paint::stderr(global.color),
            standing: Standing {
                status: Status::Running,
                time: Seconds::ZERO,
                deadline: None,
                progress: None,
            },
            bar: bar.then(new_bar),
            held: [Vec::new(), Vec::new()],
            wrote_bytes: false,
        }
    }

    pub(crate) fn started(&mut self, started: &Started) {
        self.standing
            .timed(started.status, started.time, started.left);
        let joined = if started.attached { ", joined" } else { "" };
        let place = match started.position {
            Some(position) => format!(" at place {position}"),
            None => String::new(),
        };
        self.news(&format!(
            "{}{place}{joined}, with {}",
            started.status.as_str(),
            span(started.time)
        ));
    }

    pub(crate) fn event(&mut self, event: &EventFrame) -> io::Result<()> {
        self.standing.event(event);
        if let Some(printed) = event.printed() {
            let stream = event
                .stream
                .as_ref()
                .map_or(Stream::Stdout, StreamName::known);
            self.wrote_bytes |= stream == Stream::Stdout && !event.encoding.is_text();
            self.output(stream, &printed)?;
        }
        if event.status.has_ended() {
            return self.ended(event);
        }
        if let Some(news) = tell::news(event) {
            self.news(&news);
        }
        self.draw();
        Ok(())
    }

    pub(crate) fn gap(&mut self, gap: Gap) -> io::Result<()> {
        self.release()?;
        self.news(&format!(
            "events {} to {} are no longer kept",
            gap.from, gap.to
        ));
        Ok(())
    }

    /// A line for people.
    pub(crate) fn say(&self, text: &str) {
        self.above(|| print::say(text));
    }

    pub(crate) fn draw(&self) {
        if let Some(bar) = &self.bar {
            bar.set_message(self.standing.line(&self.connid));
        }
    }

    pub(crate) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        // What was held is shown, if anyone still reads.
        let _ = self.release();
    }

    fn news(&self, text: &str) {
        if !self.json {
            let text = format!("{}: {text}", self.connid);
            self.say(&self.paint.dim(&text));
        }
    }

    fn ended(&mut self, event: &EventFrame) -> io::Result<()> {
        self.end();
        if self.json {
            return Ok(());
        }
        match &event.result {
            Some(result) if self.wrote_bytes => print::say(result.as_str()),
            Some(result) => print::line(result.as_str())?,
            None => {}
        }
        let end = self.paint.status(event.status, &tell::end(event));
        print::say(&format!("{}: {end}", self.connid));
        Ok(())
    }

    fn output(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let held = &mut self.held[index(stream)];
        held.extend_from_slice(bytes);
        let ready = match held.iter().rposition(|byte| *byte == b'\n') {
            _ if self.bar.is_none() || held.len() > HELD_BYTES => held.len(),
            Some(end) => end + 1,
            None => 0,
        };
        let rest = held.split_off(ready);
        let lines = std::mem::replace(held, rest);
        self.above(|| write(stream, &lines))
    }

    fn release(&mut self) -> io::Result<()> {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let held = std::mem::take(&mut self.held[index(stream)]);
            self.above(|| write(stream, &held))?;
        }
        Ok(())
    }

    fn above<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(
        ProgressStyle::default_bar()
            .template("{wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

const fn index(stream: Stream) -> usize {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
    }
}

fn write(stream: Stream, bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    match stream {
        Stream::Stdout => print::raw(bytes),
        Stream::Stderr => io::stderr().write_all(bytes),
    }
}

impl Standing {
    fn timed(&mut self, status: Status, time: Seconds, left: Seconds) {
        self.status = status;
        self.time = time;
        self.deadline = Some(Countdown::new(left));
    }

    fn event(&mut self, event: &EventFrame) {
        self.status = event.status;
        if let (Some(time), Some(left)) = (event.time, event.left) {
            self.timed(event.status, time, left);
        }
        if let Some(progress) = &event.progress {
            self.progress = Some((**progress).clone());
        }
    }

    fn line(&self, connid: &str) -> String {
        let left = self.deadline.as_ref().map(Countdown::left);
        let share = self.progress.as_ref().and_then(done_share);
        let share = share.or_else(|| left.map(|left| left_share(left, self.time)));
        let bar = share.map(|share| bar(share, CELLS)).unwrap_or_default();
        let said = self.progress.as_ref().map(progress).unwrap_or_default();
        let left = left.map(|left| format!("{} left", span(left)));
        let parts = [
            connid.to_owned(),
            self.status.as_str().to_owned(),
            bar,
            said,
            left.unwrap_or_default(),
        ];
        let told: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        told.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_bar_is_the_work_done_where_that_is_known_and_else_the_time_left() {
        let mut standing = Standing {
            status: Status::Running,
            time: Seconds::ZERO,
            deadline: None,
            progress: None,
        };
        assert_eq!(standing.line("42"), "42 running");

        standing.timed(
            Status::Running,
            Seconds::from_secs(30),
            Seconds::from_secs(30),
        );
        tokio::time::advance(std::time::Duration::from_secs(15)).await;
        let half = "████████████░░░░░░░░░░░░";
        assert_eq!(standing.line("42"), format!("42 running {half} 15 s left"));

        standing.progress = Some(Progress {
            done: Some(1.0),
            total: Some(4.0),
            note: Some("page 1".into()),
        });
        let quarter = "██████░░░░░░░░░░░░░░░░░░";
        assert_eq!(
            standing.line("42"),
            format!("42 running {quarter} 1/4 page 1 15 s left")
        );
    }
}
