//! `longwire status --watch`: how the requests stand, drawn again and again.

use std::{
    future::pending,
    io::{self, IsTerminal, Write},
    pin::Pin,
    time::Duration,
};

use crossterm::{
    cursor,
    event::{Event, EventStream, KeyCode, KeyEvent, KeyModifiers},
    queue, terminal,
};
use futures_util::StreamExt;
use longwire_client::{Client, Error, Feed, JobView, Link, StatusPage, StatusQuery};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{
    Global, clock::later, connect, exit::Exit, failure::Failure, paint::Paint, print,
    signals::Stops, table,
};

/// How often the bars move.
const FRAME: Duration = Duration::from_millis(250);
/// How often the server is asked, at most, when states change …
const SOONEST: Duration = Duration::from_millis(200);
/// … and at least, as progress is not a change of state.
const LATEST: Duration = Duration::from_secs(2);

pub(crate) async fn run(
    global: &Global,
    client: Client,
    query: StatusQuery,
) -> Result<Exit, Failure> {
    let on_terminal = io::stdout().is_terminal() && io::stdin().is_terminal() && !global.json;
    let mut live = Live {
        page: client.status(query.clone()).await?,
        feed: client.feed().await?,
        paint: Paint::stdout(global.color),
        told_at: Instant::now(),
        stale: false,
        trouble: None,
        asking: None,
        global,
        query,
        client: client.clone(),
    };
    let ended = if on_terminal {
        live.on_terminal().await
    } else {
        live.as_lines().await
    };
    client.close().await;
    ended.map(|()| Exit::Ok)
}

type Asking = Pin<Box<dyn Future<Output = Result<StatusPage, Error>>>>;

struct Live<'a> {
    global: &'a Global,
    client: Client,
    query: StatusQuery,
    feed: Feed,
    page: StatusPage,
    told_at: Instant,
    /// Something has changed since.
    stale: bool,
    asking: Option<Asking>,
    /// What is wrong with the connection.
    trouble: Option<String>,
    paint: Paint,
}

impl Live<'_> {
    async fn on_terminal(&mut self) -> Result<(), Failure> {
        let (mut stops, mut links) = (Stops::new()?, self.client.links());
        let screen = Screen::open()?;
        let mut keys = EventStream::new();
        let mut frames = interval(FRAME);
        frames.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = stops.next() => break,
                key = keys.next() => if is_over(key.as_ref()) { break },
                Some(link) = links.changed() => self.link(&link),
                change = self.feed.next() => self.changed(change.and_then(Result::err)).await?,
                page = answer(&mut self.asking) => drop(self.told(page?)),
                _ = frames.tick() => {
                    self.ask();
                    self.draw()?;
                }
            }
        }
        drop(screen);
        Ok(())
    }

    /// Where nobody looks at a screen: the table, whenever it has changed.
    async fn as_lines(&mut self) -> Result<(), Failure> {
        let (mut stops, mut links) = (Stops::new()?, self.client.links());
        self.print()?;
        let mut frames = interval(FRAME);
        loop {
            tokio::select! {
                _ = stops.next() => return Ok(()),
                Some(link) = links.changed() => {
                    connect::news(&link).iter().for_each(|news| print::say(news));
                }
                change = self.feed.next() => self.changed(change.and_then(Result::err)).await?,
                page = answer(&mut self.asking) => if self.told(page?) { self.print()? },
                _ = frames.tick() => self.ask(),
            }
        }
    }

    fn link(&mut self, link: &Link) {
        self.trouble = match link {
            Link::Connected => None,
            Link::Reconnecting { why, .. } => Some(format!("{why}; connecting again…")),
            Link::ShuttingDown { .. } | Link::Closed(_) | _ => connect::news(link),
        };
    }

    async fn changed(&mut self, error: Option<Error>) -> Result<(), Failure> {
        self.stale = true;
        match error {
            None => Ok(()),
            // A server that was started anew counts from 1 again.
            Some(Error::Refused(_)) => {
                self.feed = self.client.feed().await?;
                Ok(())
            }
            Some(error) => Err(error.into()),
        }
    }

    /// Asks the server, if it is time to.
    fn ask(&mut self) {
        let age = self.told_at.elapsed();
        let due = age >= LATEST || (self.stale && age >= SOONEST);
        if !due || self.asking.is_some() {
            return;
        }
        self.stale = false;
        let (client, query) = (self.client.clone(), self.query.clone());
        self.asking = Some(Box::pin(async move { client.status(query).await }));
    }

    /// Takes what the server said; whether that is news.
    fn told(&mut self, page: StatusPage) -> bool {
        let news = states(&page) != states(&self.page);
        (self.page, self.told_at, self.asking) = (page, Instant::now(), None);
        news
    }

    fn jobs(&self) -> Vec<JobView> {
        let age = self.told_at.elapsed();
        self.page.jobs.iter().map(|job| later(job, age)).collect()
    }

    fn print(&self) -> Result<(), Failure> {
        if self.global.json {
            return Ok(print::json(&self.page)?);
        }
        for line in table::lines(self.paint, &self.jobs(), None) {
            print::line(&line)?;
        }
        Ok(print::line("")?)
    }

    fn draw(&self) -> Result<(), Failure> {
        let (columns, rows) = terminal::size()?;
        let (columns, rows) = (usize::from(columns), usize::from(rows));
        let mut lines = vec![table::cut(&self.head(), columns), String::new()];
        lines.extend(table::lines(self.paint, &self.jobs(), Some(columns)));
        if lines.len() > rows {
            let hidden = lines.len() - rows + 1;
            lines.truncate(rows.saturating_sub(1));
            lines.push(self.paint.dim(&format!("… and {hidden} more")));
        }
        let mut out = io::stdout().lock();
        for (row, line) in (0u16..).zip(&lines) {
            let clear = terminal::Clear(terminal::ClearType::UntilNewLine);
            queue!(out, cursor::MoveTo(0, row))?;
            write!(out, "{line}")?;
            queue!(out, clear)?;
        }
        queue!(out, terminal::Clear(terminal::ClearType::FromCursorDown))?;
        Ok(out.flush()?)
    }

    fn head(&self) -> String {
        let state = match (&self.trouble, self.page.total) {
            (Some(trouble), _) => trouble.clone(),
            (None, Some(total)) => format!("{total} running"),
            (None, None) => format!("{} shown", self.page.jobs.len()),
        };
        format!("{} · {state} · q ends", self.global.server)
    }
}

async fn answer(asking: &mut Option<Asking>) -> Result<StatusPage, Error> {
    match asking {
        Some(asking) => asking.await,
        None => pending().await,
    }
}

/// What changes without the clock.
fn states(page: &StatusPage) -> Vec<(longwire_client::JobId, longwire_client::Seq)> {
    page.jobs.iter().map(|job| (job.job, job.seq)).collect()
}

fn is_over(event: Option<&io::Result<Event>>) -> bool {
    match event {
        Some(Ok(Event::Key(KeyEvent {
            code, modifiers, ..
        }))) => {
            let ctrl_c = *code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL);
            ctrl_c || matches!(code, KeyCode::Char('q') | KeyCode::Esc)
        }
        Some(Ok(_)) => false,
        Some(Err(_)) | None => true,
    }
}

/// The other screen of a terminal, and back again however it ends.
struct Screen;

impl Screen {
    fn open() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let screen = Self;
        let mut out = io::stdout();
        queue!(out, terminal::EnterAlternateScreen, cursor::Hide)?;
        out.flush()?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut out = io::stdout();
        // Nothing can be done for a terminal that is gone.
        let _ = queue!(out, cursor::Show, terminal::LeaveAlternateScreen);
        let _ = out.flush();
        let _ = terminal::disable_raw_mode();
    }
}
