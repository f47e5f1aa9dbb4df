//! A server without its sockets and its clock: what one frame after another makes it do, and nothing else. What it keeps is what a server keeps
//! by default. A session on a socket, with its outbox, is not counted here.

use std::{future::Future, pin::Pin, sync::Arc};

use futures_util::FutureExt;
use longwire_engine::{
    Clock, Consumer, Engine, Mailbox, Opened, Parts, Principal, Retention, RouteSettings, Router,
    Seeded, Serving, Task, Unobserved, Work, Workers,
};
use longwire_protocol::{
    Done, EventFrame, Frame, Kill, ParseLimits, Request, Spec, Start, StatusQuery, Timestamp,
};
use longwire_server::{config::Config, stores::memory::MemoryStore};
use tokio::runtime::{Builder, Runtime};

/// Always the same moment, so that nothing is counted but what is asked for.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000)
    }

    fn until(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

/// As the built-in route `request`: its clock is all that serves it.
struct Timer;

impl Consumer for Timer {
    fn serve(&self, mut task: Task) -> Serving {
        Box::pin(async move {
            task.told_to_end().await;
            Work::Done(None)
        })
    }

    fn is_clock(&self) -> bool {
        true
    }
}

/// What is kept where nobody says otherwise.
fn retention() -> Retention {
    Retention::from(&Config::default().limits)
}

/// So many jobs that have ended are kept, and for each more the oldest goes.
#[must_use]
pub fn ended_jobs_kept() -> u32 {
    u32::try_from(retention().ended_jobs).unwrap_or(u32::MAX)
}

/// An engine over the memory store, and one who asks.
pub struct Bench {
    runtime: Runtime,
    engine: Engine,
    who: Principal,
    limits: ParseLimits,
    mailbox: Arc<Mailbox>,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// Nothing was started yet.
    ///
    /// # Panics
    /// Where there is no runtime to be had.
    #[expect(clippy::expect_used, reason = "there is nothing to count without it")]
    #[must_use]
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let (clock, random) = (Arc::new(Still), Arc::new(Seeded::new(1)));
        let workers = Workers::new(Arc::clone(&clock) as _, Arc::clone(&random) as _);
        let (settings, timer) = (RouteSettings::default(), Arc::new(Timer));
        let router = Router::new(workers).with("request", settings, timer);
        let engine = runtime.block_on(Engine::start_up(Parts {
            store: Arc::new(MemoryStore::new(retention())),
            router,
            clock,
            random,
            observer: Arc::new(Unobserved),
        }));
        Self {
            runtime,
            engine,
            who: Principal::anonymous(),
            limits: ParseLimits::default(),
            mailbox: Mailbox::new(),
        }
    }

    /// So many frames were answered before.
    #[must_use]
    pub fn after(self, frames: impl Iterator<Item = String>) -> Self {
        frames.for_each(|frame| drop(self.answer(&frame)));
        self
    }

    /// The dispatcher has had its turn.
    pub fn settle(&self) {
        self.runtime.block_on(async {
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
        });
    }

    /// What a socket says to a frame: the reply, and what the job's log holds after it.
    ///
    /// # Panics
    /// Where a frame is refused.
    #[expect(clippy::panic, reason = "a path that is not taken must not be counted")]
    pub fn answer(&self, frame: &str) -> Vec<String> {
        let answer = async {
            match Request::parse(frame, &self.limits) {
                Ok((_, Request::Start(start))) => self.start(start).await,
                Ok((_, Request::Kill(kill))) => self.kill(kill).await,
                Ok((_, Request::Status(query))) => self.status(query).await,
                other => panic!("{frame}: {other:?}"),
            }
        };
        match self.runtime.block_on(async { answer.now_or_never() }) {
            Some(said) => said,
            None => panic!("{frame}: no answer at once"),
        }
    }

    #[expect(clippy::panic, reason = "a path that is not taken must not be counted")]
    async fn start(&self, start: Start) -> Vec<String> {
        let opened = match self.engine.start(&self.who, &start).await {
            Ok(opened) => opened,
            Err(refusal) => panic!("{refusal}"),
        };
        let Opened { reply, spec, end, .. } = opened;
        let mut said = vec![written(&reply)];
        match end {
            Some(end) => said.push(written(&EventFrame::new(&spec, &end, false))),
            None => self.read(&spec, reply.seq, &mut said).await,
        }
        said
    }

    async fn read(&self, spec: &Spec, mut after: u64, said: &mut Vec<String>) {
        loop {
            let page = self.engine.read(spec.job, after, 16 * 1024, &self.mailbox);
            let Some(page) = page.await.filter(|page| !page.events.is_empty()) else {
                return;
            };
            for event in &page.events {
                said.push(written(&EventFrame::new(spec, event, false)));
                after = event.seq;
                if event.status.has_ended() {
                    return;
                }
            }
        }
    }

    #[expect(clippy::panic, reason = "a path that is not taken must not be counted")]
    async fn kill(&self, kill: Kill) -> Vec<String> {
        let (target, reason) = (kill.target(), kill.reason.as_deref());
        let killed = match target {
            Ok(target) => self.engine.kill(&self.who, target, reason).await,
            Err(refusal) => Err(refusal),
        };
        match killed {
            Ok(killed) => vec![written(&Done {
                connid: Some(killed.job.connid().clone()),
                seq: Some(killed.seq),
                ..Done::new("kill")
            })],
            Err(refusal) => panic!("{refusal}"),
        }
    }

    #[expect(clippy::panic, reason = "a path that is not taken must not be counted")]
    async fn status(&self, query: StatusQuery) -> Vec<String> {
        match self.engine.status(&self.who, query).await {
            Ok(page) => vec![written(&page)],
            Err(refusal) => panic!("{refusal}"),
        }
    }
}

/// A frame as text.
#[must_use]
pub fn written<T: Frame>(frame: &T) -> String {
    frame.to_text().unwrap_or_default()
}
