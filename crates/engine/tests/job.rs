//! What may follow what in a log, and who wins where several write into it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::sync::Arc;

use longwire_engine::{Cause, Closed, Events, Job, Misfit, Stopped, Work};
use longwire_protocol::{
    Change, Clock, Connid, End, Event, Failure, JobId, OnDisconnect, Outcome, Output, Payload,
    Progress, Receipt, Seconds, Spec, Status, Stream, Timestamp, Wish,
};
use proptest::{collection::vec, prelude::*};

const fn at(micros: u64) -> Timestamp {
    Timestamp::from_micros(1_000_000 + micros)
}

const fn span(micros: u64) -> Seconds {
    Seconds::from_micros(micros)
}

fn spec(time: u64, idle_time: Option<u64>, queue_time: Option<u64>) -> Arc<Spec> {
    Arc::new(Spec {
        job: JobId::from_bits(7),
        connid: Connid::new("42").unwrap(),
        route: "request".into(),
        time: span(time),
        idle_time: idle_time.map(span),
        queue_time: queue_time.map(span),
        input: None,
        tags: Arc::default(),
        on_disconnect: OnDisconnect::Keep,
        by: "anonymous".into(),
    })
}

fn wish(by: &str) -> Wish {
    Wish {
        by: by.into(),
        reason: None,
    }
}

fn failure() -> Failure {
    Failure::new("broke", "it broke")
}

fn printed() -> Change {
    Change::Output(Output::of_text(Stream::Stdout, "x"))
}

fn progressed() -> Change {
    Change::Progress(Arc::new(Progress::default()))
}

/// The ways to stand. A job comes to `Ending` by a kill or a clock, from work or from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Queued,
    Running,
    Killed,
    OutOfTime,
    OutOfTimeThenKilled,
    QueuedKilled,
    QueuedOutOfTime,
    Ended(Outcome),
}

const STANDS: [Stand; 12] = [
    Stand::Queued,
    Stand::Running,
    Stand::Killed,
    Stand::OutOfTime,
    Stand::OutOfTimeThenKilled,
    Stand::QueuedKilled,
    Stand::QueuedOutOfTime,
    Stand::Ended(Outcome::Ok),
    Stand::Ended(Outcome::Failed),
    Stand::Ended(Outcome::Killed),
    Stand::Ended(Outcome::Timeout),
    Stand::Ended(Outcome::Lost),
];

/// A job that stands so. It has all three clocks.
fn job(stand: Stand) -> Job {
    let queued = matches!(
        stand,
        Stand::Queued | Stand::QueuedKilled | Stand::QueuedOutOfTime
    );
    let (mut job, _) = Job::accept(spec(100, Some(50), Some(20)), queued, at(0));
    let mut write = |status, change| {
        let event = Event {
            seq: job.seq() + 1,
            at: at(1),
            attempt: 1,
            status,
            change,
        };
        job.apply(&event).unwrap();
    };
    let killed = || Change::Wished(Arc::new(wish("first")));
    match stand {
        Stand::Queued | Stand::Running => {}
        Stand::Killed | Stand::QueuedKilled => write(Status::Ending, killed()),
        Stand::OutOfTime | Stand::QueuedOutOfTime => {
            write(Status::Ending, Change::TimeUp(Clock::Time));
        }
        Stand::OutOfTimeThenKilled => {
            write(Status::Ending, Change::TimeUp(Clock::Time));
            write(Status::Ending, killed());
        }
        Stand::Ended(outcome) => {
            match outcome {
                Outcome::Killed => write(Status::Ending, killed()),
                Outcome::Timeout => write(Status::Ending, Change::TimeUp(Clock::Time)),
                Outcome::Ok | Outcome::Failed | Outcome::Lost => {}
            }
            write(outcome.status(), ended(outcome));
        }
    }
    job
}

/// The end of that kind with what it must say.
fn end(outcome: Outcome) -> End {
    let mut end = End::plain(outcome);
    match outcome {
        Outcome::Ok => {}
        Outcome::Failed | Outcome::Lost => end.error = Some(failure()),
        Outcome::Timeout => end.clock = Some(Clock::Time),
        Outcome::Killed => {
            end.kill = Some(Receipt {
                wish: wish("first"),
                forced: false,
                survivors: Some(0),
                signals: Vec::new(),
                ms: 0,
            });
        }
    }
    end
}

fn ended(outcome: Outcome) -> Change {
    Change::Ended(Arc::new(end(outcome)))
}

/// For each change: where each stand goes by it; `!` is nowhere, and for an ended job always so.
#[test]
fn what_may_follow_what() {
    let columns = [
        Stand::Queued,
        Stand::Running,
        Stand::Killed,
        Stand::OutOfTime,
        Stand::OutOfTimeThenKilled,
        Stand::QueuedKilled,
        Stand::QueuedOutOfTime,
    ];
    let accepted = || Change::Accepted(spec(1, None, None));
    let table = [
        // queued, running, killed, out of time, then killed, queued & killed, queued & out of time
        (accepted(), "! ! ! ! ! ! !"),
        (Change::Taken, "running ! ! ! ! ! !"),
        (progressed(), "! running ending ending ending ending ending"),
        (printed(), "! running ending ending ending ending ending"),
        (
            Change::Wished(Arc::new(wish("second"))),
            "ending ending ! ending ! ! ending",
        ),
        (Change::TimeUp(Clock::Time), "ending ending ! ! ! ! !"),
        (Change::TimeUp(Clock::IdleTime), "! ending ! ! ! ! !"),
        (Change::TimeUp(Clock::QueueTime), "ending ! ! ! ! ! !"),
        (Change::Extended(at(500)), "queued running ! ! ! ! !"),
        (Change::Again, "! queued ! ! ! ! !"),
        (ended(Outcome::Ok), "! ok ok ok ok ! !"),
        (ended(Outcome::Failed), "! failed ! ! ! ! !"),
        (ended(Outcome::Killed), "! ! killed ! killed killed !"),
        (ended(Outcome::Timeout), "! ! ! timeout ! ! timeout"),
        (ended(Outcome::Lost), "lost lost ! ! ! ! !"),
    ];
    for (change, row) in &table {
        let words: Vec<&str> = row.split(' ').collect();
        assert_eq!(words.len(), columns.len(), "{change:?}");
        for (stand, word) in columns.iter().zip(words) {
            let goes: Vec<&str> = Status::ALL
                .iter()
                .filter(|status| apply(*stand, change, **status).is_ok())
                .map(|status| status.as_str())
                .collect();
            let expected: Vec<&str> = Some(word).filter(|word| *word != "!").into_iter().collect();
            assert_eq!(goes, expected, "{stand:?} then {change:?}");
        }
        for outcome in Outcome::ALL {
            for status in Status::ALL {
                let applied = apply(Stand::Ended(outcome), change, status);
                assert_eq!(
                    applied,
                    Err(Misfit::AfterEnd),
                    "{outcome:?} then {change:?}"
                );
            }
        }
    }
}

fn apply(stand: Stand, change: &Change, status: Status) -> Result<(), Misfit> {
    let mut job = job(stand);
    let before = job.clone();
    let event = Event {
        seq: job.seq() + 1,
        at: at(2),
        attempt: if matches!(change, Change::Again) {
            2
        } else {
            1
        },
        status,
        change: change.clone(),
    };
    let applied = job.apply(&event);
    if applied.is_err() {
        assert_eq!(job, before, "a misfit changes nothing");
    }
    applied
}

#[test]
fn an_end_says_what_its_kind_must_say() {
    type Strip = fn(&mut End);
    let table: [(Stand, Outcome, Strip); 7] = [
        (Stand::Killed, Outcome::Killed, |end| end.kill = None),
        (Stand::OutOfTime, Outcome::Timeout, |end| end.clock = None),
        (Stand::OutOfTime, Outcome::Timeout, |end| {
            end.clock = Some(Clock::IdleTime);
        }),
        (Stand::QueuedOutOfTime, Outcome::Timeout, |end| {
            end.clock = Some(Clock::QueueTime);
        }),
        (Stand::Running, Outcome::Failed, |end| end.error = None),
        (Stand::Running, Outcome::Lost, |end| end.error = None),
        (Stand::Queued, Outcome::Lost, |end| end.error = None),
    ];
    for (stand, outcome, strip) in table {
        let mut end = end(outcome);
        assert!(
            apply(
                stand,
                &Change::Ended(Arc::new(end.clone())),
                outcome.status()
            )
            .is_ok()
        );
        strip(&mut end);
        let stripped = Change::Ended(Arc::new(end));
        let applied = apply(stand, &stripped, outcome.status());
        assert_eq!(applied, Err(Misfit::Change), "{stand:?} then {stripped:?}");
    }
}

#[test]
fn an_event_fits_only_with_its_number_and_its_time() {
    for (seq, micros, misfit) in [
        (0, 5, Some(Misfit::Seq)),
        (1, 5, Some(Misfit::Seq)),
        (3, 5, Some(Misfit::Seq)),
        (u64::MAX, 5, Some(Misfit::Seq)),
        (2, 4, Some(Misfit::Time)),
        (2, 5, None),
        (2, 6, None),
    ] {
        let (mut job, _) = Job::accept(spec(100, None, None), false, at(5));
        let event = Event {
            seq,
            at: at(micros),
            attempt: 1,
            status: Status::Running,
            change: printed(),
        };
        assert_eq!(job.apply(&event).err(), misfit, "{event:?}");
    }
}

#[test]
fn an_event_of_another_attempt_does_not_fit() {
    for (change, attempt, misfit) in [
        (printed(), 1, None),
        (printed(), 0, Some(Misfit::Attempt)),
        (printed(), 2, Some(Misfit::Attempt)),
        (Change::Again, 1, Some(Misfit::Attempt)),
        (Change::Again, 2, None),
        (Change::Again, 3, Some(Misfit::Attempt)),
    ] {
        let mut job = job(Stand::Running);
        let status = if change == Change::Again {
            Status::Queued
        } else {
            Status::Running
        };
        let event = Event {
            seq: 2,
            at: at(1),
            attempt,
            status,
            change,
        };
        assert_eq!(job.apply(&event).err(), misfit, "{event:?}");
    }
}

#[test]
fn another_attempt_begins_as_the_first_did_but_for_its_deadline() {
    let (mut job, _) = Job::accept(spec(100, None, Some(20)), false, at(0));
    job.report(at(10), progressed()).unwrap();
    let again = job.again(at(30)).unwrap();
    assert_eq!((again.attempt, again.status), (2, Status::Queued));
    assert_eq!(job.alarm(), Some((at(50), Clock::QueueTime)), "waits anew");
    let view = job.view(at(30), Some(1));
    assert_eq!((view.attempt, view.started_at), (Some(2), None));
    assert_eq!(view.progress, None, "of what is gone");
    assert_eq!(job.end(Work::Done(None), at(31)), None, "nobody serves it");
    job.begin(at(40)).unwrap();
    assert_eq!(job.alarm(), Some((at(100), Clock::Time)), "counted as ever");
    assert_eq!(job.again(at(50)).map(|again| again.attempt), Some(3));
}

#[test]
fn a_log_begins_with_what_was_asked_for() {
    let first = |seq, status| Event {
        seq,
        at: at(0),
        attempt: 1,
        status,
        change: Change::Accepted(spec(1, None, None)),
    };
    for (log, expected) in [
        (vec![], Err(Misfit::Seq)),
        (vec![first(1, Status::Queued)], Ok(Status::Queued)),
        (vec![first(1, Status::Running)], Ok(Status::Running)),
        (vec![first(2, Status::Running)], Err(Misfit::Seq)),
        (vec![first(1, Status::Ending)], Err(Misfit::Status)),
        (vec![first(1, Status::Ok)], Err(Misfit::Status)),
        (
            vec![first(1, Status::Running), first(2, Status::Running)],
            Err(Misfit::Change),
        ),
        (
            vec![Event {
                change: printed(),
                ..first(1, Status::Running)
            }],
            Err(Misfit::Change),
        ),
    ] {
        assert_eq!(Job::fold(&log).map(|job| job.status()), expected, "{log:?}");
    }
}

/// What each way of coming back makes of each stand: the outcome, or `-` where nothing is written.
#[test]
fn how_the_work_came_back_and_what_was_wished_decide_the_end() {
    let works = [
        Work::Done(None),
        Work::Failed(failure()),
        Work::Stopped(Stopped::WILLINGLY),
        Work::Stopped(Stopped::FORCED),
    ];
    // done, failed, stopped, forced, lost
    let table = [
        (Stand::Queued, "- - - - lost"),
        (Stand::Running, "ok failed - - lost"),
        (Stand::Killed, "ok killed killed killed killed"),
        (Stand::OutOfTime, "ok timeout timeout timeout timeout"),
        (Stand::OutOfTimeThenKilled, "ok killed killed killed killed"),
        (Stand::QueuedKilled, "- killed killed killed killed"),
        (Stand::QueuedOutOfTime, "- timeout timeout timeout timeout"),
        (Stand::Ended(Outcome::Ok), "- - - - -"),
        (Stand::Ended(Outcome::Failed), "- - - - -"),
        (Stand::Ended(Outcome::Killed), "- - - - -"),
        (Stand::Ended(Outcome::Timeout), "- - - - -"),
        (Stand::Ended(Outcome::Lost), "- - - - -"),
    ];
    assert_eq!(table.map(|(stand, _)| stand), STANDS);
    for (stand, row) in table {
        let mut got: Vec<&str> = works
            .iter()
            .map(|work| word(job(stand).end(work.clone(), at(9))))
            .collect();
        got.push(word(job(stand).lose(failure(), at(9))));
        assert_eq!(got.join(" "), row, "{stand:?}");
    }
}

fn word(event: Option<Event>) -> &'static str {
    event.map_or("-", |event| event.status.as_str())
}

#[test]
fn a_receipt_says_whose_wish_it_was_and_what_it_took() {
    let command = Stopped {
        forced: true,
        survivors: Some(2),
        signals: vec!["TERM".into(), "KILL".into()],
    };
    for (stopped, forced, survivors, signals) in [
        (Stopped::WILLINGLY, false, Some(0), &[][..]),
        (Stopped::FORCED, true, Some(0), &[]),
        (command, true, Some(2), &["TERM", "KILL"]),
    ] {
        let (mut job, _) = Job::accept(spec(9_000_000, None, None), false, at(0));
        job.kill(wish("me"), at(1_000)).unwrap();
        job.kill(wish("you"), at(2_000)).unwrap();
        let event = job.end(Work::Stopped(stopped), at(43_999)).unwrap();
        let receipt = Receipt {
            wish: wish("me"),
            forced,
            survivors,
            signals: signals.iter().copied().map(Into::into).collect(),
            ms: 42,
        };
        assert_eq!(ended_of(&event).kill, Some(receipt));
    }
    // Whoever served it is gone: nobody could look.
    let (mut job, _) = Job::accept(spec(9_000_000, None, None), false, at(0));
    job.kill(wish("me"), at(0)).unwrap();
    let event = job.lose(failure(), at(0)).unwrap();
    assert_eq!(ended_of(&event).kill.as_ref().unwrap().survivors, None);
}

fn ended_of(event: &Event) -> &End {
    let Change::Ended(end) = &event.change else {
        panic!("not an end: {event:?}")
    };
    end
}

#[test]
fn a_failure_after_a_kill_is_killed_and_still_says_of_what_and_how_many_are_left() {
    for (work, survivors) in [
        (Work::Failed(failure()), None),
        (Work::Over(Some(failure())), None),
        (Work::Broke(failure(), 3), Some(3)),
    ] {
        let mut job = job(Stand::Killed);
        let shown = format!("{work:?}");
        let event = job.end(work, at(9)).unwrap();
        let end = ended_of(&event);
        assert_eq!(
            (end.outcome, &end.error),
            (Outcome::Killed, &Some(failure())),
            "{shown}"
        );
        let receipt = end.kill.as_ref().unwrap();
        assert_eq!(receipt.survivors, survivors, "{shown}");
    }
}

#[test]
fn a_job_that_never_began_left_nothing_and_of_an_earlier_attempt_nobody_knows() {
    for (attempt, survivors) in [(1, Some(0)), (2, None)] {
        let mut job = job(Stand::Killed);
        let stopped = Stopped::unbegun(attempt);
        let event = job.end(Work::Stopped(stopped), at(9)).unwrap();
        let receipt = ended_of(&event).kill.clone().unwrap();
        assert_eq!(receipt.survivors, survivors, "attempt {attempt}");
    }
}

#[test]
fn what_the_work_came_to_stays_with_the_job() {
    let mut job = job(Stand::Running);
    assert_eq!((job.ended(), job.ended_view()), (None, None));
    let result = Payload::new(&[1, 2]).unwrap();
    let event = job
        .end(Work::Done(Some(result.clone())), at(9))
        .expect("an end");
    assert_eq!(ended_of(&event).result, Some(result));
    assert_eq!(job.ended().map(|end| &**end), Some(ended_of(&event)));
    let view = job.ended_view().expect("how it ended");
    assert_eq!((view.status, view.seq), (Status::Ok, event.seq));
}

/// Killing: how many events it writes and where the job stands then.
#[test]
fn a_kill_is_a_wish_and_the_end_of_what_only_waits() {
    for (stand, expected) in [
        (Stand::Queued, Ok((2, Status::Killed))),
        (Stand::Running, Ok((1, Status::Ending))),
        (Stand::Killed, Ok((0, Status::Ending))),
        (Stand::OutOfTime, Ok((1, Status::Ending))),
        (Stand::OutOfTimeThenKilled, Ok((0, Status::Ending))),
        (Stand::Ended(Outcome::Ok), Err(Closed::Ended)),
        (Stand::Ended(Outcome::Killed), Err(Closed::Ended)),
    ] {
        let mut job = job(stand);
        let killed = job.kill(wish("me"), at(9)).map(|events| events.len());
        assert_eq!(
            killed.map(|events| (events, job.status())),
            expected,
            "{stand:?}"
        );
    }
}

#[test]
fn a_deadline_moves_while_the_job_is_not_on_its_way_out() {
    for (stand, expected) in [
        (Stand::Queued, Ok(at(39))),
        (Stand::Running, Ok(at(39))),
        (Stand::Killed, Err(Closed::Ending)),
        (Stand::OutOfTime, Err(Closed::Ending)),
        (Stand::Ended(Outcome::Ok), Err(Closed::Ended)),
        (Stand::Ended(Outcome::Lost), Err(Closed::Ended)),
    ] {
        let mut job = job(stand);
        let extended = job.extend(span(30), at(9)).map(|_| job.deadline());
        assert_eq!(extended, expected, "{stand:?}");
    }
}

/// Which clock runs out when, as (time, idle_time, queue_time, queued).
#[test]
fn the_earliest_clock_that_runs_is_the_alarm() {
    for (time, idle, queue, queued, alarm) in [
        (100, None, None, false, (100, Clock::Time)),
        (100, Some(50), None, false, (50, Clock::IdleTime)),
        (100, Some(200), None, false, (100, Clock::Time)),
        (100, Some(100), None, false, (100, Clock::Time)),
        (100, None, Some(20), false, (100, Clock::Time)),
        (100, Some(50), Some(20), true, (20, Clock::QueueTime)),
        (100, Some(50), None, true, (100, Clock::Time)),
        (100, Some(50), Some(200), true, (100, Clock::Time)),
        (100, None, Some(100), true, (100, Clock::Time)),
        (0, Some(0), Some(0), true, (0, Clock::Time)),
    ] {
        let (job, _) = Job::accept(spec(time, idle, queue), queued, at(0));
        let (micros, clock) = alarm;
        assert_eq!(job.alarm(), Some((at(micros), clock)));
        assert_eq!(job.due(at(micros)), Some(clock));
        if micros > 0 {
            assert_eq!(job.due(at(micros - 1)), None, "never early");
        }
    }
}

#[test]
fn what_moves_which_clock() {
    let (mut job, _) = Job::accept(spec(100, Some(30), Some(20)), true, at(0));
    assert_eq!(job.alarm(), Some((at(20), Clock::QueueTime)));
    job.begin(at(10)).unwrap();
    assert_eq!(
        job.alarm(),
        Some((at(40), Clock::IdleTime)),
        "counted from its taking"
    );
    job.report(at(35), progressed()).unwrap();
    assert_eq!(
        job.alarm(),
        Some((at(65), Clock::IdleTime)),
        "progress moves it"
    );
    assert_eq!(job.deadline(), at(100), "and not the deadline");
    job.report(at(80), printed()).unwrap();
    assert_eq!(job.alarm(), Some((at(100), Clock::Time)));
    job.extend(span(100), at(90)).unwrap();
    assert_eq!(job.alarm(), Some((at(120), Clock::IdleTime)));
    job.kill(wish("me"), at(95)).unwrap();
    assert_eq!(job.alarm(), None, "what is ending has only its grace");
}

/// A clock that the job does not have cannot run out.
#[test]
fn only_a_clock_that_runs_can_run_out() {
    for (idle, queue, queued, clock, written) in [
        (None, None, false, Clock::Time, 1),
        (None, None, false, Clock::IdleTime, 0),
        (Some(1), None, false, Clock::IdleTime, 1),
        (None, Some(1), false, Clock::QueueTime, 0),
        (None, None, true, Clock::QueueTime, 0),
        (None, Some(1), true, Clock::QueueTime, 2),
        (Some(1), None, true, Clock::IdleTime, 0),
        (None, None, true, Clock::Time, 2),
    ] {
        let (mut job, _) = Job::accept(spec(100, idle, queue), queued, at(0));
        let events = job.time_up(clock, at(200));
        assert_eq!(events.len(), written, "{clock:?} of {job:?}");
        if written == 2 {
            assert_eq!(ended_of(&events[1]).clock, Some(clock));
        }
    }
}

#[test]
fn a_clock_that_was_set_back_does_not_make_a_log_run_backwards() {
    let (mut job, _) = Job::accept(spec(100, None, None), true, at(50));
    let events = [
        job.begin(at(40)).unwrap(),
        job.report(at(10), printed()).unwrap(),
        job.extend(span(7), at(20)).unwrap(),
        job.kill(wish("me"), at(0)).unwrap().remove(0),
        job.end(Work::Stopped(Stopped::WILLINGLY), at(30)).unwrap(),
    ];
    assert!(events.iter().all(|event| event.at == at(50)));
    assert_eq!(
        job.deadline(),
        at(57),
        "counted from when it was written down"
    );
}

// Several owners, one log: each holds a copy that may be old, proposes, and appends if nobody was faster.

/// What an owner wants.
#[derive(Clone, Copy, Debug)]
enum Act {
    Begin,
    Progress,
    Print,
    Kill,
    /// Whatever clock it thinks has run out by now.
    Due,
    Extend(u8),
    Done,
    Fail,
    Stop,
    Lose,
    Again,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Begin),
        3 => Just(Act::Progress),
        3 => Just(Act::Print),
        2 => Just(Act::Kill),
        3 => Just(Act::Due),
        2 => (0..80u8).prop_map(Act::Extend),
        1 => Just(Act::Done),
        1 => Just(Act::Fail),
        2 => Just(Act::Stop),
        1 => Just(Act::Lose),
        1 => Just(Act::Again),
    ]
}

/// What an owner proposes for the job as it knows it.
fn propose(job: &mut Job, act: Act, now: Timestamp) -> Events {
    match act {
        Act::Begin => job.begin(now).into_iter().collect(),
        Act::Progress => job.report(now, progressed()).into_iter().collect(),
        Act::Print => job.report(now, printed()).into_iter().collect(),
        Act::Kill => job.kill(wish("w"), now).unwrap_or_default(),
        Act::Due => match job.due(now) {
            Some(clock) => job.time_up(clock, now),
            None => Events::new(),
        },
        Act::Extend(more) => job.extend(span(more.into()), now).into_iter().collect(),
        Act::Done => job.end(Work::Done(None), now).into_iter().collect(),
        Act::Fail => job.end(Work::Failed(failure()), now).into_iter().collect(),
        Act::Stop => job
            .end(Work::Stopped(Stopped::WILLINGLY), now)
            .into_iter()
            .collect(),
        Act::Lose => job.lose(failure(), now).into_iter().collect(),
        Act::Again => job.again(now).into_iter().collect(),
    }
}

/// The same rules told a second time, from the design and as flags: no sequence numbers, no events, no copies.
#[derive(Debug, Default)]
struct Model {
    queued: bool,
    killed: bool,
    out_of: Option<Clock>,
    outcome: Option<Outcome>,
    clock: Option<Clock>,
    deadline: u64,
    attempts_before: u32,
    waits_since: u64,
    last: u64,
    idle: Option<u64>,
    queue: Option<u64>,
}

impl Model {
    fn ending(&self) -> bool {
        self.killed || self.out_of.is_some()
    }

    fn finish(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
        self.clock = self.out_of.filter(|_| outcome == Outcome::Timeout);
    }

    /// What a job comes to that is to end: killed, or out of time; nothing where neither is so.
    fn asked_end(&self) -> Option<Outcome> {
        match (self.killed, self.out_of) {
            (true, _) => Some(Outcome::Killed),
            (false, Some(_)) => Some(Outcome::Timeout),
            (false, None) => None,
        }
    }

    fn due(&self, now: u64) -> Option<Clock> {
        let second = if self.queued {
            (self.queue.map(|t| self.waits_since + t), Clock::QueueTime)
        } else {
            (self.idle.map(|t| self.last + t), Clock::IdleTime)
        };
        match second {
            (Some(at), clock) if at < self.deadline => (at <= now).then_some(clock),
            _ => (self.deadline <= now).then_some(Clock::Time),
        }
    }

    /// Takes an act of someone who sees everything. Says whether anything happens.
    fn take(&mut self, act: Act, now: u64) -> bool {
        let happens = self.outcome.is_none() && self.happens(act, now);
        if happens {
            self.last = self.last.max(now);
        }
        happens
    }

    fn happens(&mut self, act: Act, now: u64) -> bool {
        let (queued, ending) = (self.queued, self.ending());
        match act {
            Act::Begin => {
                self.queued = false;
                queued
            }
            Act::Progress | Act::Print => !queued,
            Act::Kill => {
                let first = !self.killed;
                self.killed = true;
                if queued {
                    self.finish(Outcome::Killed);
                }
                first
            }
            Act::Due => {
                let due = self.due(now).filter(|_| !ending);
                self.out_of = due.or(self.out_of);
                if queued && due.is_some() {
                    self.finish(Outcome::Timeout);
                }
                due.is_some()
            }
            Act::Extend(more) => {
                if !ending {
                    self.deadline = now.max(self.last) + u64::from(more);
                }
                !ending
            }
            Act::Done => {
                if !queued {
                    self.finish(Outcome::Ok);
                }
                !queued
            }
            Act::Fail if queued => false,
            Act::Fail => {
                self.finish(self.asked_end().unwrap_or(Outcome::Failed));
                true
            }
            Act::Stop => {
                if let Some(outcome) = self.asked_end() {
                    self.finish(outcome);
                }
                ending
            }
            Act::Lose => {
                self.finish(self.asked_end().unwrap_or(Outcome::Lost));
                true
            }
            Act::Again => {
                let runs = !queued && !ending;
                if runs {
                    self.queued = true;
                    self.waits_since = now.max(self.last);
                    self.attempts_before += 1;
                }
                runs
            }
        }
    }

    fn status(&self) -> Status {
        match self.outcome {
            Some(outcome) => outcome.status(),
            None if self.ending() => Status::Ending,
            None if self.queued => Status::Queued,
            None => Status::Running,
        }
    }
}

/// A log that grows only for who knows its end.
struct SharedLog {
    events: Vec<Event>,
    kept: Job,
}

impl SharedLog {
    fn append(&mut self, after: u64, job: &Job, events: Events) -> bool {
        let fits = self.kept.seq() == after;
        if fits {
            self.events.extend(events);
            self.kept = job.clone();
        }
        fits
    }

    /// What must be so of every log after every step.
    fn check(&self) -> Result<(), TestCaseError> {
        let log = &self.events;
        prop_assert_eq!(&Job::fold(log).expect("a log that folds"), &self.kept);
        prop_assert!(log.iter().map(|event| event.seq).eq(1..=log.len() as u64));
        prop_assert!(log.is_sorted_by_key(|event| event.at));
        let ends = log.iter().filter(|event| event.status.has_ended()).count();
        prop_assert_eq!(ends, usize::from(self.kept.status().has_ended()));
        prop_assert!(ends == 0 || log.last().unwrap().status.has_ended());
        let wishes = log.iter().filter(|e| matches!(e.change, Change::Wished(_)));
        prop_assert!(wishes.count() <= 1, "killing twice says nothing new");
        Ok(())
    }

    /// Whatever was let go of, the rest folds on from a snapshot.
    fn check_snapshots(&self) -> Result<(), TestCaseError> {
        for cut in 1..=self.events.len() {
            let (gone, rest) = self.events.split_at(cut);
            let mut job = Job::restore(Job::fold(gone).expect("a beginning").snapshot());
            for event in rest {
                prop_assert_eq!(job.apply(event), Ok(()));
            }
            prop_assert_eq!(&job, &self.kept);
        }
        Ok(())
    }
}

fn check_end(job: &Job, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(job.status(), model.status());
    prop_assert_eq!(job.attempt(), model.attempts_before + 1);
    prop_assert_eq!(job.ended().is_some(), model.outcome.is_some());
    prop_assert!(job.ending().is_some() || !model.ending());
    let Some(end) = job.ended() else {
        return Ok(());
    };
    prop_assert_eq!(end.clock, model.clock);
    prop_assert_eq!(end.kill.is_some(), end.outcome == Outcome::Killed);
    let killed = matches!(
        job.ending().map(|ending| &ending.cause),
        Some(Cause::Killed(_))
    );
    if killed {
        prop_assert!(
            matches!(end.outcome, Outcome::Ok | Outcome::Killed),
            "two ends after a kill"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_writes_and_however_late_there_is_one_story(
        (queued, time, idle, queue) in (any::<bool>(), 0..60u64, prop::option::of(0..40u64), prop::option::of(0..40u64)),
        steps in vec((0..4usize, act(), any::<bool>(), -3..12i64), 1..60),
    ) {
        let (first, event) = Job::accept(spec(time, idle, queue), queued, at(0));
        let mut log = SharedLog { events: vec![event], kept: first.clone() };
        let mut owners = vec![first; 4];
        let mut model = Model { queued, deadline: time, idle, queue, ..Model::default() };
        let mut now = 0;
        for (owner, act, refreshes, pass) in steps {
            // The wall clock may also be set back.
            now = u64::try_from(i64::try_from(now).unwrap() + pass).unwrap_or(0);
            if refreshes {
                owners[owner] = log.kept.clone();
            }
            let mut wrote = false;
            // The first try may be from an old copy; who loses reads on and decides again.
            for _ in 0..2 {
                let mut next = owners[owner].clone();
                let after = next.seq();
                let events = propose(&mut next, act, at(now));
                let nothing = events.is_empty();
                if nothing && after == log.kept.seq() {
                    break;
                }
                if !nothing && log.append(after, &next, events) {
                    owners[owner] = next;
                    wrote = true;
                    break;
                }
                owners[owner] = log.kept.clone();
            }
            prop_assert_eq!(wrote, model.take(act, now), "{:?} at {} {:?}", act, now, model);
            log.check()?;
            check_end(&log.kept, &model)?;
        }
        log.check_snapshots()?;
    }
}
