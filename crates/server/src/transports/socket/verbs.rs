//! From a request to its direct reply.

use std::sync::Arc;

use longwire_engine::{Engine, Opened, Principal, Seat, Watcher};
use longwire_modules::Query;
use longwire_protocol::{
    Claim, Claimed, Code, Done, Event, Extend, Found, Frame, FrameId, Kill, ModulesPage,
    ModulesQuery, Refusal, RefusalFrame, Request, RoutesPage, RoutesQuery, Search, Seq, Spec,
    Started, StatusQuery, Target, Watch,
};

use crate::{
    metrics::Metrics,
    modules::{Asker, Modules, refusal},
    transports::worker::{self, text_of},
};

/// What a session does once a request is answered.
pub(super) enum Effect {
    None,
    /// Follows a job from after a number on.
    Follow {
        spec: Arc<Spec>,
        after: Seq,
        by_job: bool,
        /// Whoever started the job, until it watches.
        presence: Option<Watcher>,
    },
    /// Tells the end of a job, where it came with its start: all that is left of its log.
    Tell {
        spec: Arc<Spec>,
        end: Event,
    },
    /// Follows the feed from after a number on.
    FollowFeed(Seq),
    /// Follows a job no longer, by either name, or the feed.
    Leave(Option<Target>),
}

/// A direct reply, and what it entails. The reply is sent first.
pub(super) struct Answered {
    /// None where the request asked for no reply.
    pub(super) reply: Option<Reply>,
    pub(super) effect: Effect,
}

/// A frame as it is, or as text.
pub(super) enum Reply {
    /// That to a start. Of all frames most are these, and each takes its text only where it is sent from.
    Started(Started),
    Text(String),
}

/// Who answers the requests of a socket.
pub(super) struct Verbs {
    pub(super) engine: Engine,
    pub(super) modules: Modules,
    /// This socket, to whom its searches are made.
    pub(super) asker: Arc<Asker>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) who: Principal,
}

impl Verbs {
    /// Answers a request.
    pub(super) async fn answer(self: Arc<Self>, id: Option<FrameId>, request: Request) -> Answered {
        let verb = request.verb();
        let answered = match request {
            Request::Kill(kill) => self.kill(&id, kill).await,
            Request::Status(query) => self.status(&id, query).await,
            Request::Watch(watch) => self.watch(&id, watch).await,
            Request::Unwatch(unwatch) => unwatch_reply(&id, unwatch),
            Request::Extend(extend) => self.extend(&id, &extend).await,
            Request::Routes(RoutesQuery {}) => {
                let page = self.engine.routes(&self.who).await;
                Ok(Answered::new(&RoutesPage {
                    id: id.clone(),
                    ..page
                }))
            }
            Request::Search(search) => self.search(&id, &search).await,
            Request::Modules(ModulesQuery {}) => {
                let modules = self.modules.list().await;
                Ok(Answered::new(&ModulesPage {
                    id: id.clone(),
                    ..modules
                }))
            }
            Request::Append(append) => {
                let appended = worker::append(&self.engine, &self.who, id.clone(), append);
                appended.await.map(Answered::maybe)
            }
            Request::End(end) => {
                let ended = worker::end(&self.engine, &self.who, id.clone(), end);
                ended.await.map(Answered::maybe)
            }
            // One needs the session's seat, the other no box of ours: both are answered there.
            Request::Claim(_) | Request::Start(_) => {
                Err(Refusal::new(Code::Internal, "a request of a session's own"))
            }
        };
        answered.unwrap_or_else(|refusal| self.refusal(id, verb.unwrap_or_default(), refusal))
    }

    fn refusal(&self, id: Option<FrameId>, route: &str, refusal: Refusal) -> Answered {
        self.refused(&RefusalFrame::new(id, Some(route), refusal))
    }

    /// Answers a claim for the worker at that seat.
    pub(super) fn claim(&self, id: Option<FrameId>, seat: &Seat, claim: &Claim) -> Answered {
        match self.engine.claim(&self.who, seat, claim) {
            Ok(claimed) => Answered::new(&Claimed { id, ..claimed }),
            Err(refusal) => self.refused(&RefusalFrame::new(id, Some("claim"), refusal)),
        }
    }

    /// The reply to a frame that was refused.
    pub(super) fn refused(&self, frame: &RefusalFrame) -> Answered {
        self.metrics.refused(frame.refusal.code);
        Answered::new(frame)
    }

    /// The reply to a start, once it was made or refused.
    pub(super) fn started(
        &self,
        id: Option<FrameId>,
        route: &str,
        opened: Result<Opened, Refusal>,
    ) -> Answered {
        let opened = match opened {
            Ok(opened) => opened,
            Err(refusal) => return self.refusal(id, route, refusal),
        };
        let reply = Started { id, ..opened.reply };
        let effect = match opened.end {
            Some(end) => Effect::Tell {
                spec: opened.spec,
                end,
            },
            None => Effect::Follow {
                spec: opened.spec,
                after: reply.seq,
                by_job: false,
                presence: opened.presence,
            },
        };
        Answered {
            reply: Some(Reply::Started(reply)),
            effect,
        }
    }

    async fn kill(&self, id: &Option<FrameId>, kill: Kill) -> Result<Answered, Refusal> {
        let (who, reason) = (&self.who, kill.reason.as_deref());
        if let Some(filter) = kill.filter {
            let killed = self.engine.kill_all(who, filter, reason).await?;
            return Ok(Answered::new(&Done {
                id: id.clone(),
                killed: Some(killed),
                ..Done::new("kill")
            }));
        }
        let target = kill.target()?;
        let killed = if kill.wait {
            Box::pin(self.engine.kill_and_wait(who, target, reason)).await?
        } else {
            self.engine.kill(who, target, reason).await?
        };
        let ended = killed.job.ended_view().filter(|_| kill.wait).map(Box::new);
        Ok(Answered::new(&Done {
            id: id.clone(),
            connid: Some(killed.job.connid().clone()),
            job: kill.job,
            seq: Some(killed.seq),
            ended,
            ..Done::new("kill")
        }))
    }

    async fn extend(&self, id: &Option<FrameId>, extend: &Extend) -> Result<Answered, Refusal> {
        let (target, time) = (extend.target()?, extend.time);
        let done = self.engine.extend(&self.who, target, time).await?;
        Ok(Answered::new(&Done {
            id: id.clone(),
            job: extend.job,
            ..done
        }))
    }

    async fn status(&self, id: &Option<FrameId>, query: StatusQuery) -> Result<Answered, Refusal> {
        let mut page = self.engine.status(&self.who, query).await?;
        page.id.clone_from(id);
        Ok(Answered::new(&page))
    }

    async fn search(&self, id: &Option<FrameId>, search: &Search) -> Result<Answered, Refusal> {
        let lost = |_| Refusal::new(Code::Internal, "the server could not write its answer");
        let question = search.to_json().map_err(lost)?;
        let query = Query::from_json(question.as_bytes()).map_err(refusal)?;
        let answer = self.modules.answer(query, &self.asker).await?;
        let (message, data) = (answer.message.as_str(), answer.data.clone());
        Ok(Answered::new(&Found::new(id.clone(), message, data)))
    }

    async fn watch(&self, id: &Option<FrameId>, watch: Watch) -> Result<Answered, Refusal> {
        let by_job = watch.job.is_some();
        let Some(target) = Target::of(watch.connid, watch.job) else {
            return self.watch_feed(id, watch.after).await;
        };
        let watched = self
            .engine
            .watch(&self.who, &target, watch.after.unwrap_or(0))
            .await?;
        let reply = Done {
            id: id.clone(),
            connid: Some(watched.spec.connid.clone()),
            job: Some(watched.spec.job),
            seq: Some(watched.seq),
            ended: watched.ended.map(Box::new),
            ..Done::new("watch")
        };
        Ok(Answered::new(&reply).then(Effect::Follow {
            spec: watched.spec,
            after: watched.after,
            by_job,
            presence: None,
        }))
    }

    async fn watch_feed(
        &self,
        id: &Option<FrameId>,
        after: Option<Seq>,
    ) -> Result<Answered, Refusal> {
        let head = self.engine.feed_head().await;
        if let Some(after) = after.filter(|after| *after > head) {
            return Err(Refusal::invalid(
                "after",
                format!(
                    "\"after\" must be at most {head}, the number of the feed's last change; got {after}. Is it of another run of the server?"
                ),
            ));
        }
        let reply = Done {
            id: id.clone(),
            feed: Some(head),
            ..Done::new("watch")
        };
        Ok(Answered::new(&reply).then(Effect::FollowFeed(after.unwrap_or(head))))
    }
}

/// Unwatching what was not watched is harmless.
fn unwatch_reply(
    id: &Option<FrameId>,
    unwatch: longwire_protocol::Unwatch,
) -> Result<Answered, Refusal> {
    let reply = Done {
        id: id.clone(),
        connid: unwatch.connid.clone(),
        job: unwatch.job,
        ..Done::new("unwatch")
    };
    let target = Target::of(unwatch.connid, unwatch.job);
    Ok(Answered::new(&reply).then(Effect::Leave(target)))
}

impl Answered {
    pub(super) fn new<T: Frame>(frame: &T) -> Self {
        Self {
            reply: Some(Reply::Text(text_of(frame))),
            effect: Effect::None,
        }
    }

    fn maybe(text: Option<String>) -> Self {
        Self {
            reply: text.map(Reply::Text),
            effect: Effect::None,
        }
    }

    fn then(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }
}
