//! What is known of each job, and when it lived for certain.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use longwire_protocol::{
    Clock, Code, Connid, EventFrame, JobId, KillNote, OnConflict, Request, Seconds, Seq, Start,
    Status,
};

use super::story::{Ask, Sign, Story};
use crate::Moment;

/// The reason that a server gives for the kill that a replace is.
pub(super) const REPLACED: &str = "replaced by a new start";

/// All that is known of a job.
pub(super) struct Life {
    pub(super) job: JobId,
    pub(super) connid: Connid,
    pub(super) route: Option<Arc<str>>,
    /// Its signs, the first first.
    pub(super) signs: Vec<usize>,
    /// The first sign of each event that was told in full.
    pub(super) log: BTreeMap<Seq, usize>,
    /// Whether one of them was told in two ways, so that nothing can be concluded from them.
    disputed: bool,
    /// The first sign of its end.
    pub(super) end: Option<usize>,
    /// The requests that may have made it: one, where it was acknowledged.
    pub(super) starts: Vec<usize>,
    /// When it was first known to be there.
    pub(super) known: Moment,
    /// Its time was not up before.
    pub(super) not_due_before: u64,
    /// It had not ended before.
    pub(super) alive_until: u64,
}

impl Life {
    fn new(sign: &Sign) -> Self {
        Self {
            job: sign.job,
            connid: sign.connid.clone(),
            route: None,
            signs: Vec::new(),
            log: BTreeMap::new(),
            disputed: false,
            end: None,
            starts: Vec::new(),
            known: sign.seen,
            not_due_before: 0,
            alive_until: 0,
        }
    }

    fn add(&mut self, story: &Story<'_>, index: usize) {
        let sign = &story.signs[index];
        self.signs.push(index);
        if self.route.is_none() {
            self.route.clone_from(&sign.route);
        }
        if let Some(body) = &sign.body {
            let first = *self.log.entry(sign.seq).or_insert(index);
            let first = story.signs[first].body.as_ref();
            self.disputed |= first.is_some_and(|first| first.frame != body.frame);
        }
        if sign.has_ended() {
            self.end.get_or_insert(index);
        }
    }

    /// For people.
    pub(super) fn name(&self) -> String {
        format!("{} ({})", self.connid, self.job)
    }
}

/// The lives of all jobs of which there is a sign.
pub(super) fn live(story: &Story<'_>) -> BTreeMap<JobId, Life> {
    let mut lives = BTreeMap::new();
    for (index, sign) in story.signs.iter().enumerate() {
        let life = lives.entry(sign.job).or_insert_with(|| Life::new(sign));
        life.add(story, index);
    }
    let acknowledged = acknowledged(story);
    for life in lives.values_mut() {
        life.starts = match acknowledged.get(&life.job) {
            Some(ask) => vec![*ask],
            None => possible_starts(story, life),
        };
        life.not_due_before = not_due_before(story, life);
        life.alive_until = alive_until(story, life);
    }
    lives
}

/// Which request is known to have made which job.
fn acknowledged(story: &Story<'_>) -> HashMap<JobId, usize> {
    let made = story.asks.iter().enumerate().filter_map(|(index, ask)| {
        let started = ask.started().filter(|started| !started.attached)?;
        Some((started.job, index))
    });
    made.collect()
}

/// The requests without an answer that may have made a job.
fn possible_starts(story: &Story<'_>, life: &Life) -> Vec<usize> {
    let named = story.named.starts.get(&life.connid);
    let named = named.map(Vec::as_slice).unwrap_or_default();
    // A name that nobody had given before is one that the server made, whoever gave it later.
    let given = named.iter().any(|ask| story.asks[*ask].sent < life.known);
    let candidates = if given { named } else { &*story.named.nameless };
    let first = event(story, life, 1);
    let fits = |ask: &&usize| {
        let ask = &story.asks[**ask];
        let Request::Start(start) = &ask.request else {
            return false;
        };
        let same_route = life
            .route
            .as_deref()
            .is_none_or(|route| route == &*start.route);
        let same_time = match (first.and_then(|first| first.time), start.time) {
            (Some(had), Some(asked)) => had == asked,
            _ => true,
        };
        ask.sent < life.known && may_have_made_one(ask) && same_route && same_time
    };
    candidates.iter().filter(fits).copied().collect()
}

/// A request without an answer may have been carried out, and so may one that the server failed at, or failed to write down.
pub(super) fn may_have_made_one(ask: &Ask) -> bool {
    match ask.refused() {
        Some(refusal) => matches!(refusal.code, Code::Internal | Code::Unavailable),
        None => ask.reply.is_none(),
    }
}

/// That event of a job, as it was told first.
pub(super) fn event<'s>(story: &'s Story<'_>, life: &Life, seq: Seq) -> Option<&'s EventFrame> {
    let sign = &story.signs[*life.log.get(&seq)?];
    sign.body.as_ref().map(|body| &body.event)
}

/// Every event of a job that was told in full, in order.
pub(super) fn events<'s>(
    story: &'s Story<'_>,
    life: &'s Life,
) -> impl DoubleEndedIterator<Item = &'s EventFrame> {
    let bodies = life
        .log
        .values()
        .map(|sign| story.signs[*sign].body.as_ref());
    bodies.flatten().map(|body| &body.event)
}

/// Whether an event says that the deadline was moved.
pub(super) fn moves_deadline(event: &&EventFrame) -> bool {
    event.seq > 1 && event.time.is_some() && !event.status.has_ended()
}

fn not_due_before(story: &Story<'_>, life: &Life) -> u64 {
    let starts = life.starts.iter().filter_map(|ask| {
        let ask = &story.asks[*ask];
        let first = event(story, life, 1).and_then(|first| first.time);
        let Request::Start(Start { time, .. }) = &ask.request else {
            return None;
        };
        Some(ask.sent.at + time.or(first)?.as_micros())
    });
    let as_started = starts.min().unwrap_or(0);
    let end = life.end.map(|sign| &story.signs[sign]);
    let all_known = end.is_some_and(|end| (1..=end.seq).all(|seq| life.log.contains_key(&seq)));
    if life.disputed || !all_known {
        let whenever = extends(story, life, None).map(|ask| due_after(story, ask));
        return whenever.chain([as_started]).min().unwrap_or(0);
    }
    match events(story, life).rev().find(moves_deadline) {
        Some(last) => extends(story, life, last.time)
            .map(|ask| due_after(story, ask))
            .min()
            .unwrap_or(0),
        None => as_started,
    }
}

/// The extends that may have been this job's, of that time where it is known.
fn extends<'s>(
    story: &'s Story<'_>,
    life: &Life,
    time: Option<Seconds>,
) -> impl Iterator<Item = usize> + use<'s> {
    let end = life.end.map(|sign| story.signs[sign].seen);
    let named = story.named.extends.get(&life.connid);
    let before_end = move |ask: &usize| end.is_none_or(|end| story.asks[*ask].sent < end);
    let that = move |ask: &usize| time.is_none_or(|time| extended_to(story, *ask) == Some(time));
    named
        .into_iter()
        .flatten()
        .copied()
        .filter(before_end)
        .filter(that)
}

fn extended_to(story: &Story<'_>, ask: usize) -> Option<Seconds> {
    if let Request::Extend(extend) = &story.asks[ask].request {
        Some(extend.time)
    } else {
        None
    }
}

fn due_after(story: &Story<'_>, ask: usize) -> u64 {
    let time = extended_to(story, ask).unwrap_or_default();
    story.asks[ask].sent.at + time.as_micros()
}

/// The latest moment at which it is certain that a job had not ended.
fn alive_until(story: &Story<'_>, life: &Life) -> u64 {
    let told = story.signs_of(life).filter_map(|sign| {
        let alive = sign.status.is_some_and(|status| !status.has_ended());
        // A reply to a start says how the job stood when it was made.
        let asked = sign.ask.filter(|_| alive && sign.body.is_none())?;
        Some(story.asks[asked].sent.at)
    });
    let done = events(story, life).filter_map(|event| event_not_before(story, life, event));
    let latest = told.chain(done).max().unwrap_or(0);
    let ended = life.end.map(|sign| story.signs[sign].seen.at);
    ended.map_or(latest, |ended| latest.min(ended))
}

/// When an event cannot have been before.
fn event_not_before(story: &Story<'_>, life: &Life, event: &EventFrame) -> Option<u64> {
    if moves_deadline(&event) {
        let asks = extends(story, life, event.time);
        return asks.map(|ask| story.asks[ask].sent.at).min();
    }
    let of_time = event.clock.is_none_or(|clock| clock == Clock::Time);
    let up = matches!(event.status, Status::Ok | Status::Timeout);
    if up && of_time && story.is_timer(life) {
        return Some(life.not_due_before.saturating_sub(story.slack));
    }
    let reason = reason(event.kill.as_ref()?);
    killers(story, life, reason)
        .map(|ask| story.asks[ask].sent.at)
        .min()
}

/// What a kill was asked for.
pub(super) fn reason(kill: &KillNote) -> Option<&str> {
    match kill {
        KillNote::Wish(wish) => wish.reason.as_deref(),
        KillNote::Receipt(receipt) => receipt.wish.reason.as_deref(),
    }
}

/// The requests that may have led to a kill of that job for that reason.
pub(super) fn killers<'s>(
    story: &'s Story<'_>,
    life: &Life,
    reason: Option<&'s str>,
) -> impl Iterator<Item = usize> + use<'s> {
    let kills = story.named.kills.get(&life.connid).into_iter().flatten();
    let starts = story.named.starts.get(&life.connid).into_iter().flatten();
    let asked = move |ask: &usize| {
        let request = &story.asks[*ask].request;
        if let Request::Kill(kill) = request {
            return kill.reason.as_deref() == reason;
        }
        let replaces =
            matches!(request, Request::Start(start) if start.on_conflict == OnConflict::Replace);
        replaces && reason == Some(REPLACED)
    };
    kills.chain(starts).copied().filter(asked)
}
