//! Following one request to its end.

use std::{future::pending, pin::Pin, time::Duration};

use longwire_client::{Client, Error, EventFrame, Happening, Job, Link};
use longwire_protocol::GapFrame;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::{
    Global,
    args::DEFAULT_SERVER,
    connect,
    exit::Exit,
    failure::Failure,
    print::{self, quoted},
    show::Show,
    signals::{Stop, Stops},
};

/// How long a second Ctrl-C is waited for.
const SECOND_THOUGHT: Duration = Duration::from_secs(2);
/// How often the bar moves.
const FRAME: Duration = Duration::from_millis(100);

/// Follows it, and ends as it does. `dies` says that it is killed when nobody watches.
pub(crate) async fn run(
    global: &Global,
    client: Client,
    job: Job,
    dies: bool,
) -> Result<Exit, Failure> {
    let mut following = Following {
        show: Show::new(global, job.connid().as_str()),
        stops: Stops::new()?,
        asked: Asked::Nothing,
        kill: None,
        global,
        client,
        job,
        dies,
    };
    let ended = following.follow().await;
    following.show.end();
    let Following { client, job, .. } = following;
    drop(job);
    client.close().await;
    ended
}

/// What Ctrl-C has asked for so far.
#[derive(Clone, Copy)]
enum Asked {
    Nothing,
    /// To leave, unless it is thought better of by then.
    ToLeave(Instant),
    ToKill,
}

type KillAnswer = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

struct Following<'a> {
    global: &'a Global,
    client: Client,
    job: Job,
    show: Show,
    stops: Stops,
    asked: Asked,
    kill: Option<KillAnswer>,
    dies: bool,
}

impl Following<'_> {
    async fn follow(&mut self) -> Result<Exit, Failure> {
        self.begin()?;
        let mut links = self.client.links();
        let mut ticks = interval(FRAME);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let leaving = matches!(self.asked, Asked::ToLeave(_));
            tokio::select! {
                biased;
                stop = self.stops.next() => if let Some(exit) = self.stop(stop) {
                    return Ok(exit);
                },
                () = leave_at(self.asked) => return Ok(Exit::Left),
                Some(link) = links.changed() => self.link(&link),
                killed = answer(&mut self.kill) => {
                    self.kill = None;
                    self.killed(killed);
                }
                // Whoever leaves was told from which event to come back.
                next = self.job.next(), if !leaving => match next {
                    Some(Ok(happening)) => if let Some(exit) = self.happened(happening)? {
                        return Ok(exit);
                    },
                    Some(Err(error)) => return Err(Failure::of_job(error, self.job.connid().as_str())),
                    None => return Err(Error::Closed.into()),
                },
                _ = ticks.tick() => self.show.draw(),
            }
        }
    }

    fn begin(&mut self) -> Result<(), Failure> {
        let Some(started) = self.job.started() else {
            return Ok(());
        };
        if self.global.json {
            print::json(started)?;
        }
        self.show.started(started);
        Ok(())
    }

    /// What happened; an exit code where it was the end.
    fn happened(&mut self, happening: Happening) -> Result<Option<Exit>, Failure> {
        match happening {
            Happening::Event(event) => {
                self.event(&event)?;
                Ok(event.status.outcome().map(Exit::from))
            }
            Happening::Gap(gap) => {
                if self.global.json {
                    print::json(&GapFrame {
                        connid: Some(self.job.connid().clone()),
                        job: None,
                        gap,
                    })?;
                }
                self.show.gap(gap)?;
                Ok(None)
            }
        }
    }

    fn event(&mut self, event: &EventFrame) -> Result<(), Failure> {
        if self.global.json {
            print::json(event)?;
        }
        Ok(self.show.event(event)?)
    }

    fn link(&mut self, link: &Link) {
        if let Some(news) = connect::news(link) {
            self.show.say(&news);
        }
    }

    /// Ctrl-C: first to leave, then to kill, then to be gone. The system is not asked twice.
    fn stop(&mut self, stop: Stop) -> Option<Exit> {
        match self.asked {
            _ if stop == Stop::Terminate => {
                self.show.say(&self.way_back());
                Some(Exit::Left)
            }
            Asked::Nothing => {
                self.asked = Asked::ToLeave(Instant::now() + SECOND_THOUGHT);
                let choice = format!("\n{}\nCtrl-C again kills it.", self.way_back());
                self.show.say(&choice);
                None
            }
            Asked::ToLeave(_) => {
                self.asked = Asked::ToKill;
                self.show.say("killing it…");
                let (client, connid) = (self.client.clone(), self.job.connid().clone());
                self.kill = Some(Box::pin(async move {
                    client.kill(&connid, Some("Ctrl-C")).await.map(drop)
                }));
                None
            }
            Asked::ToKill => Some(Exit::Left),
        }
    }

    fn killed(&mut self, killed: Result<(), Error>) {
        // Its end says the rest, with the receipt.
        if let Err(error) = killed {
            self.show.say(&format!("not killed: {error}"));
        }
    }

    fn way_back(&self) -> String {
        let connid = quoted(self.job.connid().as_str());
        let server = match self.global.server.as_str() {
            DEFAULT_SERVER => String::new(),
            url => format!(" --server {}", quoted(url)),
        };
        let fate = if self.dies {
            "It is killed if nobody else watches it."
        } else {
            "It goes on."
        };
        let after = self.job.seen();
        format!("{fate} Come back: longwire watch {connid} --after {after}{server}")
    }
}

async fn leave_at(asked: Asked) {
    match asked {
        Asked::ToLeave(at) => sleep_until(at).await,
        Asked::Nothing | Asked::ToKill => pending().await,
    }
}

async fn answer(kill: &mut Option<KillAnswer>) -> Result<(), Error> {
    match kill {
        Some(kill) => kill.await,
        None => pending().await,
    }
}
