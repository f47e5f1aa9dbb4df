//! What a client does next.

use longwire_protocol::{
    Connid, Extend, Kill, OnConflict, Request, Seconds, Start, StatusQuery, Watch,
};
use longwire_torture::Chance;

use super::{
    config::NARROW,
    world::{Job, World},
};

/// Names that all clients fight for.
const SHARED_NAMES: u64 = 10;
/// Names that a client uses again and again.
const OWN_NAMES: u64 = 4;

/// Decides for one client.
pub(super) struct Load {
    chance: Chance,
    client: u32,
    count: u64,
}

impl Load {
    pub(super) const fn new(client: u32, chance: Chance) -> Self {
        Self {
            chance,
            client,
            count: 0,
        }
    }

    /// Milliseconds to wait before that.
    pub(super) const fn pause(&mut self) -> u64 {
        self.chance.within(2..25)
    }

    /// What to send now, all at once.
    pub(super) fn next(&mut self, world: &World) -> Vec<Request> {
        self.count += 1;
        if let Some(connid) = world.marked() {
            return vec![self.kill(connid)];
        }
        let nothing = Vec::new;
        match self.chance.within(0..100) {
            0..42 => vec![self.start(world)],
            42..50 => vec![self.start_shared(world)],
            50..56 => vec![self.start_of(None, OnConflict::Reject)],
            56..62 => {
                let job = self.recent(world, true);
                job.map_or_else(nothing, |job| {
                    vec![self.start_of(Some(job.connid), OnConflict::Reject)]
                })
            }
            62..72 => self
                .recent(world, true)
                .map_or_else(nothing, |job| self.kills(world, &job)),
            72..78 => self
                .recent(world, true)
                .map_or_else(nothing, |job| vec![self.extend(job)]),
            78..90 => self
                .recent(world, false)
                .map_or_else(nothing, |job| vec![self.watch(job)]),
            90..95 => vec![Request::Status(StatusQuery {
                limit: Some(if self.chance.percent(70) { 1_000 } else { 7 }),
                ..StatusQuery::default()
            })],
            _ => {
                let job = self.recent(world, false);
                job.map_or_else(nothing, |job| {
                    vec![Request::Status(StatusQuery {
                        connid: Some(job.connid),
                        ..StatusQuery::default()
                    })]
                })
            }
        }
    }

    fn recent(&mut self, world: &World, alive: bool) -> Option<Job> {
        world.recent(&mut self.chance, alive)
    }

    /// A name of one's own: a fresh one, or one that may be in use again or still.
    fn start(&mut self, world: &World) -> Request {
        let name = if self.chance.percent(75) {
            format!("{}-{}", self.client, self.count)
        } else {
            format!("{}-own-{}", self.client, self.chance.within(0..OWN_NAMES))
        };
        self.start_named(world, &name, OnConflict::Reject)
    }

    fn start_shared(&mut self, world: &World) -> Request {
        let name = format!("shared-{}", self.chance.within(0..SHARED_NAMES));
        let on_conflict = match self.chance.within(0..10) {
            0..6 => OnConflict::Reject,
            6..8 => OnConflict::Attach,
            _ => OnConflict::Replace,
        };
        self.start_named(world, &name, on_conflict)
    }

    fn start_named(&mut self, world: &World, name: &str, on_conflict: OnConflict) -> Request {
        let connid = Connid::new(name).ok();
        if let Some(connid) = &connid {
            world.name(connid);
        }
        self.start_of(connid, on_conflict)
    }

    fn start_of(&mut self, connid: Option<Connid>, on_conflict: OnConflict) -> Request {
        let route = if self.chance.percent(12) {
            NARROW
        } else {
            "request"
        };
        Request::Start(Start {
            connid,
            time: Some(self.time()),
            on_conflict,
            ..Start::new(route)
        })
    }

    /// From none to three seconds, down to the microsecond: so most starts can be told apart by it.
    fn time(&mut self) -> Seconds {
        let range = match self.chance.within(0..20) {
            0..3 => 0..1,
            3..10 => 1..100_000,
            10..17 => 100_000..1_000_000,
            _ => 1_000_000..3_000_000,
        };
        Seconds::from_micros(self.chance.within(range))
    }

    /// One killer, or two at once, here or with another client.
    fn kills(&mut self, world: &World, job: &Job) -> Vec<Request> {
        let mut kills = vec![self.kill(job.connid.clone())];
        match self.chance.within(0..10) {
            0..2 => kills.push(self.kill(job.connid.clone())),
            2..5 => world.mark(job.connid.clone()),
            _ => {}
        }
        kills
    }

    fn kill(&mut self, connid: Connid) -> Request {
        self.count += 1;
        let reason = format!("kill {} of client {}", self.count, self.client);
        Request::Kill(Kill {
            connid: Some(connid),
            job: None,
            filter: None,
            reason: Some(reason.into()),
            wait: self.chance.percent(50),
        })
    }

    fn extend(&mut self, job: Job) -> Request {
        Request::Extend(Extend {
            connid: Some(job.connid),
            job: None,
            time: Seconds::from_micros(self.chance.within(1..2_000_000)),
        })
    }

    /// From anywhere in what is known to be there. From the last number of an ended job on there would be nothing to wait for.
    fn watch(&mut self, job: Job) -> Request {
        let after = Some(self.chance.within(0..job.seq));
        let by_job = self.chance.percent(70);
        Request::Watch(Watch {
            connid: (!by_job).then_some(job.connid),
            job: by_job.then_some(job.job),
            after: if by_job { after } else { Some(0) },
        })
    }
}

#[cfg(test)]
mod tests {
    use longwire_protocol::{FrameId, ParseLimits};

    use super::*;

    #[test]
    fn every_request_is_one_that_a_server_reads() {
        let world = World::default();
        let mut load = Load::new(3, Chance::new(1));
        let requests: Vec<Request> = (0..500).flat_map(|_| load.next(&world)).collect();
        assert!(requests.len() > 200);
        for request in requests {
            let frame = request.to_frame(Some(&FrameId::from(1))).unwrap();
            let (_, read) = Request::parse(&frame, &ParseLimits::default()).unwrap();
            assert_eq!(read, request, "{frame}");
        }
    }
}
