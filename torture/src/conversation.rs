//! What the frames of one socket are about.
//!
//! A reply names its request by `id`. An event of a job that is watched by its connid names only that, and a connid may be
//! used again while the end of the job before is still on its way; so whose event it is follows from what is watched on this
//! socket, and from how far. Where it could be either's it is nobody's: better to know less than to know what is not so.

use std::collections::{HashMap, HashSet};

use longwire_protocol::{Connid, EventFrame, FrameId, GapFrame, JobId, Request, Seq, ServerFrame};

use crate::Moment;

/// A position in a numbered log, and how it moved.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The number it was asked to begin after.
    pub after: Seq,
    /// What came, in the order in which it came.
    pub items: Vec<Item>,
}

/// An event or a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// When it came.
    pub seen: Moment,
    /// The number of the event, or the first that is missing.
    pub from: Seq,
    /// The same number, or the last that is missing.
    pub to: Seq,
}

impl Run {
    /// The last number that was seen.
    #[must_use]
    pub fn position(&self) -> Seq {
        self.items.last().map_or(self.after, |item| item.to)
    }

    /// The first item that is not the one to follow, and the number that was to follow.
    #[must_use]
    pub fn hole(&self) -> Option<(Item, Seq)> {
        let mut next = self.after + 1;
        for item in &self.items {
            if item.from != next || item.to < item.from {
                return Some((*item, next));
            }
            next = item.to + 1;
        }
        None
    }
}

/// One watch of one job.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The job.
    pub job: JobId,
    /// The client's name for it.
    pub connid: Connid,
    /// Whether it is watched by the server's name, so that every frame says it.
    pub by_job: bool,
    /// When it began.
    pub opened: Moment,
    /// How far it has come.
    pub run: Run,
    /// Where it stands.
    pub state: State,
}

/// Where a watch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// More is to come.
    Open,
    /// The job's last event came.
    Ended,
    /// The same job was watched anew on the same socket.
    Replaced,
    /// What came could have been another's.
    Unsure,
}

/// What a frame turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The reply to the request of that number.
    Reply(usize),
    /// It answers nothing that was waiting for an answer.
    Unasked,
    /// It belongs to the watch of that number.
    Of(usize),
    /// It belongs to one of several watches.
    Unsure,
    /// It belongs to a job that is not watched here; perhaps no longer, as its end has come.
    Stray {
        /// Whether its end has come.
        after_end: bool,
    },
    /// A change in the feed.
    Feed,
    /// The server speaks of itself.
    Notice,
}

/// One socket's life, as far as its frames tell.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    waiting: HashMap<String, (usize, Request)>,
    streams: Vec<Stream>,
    by_job: HashMap<JobId, usize>,
    by_name: HashMap<Connid, Vec<usize>>,
    ended: HashSet<Connid>,
    unsure: HashSet<Connid>,
    feeds: Vec<Run>,
    open: usize,
}

impl Conversation {
    /// A request was sent; `ask` is its number with the caller.
    pub fn sent(&mut self, id: &FrameId, ask: usize, request: Request) {
        self.waiting.insert(id.as_str().to_owned(), (ask, request));
    }

    /// A frame came.
    pub fn heard(&mut self, seen: Moment, frame: &ServerFrame) -> Heard {
        match frame {
            ServerFrame::Started(reply) => {
                let heard = self.reply(reply.id.as_ref());
                self.open(seen, reply.job, &reply.connid, false, reply.seq);
                heard.map_or(Heard::Unasked, |(ask, _)| Heard::Reply(ask))
            }
            ServerFrame::Done(reply) => {
                let Some((ask, request)) = self.reply(reply.id.as_ref()) else {
                    return Heard::Unasked;
                };
                if let Request::Watch(watch) = request {
                    let after = watch.after.or(reply.feed).unwrap_or(0);
                    if let (Some(job), Some(connid)) = (reply.job, &reply.connid) {
                        self.open(seen, job, connid, watch.job.is_some(), after);
                    } else {
                        self.feeds.push(Run {
                            after,
                            items: Vec::new(),
                        });
                    }
                }
                Heard::Reply(ask)
            }
            ServerFrame::Status(page) => self.plain_reply(page.id.as_ref()),
            ServerFrame::Routes(page) => self.plain_reply(page.id.as_ref()),
            ServerFrame::Found(found) => self.plain_reply(found.id.as_ref()),
            ServerFrame::Modules(page) => self.plain_reply(page.id.as_ref()),
            ServerFrame::Refused(refused) => self.plain_reply(refused.id.as_ref()),
            ServerFrame::Event(event) => self.event(seen, event),
            ServerFrame::Gap(gap) => self.gap(seen, gap),
            ServerFrame::Feed(change) => {
                let item = Item {
                    seen,
                    from: change.feed,
                    to: change.feed,
                };
                self.feed(item)
            }
            ServerFrame::Claimed(claimed) => self.plain_reply(claimed.id.as_ref()),
            // Nobody here is a worker.
            ServerFrame::HandOver(_) => Heard::Unasked,
            ServerFrame::Notice(_) => Heard::Notice,
        }
    }

    /// Every watch there was, the first first.
    #[must_use]
    pub fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// The latest watch of a job.
    #[must_use]
    pub fn latest(&self, job: JobId) -> Option<&Stream> {
        let index = self.by_job.get(&job)?;
        self.streams.get(*index)
    }

    /// Every watch of the feed there was.
    #[must_use]
    pub fn feeds(&self) -> &[Run] {
        &self.feeds
    }

    /// The watches that are to go on.
    pub fn open_streams(&self) -> impl Iterator<Item = &Stream> {
        let open = self.by_job.values().map(|index| &self.streams[*index]);
        open.filter(|stream| stream.state == State::Open)
    }

    /// How many answers and ends are to come.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len() + self.open
    }

    /// The requests that wait for an answer, by their numbers.
    pub fn unanswered(&self) -> impl Iterator<Item = usize> {
        self.waiting.values().map(|(ask, _)| *ask)
    }

    fn reply(&mut self, id: Option<&FrameId>) -> Option<(usize, Request)> {
        self.waiting.remove(id?.as_str())
    }

    fn plain_reply(&mut self, id: Option<&FrameId>) -> Heard {
        let asked = self.reply(id);
        asked.map_or(Heard::Unasked, |(ask, _)| Heard::Reply(ask))
    }

    fn open(&mut self, opened: Moment, job: JobId, connid: &Connid, by_job: bool, after: Seq) {
        let index = self.streams.len();
        let unsure = !by_job && self.unsure.contains(connid);
        self.streams.push(Stream {
            job,
            connid: connid.clone(),
            by_job,
            opened,
            run: Run {
                after,
                items: Vec::new(),
            },
            state: if unsure { State::Unsure } else { State::Open },
        });
        self.open += usize::from(!unsure);
        if let Some(old) = self.by_job.insert(job, index) {
            self.close(old, State::Replaced);
        }
        if !by_job && !unsure {
            self.by_name.entry(connid.clone()).or_default().push(index);
        }
    }

    fn close(&mut self, index: usize, state: State) {
        let stream = &mut self.streams[index];
        if stream.state == State::Open {
            stream.state = state;
            self.open -= 1;
        }
        if let Some(named) = self.by_name.get_mut(&stream.connid) {
            named.retain(|other| *other != index);
        }
    }

    fn event(&mut self, seen: Moment, event: &EventFrame) -> Heard {
        let item = Item {
            seen,
            from: event.seq,
            to: event.seq,
        };
        let heard = self.whose(event.job, &event.connid, item);
        if event.status.has_ended()
            && let Heard::Of(index) = heard
        {
            self.ended.insert(event.connid.clone());
            self.close(index, State::Ended);
        }
        heard
    }

    fn gap(&mut self, seen: Moment, gap: &GapFrame) -> Heard {
        let item = Item {
            seen,
            from: gap.gap.from,
            to: gap.gap.to,
        };
        match &gap.connid {
            Some(connid) => self.whose(gap.job, connid, item),
            None => self.feed(item),
        }
    }

    fn feed(&mut self, item: Item) -> Heard {
        match self.feeds.last_mut() {
            Some(feed) => {
                feed.items.push(item);
                Heard::Feed
            }
            None => Heard::Stray { after_end: false },
        }
    }

    /// Finds the watch that an event or a gap belongs to, and moves it on.
    fn whose(&mut self, job: Option<JobId>, connid: &Connid, item: Item) -> Heard {
        let candidates = self.candidates(job, connid);
        let fits = |index: &&usize| self.streams[**index].run.position() + 1 == item.from;
        let fitting: Vec<usize> = candidates.iter().filter(fits).copied().collect();
        let index = match (&*candidates, &*fitting) {
            ([], _) => return self.nobodys(job, connid),
            ([only], _) | (_, [only]) => *only,
            // It fits none of them, so one of them has a hole.
            ([first, ..], []) => *first,
            _ => {
                self.unsure.insert(connid.clone());
                for index in candidates {
                    self.close(index, State::Unsure);
                }
                return Heard::Unsure;
            }
        };
        self.streams[index].run.items.push(item);
        Heard::Of(index)
    }

    /// The watches that something of that job, or of a job of that name, may belong to.
    fn candidates(&self, job: Option<JobId>, connid: &Connid) -> Vec<usize> {
        match job {
            Some(job) => {
                let latest = self.by_job.get(&job).copied();
                let open = |index: &usize| self.streams[*index].state == State::Open;
                latest.filter(open).into_iter().collect()
            }
            None => self.by_name.get(connid).cloned().unwrap_or_default(),
        }
    }

    fn nobodys(&self, job: Option<JobId>, connid: &Connid) -> Heard {
        if self.unsure.contains(connid) {
            return Heard::Unsure;
        }
        let after_end = match job {
            Some(job) => self.by_job.contains_key(&job),
            None => self.ended.contains(connid),
        };
        Heard::Stray { after_end }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OLD: &str = "01980c4e-0000-7000-8000-000000000001";
    const NEW: &str = "01980c4e-0000-7000-8000-000000000002";

    /// Plays frames of a socket on which two jobs of one name were started and the old one is watched by job; says what each
    /// was taken for.
    fn play(frames: &[Value]) -> (Vec<Heard>, Conversation) {
        let mut conversation = Conversation::default();
        for ask in [1_u64, 2] {
            let start = longwire_protocol::Start::new("request");
            let id = FrameId::from(ask);
            conversation.sent(&id, usize::try_from(ask).unwrap(), Request::Start(start));
        }
        let watch = longwire_protocol::Watch {
            job: JobId::parse(OLD),
            after: Some(1),
            ..longwire_protocol::Watch::default()
        };
        conversation.sent(&FrameId::from(3), 3, Request::Watch(watch));
        let heard = frames.iter().map(|frame| {
            let frame = ServerFrame::parse(&frame.to_string()).unwrap();
            conversation.heard(Moment::default(), &frame)
        });
        (heard.collect(), conversation)
    }

    fn started(id: u32, job: &str) -> Value {
        json!({"id": id, "connid": "x", "job": job, "seq": 1, "status": "running", "route": "request", "time": 1, "left": 1})
    }

    fn event(seq: u32, status: &str) -> Value {
        json!({"connid": "x", "seq": seq, "status": status})
    }

    #[test]
    fn an_event_without_a_job_is_of_the_watch_it_fits() {
        let (heard, conversation) = play(&[
            started(1, OLD),
            event(2, "running"),
            started(2, NEW),
            event(3, "ok"),
            event(2, "ok"),
            event(3, "ok"),
        ]);
        let of: Vec<Heard> = vec![
            Heard::Reply(1),
            Heard::Of(0),
            Heard::Reply(2),
            Heard::Of(0),
            Heard::Of(1),
            Heard::Stray { after_end: true },
        ];
        assert_eq!(heard, of);
        assert_eq!(conversation.open_streams().count(), 0);
    }

    #[test]
    fn what_could_be_of_either_is_nobodys() {
        let (heard, conversation) = play(&[
            started(1, OLD),
            started(2, NEW),
            event(2, "killed"),
            event(2, "ok"),
        ]);
        assert_eq!(heard[2..], [Heard::Unsure, Heard::Unsure]);
        assert!(
            conversation
                .streams()
                .iter()
                .all(|s| s.state == State::Unsure)
        );
    }

    #[test]
    fn what_fits_no_watch_is_a_hole_in_one_of_them() {
        let (heard, _) = play(&[started(1, OLD), started(2, NEW), event(5, "running")]);
        assert_eq!(heard[2], Heard::Of(0));
    }

    #[test]
    fn what_is_watched_by_job_says_so_in_every_event() {
        let watching =
            json!({"id": 3, "route": "watch", "connid": "x", "job": OLD, "status": "ok", "seq": 1});
        let (heard, conversation) = play(&[started(2, NEW), watching, event(2, "running")]);
        assert_eq!(heard, [Heard::Reply(2), Heard::Reply(3), Heard::Of(0)]);
        assert_eq!(conversation.waiting(), 3);
    }

    #[test]
    fn answers_and_ends_are_waited_for() {
        let (_, mut conversation) = play(&[started(1, OLD), event(2, "running")]);
        let open: Vec<String> = conversation
            .open_streams()
            .map(|stream| stream.job.to_string())
            .collect();
        let unanswered: Vec<usize> = conversation.unanswered().filter(|ask| *ask < 3).collect();
        assert_eq!((open, unanswered), (vec![OLD.to_owned()], vec![2]));
        assert_eq!(conversation.waiting(), 3);
        let end = ServerFrame::parse(&event(3, "ok").to_string()).unwrap();
        conversation.heard(Moment::default(), &end);
        assert_eq!(conversation.waiting(), 2);
        assert_eq!(conversation.open_streams().count(), 0);
    }

    #[test]
    fn a_hole_is_a_number_that_is_not_the_next_and_a_gap_is_none() {
        let item = |from, to| Item {
            seen: Moment::default(),
            from,
            to,
        };
        for (items, hole) in [
            (vec![item(3, 3), item(4, 4)], None),
            (vec![item(3, 7), item(8, 8)], None),
            (vec![item(3, 3), item(5, 5)], Some(4)),
            (vec![item(2, 2)], Some(3)),
            (vec![item(3, 3), item(3, 3)], Some(4)),
        ] {
            let run = Run { after: 2, items };
            assert_eq!(run.hole().map(|(_, next)| next), hole);
        }
    }
}
