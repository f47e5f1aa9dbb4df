//! A history, read once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use longwire_protocol::{
    Connid, EndedView, EventFrame, JobId, ParseLimits, Request, ServerFrame, Started,
};
use serde_json::Value;

use super::{
    lives::live,
    story::{Ask, Body, Look, Named, NamedEnd, Reply, Sign, Story, Stray},
};
use crate::{Fact, Heard, History, Moment};

impl<'a> Story<'a> {
    pub(super) fn read(history: &'a History) -> Self {
        let mut story = Self {
            history,
            setup: history.setup(),
            slack: slack(history),
            asks: Vec::new(),
            named: Named::default(),
            sockets: BTreeMap::new(),
            signs: Vec::new(),
            ends: Vec::new(),
            lives: BTreeMap::new(),
            namesakes: HashMap::new(),
            strays: Vec::new(),
            odd: Vec::new(),
            looks: Vec::new(),
        };
        for (moment, fact) in history.facts() {
            story.take(moment, fact);
        }
        story.lives = live(&story);
        for life in story.lives.values() {
            let namesakes = story.namesakes.entry(life.connid.clone()).or_default();
            namesakes.push(life.job);
        }
        story
    }

    fn take(&mut self, moment: Moment, fact: &Fact) {
        match fact {
            Fact::Setup(_)
            | Fact::Spawned { .. }
            | Fact::Listens
            | Fact::Killed
            | Fact::Asked
            | Fact::Left { .. } => {}
            Fact::Connected { socket, .. } => {
                self.sockets.entry(*socket).or_default();
            }
            Fact::Sent { socket, frame } => self.sent(moment, *socket, frame),
            Fact::Received { socket, frame } => self.received(moment, *socket, frame),
            Fact::Garbled { text, .. } => self.odd.push((moment, format!("not JSON: {text}"))),
            Fact::Closed { socket, .. } | Fact::Lost { socket } => {
                let socket = self.sockets.entry(*socket).or_default();
                socket.gone.get_or_insert(moment);
            }
            Fact::Look { socket } => self.looks.push(Look {
                socket: *socket,
                began: moment,
            }),
        }
    }

    fn sent(&mut self, sent: Moment, socket: u32, frame: &Value) {
        let parsed = Request::parse(&frame.to_string(), &ParseLimits::default());
        let Ok((Some(id), request)) = parsed else {
            let what = format!("was sent, and is no request with an id: {frame}");
            return self.odd.push((sent, what));
        };
        let ask = self.asks.len();
        self.named.add(ask, &request);
        let conversation = &mut self.sockets.entry(socket).or_default().conversation;
        conversation.sent(&id, ask, request.clone());
        self.asks.push(Ask {
            sent,
            socket,
            request,
            reply: None,
            last_look: self.looks.iter().any(|look| look.socket == socket),
        });
    }

    fn received(&mut self, seen: Moment, socket: u32, frame: &Value) {
        let read = match ServerFrame::parse(&frame.to_string()) {
            Ok(read) => read,
            Err(error) => return self.odd.push((seen, format!("{error}: {frame}"))),
        };
        let socket = self.sockets.entry(socket).or_default();
        match socket.conversation.heard(seen, &read) {
            Heard::Reply(ask) => {
                self.told(seen, Some(ask), None, &read, frame);
                self.asks[ask].reply = Some(Reply { seen, frame: read });
            }
            Heard::Of(stream) => {
                let job = socket.conversation.streams()[stream].job;
                self.told(seen, None, Some(job), &read, frame);
            }
            Heard::Feed => self.told(seen, None, None, &read, frame),
            Heard::Unasked => {
                let what = format!("answers nothing that was asked: {frame}");
                self.odd.push((seen, what));
            }
            Heard::Stray { after_end } => self.strays.push(Stray {
                seen,
                after_end,
                frame: frame.to_string(),
            }),
            Heard::Unsure | Heard::Notice => {}
        }
    }

    /// What a frame says of jobs. `job` is whose event it is.
    fn told(
        &mut self,
        seen: Moment,
        ask: Option<usize>,
        job: Option<JobId>,
        read: &ServerFrame,
        frame: &Value,
    ) {
        match read {
            ServerFrame::Started(started) => self.told_started(seen, ask, started, frame),
            ServerFrame::Done(done) => {
                if let (Some(job), Some(connid), Some(seq)) = (done.job, &done.connid, done.seq) {
                    self.signs.push(Sign {
                        seen,
                        ask,
                        job,
                        connid: connid.clone(),
                        route: None,
                        seq,
                        status: None,
                        body: None,
                    });
                }
                self.told_end(seen, done.connid.as_ref(), done.ended.as_deref());
            }
            ServerFrame::Status(page) => {
                self.signs.extend(page.jobs.iter().map(|view| Sign {
                    seen,
                    ask,
                    job: view.job,
                    connid: view.connid.clone(),
                    route: Some(Arc::clone(&view.route)),
                    seq: view.seq,
                    status: Some(view.status),
                    body: None,
                }));
            }
            ServerFrame::Refused(refused) => {
                let refusal = &refused.refusal;
                self.told_end(seen, refusal.connid.as_ref(), refusal.ended.as_deref());
            }
            ServerFrame::Event(event) => {
                if let Some(job) = job {
                    self.told_event(seen, ask, job, event, frame);
                }
            }
            ServerFrame::Feed(change) => self.signs.push(Sign {
                seen,
                ask,
                job: change.job,
                connid: change.connid.clone(),
                route: Some(Arc::clone(&change.route)),
                seq: change.seq,
                status: Some(change.status),
                body: None,
            }),
            ServerFrame::Gap(_)
            | ServerFrame::Routes(_)
            | ServerFrame::Found(_)
            | ServerFrame::Modules(_)
            | ServerFrame::Claimed(_)
            | ServerFrame::HandOver(_)
            | ServerFrame::Notice(_) => {}
        }
    }

    /// The reply to a start stands for the job's first event, unless it joined a job that ran.
    fn told_started(&mut self, seen: Moment, ask: Option<usize>, started: &Started, frame: &Value) {
        let event = serde_json::from_value::<EventFrame>(frame.clone()).ok();
        match event.filter(|_| !started.attached) {
            Some(event) => self.told_event(seen, ask, started.job, &event, frame),
            None => self.signs.push(Sign {
                seen,
                ask,
                job: started.job,
                connid: started.connid.clone(),
                route: Some(Arc::clone(&started.route)),
                seq: started.seq,
                status: None,
                body: None,
            }),
        }
    }

    fn told_event(
        &mut self,
        seen: Moment,
        ask: Option<usize>,
        job: JobId,
        event: &EventFrame,
        frame: &Value,
    ) {
        let mut frame = frame.clone();
        if let Some(members) = frame.as_object_mut() {
            for echo in ["id", "job", "position"] {
                members.remove(echo);
            }
        }
        self.signs.push(Sign {
            seen,
            ask,
            job,
            connid: event.connid.clone(),
            route: event.route.clone(),
            seq: event.seq,
            status: Some(event.status),
            body: Some(Box::new(Body {
                event: event.clone(),
                frame,
            })),
        });
    }

    fn told_end(&mut self, seen: Moment, connid: Option<&Connid>, ended: Option<&EndedView>) {
        if let (Some(connid), Some(ended)) = (connid, ended) {
            self.ends.push(NamedEnd {
                seen,
                connid: connid.clone(),
                ended: ended.clone(),
            });
        }
    }
}

/// The wall clock may be moved while a server that goes by it is started anew; that is not the server's doing. A millisecond
/// on top, as that is how fine times are told.
fn slack(history: &History) -> u64 {
    let walls = history.facts().filter_map(|(_, fact)| {
        if let Fact::Spawned { wall } = fact {
            Some(*wall)
        } else {
            None
        }
    });
    let (least, most) = walls.fold((u64::MAX, 0), |(least, most), wall| {
        (least.min(wall), most.max(wall))
    });
    1_000 + most.saturating_sub(least)
}
